//! Mending a directory: what is damaged is put aside, and the rest put in order around it.
//!
//! What is taken out lies in `corrupt/` afterwards. Nothing is changed before a whole replacement is durable.

mod databases;
mod log;
mod salvage;
pub(super) mod segments;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{Finding, Mend, Report, Tell, access::Access, check::checked};
use crate::{Decoder, Error, lock::Lock, wal};

/// A directory that is held for mending, and what was found in it.
pub struct Repair<'a> {
    directory: PathBuf,
    decoder: &'a Decoder,
    access: Access,
    report: Report,
    mends: BTreeSet<Mend>,
}

impl<'a> Repair<'a> {
    /// Takes a directory and looks through it; nothing is changed yet.
    ///
    /// # Errors
    /// As of [`check`](super::check()), and [`Error::Locked`] when a process has the store open.
    pub fn begin(directory: &Path, decoder: &'a Decoder, tell: &mut Tell<'_>) -> Result<Self, Error> {
        wal::file_numbers(&directory.join("wal")).map_err(crate::files::file_error("read", &directory.join("wal")))?;
        let access = Access::Alone { lock: Lock::take(directory, "")? };
        let report = checked(directory, &access, decoder, tell)?;
        let mends = report.findings.iter().map(|finding| finding.mend).collect();
        Ok(Self { directory: directory.to_owned(), decoder, access, report, mends })
    }

    /// Returns what was found.
    pub fn findings(&self) -> &[Finding] {
        &self.report.findings
    }

    /// Returns what mending will do, a sentence each.
    pub fn steps(&self) -> Vec<String> {
        self.mends.iter().map(|mend| mend.step()).collect()
    }

    /// Mends everything that was found, and looks through the directory again.
    ///
    /// # Errors
    /// [`Error`] when a file cannot be written; what was mended by then stays mended, and the rest as it was.
    pub fn run(self, tell: &mut Tell<'_>) -> Result<Report, Error> {
        // The catalog first: what follows changes it.
        for mend in &self.mends {
            match *mend {
                Mend::Catalog => databases::catalog(&self.directory)?,
                Mend::Log(number) => log::mend(&self.directory, number, self.decoder)?,
                Mend::Segment(id) | Mend::Index(id) => segments::mend(&self.directory, id)?,
                Mend::Recount(id) => segments::recount(&self.directory, id)?,
                Mend::Runs => databases::runs(&self.directory)?,
            }
        }
        let is_of_segments = |mend: &Mend| !matches!(mend, Mend::Log(_) | Mend::Runs);
        if self.mends.iter().any(is_of_segments) {
            segments::settle(&self.directory)?;
        }
        checked(&self.directory, &self.access, self.decoder, tell)
    }
}

impl Mend {
    fn step(self) -> String {
        match self {
            Self::Catalog => "put catalog.db into corrupt/, and make it anew of what can be read".to_owned(),
            Self::Log(number) => {
                format!("copy what is damaged of wal/{number:04}.log into corrupt/, and write the file anew without it")
            }
            Self::Segment(id) => format!(
                "put segment {id} into corrupt/, and write the spans that can be read of it to a new one in its place"
            ),
            Self::Index(id) => format!("write the index of segment {id} anew, from its spans"),
            Self::Recount(id) => format!("count segment {id} again"),
            Self::Runs => "put runs.db into corrupt/, and make it anew of the runs that can be read".to_owned(),
        }
    }
}
