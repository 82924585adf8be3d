//! Opening a file of SQLite that has a version, and bringing it to the newest.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::{
    Error,
    files::{file_error, open_private},
};

/// Opens a file for its one writer, and makes it when it is missing; `settings` are made before there are tables.
///
/// # Errors
/// [`Error::Newer`] for a file of a newer version, [`Error`] when it cannot be used.
pub(crate) fn open(
    path: &Path,
    migrations: &[&str],
    settings: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> Result<Connection, Error> {
    // SQLite gives its own files the mode of the database, which it would make readable for others.
    drop(open_private(path).map_err(file_error("open", path))?);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let supported = migrations.len() as u32;
    if found > supported {
        return Err(Error::Newer { path: path.to_owned(), found, supported });
    }
    settings(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    for (version, migration) in (1u32..).zip(migrations).skip(found as usize) {
        let step = connection.transaction()?;
        step.execute_batch(migration)?;
        step.pragma_update(None, "user_version", version)?;
        step.commit()?;
    }
    Ok(connection)
}

/// Opens a file for a reader, which sees what was committed and never waits for the writer; it caches so many KiB.
pub(crate) fn open_reader(path: &Path, cache_kib: i32) -> Result<Connection, Error> {
    // A reader of a file in WAL mode writes to its index in shared memory.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "query_only", "ON")?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Returns true when a file has a table of this name.
pub(crate) fn has_table(connection: &Connection, name: &str) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1";
    Ok(connection.query_row(sql, [name], |_| Ok(())).optional()?.is_some())
}
