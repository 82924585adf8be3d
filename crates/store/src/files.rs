//! Files that nobody but their owner may read, whatever the umask says.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use crate::Error;

const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

/// Makes a directory with its parents; one that is there stays as it is.
pub(crate) fn make_directory(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        make_directory(parent)?;
    }
    let made = match DirBuilder::new().mode(DIRECTORY_MODE).create(path) {
        // Somebody else was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    };
    // A strict umask could have left less than the owner needs.
    made.and_then(|()| fs::set_permissions(path, Permissions::from_mode(DIRECTORY_MODE)))
        // What becomes durable in it is lost with a name that is not.
        .and_then(|()| sync_directory(parent.unwrap_or(Path::new("."))))
        .map_err(file_error("create", path))
}

/// Makes a directory that nobody but its owner may enter; one that is there and ours is closed to others.
pub(crate) fn make_private_directory(path: &Path) -> Result<(), Error> {
    make_directory(path)?;
    let found = fs::metadata(path).map_err(file_error("read", path))?;
    let is_open_to_others = found.mode() & 0o777 & !DIRECTORY_MODE != 0;
    let is_ours = found.uid() == rustix::process::geteuid().as_raw();
    if !(is_open_to_others && is_ours) {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(DIRECTORY_MODE)).map_err(file_error("close to others", path))
}

/// Opens a file for reading and writing, and makes it when it is missing.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    let file = private().create(true).truncate(false).open(path)?;
    file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    Ok(file)
}

/// Makes a file that must not be there yet.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let file = private().create_new(true).open(path)?;
    file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    Ok(file)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(FILE_MODE);
    options
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Tells which file an error is about.
pub(crate) fn file_error<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::File { action, path: path.to_owned(), source }
}
