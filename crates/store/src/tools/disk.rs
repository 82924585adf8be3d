//! Files as the tools look at them, some of which go meanwhile.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::{Error, files::file_error};

/// Returns every file below a directory; one that is not there has none.
pub(crate) fn files_below(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file_error("read", directory)(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(file_error("read", directory))?;
        let kind = entry.file_type().map_err(file_error("read", directory))?;
        match kind.is_dir() {
            true => files.extend(files_below(&entry.path())?),
            false => files.push(entry.path()),
        }
    }
    files.sort();
    Ok(files)
}

/// Removes a file; one that is not there is removed already.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(file_error("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Returns how long a file is; one that is not there has no length.
pub(crate) fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.len())
}
