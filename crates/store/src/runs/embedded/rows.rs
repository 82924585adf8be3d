//! Rows of `runs.db` and what they mean.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use trackway_model::{ChildEvent, RunKey, RunPointer, SpanId, StepKey, Text, Timestamp, TraceId};

use crate::{Error, runs::rules::Ending};

pub(super) const BEGUN: i64 = 1;
pub(super) const ENDED: i64 = 2;
pub(super) const SUSPECT: i64 = 4;

/// Times in the order of their numbers, also those that SQLite's integers have no room for.
pub(super) fn put_time(time: Option<Timestamp>) -> Option<i64> {
    time.map(|time| (time.0 ^ (1 << 63)) as i64)
}

pub(super) fn time(stored: Option<i64>) -> Option<Timestamp> {
    stored.map(|stored| Timestamp(stored as u64 ^ (1 << 63)))
}

pub(super) fn text(row: &Row<'_>, at: usize) -> rusqlite::Result<Text> {
    Ok(row.get_ref(at)?.as_str()?.into())
}

pub(super) fn maybe_text(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Text>> {
    Ok(row.get_ref(at)?.as_str_or_null()?.map(Into::into))
}

pub(super) fn maybe_time(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Timestamp>> {
    row.get(at).map(time)
}

/// Returns the first id of a run's steps, states or remarks.
pub(super) fn first_id(run: i64) -> i64 {
    run << 32
}

/// Returns the last id that one of them could have.
pub(super) fn last_id(run: i64) -> i64 {
    first_id(run) | 0xffff_ffff
}

pub(super) fn event_number(event: ChildEvent) -> i64 {
    match event {
        ChildEvent::Fork => 1,
        ChildEvent::Spawn => 2,
    }
}

pub(super) fn event_of(number: i64) -> ChildEvent {
    if number == 1 { ChildEvent::Fork } else { ChildEvent::Spawn }
}

/// A run without its graph.
#[derive(Debug, Clone)]
pub(super) struct RunRow {
    pub(super) id: i64,
    pub(super) key: Arc<RunKey>,
    pub(super) run_id: Option<TraceId>,
    pub(super) told: Timestamp,
    pub(super) news: Timestamp,
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
    pub(super) created: Option<Timestamp>,
    pub(super) steps: i64,
    pub(super) errors: i64,
    pub(super) suspects: i64,
    pub(super) remarks: i64,
    /// The place of the last step after which there is a state.
    pub(super) tip: Option<i64>,
    /// How many rows of states were made.
    pub(super) states: i64,
    pub(super) raw: i64,
    pub(super) stored: i64,
    pub(super) parent: Option<RunPointer>,
    pub(super) spawned_by: Option<RunPointer>,
}

/// The columns that [`RunRow::read`] reads.
pub(super) const RUN: &str = "id, project, app, partition, run_id, told, news, first, last, created, steps, errors, \
    suspects, remarks, tip, states, raw, stored, parent_app, parent_partition, parent_sequence, spawn_app, \
    spawn_partition, spawn_sequence";

impl RunRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let pointer = |at: usize| -> rusqlite::Result<Option<RunPointer>> {
            let Some(app) = maybe_text(row, at)? else { return Ok(None) };
            Ok(Some(RunPointer { app, partition: maybe_text(row, at + 1)?, sequence: row.get(at + 2)? }))
        };
        let key = RunKey { project: text(row, 1)?, app: text(row, 2)?, partition: maybe_text(row, 3)? };
        Ok(Self {
            id: row.get(0)?,
            key: Arc::new(key),
            run_id: row.get::<_, Option<[u8; 16]>>(4)?.and_then(TraceId::new),
            told: maybe_time(row, 5)?.unwrap_or_default(),
            news: maybe_time(row, 6)?.unwrap_or_default(),
            first: maybe_time(row, 7)?,
            last: maybe_time(row, 8)?,
            created: maybe_time(row, 9)?,
            steps: row.get(10)?,
            errors: row.get(11)?,
            suspects: row.get(12)?,
            remarks: row.get(13)?,
            tip: row.get(14)?,
            states: row.get(15)?,
            raw: row.get(16)?,
            stored: row.get(17)?,
            parent: pointer(18)?,
            spawned_by: pointer(21)?,
        })
    }

    pub(super) fn find(connection: &Connection, key: &RunKey) -> Result<Option<Self>, Error> {
        let sql = format!("SELECT {RUN} FROM runs WHERE project = ?1 AND app = ?2 AND partition IS ?3");
        let mut statement = connection.prepare_cached(&sql)?;
        let names = params![&*key.project, &*key.app, key.partition.as_deref()];
        Ok(statement.query_row(names, Self::read).optional()?)
    }

    pub(super) fn start(&self) -> Timestamp {
        self.first.unwrap_or(self.told)
    }

    /// Returns the id of the step at a place.
    pub(super) fn step_id(&self, place: i64) -> i64 {
        first_id(self.id) + place
    }
}

/// A step without its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StepRow {
    pub(super) id: i64,
    pub(super) key: StepKey,
    pub(super) flags: i64,
    pub(super) action: Text,
    pub(super) end_action: Option<Text>,
    pub(super) start: Option<Timestamp>,
    pub(super) finish: Option<Timestamp>,
    /// The trace is absent where it is the run's id.
    pub(super) span: Option<(Option<TraceId>, SpanId)>,
    /// The number of the row of its state.
    pub(super) state: Option<i64>,
    pub(super) has_error: bool,
}

/// The columns that [`StepRow::read`] reads.
pub(super) const STEP: &str =
    "id, sequence, attempt, flags, action, end_action, start, finish, trace, span, state, error IS NOT NULL";

impl StepRow {
    pub(super) fn new(id: i64, key: StepKey) -> Self {
        Self {
            id,
            key,
            flags: 0,
            action: Text::default(),
            end_action: None,
            start: None,
            finish: None,
            span: None,
            state: None,
            has_error: false,
        }
    }

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let trace = row.get::<_, Option<[u8; 16]>>(8)?.and_then(TraceId::new);
        let span = row.get::<_, Option<[u8; 8]>>(9)?.and_then(SpanId::new);
        Ok(Self {
            id: row.get(0)?,
            key: StepKey { sequence: row.get(1)?, attempt: row.get(2)? },
            flags: row.get(3)?,
            action: text(row, 4)?,
            end_action: maybe_text(row, 5)?,
            start: maybe_time(row, 6)?,
            finish: maybe_time(row, 7)?,
            span: span.map(|span| (trace, span)),
            state: row.get(10)?,
            has_error: row.get(11)?,
        })
    }

    pub(super) fn find(connection: &Connection, run: i64, key: StepKey) -> Result<Option<Self>, Error> {
        let sql = format!("SELECT {STEP} FROM steps WHERE id >> 32 = ?1 AND sequence = ?2 AND attempt = ?3");
        let mut statement = connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![run, key.sequence, key.attempt], Self::read).optional()?)
    }

    pub(super) fn at(connection: &Connection, id: i64) -> Result<Option<Self>, Error> {
        let sql = format!("SELECT {STEP} FROM steps WHERE id = ?1");
        Ok(connection.prepare_cached(&sql)?.query_row([id], Self::read).optional()?)
    }

    pub(super) fn ending(&self) -> Ending {
        match (self.flags & ENDED != 0, self.has_error) {
            (false, _) => Ending::Open,
            (true, true) => Ending::Failed,
            (true, false) => Ending::Well,
        }
    }

    pub(super) fn is_suspect(&self) -> bool {
        self.flags & SUSPECT != 0
    }
}
