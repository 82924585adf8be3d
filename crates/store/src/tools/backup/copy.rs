//! Copies files, each durable before it has its name.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use crate::{
    Error,
    files::{file_error, make_private_directory, open_private, sync_directory},
};

/// How many bytes at the end of two files are compared: more than the footer of an index, and all that differs first in a
/// segment's own.
const END: u64 = 4096;

/// What was copied.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Copied {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

impl Copied {
    pub(super) fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

/// Returns the name that a file has until it is whole.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// Gives a file that is whole its name.
pub(super) fn settle(path: &Path) -> Result<(), Error> {
    fs::rename(part_of(path), path).map_err(file_error("name", path))
}

/// Copies a file, and returns how long it is.
pub(super) fn put(from: &Path, to: &Path) -> io::Result<u64> {
    let mut source = File::open(from)?;
    let part = part_of(to);
    let mut file = open_private(&part)?;
    file.set_len(0)?;
    let bytes = io::copy(&mut source, &mut file)?;
    file.sync_all()?;
    fs::rename(&part, to)?;
    to.parent().map_or(Ok(()), sync_directory)?;
    Ok(bytes)
}

/// Returns true when two files of the same length end alike.
pub(super) fn is_same_end(one: &Path, other: &Path) -> bool {
    let end = |path: &Path| -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut bytes = vec![0; length.min(END) as usize];
        file.read_exact_at(&mut bytes, length.saturating_sub(END))?;
        Ok(bytes)
    };
    matches!((end(one), end(other)), (Ok(one), Ok(other)) if one == other)
}

/// Copies the files below a directory that the copy does not have, by their length and the time of their last change.
///
/// Programs may write to them meanwhile: they add lines, so that what is copied is a beginning of what is there.
pub(super) fn copy_tree(from: &Path, to: &Path, copied: &mut Copied) -> Result<(), Error> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(file_error("read", from)(error)),
    };
    make_private_directory(to)?;
    for entry in entries {
        let entry = entry.map_err(file_error("read", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(file_error("read", &source))?;
        if kind.is_dir() {
            copy_tree(&source, &target, copied)?;
        } else if kind.is_file() && !is_same_file(&source, &target) {
            match copy_with_time(&source, &target) {
                Ok(bytes) => copied.add(bytes),
                // It was removed meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(file_error("copy", &source)(error)),
            }
        }
    }
    sync_directory(to).map_err(file_error("sync", to))
}

fn copy_with_time(from: &Path, to: &Path) -> io::Result<u64> {
    let changed = fs::metadata(from)?.modified()?;
    let bytes = put(from, to)?;
    File::options().write(true).open(to)?.set_modified(changed)?;
    Ok(bytes)
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let about = |path: &Path| fs::metadata(path).and_then(|about| Ok((about.len(), about.modified()?)));
    matches!((about(one), about(other)), (Ok(one), Ok(other)) if one == other)
}
