//! The files of a segment until they are whole.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use parquet::errors::ParquetError;

use super::index_path;
use crate::{
    Error,
    files::{create_private, file_error, make_private_directory, sync_directory},
};

/// The files of a segment under the names that they have while they are written; those that get no other are removed.
pub(super) struct Parts {
    path: PathBuf,
    pub(super) segment: PathBuf,
    pub(super) index: PathBuf,
}

impl Parts {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), segment: part_of(path), index: part_of(&index_path(path)) }
    }

    /// Makes a file anew; what a writer left that did not come to its end is taken away.
    pub(super) fn create(&self, part: &Path) -> Result<File, Error> {
        let create = || match fs::remove_file(part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => create_private(part),
        };
        match create() {
            // A directory goes with the last segment in it, also while another is about to come.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                part.parent().map_or(Ok(()), make_private_directory)?;
                create()
            }
            created => created,
        }
        .map_err(file_error("create", part))
    }

    /// Gives both files their names; they are durable then.
    pub(super) fn name(self) -> Result<(), Error> {
        // The index first: whoever sees the segment sees its index.
        let index = index_path(&self.path);
        fs::rename(&self.index, &index).map_err(file_error("name", &index))?;
        fs::rename(&self.segment, &self.path).map_err(file_error("name", &self.path))?;
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        sync_directory(directory).map_err(file_error("sync", directory))
    }

    /// Returns what is told when the segment cannot be written.
    pub(super) fn failed(&self, error: ParquetError) -> Error {
        let path = self.segment.clone();
        match error {
            ParquetError::External(source) => match source.downcast::<io::Error>() {
                Ok(source) => Error::File { action: "write", path, source: *source },
                Err(other) => Error::Segment { path, reason: other.to_string() },
            },
            other => Error::Segment { path, reason: other.to_string() },
        }
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        // Nobody needs what could not be finished, and mostly there is nothing.
        let _ = (fs::remove_file(&self.segment), fs::remove_file(&self.index));
    }
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}
