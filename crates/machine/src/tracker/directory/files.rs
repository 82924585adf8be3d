//! Files that nobody but their owner may read, whatever the umask says.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

/// Makes a directory with its parents; one that is there stays as it is. Adds the directories that have new names in them.
pub(super) fn make_directory(path: &Path, new_names: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        make_directory(parent, new_names)?;
    }
    match DirBuilder::new().mode(DIRECTORY_MODE).create(path) {
        // A strict umask could have left less than the owner needs.
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(DIRECTORY_MODE))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
        Err(error) => return Err(error),
    }
    new_names.extend(parent.map(Path::to_owned));
    Ok(())
}

/// Opens a file to read it and to write at its end, and makes it when it is missing. Adds the directory that has a new name then.
pub(super) fn open(path: &Path, new_names: &mut Vec<PathBuf>) -> io::Result<File> {
    let is_new = !path.exists();
    let file = OpenOptions::new().read(true).append(true).create(true).mode(FILE_MODE).open(path)?;
    if is_new {
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
        new_names.extend(path.parent().map(Path::to_owned));
    }
    Ok(file)
}

/// Writes a small file anew.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use io::Write;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(FILE_MODE).open(path)?.write_all(bytes)
}

/// Makes the names in a directory durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
