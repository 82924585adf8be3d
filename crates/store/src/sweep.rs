//! What was deleted leaves the disk: a log file goes when nothing that is stored came from it.

use crate::{
    Error,
    catalog::Catalog,
    table::Live,
    wal::{Log, WriteError},
};

/// Removes the log files that nothing stored came from, and the deletions that concerned only them.
///
/// # Errors
/// Where a file could not be removed, it is left for the next time.
pub(crate) fn remove_dead_files(log: &mut Log, catalog: &Catalog, live: &Live) -> Result<(), Error> {
    if log.ends_in_dead_file(live) {
        // The number of the last file is in its name alone, so a next one takes it up before this one goes.
        match log.rotate() {
            Ok(()) => {}
            // It goes when there is room for the next one.
            Err(WriteError::NoRoom(_)) => return Ok(()),
            Err(WriteError::Broken(reason)) => return Err(Error::ReadOnly { reason }),
        }
    }
    log.remove_dead(live)?;
    catalog.forget_before(log.first())
}
