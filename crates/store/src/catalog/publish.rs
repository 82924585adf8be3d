//! The changes of what is published, each one transaction.

use std::sync::Arc;

use rusqlite::{Connection, params};
use trackway_model::TraceId;

use super::{
    Age, Catalog, Deletion, Flushed, Grouped, LateEvent, NewSegment, Publication, SegmentEntry, SegmentId, body,
    log::delete_from_log, lookup::print_of, schema::put_time, segments::insert_segment,
};
use crate::{Error, engine::Tallies};

/// A publication, with what follows from it for what is published already.
pub(crate) struct Change<'a> {
    /// What was asked for.
    pub(crate) publication: &'a Publication,
    /// The new segments, each with its age.
    pub(crate) added: &'a [SegmentEntry],
    /// Traces whose rows in segments before an age are dead from now on.
    pub(crate) gone: &'a [(TraceId, Age)],
    /// Traces of which no segment has dead rows any more.
    pub(crate) cleared: &'a [TraceId],
    /// The counts of segments that are there and change.
    pub(crate) tallies: &'a [(SegmentId, Arc<Tallies>)],
    /// Those of the traces told of that have a span in some segment.
    pub(crate) accompanied: &'a [TraceId],
    /// The next segment's number.
    pub(crate) next_segment: SegmentId,
    /// The next segment's age.
    pub(crate) next_age: Age,
}

impl Catalog {
    /// Publishes all of a change or nothing. `lock` is called right before that becomes true, and what it returned is handed
    /// to the caller: whoever waits for it sees neither too much nor too little.
    pub(crate) fn publish<T>(&self, change: &Change<'_>, lock: impl FnOnce() -> T) -> Result<T, Error> {
        self.transact_locked(|connection| write(connection, change), lock)
    }

    /// Deletes traces from all that is published, and notes that what the log has of them is dead.
    pub(crate) fn delete_published<T>(
        &self,
        deletion: &Deletion<'_>,
        before: Age,
        lock: impl FnOnce() -> T,
    ) -> Result<T, Error> {
        let work = |connection: &Connection| {
            delete_from_log(connection, deletion.traces, deletion.position)?;
            for id in deletion.traces {
                note_gone(connection, *id, before)?;
            }
            forget(connection, deletion.traces)?;
            recount(connection, &deletion.tallies)
        };
        self.transact_locked(work, lock)
    }

    /// Returns the traces that clients told of and that have no span in any segment.
    pub(crate) fn traces_told_alone(&self) -> Result<Vec<TraceId>, Error> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached("SELECT trace FROM told WHERE is_alone")?;
        let rows = statement.query_map([], |row| row.get::<_, [u8; 16]>(0))?;
        let mut found = Vec::new();
        for row in rows {
            found.extend(TraceId::new(row?));
        }
        Ok(found)
    }

    fn transact_locked<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), Error>,
        lock: impl FnOnce() -> T,
    ) -> Result<T, Error> {
        let mut connection = self.connection();
        let change = connection.transaction()?;
        work(&change)?;
        let locked = lock();
        change.commit()?;
        Ok(locked)
    }
}

fn write(connection: &Connection, change: &Change<'_>) -> Result<(), Error> {
    let publication = change.publication;
    for id in &publication.removed {
        connection.prepare_cached("DELETE FROM segments WHERE id = ?1")?.execute([id.0 as i64])?;
    }
    for entry in change.added {
        insert_segment(connection, entry)?;
    }
    recount(connection, change.tallies)?;
    for (id, lag) in &publication.lags {
        let sql = "UPDATE segments SET lag = max(lag, ?2) WHERE id = ?1";
        let lag = (*lag).min(NewSegment::UNKNOWN_LAG) as i64;
        connection.prepare_cached(sql)?.execute([id.0 as i64, lag])?;
    }
    for (id, before) in change.gone {
        note_gone(connection, *id, *before)?;
    }
    for id in change.cleared {
        connection.prepare_cached("DELETE FROM gone WHERE trace = ?1")?.execute([id.bytes()])?;
    }
    note_traces(connection, publication)?;
    for id in change.accompanied {
        connection.prepare_cached("UPDATE told SET is_alone = 0 WHERE trace = ?1")?.execute([id.bytes()])?;
    }
    forget(connection, &publication.forgotten)?;
    forget(connection, &publication.deleted)?;
    note_numbers(connection, change)
}

/// Writes what is known of traces beside their spans.
fn note_traces(connection: &Connection, publication: &Publication) -> Result<(), Error> {
    for (arrival, record) in &publication.told {
        let body = body::write_told(record).map_err(unwritable)?;
        let sql = "INSERT INTO told VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT DO UPDATE SET arrival = excluded.arrival, \
                   project = excluded.project, body = excluded.body WHERE excluded.body <> body";
        let values = params![record.trace_id.bytes(), put_time(*arrival), &*record.project, body];
        connection.prepare_cached(sql)?.execute(values)?;
    }
    for LateEvent { sequence, arrival, event } in &publication.late {
        let body = body::write_event(&event.event).map_err(unwritable)?;
        let sql = "INSERT INTO late (trace, span, sequence, arrival, body) VALUES (?1, ?2, ?3, ?4, ?5)";
        let (trace, span) = (event.trace_id.bytes(), event.span_id.bytes());
        let values = params![trace, span, *sequence as i64, put_time(*arrival), body];
        connection.prepare_cached(sql)?.execute(values)?;
    }
    for id in &publication.settled {
        connection.prepare_cached("DELETE FROM late WHERE id = ?1")?.execute([id])?;
    }
    for (id, arrival) in &publication.news {
        let sql = "INSERT INTO news VALUES (?1, ?2) ON CONFLICT DO UPDATE SET arrival = max(arrival, excluded.arrival)";
        connection.prepare_cached(sql)?.execute(params![id.bytes(), put_time(*arrival)])?;
    }
    for (id, arrival) in &publication.heard {
        let sql = "UPDATE news SET arrival = max(arrival, ?2) WHERE trace = ?1";
        connection.prepare_cached(sql)?.execute(params![id.bytes(), put_time(*arrival)])?;
    }
    for id in &publication.quiet {
        connection.prepare_cached("DELETE FROM news WHERE trace = ?1")?.execute([id.bytes()])?;
    }
    for (original, trace, span) in &publication.originals {
        let values = params![print_of(original), trace.bytes(), span.bytes()];
        connection.prepare_cached("INSERT OR IGNORE INTO originals VALUES (?1, ?2, ?3)")?.execute(values)?;
    }
    for Grouped { group, trace, start } in &publication.groups {
        let sql = "INSERT INTO groups VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET start = min(start, excluded.start)";
        connection.prepare_cached(sql)?.execute(params![&**group, trace.bytes(), put_time(*start)])?;
    }
    Ok(())
}

fn note_numbers(connection: &Connection, change: &Change<'_>) -> Result<(), Error> {
    let sql = "UPDATE publication SET next_segment = max(next_segment, ?1), next_age = max(next_age, ?2)";
    connection.prepare_cached(sql)?.execute([change.next_segment.0 as i64, change.next_age.0 as i64])?;
    let Some(Flushed { position, next_sequence }) = change.publication.flushed else { return Ok(()) };
    let sql = "UPDATE publication SET wal_file = ?1, wal_offset = ?2, next_sequence = max(next_sequence, ?3)";
    let values = [position.file as i64, position.offset as i64, next_sequence as i64];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn note_gone(connection: &Connection, id: TraceId, before: Age) -> Result<(), Error> {
    let sql = "INSERT INTO gone VALUES (?1, ?2) ON CONFLICT DO UPDATE SET before = max(before, excluded.before)";
    connection.prepare_cached(sql)?.execute(params![id.bytes(), before.0 as i64])?;
    Ok(())
}

fn recount(connection: &Connection, tallies: &[(SegmentId, Arc<Tallies>)]) -> Result<(), Error> {
    for (id, tallies) in tallies {
        let sql = "UPDATE segments SET tallies = ?2 WHERE id = ?1";
        connection.prepare_cached(sql)?.execute(params![id.0 as i64, tallies.encode()])?;
    }
    Ok(())
}

/// Takes away what is known of traces beside their spans.
fn forget(connection: &Connection, traces: &[TraceId]) -> Result<(), Error> {
    for table in ["told", "late", "news", "originals", "groups"] {
        let sql = format!("SELECT EXISTS (SELECT * FROM {table})");
        let is_used: bool = connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
        if !is_used {
            continue;
        }
        let sql = format!("DELETE FROM {table} WHERE trace = ?1");
        let mut statement = connection.prepare_cached(&sql)?;
        for id in traces {
            statement.execute([id.bytes()])?;
        }
    }
    Ok(())
}

fn unwritable(reason: String) -> Error {
    Error::Catalog(rusqlite::Error::ToSqlConversionFailure(reason.into()))
}
