//! The segments that are published.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, OptionalExtension, Row, params};
use trackway_model::TraceId;

use super::{
    Age, Flushed, LateEvent, Lookups, NewSegment, SegmentEntry, SegmentId,
    schema::{self, put_time, take_time},
};
use crate::{
    Error,
    engine::{Sequence, Tallies},
    segment::Bloom,
    wal::Position,
};

/// All that is published.
#[derive(Debug, Clone, Default)]
pub(crate) struct Published {
    /// The segments, in order of their age and number.
    pub(crate) segments: Vec<SegmentEntry>,
    /// The numbers and files of segments of which the catalog's own notes are damaged.
    pub(crate) unreadable: Vec<StoredSegment>,
    /// Traces whose rows in segments before an age are dead.
    pub(crate) gone: Vec<(TraceId, Age)>,
    /// Whether a trace is known that a client told of, or an event that came apart from its span.
    pub(crate) has_notes: bool,
    /// False while it has not been looked at which segments there are.
    pub(crate) is_begun: bool,
    /// How far the log is in segments; absent when a start reads all of it.
    pub(crate) flushed: Option<Flushed>,
    /// The sequence of the next record, as far as the segments tell.
    pub(crate) next_sequence: Sequence,
    /// The next segment's number.
    pub(crate) next_segment: SegmentId,
    /// The next segment's age.
    pub(crate) next_age: Age,
}

/// Where a segment stands of which nothing else can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredSegment {
    /// Its number.
    pub(crate) id: SegmentId,
    /// Its age.
    pub(crate) age: Age,
    /// How often its spans were merged.
    pub(crate) level: u32,
    /// Its Parquet file, below the store's directory.
    pub(crate) path: PathBuf,
}

const COLUMNS: &str = "id, age, path, level, day, version, spans, traces, bytes, index_bytes, min_start, max_start, last, \
                       min_sequence, max_sequence, lag, tallies, bloom";

impl Published {
    /// Reads what is published in a directory that another process may have open, with every event that came apart from
    /// its span.
    pub(crate) fn beside(directory: &Path) -> Result<(Self, Vec<LateEvent>), Error> {
        let Some(mut connection) = schema::open_beside(&directory.join("catalog.db"))? else {
            return Ok((Self::default(), Vec::new()));
        };
        let connection = connection.transaction()?;
        Ok((Self::read(&connection)?, Lookups(&connection).all_late()?))
    }

    /// Reads what is published.
    pub(crate) fn read(connection: &Connection) -> Result<Self, Error> {
        let mut published = Self::default();
        let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM segments ORDER BY age, id"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            match read_segment(row)? {
                Ok(entry) => published.segments.push(entry),
                Err(stored) => published.unreadable.push(stored),
            }
        }
        let mut statement = connection.prepare("SELECT trace, before FROM gone")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            published.gone.extend(TraceId::new(row.get(0)?).zip(Some(Age(number(row, 1)?))));
        }
        let sql = "SELECT EXISTS (SELECT * FROM told) OR EXISTS (SELECT * FROM late)";
        published.has_notes = connection.query_row(sql, [], |row| row.get(0))?;
        let sql = "SELECT next_segment, next_age, next_sequence, wal_file, wal_offset FROM publication";
        let next = |row: &Row<'_>| {
            published.is_begun = true;
            published.next_segment = SegmentId(number(row, 0)?);
            published.next_age = Age(number(row, 1)?);
            published.next_sequence = number(row, 2)?;
            let place = row.get::<_, Option<i64>>(3)?.zip(row.get::<_, Option<i64>>(4)?);
            let position = place.map(|(file, offset)| Position { file: file as u64, offset: offset as u64 });
            published.flushed = position.map(|position| Flushed { position, next_sequence: published.next_sequence });
            Ok(())
        };
        connection.query_row(sql, [], next).optional()?;
        Ok(published)
    }
}

/// Writes a segment's row.
pub(super) fn insert_segment(change: &Connection, entry: &SegmentEntry) -> Result<(), Error> {
    let SegmentEntry { age, path, about } = entry;
    let sql = format!(
        "INSERT INTO segments ({COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)"
    );
    let [spans, traces, bytes, index_bytes] = [about.spans, about.traces, about.bytes, about.index_bytes];
    change.prepare_cached(&sql)?.execute(params![
        about.id.0 as i64,
        age.0 as i64,
        path.to_string_lossy(),
        about.level,
        about.day,
        about.version,
        spans as i64,
        traces as i64,
        bytes as i64,
        index_bytes as i64,
        put_time(about.starts.0),
        put_time(about.starts.1),
        put_time(about.last),
        about.sequences.0 as i64,
        about.sequences.1 as i64,
        about.lag.min(NewSegment::UNKNOWN_LAG) as i64,
        about.tallies.encode(),
        about.bloom.bytes(),
    ])?;
    Ok(())
}

/// Reads a segment's row; the error is a row whose counts or bits are damaged.
fn read_segment(row: &Row<'_>) -> rusqlite::Result<Result<SegmentEntry, StoredSegment>> {
    let id = SegmentId(number(row, 0)?);
    let (age, path, level) = (Age(number(row, 1)?), PathBuf::from(row.get::<_, String>(2)?), row.get(3)?);
    let (tallies, bloom) = (Tallies::decode(row.get_ref(16)?.as_blob()?), Bloom::from_bytes(row.get(17)?));
    let Some((tallies, bloom)) = tallies.zip(bloom) else {
        return Ok(Err(StoredSegment { id, age, level, path }));
    };
    let about = NewSegment {
        id,
        level,
        day: row.get(4)?,
        version: row.get(5)?,
        spans: number(row, 6)?,
        traces: number(row, 7)?,
        bytes: number(row, 8)?,
        index_bytes: number(row, 9)?,
        starts: (take_time(row.get(10)?), take_time(row.get(11)?)),
        last: take_time(row.get(12)?),
        sequences: (number(row, 13)?, number(row, 14)?),
        lag: number(row, 15)?,
        tallies: Arc::new(tallies),
        bloom,
    };
    Ok(Ok(SegmentEntry { age, path, about }))
}

fn number(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(at).map(|number| number as u64)
}
