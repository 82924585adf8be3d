//! What a catalog says of the other files, whatever version of the catalog it is.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::{Error, sqlite, wal::Position};

/// The files that a catalog knows of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    /// What frames of the log begin with.
    pub(crate) marker: u64,
    /// Before this everything in the log was durable once.
    pub(crate) durable: Option<Position>,
    /// Before this everything in the log is in segments.
    pub(crate) flushed: Option<Position>,
    /// The Parquet files of segments, below the directory of the store, with how long they and their indexes are.
    pub(crate) segments: Vec<(PathBuf, u64, u64)>,
}

impl Listing {
    pub(crate) fn read(connection: &Connection) -> Result<Self, Error> {
        let marker = connection.query_row("SELECT marker FROM log", [], |row| row.get::<_, i64>(0)).optional()?;
        let place = |name| format!("SELECT wal_file, wal_offset FROM {name} WHERE wal_file IS NOT NULL");
        let durable = connection.query_row(&place("durable"), [], position).optional()?;
        let mut listing = Self { marker: marker.unwrap_or_default() as u64, durable, ..Self::default() };
        if !sqlite::has_table(connection, "segments")? {
            return Ok(listing);
        }
        listing.flushed = connection.query_row(&place("publication"), [], position).optional()?;
        let mut statement = connection.prepare("SELECT path, bytes, index_bytes FROM segments ORDER BY path")?;
        let segment = |row: &Row<'_>| {
            let [bytes, index_bytes] = [row.get::<_, i64>(1)?, row.get(2)?];
            Ok((PathBuf::from(row.get::<_, String>(0)?), bytes as u64, index_bytes as u64))
        };
        listing.segments = statement.query_map([], segment)?.collect::<Result<_, _>>()?;
        Ok(listing)
    }
}

fn position(row: &Row<'_>) -> rusqlite::Result<Position> {
    Ok(Position { file: row.get::<_, i64>(0)? as u64, offset: row.get::<_, i64>(1)? as u64 })
}
