//! States on the disk: each as what it makes of the one before, and a whole one every so often.
//!
//! A row is the base of the row behind it. Where a state in the middle is replaced, the old row stays as a base, and the
//! new one stands whole beside it and is never a base. A row that says what changed since another step's state is written
//! anew, whole, when that other step is no longer the one before.

use std::{collections::HashMap, sync::Arc};

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use trackway_model::{Delta, Json, State, Text};

use super::{
    pack::{damaged, delta_bytes, pack, pack_text, pack_texts, unpack_delta, unpack_text, unpack_texts},
    rows::{RunRow, STEP, StepRow, first_id},
};
use crate::{Error, Step, runs::rules::changed};

/// The most deltas that are applied to read a state.
const MOST_DELTAS: i64 = 63;
/// The most bytes of states that the writer remembers.
const MOST_REMEMBERED: usize = 64 << 20;

/// The last states of runs, remembered by the writer: what comes next is compared with them.
#[derive(Default)]
pub(super) struct Tips {
    known: HashMap<i64, Arc<str>>,
    bytes: usize,
}

impl Tips {
    fn remember(&mut self, id: i64, state: &str) {
        if self.bytes + state.len() > MOST_REMEMBERED {
            self.forget();
        }
        if state.len() <= MOST_REMEMBERED / 4 {
            self.bytes += state.len();
            self.known.insert(id, state.into());
        }
    }

    fn take(&mut self, id: i64) -> Option<Arc<str>> {
        let state = self.known.remove(&id)?;
        self.bytes -= state.len();
        Some(state)
    }

    /// Forgets everything: what was written may have been undone.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Returns the state that a row stands for.
pub(super) fn read_state(connection: &Connection, id: i64) -> Result<Json, Error> {
    let mut statement = connection.prepare_cached("SELECT base, body FROM states WHERE id = ?1")?;
    let mut deltas = Vec::new();
    let mut next = id;
    let mut state = loop {
        let row = statement.query_row([next], |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Vec<u8>>(1)?)));
        let (base, body) = row.optional()?.ok_or_else(damaged)?;
        let Some(base) = base.filter(|_| deltas.len() as i64 <= MOST_DELTAS) else {
            break Json(unpack_text(&body)?.into());
        };
        deltas.push(unpack_delta(&body)?);
        next = base;
    };
    for delta in deltas.iter().rev() {
        state = State::read(&state.0).and_then(|before| delta.apply(&before)).ok_or_else(damaged)?;
    }
    Ok(state)
}

/// Returns the fields that differ from the state before, by the row of a state.
pub(super) fn read_changed(connection: &Connection, id: i64) -> Result<Vec<Text>, Error> {
    let sql = "SELECT changed, CASE WHEN base IS NULL THEN NULL ELSE body END FROM states WHERE id = ?1";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<Vec<u8>>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?));
    match connection.prepare_cached(sql)?.query_row([id], row).optional()? {
        Some((Some(changed), _)) => unpack_texts(&changed),
        Some((None, Some(body))) => {
            let changes = unpack_delta(&body)?.changes;
            Ok(changes.iter().take(Step::MOST_CHANGED).map(|(name, _)| State::unquoted(name)).collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// Stores the state after a step, and returns whether it differs from what was stored.
pub(super) fn put(
    connection: &Connection,
    tips: &mut Tips,
    run: &mut RunRow,
    step: &mut StepRow,
    state: Option<&Json>,
) -> Result<bool, Error> {
    let old = step.state.map(|number| first_id(run.id) + number);
    let Some(state) = state else {
        return match old {
            Some(_) => remove(connection, tips, run, step).map(|()| true),
            None => Ok(false),
        };
    };
    let print = print(&state.0);
    if let Some(old) = old {
        let known: i64 = connection.query_row("SELECT print FROM states WHERE id = ?1", [old], |row| row.get(0))?;
        if known == print {
            return Ok(false);
        }
    }
    let place = step.id - first_id(run.id);
    let is_tip = run.tip.is_none_or(|tip| tip < place);
    if is_tip && old.is_none() {
        append(connection, tips, run, step, state, print)?;
        run.tip = Some(place);
        return Ok(true);
    }
    tips.forget();
    insert_whole(connection, run, step, state, print)?;
    mend_next(connection, run, step, Some(state))?;
    Ok(true)
}

/// Puts a state behind all others of its run.
fn append(
    connection: &Connection,
    tips: &mut Tips,
    run: &mut RunRow,
    step: &mut StepRow,
    state: &Json,
    print: i64,
) -> Result<(), Error> {
    let before = match run.tip {
        Some(tip) => StepRow::at(connection, run.step_id(tip))?.and_then(|row| row.state),
        None => None,
    };
    let base = before.map(|number| first_id(run.id) + number);
    let known = match base {
        Some(base) => Some(match tips.take(base) {
            Some(known) => Json((&*known).into()),
            None => read_state(connection, base)?,
        }),
        None => None,
    };
    let depth = match base {
        Some(base) => connection
            .prepare_cached("SELECT depth FROM states WHERE id = ?1")?
            .query_row([base], |row| row.get::<_, i64>(0))?,
        None => MOST_DELTAS,
    };
    let delta = known.as_ref().filter(|_| depth < MOST_DELTAS).and_then(|known| delta_of(known, state));
    let row = match (&delta, base) {
        (Some(delta), Some(base)) => Row { base: Some(base), depth: depth + 1, changed: None, body: pack(delta) },
        _ => Row::whole(known.as_ref(), state),
    };
    step.state = Some(insert(connection, run, &row, state, print)?);
    tips.remember(first_id(run.id) + run.states - 1, &state.0);
    Ok(())
}

/// Returns what makes the state out of the one before, where that is much shorter than the state.
fn delta_of(before: &Json, state: &Json) -> Option<Vec<u8>> {
    let delta = Delta::between(&State::read(&before.0)?, &State::read(&state.0)?)?;
    let bytes = delta_bytes(&delta);
    (bytes.len() < state.0.len() / 4 * 3).then_some(bytes)
}

struct Row {
    base: Option<i64>,
    depth: i64,
    changed: Option<Vec<u8>>,
    body: Vec<u8>,
}

impl Row {
    fn whole(before: Option<&Json>, state: &Json) -> Self {
        let changed = pack_texts(&changed(before, state));
        Self { base: None, depth: 0, changed: Some(changed), body: pack_text(&state.0) }
    }

    fn bytes(&self) -> i64 {
        (self.body.len() + self.changed.as_ref().map_or(0, Vec::len)) as i64
    }
}

/// Writes a row behind the others and returns its number.
fn insert(connection: &Connection, run: &mut RunRow, row: &Row, state: &Json, print: i64) -> Result<i64, Error> {
    let (number, raw) = (run.states, state.0.len() as i64);
    connection
        .prepare_cached(
            "INSERT INTO states (id, base, depth, print, raw, changed, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![first_id(run.id) + number, row.base, row.depth, print, raw, row.changed, row.body])?;
    run.states += 1;
    run.raw += raw;
    run.stored += row.bytes();
    Ok(number)
}

/// Puts a state beside the others, as no base of any, in place of the step's old one.
///
/// It has the depth of the deepest, so that what is put behind it, should it be the last, begins anew.
fn insert_whole(
    connection: &Connection,
    run: &mut RunRow,
    step: &mut StepRow,
    state: &Json,
    print: i64,
) -> Result<(), Error> {
    let before = neighbour(connection, run, step.id, Side::Before)?;
    let before = before.map(|(_, id)| read_state(connection, id)).transpose()?;
    let row = Row { depth: MOST_DELTAS, ..Row::whole(before.as_ref(), state) };
    drop_loose(connection, run, step)?;
    step.state = Some(insert(connection, run, &row, state, print)?);
    run.tip = run.tip.max(Some(step.id - first_id(run.id)));
    Ok(())
}

/// Removes a step's row of state, unless another could be built on it.
fn drop_loose(connection: &Connection, run: &mut RunRow, step: &StepRow) -> Result<(), Error> {
    let Some(number) = step.state else { return Ok(()) };
    let id = first_id(run.id) + number;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let sql = "SELECT depth, raw, length(body) + coalesce(length(changed), 0) FROM states WHERE id = ?1";
    let (depth, raw, stored): (i64, i64, i64) = connection.query_row(sql, [id], row)?;
    if depth == MOST_DELTAS {
        connection.execute("DELETE FROM states WHERE id = ?1", [id])?;
        run.raw -= raw;
        run.stored -= stored;
    }
    Ok(())
}

/// Takes the state from a step whose end has none any more.
fn remove(connection: &Connection, tips: &mut Tips, run: &mut RunRow, step: &mut StepRow) -> Result<(), Error> {
    tips.forget();
    drop_loose(connection, run, step)?;
    step.state = None;
    let before = neighbour(connection, run, step.id, Side::Before)?;
    let state = before.map(|(_, id)| read_state(connection, id)).transpose()?;
    mend_next(connection, run, step, state.as_ref())?;
    if run.tip == Some(step.id - first_id(run.id)) {
        run.tip = before.map(|(place, _)| place);
    }
    Ok(())
}

/// Writes anew what changed with the state behind a step, now that another stands before it.
fn mend_next(connection: &Connection, run: &mut RunRow, step: &StepRow, before: Option<&Json>) -> Result<(), Error> {
    let Some((_, id)) = neighbour(connection, run, step.id, Side::Behind)? else { return Ok(()) };
    let state = read_state(connection, id)?;
    let row = Row::whole(before, &state);
    let sql = "SELECT length(body) + coalesce(length(changed), 0) FROM states WHERE id = ?1";
    let stored: i64 = connection.query_row(sql, [id], |row| row.get(0))?;
    // Its depth stays, and with it whether others may be built on it.
    connection
        .prepare_cached("UPDATE states SET base = NULL, changed = ?2, body = ?3 WHERE id = ?1")?
        .execute(params![id, row.changed, row.body])?;
    run.stored += row.bytes() - stored;
    Ok(())
}

enum Side {
    Before,
    Behind,
}

/// Returns the place of the nearest step on one side that has a state, and the id of that state.
fn neighbour(connection: &Connection, run: &RunRow, id: i64, side: Side) -> Result<Option<(i64, i64)>, Error> {
    let first = first_id(run.id);
    let (sql, end) = match side {
        Side::Before => ("id < ?1 AND id >= ?2 AND state IS NOT NULL ORDER BY id DESC", first),
        Side::Behind => ("id > ?1 AND id <= ?2 AND state IS NOT NULL ORDER BY id", super::rows::last_id(run.id)),
    };
    let sql = format!("SELECT {STEP} FROM steps WHERE {sql} LIMIT 1");
    let row = connection.prepare_cached(&sql)?.query_row([id, end], StepRow::read).optional()?;
    Ok(row.and_then(|row| Some((row.id - first, first + row.state?))))
}

/// Tells states apart without reading them.
pub(super) fn print(state: &str) -> i64 {
    let hash = Sha256::digest(state.as_bytes());
    hash.iter().take(8).fold(0, |print, byte| print << 8 | i64::from(*byte))
}
