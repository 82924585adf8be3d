//! States that no step made: of before the first, and those that were set by hand.
//!
//! There are few of them, and each stands whole.

use rusqlite::{Connection, OptionalExtension, params};
use trackway_model::{Json, StateRecord, StepKey};

use super::{
    pack::{pack_text, unpack_text},
    read::last_step,
    rows::{RunRow, STEP, StepRow, first_id, last_id, maybe_text, maybe_time, put_time},
    states::read_state,
};
use crate::{Error, Placement, Run};

/// What a step began with.
pub(super) enum Base {
    /// A state that no step made, by its row.
    Placed {
        id: i64,
        /// True when it was set between the step before and this one.
        is_just_before: bool,
    },
    /// The state after a step, by its row.
    Made(i64),
}

impl Base {
    pub(super) fn state(&self, connection: &Connection) -> Result<Json, Error> {
        match self {
            Self::Placed { id, .. } => read(connection, *id),
            Self::Made(id) => read_state(connection, *id),
        }
    }
}

/// Stores a state, and returns whether it differs from what was stored.
pub(super) fn put(connection: &Connection, run: &mut RunRow, record: &StateRecord) -> Result<bool, Error> {
    let (sequence, attempt) = record.after.map(|step| (step.sequence, step.attempt)).unzip();
    let (state, raw) = (pack_text(&record.state.0), record.state.0.len() as i64);
    let known = find(connection, run, record.after)?;
    let Some(id) = known else {
        let sql = "INSERT INTO placements VALUES ((SELECT coalesce(max(id) + 1, ?1) FROM placements \
                   WHERE id BETWEEN ?1 AND ?2), ?3, ?4, ?5, ?6, ?7)";
        let (first, last, time) = (first_id(run.id), last_id(run.id), put_time(record.time));
        let values = params![first, last, sequence, attempt, record.next.as_deref(), time, state];
        connection.prepare_cached(sql)?.execute(values)?;
        run.raw += raw;
        run.stored += state.len() as i64;
        return Ok(true);
    };
    let sql = "SELECT next, time, state FROM placements WHERE id = ?1";
    let row = |row: &rusqlite::Row<'_>| Ok((maybe_text(row, 0)?, maybe_time(row, 1)?, row.get::<_, Vec<u8>>(2)?));
    let (next, time, old) = connection.query_row(sql, [id], row)?;
    let old_state = unpack_text(&old)?;
    if (&next, time, &*old_state) == (&record.next, record.time, &*record.state.0) {
        return Ok(false);
    }
    connection.execute(
        "UPDATE placements SET next = ?2, time = ?3, state = ?4 WHERE id = ?1",
        params![id, record.next.as_deref(), put_time(record.time), state],
    )?;
    run.raw += raw - old_state.len() as i64;
    run.stored += state.len() as i64 - old.len() as i64;
    Ok(true)
}

fn find(connection: &Connection, run: &RunRow, after: Option<StepKey>) -> Result<Option<i64>, Error> {
    let (sequence, attempt) = after.map(|step| (step.sequence, step.attempt)).unzip();
    let sql = "SELECT id FROM placements WHERE id >> 32 = ?1 AND sequence IS ?2 AND attempt IS ?3";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row(params![run.id, sequence, attempt], |row| row.get(0)).optional()?)
}

fn read(connection: &Connection, id: i64) -> Result<Json, Error> {
    let mut statement = connection.prepare_cached("SELECT state FROM placements WHERE id = ?1")?;
    let packed: Vec<u8> = statement.query_row([id], |row| row.get(0))?;
    Ok(Json(unpack_text(&packed)?.into()))
}

/// Whether a run has states that no step made.
pub(super) fn has_any(connection: &Connection, run: &RunRow) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM placements WHERE id BETWEEN ?1 AND ?2)";
    Ok(connection.prepare_cached(sql)?.query_row([first_id(run.id), last_id(run.id)], |row| row.get(0))?)
}

/// Returns those of a run, the first that were told.
pub(super) fn list(connection: &Connection, run: &RunRow) -> Result<Vec<Placement>, Error> {
    let sql = "SELECT sequence, attempt, next, time FROM placements WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let placement = |row: &rusqlite::Row<'_>| {
        let (sequence, attempt): (Option<i64>, Option<u32>) = (row.get(0)?, row.get(1)?);
        let after = sequence.zip(attempt).map(|(sequence, attempt)| StepKey { sequence, attempt });
        Ok(Placement { after, next: maybe_text(row, 2)?, time: maybe_time(row, 3)? })
    };
    let range = params![first_id(run.id), last_id(run.id), Run::MOST_PLACEMENTS as i64];
    Ok(statement.query_map(range, placement)?.collect::<Result<_, _>>()?)
}

/// Finds what the step with this id began with: the nearest state before it.
pub(super) fn base(connection: &Connection, run: &RunRow, id: i64) -> Result<Option<Base>, Error> {
    let first = first_id(run.id);
    let sql = format!("SELECT {STEP} FROM steps WHERE id < ?1 AND id >= ?2 ORDER BY id DESC");
    let mut statement = connection.prepare_cached(&sql)?;
    for step in statement.query_map([id, first], StepRow::read)? {
        let step = step?;
        if let Some(placed) = find(connection, run, Some(step.key))? {
            return Ok(Some(Base::Placed { id: placed, is_just_before: step.id + 1 == id }));
        }
        if let Some(number) = step.state {
            return Ok(Some(Base::Made(first + number)));
        }
    }
    Ok(find(connection, run, None)?.map(|id| Base::Placed { id, is_just_before: false }))
}

/// Returns the state that a step began with.
pub(super) fn state_before(connection: &Connection, run: &RunRow, key: StepKey) -> Result<Option<Json>, Error> {
    let Some(step) = StepRow::find(connection, run.id, key)? else { return Ok(None) };
    base(connection, run, step.id)?.map(|base| base.state(connection)).transpose()
}

/// Returns the state that the next step will begin with.
pub(super) fn standing(connection: &Connection, run: &RunRow) -> Result<Option<StateRecord>, Error> {
    let after = last_step(connection, run)?.map(|step| step.key);
    if let Some(id) = find(connection, run, after)? {
        let sql = "SELECT next, time FROM placements WHERE id = ?1";
        let row = |row: &rusqlite::Row<'_>| Ok((maybe_text(row, 0)?, maybe_time(row, 1)?));
        let (next, time) = connection.prepare_cached(sql)?.query_row([id], row)?;
        return Ok(Some(StateRecord { after, next, state: read(connection, id)?, time }));
    }
    let state = base(connection, run, last_id(run.id) + 1)?.map(|base| base.state(connection)).transpose()?;
    Ok(state.map(|state| StateRecord { after, next: None, state, time: None }))
}

/// Returns the state of before the first step.
pub(super) fn first_state(connection: &Connection, run: &RunRow) -> Result<Option<Json>, Error> {
    find(connection, run, None)?.map(|id| read(connection, id)).transpose()
}
