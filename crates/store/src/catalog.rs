//! `catalog.db`: what the log cannot tell, in SQLite.
//!
//! One is what was deleted. The log keeps the bytes of deleted traces until a whole file of it is dead, so replay must
//! know to skip them: whatever came for the trace before the deletion's position in the log. Another is a second copy
//! of the marker that log files carry in their header, for the day when a header is damaged. The last is a place in the
//! log before which everything was durable: what is unreadable there was not torn by a write under way.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use trackway_model::TraceId;

use crate::{Damage, Error, files::file_error, sqlite, wal::Position};

/// What brings the schema from each version to the next.
const MIGRATIONS: [&str; 2] = [
    "CREATE TABLE deletions (
    trace BLOB PRIMARY KEY,
    wal_file INTEGER NOT NULL,
    wal_offset INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE TABLE log (marker INTEGER NOT NULL) STRICT",
    "CREATE TABLE durable (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    wal_file INTEGER NOT NULL,
    wal_offset INTEGER NOT NULL
) STRICT",
];

/// The position before which everything of a trace is gone.
pub(crate) type Deletions = HashMap<TraceId, Position>;

pub(crate) struct Catalog {
    connection: Connection,
}

impl Catalog {
    /// Opens the catalog; one that is damaged beyond reading is put aside and begun anew.
    pub(crate) fn open(directory: &Path, quarantine: &Path) -> Result<(Self, Option<Damage>), Error> {
        let path = directory.join("catalog.db");
        match Self::connect(&path) {
            Ok(catalog) => Ok((catalog, None)),
            Err(Error::Catalog(error)) if is_damage(&error) => {
                let reason = format!("the catalog cannot be read ({error}), so traces that were deleted may be back");
                let damage = put_aside(&path, quarantine, "catalog", reason)?;
                Ok((Self::connect(&path)?, Some(damage)))
            }
            Err(error) => Err(error),
        }
    }

    fn connect(path: &Path) -> Result<Self, Error> {
        let connection = sqlite::open(path, &MIGRATIONS, |_| Ok(()))?;
        Ok(Self { connection })
    }

    /// Returns the marker of new log files, drawn by lot when the catalog was made.
    pub(crate) fn marker(&self) -> Result<u64, Error> {
        let drawn = RandomState::new().hash_one(std::process::id()) as i64;
        self.connection.execute("INSERT INTO log SELECT ?1 WHERE NOT EXISTS (SELECT * FROM log)", [drawn])?;
        Ok(self.connection.query_row("SELECT marker FROM log", [], |row| row.get::<_, i64>(0))? as u64)
    }

    /// Returns the place that was last noted as having everything durable before it.
    pub(crate) fn durable(&self) -> Result<Option<Position>, Error> {
        let place = |row: &rusqlite::Row<'_>| {
            Ok(Position { file: row.get::<_, i64>(0)? as u64, offset: row.get::<_, i64>(1)? as u64 })
        };
        Ok(self.connection.query_row("SELECT wal_file, wal_offset FROM durable", [], place).optional()?)
    }

    /// Notes that everything before `position` is durable; absent when the disk has no room for the note.
    pub(crate) fn note_durable(&self, position: Position) -> Result<Option<()>, Error> {
        if self.durable()? == Some(position) {
            return Ok(Some(()));
        }
        let place = params![position.file as i64, position.offset as i64];
        match self.connection.execute("INSERT OR REPLACE INTO durable VALUES (1, ?1, ?2)", place) {
            Ok(_) => Ok(Some(())),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn deletions(&self) -> Result<Deletions, Error> {
        let mut statement = self.connection.prepare("SELECT trace, wal_file, wal_offset FROM deletions")?;
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

    /// Notes that everything of these traces before `position` is gone: all of them or none.
    pub(crate) fn delete(&mut self, traces: &[TraceId], position: Position) -> Result<(), Error> {
        let change = self.connection.transaction()?;
        {
            let mut insert = change.prepare("INSERT OR REPLACE INTO deletions VALUES (?1, ?2, ?3)")?;
            for id in traces {
                insert.execute(params![id.bytes(), position.file as i64, position.offset as i64])?;
            }
        }
        Ok(change.commit()?)
    }

    /// Forgets the deletions of what only files before `first` held.
    pub(crate) fn forget_before(&self, first: u64) -> Result<(), Error> {
        self.connection.execute("DELETE FROM deletions WHERE wal_file < ?1", [first as i64])?;
        Ok(())
    }
}

/// Returns true when a file of SQLite's is damaged beyond reading.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

/// Moves a damaged database with its companions to where damage is kept.
pub(crate) fn put_aside(path: &Path, quarantine: &Path, name: &str, reason: String) -> Result<Damage, Error> {
    crate::files::make_private_directory(quarantine)?;
    let bytes = path.metadata().map_or(0, |file| file.len());
    let free = (1u32..).map(|number| quarantine.join(format!("{name}-{number}.db"))).find(|name| !name.exists());
    let kept = free.unwrap_or_else(|| quarantine.join(format!("{name}.db")));
    for companion in ["", "-wal", "-shm"] {
        let from = with_suffix(path, companion);
        if from.exists() {
            std::fs::rename(&from, with_suffix(&kept, companion)).map_err(file_error("move", &from))?;
        }
    }
    Ok(Damage { file: path.to_owned(), offset: 0, bytes, reason })
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
