//! Copies the log, which may be written to meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, ErrorKind, Seek},
    path::{Path, PathBuf},
};

use super::{
    super::{Progress, Tell, access::Access},
    copy::{Copied, part_of},
};
use crate::{
    Error,
    files::{file_error, open_private},
    wal::{self, Item, Reader},
};

/// The files of the log, open, so that they can be read when they are removed.
pub(super) struct LogFiles {
    directory: PathBuf,
    files: BTreeMap<u64, File>,
}

impl LogFiles {
    pub(super) fn open(directory: &Path) -> Result<Self, Error> {
        let mut log = Self { directory: directory.to_owned(), files: BTreeMap::new() };
        log.add()?;
        Ok(log)
    }

    /// Opens the files that are new, and forgets those before `first`; false when one came and went meanwhile.
    pub(super) fn catch_up(&mut self, first: u64) -> Result<bool, Error> {
        let known = self.files.last_key_value().map(|(number, _)| *number);
        self.add()?;
        self.files.retain(|number, _| *number >= first);
        let last = self.files.last_key_value().map_or(0, |(number, _)| *number);
        let new = known.map_or(last, |known| known + 1)..=last;
        Ok(new
            .into_iter()
            .filter(|number| *number >= first)
            .all(|number| self.files.contains_key(&number) || last == 0))
    }

    fn add(&mut self) -> Result<(), Error> {
        let directory = &self.directory;
        for number in wal::file_numbers(directory).map_err(file_error("read", directory))? {
            if self.files.contains_key(&number) {
                continue;
            }
            let path = wal::file_path(directory, number);
            match File::open(&path) {
                Ok(file) => _ = self.files.insert(number, file),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(file_error("open", &path)(error)),
            }
        }
        Ok(())
    }

    /// Returns how many bytes the files have now.
    pub(super) fn bytes(&self) -> u64 {
        self.files.values().filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum()
    }

    /// Copies every file beside its name, and returns which they are.
    pub(super) fn copy(
        &mut self,
        to: &Path,
        marker: u64,
        access: &Access,
        tell: &mut Tell<'_>,
        copied: &mut Copied,
    ) -> Result<BTreeSet<u64>, Error> {
        let last = self.files.last_key_value().map(|(number, _)| *number);
        for (number, file) in &mut self.files {
            let (from, part) = (wal::file_path(&self.directory, *number), part_of(&wal::file_path(to, *number)));
            tell(Progress::At(&from));
            let bytes = copy_open(file, &part).map_err(file_error("copy", &from))?;
            if last == Some(*number) && !access.is_alone() {
                cut_unfinished(&part, marker)?;
            }
            copied.add(bytes);
            tell(Progress::Done(bytes));
        }
        Ok(self.files.keys().copied().collect())
    }
}

fn copy_open(file: &mut File, part: &Path) -> io::Result<u64> {
    file.rewind()?;
    let mut to = open_private(part)?;
    to.set_len(0)?;
    let bytes = io::copy(file, &mut to)?;
    to.sync_all()?;
    Ok(bytes)
}

/// Cuts off what was being written while it was copied: it was not acknowledged.
fn cut_unfinished(part: &Path, marker: u64) -> Result<(), Error> {
    let mut reader = Reader::open(part.to_owned(), marker)?;
    let (mut whole, mut end) = (reader.offset(), reader.offset());
    while let Some((offset, bytes, item)) = reader.next()? {
        end = offset + bytes;
        if matches!(item, Item::Frame(_)) {
            whole = end;
        }
    }
    if whole == end {
        return Ok(());
    }
    let cut = || {
        let file = File::options().write(true).open(part)?;
        file.set_len(whole)?;
        file.sync_all()
    };
    cut().map_err(file_error("cut", part))
}
