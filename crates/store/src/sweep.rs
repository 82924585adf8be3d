//! What segments hold leaves the log: a file of it goes when all of it was published.

use std::path::Path;

use crate::{
    Error,
    catalog::Catalog,
    wal::{Log, Position, WriteError},
};

/// Removes the log files that lie before a published position, and the deletions that concerned only them.
///
/// # Errors
/// Where a file could not be removed, it is left for the next time.
pub(crate) fn remove_published(
    log: &mut Log,
    catalog: &Catalog,
    published: Position,
    quarantine: &Path,
) -> Result<(), Error> {
    if log.ends_at(published) {
        // The number of the last file is in its name alone, so a next one takes it up before this one goes.
        match log.rotate() {
            Ok(()) => {}
            // It goes when there is room for the next one.
            Err(WriteError::NoRoom(_)) => return Ok(()),
            Err(WriteError::Broken(reason)) => return Err(Error::ReadOnly { reason }),
        }
    }
    let position = log.position();
    let is_new_file = catalog.durable()?.is_none_or(|durable| durable.file != position.file || durable.offset == 0);
    // A file that is noted and gone would be reported as lost.
    if is_new_file && catalog.note_durable(position)?.is_none() {
        return Ok(());
    }
    if log.remove_before(published, quarantine)? == 0 {
        return Ok(());
    }
    catalog.forget_before(log.first())
}
