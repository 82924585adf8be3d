//! `catalog.db`: what is published, and what the log cannot tell, in SQLite.
//!
//! ```text
//! segments      every published segment, with what lists count of it and the bits that tell which traces it may hold
//! publication   from where a start reads the log, and the next numbers
//! gone          traces whose rows in older segments are dead: deleted, or moved into a newer one
//! told, late, news, originals, groups      what is known of traces beside the spans in segments
//! ```
//!
//! Segments and the position in the log change together, in one transaction, so that every record is in one of both after
//! whatever happened.
//!
//! Of the log it keeps three things. One is what was deleted. The log keeps the bytes of deleted traces until a whole file
//! of it is dead, so replay must know to skip them: whatever came for the trace before the deletion's position in the log.
//! Another is a second copy of the marker that log files carry in their header, for the day when a header is damaged. The
//! last is a place in the log before which everything was durable: what is unreadable there was not torn by a write under
//! way.

mod body;
mod log;
mod lookup;
mod publication;
mod publish;
mod readers;
mod schema;
mod segments;
mod start;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError, TryLockError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode};

use crate::{Damage, Error, files::file_error};

pub(crate) use log::Deletions;
pub(crate) use lookup::{Lookups, Told};
pub(crate) use publication::{
    Age, Deletion, Flushed, Grouped, LateEvent, NewSegment, Publication, SEGMENTS, SegmentEntry, SegmentId,
    segment_path,
};
pub(crate) use publish::Change;
pub(crate) use readers::{Reader, Readers};
pub(crate) use segments::Published;

/// From so many bytes on what SQLite keeps beside the file is worth to be brought into it.
const LARGE_BESIDE: u64 = 1 << 20;

/// How long the writer waits for another process that holds the file for a moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// The catalog, open for whoever writes; any thread may, one at a time.
pub(crate) struct Catalog {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Catalog {
    /// Opens the catalog; one that is damaged beyond reading is put aside and begun anew.
    pub(crate) fn open(directory: &Path, quarantine: &Path) -> Result<(Self, Option<Damage>), Error> {
        let path = directory.join("catalog.db");
        match Self::connect(&path) {
            Ok(catalog) => Ok((catalog, None)),
            Err(Error::Catalog(error)) if is_damage(&error) => {
                let reason = format!(
                    "the catalog cannot be read ({error}), so traces that were deleted may be back, and what clients told \
                     of whole traces is lost where the log does not have it any more"
                );
                let damage = put_aside(&path, quarantine, "catalog", reason)?;
                Ok((Self::connect(&path)?, Some(damage)))
            }
            Err(error) => Err(error),
        }
    }

    fn connect(path: &Path) -> Result<Self, Error> {
        let catalog = Self { path: path.to_owned(), connection: Mutex::new(schema::open_writer(path)?) };
        // Damage is met here, where something is done about it, or later only by those who ask about single traces.
        catalog.deletions()?;
        catalog.durable()?;
        Published::read(&catalog.connection())?;
        Ok(catalog)
    }

    /// Returns what reads beside the writer.
    pub(crate) fn readers(&self) -> Readers {
        Readers::new(self.path.clone())
    }

    /// Brings what SQLite keeps beside the file into it, where that is more than a little and nobody is in the way: what
    /// is left of a burst would stay on the disk for as long as nothing else comes.
    pub(crate) fn tidy(&self) -> Result<(), Error> {
        let beside = with_suffix(&self.path, "-wal").metadata().map_or(0, |file| file.len());
        if beside < LARGE_BESIDE {
            return Ok(());
        }
        let Some(connection) = self.free_connection() else { return Ok(()) };
        // Nobody waits for a reader here: the next occasion comes.
        connection.busy_timeout(Duration::ZERO)?;
        let tidied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        connection.busy_timeout(PATIENCE)?;
        match tidied {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
            tidied => Ok(tidied?),
        }
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the connection unless somebody is writing.
    fn free_connection(&self) -> Option<MutexGuard<'_, Connection>> {
        match self.connection.try_lock() {
            Ok(connection) => Some(connection),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Makes a change of which all is durable when this returns, or nothing.
    fn transact<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let mut connection = self.connection();
        let change = connection.transaction()?;
        let done = work(&change)?;
        change.commit()?;
        Ok(done)
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
