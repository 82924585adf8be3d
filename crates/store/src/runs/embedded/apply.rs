//! Facts become rows, inside one transaction.

use std::{collections::HashMap, sync::Arc};

use rusqlite::{Connection, OptionalExtension, params};
use trackway_model::{
    AppRecord, ChildEvent, ChildRecord, Json, Remark, RunFact, RunKey, RunPointer, RunRecord, StepAttribute, StepBegin,
    StepEnd, StepKey, StreamEvent, StreamMoment, Timestamp,
};

use super::{
    pack::{pack_choice, pack_graph, pack_text, unpack_graph, unpack_text},
    placed,
    rows::{BEGUN, ENDED, RunRow, SUSPECT, StepRow, event_number, first_id, last_id, put_time, time},
    states::{self, Tips},
    steps::choice_of,
    tally,
};
use crate::{
    Error, RunAck, RunIds,
    runs::rules::{heard, merge, pointed, step_of, time_of},
};

/// One transaction's work.
pub(super) struct Group<'a> {
    pub(super) connection: &'a Connection,
    pub(super) tips: &'a mut Tips,
    pub(super) ids: Option<&'a RunIds>,
    pub(super) now: Timestamp,
    runs: HashMap<Arc<RunKey>, Touched>,
    made: (i64, i64),
}

/// A run whose row is written when the group ends.
struct Touched {
    row: RunRow,
    was: RunRow,
    /// True when a time went that may have been the first or the last.
    is_stale: bool,
}

impl<'a> Group<'a> {
    pub(super) fn new(connection: &'a Connection, tips: &'a mut Tips, ids: Option<&'a RunIds>, now: Timestamp) -> Self {
        Self { connection, tips, ids, now, runs: HashMap::new(), made: (0, 0) }
    }

    pub(super) fn record(&mut self, records: Vec<RunRecord>) -> Result<RunAck, Error> {
        let mut ack = RunAck::default();
        for RunRecord { run, fact } in records {
            ack.acked.push(fact.key());
            if !self.runs.contains_key(&run) {
                let touched = self.touch(&run, &mut ack)?;
                self.runs.insert(Arc::clone(&run), touched);
            }
            // Out of the map while it is worked on: a fact of one run can touch the looks of another.
            let Some(mut touched) = self.runs.remove(&run) else { continue };
            let (told, step) = (time_of(&fact), step_of(&fact));
            let is_changed = self.apply(&mut touched, fact, &mut ack)?;
            if is_changed || ack.created.contains(&run) {
                touched.row.news = touched.row.news.max(heard(self.now, told));
            }
            if is_changed {
                note(&mut ack.changed, &run);
                let step = step.map(|step| (Arc::clone(&run), step));
                ack.steps.extend(step.filter(|it| ack.steps.last() != Some(it) && !ack.steps.contains(it)));
            }
            self.runs.insert(run, touched);
        }
        Ok(ack)
    }

    fn touch(&mut self, key: &Arc<RunKey>, ack: &mut RunAck) -> Result<Touched, Error> {
        if let Some(row) = RunRow::find(self.connection, key)? {
            return Ok(Touched { was: row.clone(), row, is_stale: false });
        }
        note(&mut ack.created, key);
        note(&mut ack.changed, key);
        let run_id = self.ids.map(|ids| ids(key));
        let now = put_time(Some(self.now));
        self.connection
            .prepare_cached(
                "INSERT INTO runs (project, app, partition, run_id, told, news, start, steps, errors, suspects, remarks, \
                 states, raw, stored) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?5, 0, 0, 0, 0, 0, 0, 0)",
            )?
            .execute(params![
                &*key.project,
                &*key.app,
                key.partition.as_deref(),
                run_id.map(|id| id.bytes()),
                now,
                put_time(Some(Timestamp::default())),
            ])?;
        self.made.0 += 1;
        let row = RunRow::find(self.connection, key)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(Touched { was: row.clone(), row, is_stale: false })
    }

    fn apply(&mut self, run: &mut Touched, fact: RunFact, ack: &mut RunAck) -> Result<bool, Error> {
        match fact {
            RunFact::App(app) => self.app(run, app, ack),
            RunFact::Begin(begin) => self.begin(run, begin),
            RunFact::End(end) => self.end(run, end),
            RunFact::Attribute(said) => self.say(run, &said),
            RunFact::Stream(event) => self.flow(run, &event),
            RunFact::State(state) => placed::put(self.connection, &mut run.row, &state),
            RunFact::Remark(remark) => self.remark(run, &remark),
            RunFact::Child(child) => self.child(&run.row.key, &child),
        }
    }

    fn app(&mut self, run: &mut Touched, app: AppRecord, ack: &mut RunAck) -> Result<bool, Error> {
        let before = read_app(self.connection, &run.row)?;
        let mut after = before.clone();
        merge(&mut after, app);
        if before == after {
            return Ok(false);
        }
        if before.graph != after.graph {
            let graph = after.graph.as_ref().map(pack_graph);
            self.connection.execute("UPDATE runs SET graph = ?2 WHERE id = ?1", params![run.row.id, graph])?;
        }
        if (&before.parent, &before.spawned_by) != (&after.parent, &after.spawned_by) {
            self.name(&run.row.key, &before, &after, ack)?;
        }
        // An earlier time than the one known: nothing can be lost with that.
        run.row.widen([after.created, None]);
        (run.row.parent, run.row.spawned_by, run.row.created) = (after.parent, after.spawned_by, after.created);
        run.is_stale |= before.created.is_some() && before.created != after.created;
        Ok(true)
    }

    /// Notes where a run says that it comes from, and no more where it said so before.
    fn name(&mut self, run: &RunKey, before: &AppRecord, after: &AppRecord, ack: &mut RunAck) -> Result<(), Error> {
        let child = RunPointer { app: run.app.clone(), partition: run.partition.clone(), sequence: None };
        for old in [&before.parent, &before.spawned_by].into_iter().flatten() {
            let parent = pointed(&run.project, old);
            let link = self.link(&parent, &child)?;
            let sql = "UPDATE links SET named_event = NULL, named_sequence = NULL WHERE id = ?1";
            self.connection.execute(sql, [link])?;
            self.note_if_there(&parent, ack)?;
        }
        let events = [(&after.spawned_by, ChildEvent::Spawn), (&after.parent, ChildEvent::Fork)];
        for (pointer, event) in events {
            let Some(pointer) = pointer else { continue };
            let parent = pointed(&run.project, pointer);
            let link = self.link(&parent, &child)?;
            let sql = "UPDATE links SET named_event = ?2, named_sequence = ?3 WHERE id = ?1";
            self.connection.execute(sql, params![link, event_number(event), pointer.sequence])?;
            self.note_if_there(&parent, ack)?;
        }
        let sql = "DELETE FROM links WHERE project = ?1 AND child_app = ?2 AND child_partition IS ?3 \
                   AND told_event IS NULL AND named_event IS NULL";
        self.connection.execute(sql, params![&*run.project, &*run.app, run.partition.as_deref()])?;
        Ok(())
    }

    fn note_if_there(&self, key: &RunKey, ack: &mut RunAck) -> Result<(), Error> {
        let known = self.runs.get_key_value(key).map(|(key, _)| Arc::clone(key));
        let known = match known {
            Some(known) => Some(known),
            None => RunRow::find(self.connection, key)?.map(|row| row.key),
        };
        known.iter().for_each(|key| note(&mut ack.changed, key));
        Ok(())
    }

    /// Returns the row of a link, which is made when it is missing.
    fn link(&self, parent: &RunKey, child: &RunPointer) -> Result<i64, Error> {
        let names = params![
            &*parent.project,
            &*parent.app,
            parent.partition.as_deref(),
            &*child.app,
            child.partition.as_deref()
        ];
        let sql = "SELECT id FROM links WHERE project = ?1 AND app = ?2 AND partition IS ?3 AND child_app = ?4 \
                   AND child_partition IS ?5";
        if let Some(id) = self.connection.prepare_cached(sql)?.query_row(names, |row| row.get(0)).optional()? {
            return Ok(id);
        }
        let sql = "INSERT INTO links (project, app, partition, child_app, child_partition) VALUES (?1, ?2, ?3, ?4, ?5)";
        Ok(self.connection.prepare_cached(sql)?.insert(names)?)
    }

    fn child(&self, run: &RunKey, told: &ChildRecord) -> Result<bool, Error> {
        let link = self.link(run, &told.child)?;
        let sql = "UPDATE links SET told_event = ?2, told_sequence = ?3, told_time = ?4 WHERE id = ?1 \
                   AND NOT (told_event IS ?2 AND told_sequence IS ?3 AND told_time IS ?4)";
        let values = params![link, event_number(told.event), told.sequence, put_time(told.time)];
        Ok(self.connection.prepare_cached(sql)?.execute(values)? > 0)
    }

    /// Returns a step of a run; made behind the others when nothing was told of it.
    fn step(&mut self, run: &mut Touched, key: StepKey) -> Result<StepRow, Error> {
        if let Some(step) = StepRow::find(self.connection, run.row.id, key)? {
            return Ok(step);
        }
        if run.row.steps > last_id(0) {
            let bound = format!("the run {} has as many steps as a run can have", run.row.key.app);
            return Err(Error::TooLarge { bound });
        }
        let step = StepRow::new(run.row.step_id(run.row.steps), key);
        let sql = "INSERT INTO steps (id, sequence, attempt, flags, action) VALUES (?1, ?2, ?3, 0, '')";
        self.connection.prepare_cached(sql)?.execute(params![step.id, key.sequence, key.attempt])?;
        run.row.steps += 1;
        self.made.1 += 1;
        Ok(step)
    }

    fn begin(&mut self, run: &mut Touched, begin: StepBegin) -> Result<bool, Error> {
        let before = self.step(run, begin.step)?;
        let mut step = before.clone();
        let trace = |trace| Some(trace).filter(|trace| Some(*trace) != run.row.run_id);
        step.span = begin.span.map(|(id, span)| (trace(id), span));
        step.start = begin.time;
        if step.flags & ENDED != 0 {
            let ended = step.end_action.take().unwrap_or_else(|| step.action.clone());
            step.end_action = Some(ended).filter(|action| *action != begin.action);
        }
        step.action = begin.action;
        step.flags |= BEGUN;
        let inputs = begin.inputs.as_ref().map(|json| &json.0);
        let is_equal = before == step && self.has(step.id, "inputs", inputs.map(|it| &**it))?;
        if is_equal {
            return Ok(false);
        }
        let (trace, span) = step.span.map_or((None, None), |(trace, span)| (trace, Some(span)));
        self.connection
            .prepare_cached(
                "UPDATE steps SET flags = ?2, action = ?3, end_action = ?4, start = ?5, trace = ?6, span = ?7, inputs = ?8 \
                 WHERE id = ?1",
            )?
            .execute(params![
                step.id,
                step.flags,
                &*step.action,
                step.end_action.as_deref(),
                put_time(step.start),
                trace.map(|id| id.bytes()),
                span.map(|id| id.bytes()),
                inputs.map(|it| pack_text(it)),
            ])?;
        self.settle(run, &before, &step)?;
        Ok(true)
    }

    fn end(&mut self, run: &mut Touched, end: StepEnd) -> Result<bool, Error> {
        let before = self.step(run, end.step)?;
        let mut step = before.clone();
        step.finish = end.time;
        if step.flags & BEGUN == 0 {
            step.action = end.action;
        } else {
            step.end_action = Some(end.action).filter(|action| *action != step.action);
        }
        step.flags = step.flags & BEGUN | ENDED | if end.is_suspect { SUSPECT } else { 0 };
        step.has_error = end.error.is_some();
        let state = end.state.as_ref();
        let is_other_state = states::put(self.connection, self.tips, &mut run.row, &mut step, state)?;
        let (result, error) = (end.result.as_ref().map(|json: &Json| &*json.0), end.error.as_deref());
        let is_equal = before == step && !is_other_state;
        let is_equal = is_equal && choice_of(self.connection, step.id)? == end.choice;
        if is_equal && self.has(step.id, "result", result)? && self.has(step.id, "error", error)? {
            return Ok(false);
        }
        self.connection
            .prepare_cached(
                "UPDATE steps SET flags = ?2, action = ?3, end_action = ?4, finish = ?5, state = ?6, error = ?7, \
                 result = ?8, choice = ?9 WHERE id = ?1",
            )?
            .execute(params![
                step.id,
                step.flags,
                &*step.action,
                step.end_action.as_deref(),
                put_time(step.finish),
                step.state,
                error.map(pack_text),
                result.map(pack_text),
                end.choice.as_ref().map(pack_choice),
            ])?;
        self.settle(run, &before, &step)?;
        Ok(true)
    }

    /// Returns true when a packed value of a step is this one.
    fn has(&self, step: i64, column: &str, value: Option<&str>) -> Result<bool, Error> {
        let sql = format!("SELECT {column} FROM steps WHERE id = ?1");
        let known: Option<Vec<u8>> = self.connection.prepare_cached(&sql)?.query_row([step], |row| row.get(0))?;
        let known = known.map(|known| unpack_text(&known)).transpose()?;
        Ok(known.as_deref() == value)
    }

    /// Brings what is known of the run up to date with a step that changed.
    fn settle(&mut self, run: &mut Touched, before: &StepRow, after: &StepRow) -> Result<(), Error> {
        tally::count(self.connection, &mut run.row, before, after)?;
        let gone = [(before.start, after.start), (before.finish, after.finish)];
        run.is_stale |= gone.iter().any(|(before, after)| before.is_some() && before != after);
        run.row.widen([after.start, after.finish]);
        Ok(())
    }

    fn say(&mut self, run: &mut Touched, said: &StepAttribute) -> Result<bool, Error> {
        let step = self.step(run, said.step)?;
        let (value, tags) = (pack_text(&said.value.0), said.tags.as_ref().map(|tags| pack_text(&tags.0)));
        let names = params![step.id, said.span.as_deref(), &*said.key];
        let sql = "SELECT id FROM attributes WHERE step = ?1 AND span IS ?2 AND key = ?3";
        let known = self.connection.prepare_cached(sql)?.query_row(names, |row| row.get::<_, i64>(0)).optional()?;
        let changed = match known {
            None => self
                .connection
                .prepare_cached(
                    "INSERT INTO attributes (step, span, key, value, tags, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![step.id, said.span.as_deref(), &*said.key, value, tags, put_time(said.time)])?,
            Some(id) => self
                .connection
                .prepare_cached(
                    "UPDATE attributes SET value = ?2, tags = ?3, time = ?4 WHERE id = ?1 \
                     AND NOT (value IS ?2 AND tags IS ?3 AND time IS ?4)",
                )?
                .execute(params![id, value, tags, put_time(said.time)])?,
        };
        Ok(changed > 0)
    }

    fn flow(&mut self, run: &mut Touched, event: &StreamEvent) -> Result<bool, Error> {
        let step = self.step(run, event.step)?;
        let is_new = self
            .connection
            .prepare_cached("INSERT INTO streams (step) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([step.id])?;
        let at = put_time(event.time);
        let set = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
            Ok::<_, Error>(self.connection.prepare_cached(sql)?.execute(values)?)
        };
        let changed = match event.moment {
            StreamMoment::Begin => {
                set("UPDATE streams SET begin = ?2 WHERE step = ?1 AND begin IS NOT ?2", &[&step.id, &at])?
            }
            StreamMoment::FirstItem => {
                set("UPDATE streams SET first = ?2 WHERE step = ?1 AND first IS NOT ?2", &[&step.id, &at])?
            }
            StreamMoment::End { items } => set(
                "UPDATE streams SET finish = ?2, items = ?3 WHERE step = ?1 AND NOT (finish IS ?2 AND items IS ?3)",
                &[&step.id, &at, &(items as i64)],
            )?,
        };
        Ok(is_new + changed > 0)
    }

    fn remark(&self, run: &mut Touched, remark: &Remark) -> Result<bool, Error> {
        let sql = "SELECT id FROM remarks WHERE id >> 32 = ?1 AND place = ?2";
        let place = params![run.row.id, &*remark.place];
        let known = self.connection.prepare_cached(sql)?.query_row(place, |row| row.get::<_, i64>(0)).optional()?;
        let text = pack_text(&remark.text);
        if let Some(id) = known {
            let sql = "UPDATE remarks SET what = ?2, text = ?3 WHERE id = ?1 AND NOT (what = ?2 AND text = ?3)";
            return Ok(self.connection.prepare_cached(sql)?.execute(params![id, &*remark.what, text])? > 0);
        }
        let id = first_id(run.row.id) + run.row.remarks;
        self.connection
            .prepare_cached("INSERT INTO remarks (id, place, what, text) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![id, &*remark.place, &*remark.what, text])?;
        run.row.remarks += 1;
        Ok(true)
    }

    /// Writes the rows of the runs that were touched.
    pub(super) fn finish(self) -> Result<(), Error> {
        let (mut raw, mut stored) = (0, 0);
        for touched in self.runs.into_values() {
            let Touched { mut row, was, is_stale } = touched;
            if is_stale {
                recount_times(self.connection, &mut row)?;
            }
            raw += row.raw - was.raw;
            stored += row.stored - was.stored;
            write(self.connection, &row)?;
        }
        let sql = "UPDATE totals SET runs = runs + ?1, steps = steps + ?2, raw = raw + ?3, stored = stored + ?4";
        self.connection.prepare_cached(sql)?.execute(params![self.made.0, self.made.1, raw, stored])?;
        Ok(())
    }
}

impl RunRow {
    /// Notes times that belong to the run.
    fn widen(&mut self, times: [Option<Timestamp>; 2]) {
        for time in times.into_iter().flatten() {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = self.last.max(Some(time));
        }
    }
}

/// Reads what a run is.
pub(super) fn read_app(connection: &Connection, run: &RunRow) -> Result<AppRecord, Error> {
    let mut statement = connection.prepare_cached("SELECT graph FROM runs WHERE id = ?1")?;
    let graph: Option<Vec<u8>> = statement.query_row([run.id], |row| row.get(0))?;
    let graph = graph.map(|graph| unpack_graph(&graph)).transpose()?;
    Ok(AppRecord { graph, parent: run.parent.clone(), spawned_by: run.spawned_by.clone(), created: run.created })
}

/// Finds the first and the last time among all that are left.
fn recount_times(connection: &Connection, row: &mut RunRow) -> Result<(), Error> {
    let sql = "SELECT min(start), min(finish), max(start), max(finish) FROM steps WHERE id BETWEEN ?1 AND ?2";
    let times: [Option<i64>; 4] = connection.query_row(sql, [first_id(row.id), last_id(row.id)], |row| {
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
    })?;
    (row.first, row.last) = (None, None);
    row.widen([row.created, None]);
    let [a, b, c, d] = times.map(time);
    row.widen([a, b]);
    row.widen([c, d]);
    Ok(())
}

fn write(connection: &Connection, row: &RunRow) -> Result<(), Error> {
    let pointer = |pointer: &Option<RunPointer>| {
        let it = pointer.clone();
        (
            it.as_ref().map(|it| it.app.to_string()),
            it.as_ref().and_then(|it| it.partition.as_ref().map(ToString::to_string)),
            it.and_then(|it| it.sequence),
        )
    };
    let (parent, spawn) = (pointer(&row.parent), pointer(&row.spawned_by));
    connection
        .prepare_cached(
            "UPDATE runs SET news = ?2, start = ?3, first = ?4, last = ?5, created = ?6, steps = ?7, errors = ?8, \
             suspects = ?9, remarks = ?10, tip = ?11, states = ?12, raw = ?13, stored = ?14, parent_app = ?15, \
             parent_partition = ?16, parent_sequence = ?17, spawn_app = ?18, spawn_partition = ?19, spawn_sequence = ?20 \
             WHERE id = ?1",
        )?
        .execute(params![
            row.id,
            put_time(Some(row.news)),
            put_time(Some(row.start())),
            put_time(row.first),
            put_time(row.last),
            put_time(row.created),
            row.steps,
            row.errors,
            row.suspects,
            row.remarks,
            row.tip,
            row.states,
            row.raw,
            row.stored,
            parent.0,
            parent.1,
            parent.2,
            spawn.0,
            spawn.1,
            spawn.2,
        ])?;
    Ok(())
}

fn note(list: &mut Vec<Arc<RunKey>>, key: &Arc<RunKey>) {
    if !list.contains(key) {
        list.push(Arc::clone(key));
    }
}
