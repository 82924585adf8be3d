//! Checks the log.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

use super::Checking;
use crate::{
    Error, Frame,
    files::file_error,
    tools::{Mend, listing::Listing},
    wal::{self, Item, Reader},
};

/// A file of the log.
pub(super) struct LogFile {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    is_last: bool,
}

impl Checking<'_, '_> {
    /// Returns the files that can be checked: beside a writer all but the one that it writes to.
    pub(super) fn log_files(&mut self) -> Result<Vec<LogFile>, Error> {
        let directory = self.directory.join("wal");
        let mut numbers = wal::file_numbers(&directory).map_err(file_error("read", &directory))?;
        let last = numbers.last().copied();
        if let Some(number) = last.filter(|_| !self.access.is_alone()) {
            numbers.pop();
            let path = wal::file_path(&directory, number);
            self.report.notes.push(format!("{} was left out: it is written to just now", path.display()));
        }
        let file = |number| LogFile { number, path: wal::file_path(&directory, number), is_last: last == Some(number) };
        Ok(numbers.into_iter().map(file).collect())
    }

    pub(super) fn log(&mut self, files: &[LogFile], noted: &Listing) -> Result<(), Error> {
        if let Some(durable) = noted.durable.filter(|place| place.offset > 0 && self.access.is_alone())
            && files.iter().all(|file| file.number != durable.file)
        {
            let path = wal::file_path(&self.directory.join("wal"), durable.file);
            let what = format!("it is missing, and {} bytes of it were stored", durable.offset);
            self.find(&path, None, what, Mend::Log(durable.file));
        }
        if self.access.is_alone() {
            self.gaps(files, noted);
        }
        for file in files {
            match self.log_file(file, noted) {
                // What it held is in segments by now.
                Err(error) if !self.access.is_alone() && is_gone(&error) => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Tells of files that are missing between those that a start reads.
    fn gaps(&mut self, files: &[LogFile], noted: &Listing) {
        let Some(flushed) = noted.flushed else { return };
        let numbers: Vec<_> = files.iter().map(|file| file.number).filter(|number| *number >= flushed.file).collect();
        for pair in numbers.windows(2) {
            let [before, behind] = pair else { continue };
            for number in before + 1..*behind {
                let path = wal::file_path(&self.directory.join("wal"), number);
                let what = "it is missing, and with it what was stored in it and is in no segment";
                self.find(&path, None, what, Mend::Log(number));
            }
        }
    }

    fn log_file(&mut self, file: &LogFile, noted: &Listing) -> Result<(), Error> {
        let mut reader = Reader::open(file.path.clone(), noted.marker)?;
        self.at(&file.path);
        let durable = noted.durable.filter(|place| place.file == file.number).map_or(0, |place| place.offset);
        let mut end = reader.offset();
        self.done(end);
        while let Some((offset, bytes, item)) = reader.next()? {
            end = offset + bytes;
            let wrong = match item {
                Item::Frame(frame) => self.request(&frame, bytes),
                Item::Torn if file.is_last && offset >= durable => {
                    self.report.notes.push(format!(
                        "{} ends in {bytes} bytes of a write that was under way when its process ended; \
                         the next start cuts them",
                        file.path.display()
                    ));
                    None
                }
                Item::Torn => Some(format!("its last {bytes} bytes are no whole request, and more of it was stored")),
                Item::Damaged(reason) => {
                    Some(format!("{bytes} bytes are damaged ({reason}); what they were is lost to the store"))
                }
            };
            if let Some(what) = wrong {
                self.find(&file.path, Some(offset), what, Mend::Log(file.number));
            }
            self.done(bytes);
        }
        if end < durable {
            let what = format!("it ends here, and {durable} bytes of it were stored");
            self.find(&file.path, Some(end), what, Mend::Log(file.number));
        }
        Ok(())
    }

    /// Counts the spans of a request; returns what is wrong with it.
    fn request(&mut self, frame: &Frame, bytes: u64) -> Option<String> {
        match catch_unwind(AssertUnwindSafe(|| (self.decoder)(frame))) {
            Ok(Ok(batch)) => {
                self.report.spans += batch.spans.len() as u64;
                None
            }
            Ok(Err(reason)) => Some(format!("a request of {bytes} bytes that was stored cannot be read: {reason}")),
            Err(_) => Some(format!("a request of {bytes} bytes that was stored makes its decoder panic")),
        }
    }
}

/// Returns true when a file went while somebody looked.
pub(crate) fn is_gone(error: &Error) -> bool {
    matches!(error, Error::File { source, .. } if source.kind() == io::ErrorKind::NotFound)
}
