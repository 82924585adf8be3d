//! Whether everything in a directory is what was written.

mod catalog;
mod log;
mod runs;
mod segments;

use std::path::{Path, PathBuf};

use self::log::LogFile;
pub(super) use self::log::is_gone;
use super::{
    Finding, Mend, Progress, Report, Tell,
    access::Access,
    disk::{files_below, length},
};
use crate::{Decoder, Error, catalog::SEGMENTS};

/// Reads all of a directory, compares every checksum, and compares its files with each other.
///
/// Beside a process that has the store open, what that process writes just now is left out, and said. Whoever checks
/// alone holds the directory until it is done.
///
/// # Errors
/// [`Error::File`] when there is no store or a file cannot be read, [`Error::Newer`] when a newer version wrote it; then
/// it is not known whether the store is whole.
pub fn check(directory: &Path, decoder: &Decoder, tell: &mut Tell<'_>) -> Result<Report, Error> {
    let access = Access::of(directory)?;
    checked(directory, &access, decoder, tell)
}

/// Checks a directory that is held, or that somebody else holds.
pub(super) fn checked(
    directory: &Path,
    access: &Access,
    decoder: &Decoder,
    tell: &mut Tell<'_>,
) -> Result<Report, Error> {
    let mut checking = Checking { directory, access, decoder, tell, report: Report::default() };
    checking.run()?;
    Ok(checking.report)
}

/// A check under way.
struct Checking<'a, 't> {
    directory: &'a Path,
    access: &'a Access,
    decoder: &'a Decoder,
    tell: &'a mut Tell<'t>,
    report: Report,
}

impl Checking<'_, '_> {
    fn run(&mut self) -> Result<(), Error> {
        let (log, databases) = (self.log_files()?, ["catalog.db", "runs.db"].map(|name| self.directory.join(name)));
        let segments = files_below(&self.directory.join(SEGMENTS))?;
        let total =
            databases.iter().chain(log.iter().map(|file: &LogFile| &file.path)).chain(&segments).map(PathBuf::as_path);
        (self.tell)(Progress::Total(total.map(length).sum()));
        let [catalog, runs] = databases;
        let (noted, published) = self.catalog(&catalog)?;
        self.log(&log, &noted)?;
        self.segments(&published)?;
        self.runs(&runs)?;
        self.aside()
    }

    /// Begins a file.
    fn at(&mut self, path: &Path) {
        (self.tell)(Progress::At(path));
        self.report.files += 1;
    }

    /// Notes that bytes of the file were read.
    fn done(&mut self, bytes: u64) {
        (self.tell)(Progress::Done(bytes));
        self.report.bytes += bytes;
    }

    fn find(&mut self, file: &Path, offset: Option<u64>, what: impl Into<String>, mend: Mend) {
        self.report.findings.push(Finding::new(file, offset, what, mend));
    }
}
