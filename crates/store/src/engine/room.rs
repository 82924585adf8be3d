//! Whether a write that was refused may succeed later.

use rusqlite::ErrorCode;
use rustix::io::Errno;

use crate::Error;

/// Returns true when a file could not be opened since too many are: that passes, and tells nothing of the file.
pub(crate) fn is_lack_of_handles(error: &Error) -> bool {
    let Error::File { source, .. } = error else { return false };
    matches!(source.raw_os_error().map(Errno::from_raw_os_error), Some(Errno::MFILE | Errno::NFILE))
}

/// Returns true when an error tells of a lack of room, or of too many open files, which can pass, and not of a disk that
/// fails.
pub(crate) fn is_lack_of_room(error: &Error) -> bool {
    match error {
        Error::File { source, .. } => matches!(
            source.raw_os_error().map(Errno::from_raw_os_error),
            Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG | Errno::MFILE | Errno::NFILE)
        ),
        Error::Catalog(error) => error.sqlite_error_code() == Some(ErrorCode::DiskFull),
        _ => false,
    }
}
