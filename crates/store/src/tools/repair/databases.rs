//! Makes databases anew of what can be read of them.

use std::{fs, path::Path};

use rusqlite::Connection;

use super::salvage::salvage;
use crate::{
    Error,
    catalog::{Catalog, put_aside},
    files::{file_error, make_private_directory, sync_directory},
    runs::embedded::{make_runs, mend_runs},
};

/// Where a database lies until it is whole.
pub(super) const WORKSHOP: &str = "repair";

/// Makes `catalog.db` anew.
pub(super) fn catalog(directory: &Path) -> Result<(), Error> {
    anew(directory, "catalog", |path, old| {
        let place = path.parent().unwrap_or(path);
        // Opening makes its tables.
        drop(Catalog::open(place, place)?);
        let mut connection = Connection::open(path)?;
        let salvaged = salvage(old, &mut connection)?;
        let is_known = |table: &str| salvaged.whole.iter().any(|name| name == table);
        if !["segments", "publication", "gone"].into_iter().all(is_known) {
            // A start that finds nothing published takes up every segment that there is.
            connection.execute_batch("DELETE FROM segments; DELETE FROM publication; DELETE FROM gone")?;
        }
        Ok(())
    })
}

/// Makes `runs.db` anew.
pub(super) fn runs(directory: &Path) -> Result<(), Error> {
    anew(directory, "runs", |path, old| {
        let mut connection = make_runs(path)?;
        salvage(old, &mut connection)?;
        mend_runs(&mut connection)
    })
}

/// Lets `make` write a database of which nobody knows yet, then puts the damaged one aside and gives the new one its name.
fn anew(directory: &Path, name: &str, make: impl FnOnce(&Path, &Path) -> Result<(), Error>) -> Result<(), Error> {
    let (workshop, old) = (directory.join(WORKSHOP), directory.join(format!("{name}.db")));
    remove_workshop(&workshop)?;
    make_private_directory(&workshop)?;
    let new = workshop.join(format!("{name}.db"));
    make(&new, &old)?;
    fs::File::open(&new).and_then(|file| file.sync_all()).map_err(file_error("sync", &new))?;
    if old.exists() {
        put_aside(&old, &directory.join("corrupt"), name, String::new())?;
    }
    fs::rename(&new, &old).map_err(file_error("name", &old))?;
    sync_directory(directory).map_err(file_error("sync", directory))?;
    remove_workshop(&workshop)
}

/// Removes what an earlier attempt may have left.
pub(super) fn remove_workshop(workshop: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(workshop) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file_error("remove", workshop)(error)),
        _ => Ok(()),
    }
}

/// Opens a database for a few changes, each durable when it is made.
pub(super) fn open_for_changes(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}
