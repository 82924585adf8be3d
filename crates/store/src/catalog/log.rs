//! What the log cannot tell of itself.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use rusqlite::{ErrorCode, OptionalExtension, params};
use trackway_model::TraceId;

use super::Catalog;
use crate::{Error, wal::Position};

/// The position before which everything of a trace is gone.
pub(crate) type Deletions = HashMap<TraceId, Position>;

impl Catalog {
    /// Returns the marker of new log files, drawn by lot when the catalog was made.
    pub(crate) fn marker(&self) -> Result<u64, Error> {
        let connection = self.connection();
        let drawn = RandomState::new().hash_one(std::process::id()) as i64;
        connection.execute("INSERT INTO log SELECT ?1 WHERE NOT EXISTS (SELECT * FROM log)", [drawn])?;
        Ok(connection.query_row("SELECT marker FROM log", [], |row| row.get::<_, i64>(0))? as u64)
    }

    /// Returns the place that was last noted as having everything durable before it.
    pub(crate) fn durable(&self) -> Result<Option<Position>, Error> {
        Ok(durable(&self.connection())?)
    }

    /// Notes that everything before `position` is durable; absent when the disk has no room for the note, or while
    /// something else is written, since an older note does no harm and whoever appends must not wait.
    pub(crate) fn note_durable(&self, position: Position) -> Result<Option<()>, Error> {
        let Some(connection) = self.free_connection() else { return Ok(None) };
        if durable(&connection)? == Some(position) {
            return Ok(Some(()));
        }
        let place = params![position.file as i64, position.offset as i64];
        match connection.execute("INSERT OR REPLACE INTO durable VALUES (1, ?1, ?2)", place) {
            Ok(_) => Ok(Some(())),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn deletions(&self) -> Result<Deletions, Error> {
        let connection = self.connection();
        let mut statement = connection.prepare("SELECT trace, wal_file, wal_offset FROM deletions")?;
        let rows = statement.query_map([], |row| {
            let position = Position { file: row.get::<_, i64>(1)? as u64, offset: row.get::<_, i64>(2)? as u64 };
            Ok((row.get::<_, [u8; 16]>(0)?, position))
        })?;
        let mut deletions = Deletions::new();
        for row in rows {
            let (id, position) = row?;
            deletions.extend(TraceId::new(id).map(|id| (id, position)));
        }
        Ok(deletions)
    }

    /// Forgets the deletions of what only files before `first` held.
    pub(crate) fn forget_before(&self, first: u64) -> Result<(), Error> {
        self.connection().execute("DELETE FROM deletions WHERE wal_file < ?1", [first as i64])?;
        Ok(())
    }
}

pub(super) fn delete_from_log(
    change: &rusqlite::Connection,
    traces: &[TraceId],
    position: Position,
) -> Result<(), Error> {
    let mut insert = change.prepare_cached("INSERT OR REPLACE INTO deletions VALUES (?1, ?2, ?3)")?;
    for id in traces {
        insert.execute(params![id.bytes(), position.file as i64, position.offset as i64])?;
    }
    Ok(())
}

fn durable(connection: &rusqlite::Connection) -> rusqlite::Result<Option<Position>> {
    let place = |row: &rusqlite::Row<'_>| {
        Ok(Position { file: row.get::<_, i64>(0)? as u64, offset: row.get::<_, i64>(1)? as u64 })
    };
    connection.query_row("SELECT wal_file, wal_offset FROM durable", [], place).optional()
}
