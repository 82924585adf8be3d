//! The tables of `catalog.db`.
//!
//! Times stand in an order of their own ([`put_time`]), so that those after 2262 are still the latest. Of what belongs to a trace
//! every table finds the rows by the trace, so that what is deleted leaves all of them.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};
use trackway_model::Timestamp;

use crate::{Error, sqlite};

/// What brings the schema from each version to the next.
pub(super) const MIGRATIONS: [&str; 3] = [
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
    // The segments, what is known of traces beside their spans, and from where the log is to be read.
    "CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    age INTEGER NOT NULL, day INTEGER NOT NULL, path TEXT NOT NULL, level INTEGER NOT NULL, version INTEGER NOT NULL,
    spans INTEGER NOT NULL, traces INTEGER NOT NULL, bytes INTEGER NOT NULL, index_bytes INTEGER NOT NULL,
    min_start INTEGER NOT NULL, max_start INTEGER NOT NULL, last INTEGER NOT NULL,
    min_sequence INTEGER NOT NULL, max_sequence INTEGER NOT NULL, lag INTEGER NOT NULL,
    tallies BLOB NOT NULL, bloom BLOB NOT NULL
) STRICT;
CREATE TABLE publication (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    next_segment INTEGER NOT NULL, next_age INTEGER NOT NULL, next_sequence INTEGER NOT NULL,
    wal_file INTEGER, wal_offset INTEGER
) STRICT;
CREATE TABLE gone (trace BLOB PRIMARY KEY, before INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE told (
    trace BLOB PRIMARY KEY, arrival INTEGER NOT NULL, project TEXT NOT NULL, is_alone INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX told_alone ON told (arrival, trace) WHERE is_alone;
CREATE TABLE late (
    id INTEGER PRIMARY KEY,
    trace BLOB NOT NULL, span BLOB NOT NULL, sequence INTEGER NOT NULL, arrival INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX late_by_trace ON late (trace);
CREATE TABLE news (trace BLOB PRIMARY KEY, arrival INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE originals (print BLOB, trace BLOB, span BLOB, PRIMARY KEY (print, trace, span)) WITHOUT ROWID, STRICT;
CREATE INDEX originals_by_trace ON originals (trace);
CREATE TABLE groups (name TEXT, trace BLOB, start INTEGER NOT NULL, PRIMARY KEY (trace, name)) WITHOUT ROWID, STRICT;
CREATE INDEX groups_by_start ON groups (name, start, trace)",
];

/// The version from which on there are segments.
const WITH_SEGMENTS: u32 = 3;

/// How long another process waits for a file that its writer holds for a moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many pages the database's own log takes before they are written back: 4 MiB.
const CHECKPOINT_PAGES: u32 = 1024;

/// Opens the file for its one writer, and makes it when it is missing.
pub(super) fn open_writer(path: &Path) -> Result<Connection, Error> {
    let connection = sqlite::open(path, &MIGRATIONS, |_| Ok(()))?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", 4 << 20)?;
    connection.pragma_update(None, "cache_size", -4_096)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Opens the file for a reader.
pub(super) fn open_reader(path: &Path) -> Result<Connection, Error> {
    sqlite::open_reader(path, 2_048)
}

/// Opens the file for another process than the one that writes to it; `None` while it has no segments to tell of.
pub(super) fn open_beside(path: &Path) -> Result<Option<Connection>, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let supported = MIGRATIONS.len() as u32;
    if found > supported {
        return Err(Error::Newer { path: path.to_owned(), found, supported });
    }
    Ok((found >= WITH_SEGMENTS).then_some(connection))
}

/// Returns a time as a number that SQLite orders like the times.
pub(super) fn put_time(time: Timestamp) -> i64 {
    (time.0 as i64) ^ i64::MIN
}

/// Returns the time that [`put_time`] was given.
pub(super) fn take_time(stored: i64) -> Timestamp {
    Timestamp((stored ^ i64::MIN) as u64)
}
