//! The questions about runs, each over one snapshot.

use std::{collections::HashMap, sync::Arc};

use rusqlite::{Connection, OptionalExtension, ToSql, params};
use trackway_model::{Elapsed, Json, RunKey, RunPointer, StepKey, Timestamp};

use super::{
    apply::read_app,
    placed,
    rows::{RUN, RunRow, StepRow, event_of, first_id, maybe_text, put_time, text, time},
};
use crate::{
    ActionTotals, At, Child, Error, Page, PageRequest, Run, RunProject, RunQuery, RunStatus, RunSummary, Taken, Trail,
    clock::Moment,
    runs::{
        place,
        rules::{Ending, between, has_name, pointed, trail_places},
    },
};

pub(super) fn projects(connection: &Connection) -> Result<Vec<RunProject>, Error> {
    let sql = "SELECT project, count(*), max(start) FROM runs GROUP BY project ORDER BY project";
    let mut statement = connection.prepare_cached(sql)?;
    let project = |row: &rusqlite::Row<'_>| {
        Ok(RunProject {
            name: text(row, 0)?,
            run_count: row.get::<_, i64>(1)? as u64,
            last_start: time(row.get(2)?).unwrap_or_default(),
        })
    };
    Ok(statement.query_map([], project)?.collect::<Result<_, _>>()?)
}

/// Walks the runs from the newest start, or from behind a cursor, until a page is full.
pub(super) fn list(
    connection: &Connection,
    query: &RunQuery,
    page: &PageRequest,
    moment: Moment,
) -> Result<Page<RunSummary>, Error> {
    let after = place::read::<2>(page, 'r')?;
    let [start, id] = after.map_or([i64::MAX, i64::MAX], |[start, id]| [stored(Timestamp(start)), id as i64]);
    let least = query.start.map_or(i64::MIN, stored);
    // Nothing starts before the first time there is, and then this finds nothing.
    let before = query.end.map(stored);
    let project = query.project.as_deref();
    let mut parameters: Vec<&dyn ToSql> = vec![&start, &id, &least, &before];
    let mut filter = "(start, id) < (?1, ?2) AND start >= ?3 AND (?4 IS NULL OR start < ?4)".to_owned();
    if let Some(project) = &project {
        filter.push_str(" AND project = ?5");
        parameters.push(project);
    }
    let sql = format!("SELECT {RUN} FROM runs WHERE {filter} ORDER BY start DESC, id DESC");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(&*parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let run = RunRow::read(row)?;
        if !is_asked_for(&run, query) {
            continue;
        }
        let is_other = |status| Ok::<_, Error>(standing(connection, &run, moment)? != status);
        if query.status.map(is_other).transpose()? == Some(true) {
            continue;
        }
        found.push(([run.start().0, run.id as u64], summarise(connection, &run, moment)?));
        if found.len() > page.limit.max(1) {
            break;
        }
    }
    Ok(place::page(found, page.limit, 'r'))
}

fn stored(time: Timestamp) -> i64 {
    put_time(Some(time)).unwrap_or_default()
}

fn is_asked_for(run: &RunRow, query: &RunQuery) -> bool {
    let lasts = || run.last.unwrap_or_default().since(run.first.unwrap_or_default());
    query.partition.as_ref().is_none_or(|name| name.as_deref() == run.key.partition.as_deref())
        && has_name(&run.key, query.name.as_deref())
        && query.min_duration.is_none_or(|least| lasts() >= least)
}

pub(super) fn last_step(connection: &Connection, run: &RunRow) -> Result<Option<StepRow>, Error> {
    if run.steps == 0 { Ok(None) } else { StepRow::at(connection, run.step_id(run.steps - 1)) }
}

fn standing(connection: &Connection, run: &RunRow, moment: Moment) -> Result<RunStatus, Error> {
    Ok(last_step(connection, run)?.map_or(RunStatus::Ok, |step| step.ending().of_run(run.news, moment)))
}

pub(super) fn find_named(
    connection: &Connection,
    project: &str,
    app: &str,
    partition: Option<Option<&str>>,
) -> Result<Vec<Arc<RunKey>>, Error> {
    // Only as ids are written: 32 lower-case digits.
    let id = app.parse::<trackway_model::TraceId>().ok().filter(|id| id.to_string() == app);
    let sql = format!("SELECT {RUN} FROM runs WHERE project = ?1 AND app = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found: Vec<_> = statement.query_map([project, app], RunRow::read)?.collect::<Result<_, _>>()?;
    if let Some(id) = id {
        let sql = format!("SELECT {RUN} FROM runs WHERE run_id = ?1 AND project = ?2");
        let mut statement = connection.prepare_cached(&sql)?;
        for run in statement.query_map(params![id.bytes(), project], RunRow::read)? {
            found.push(run?);
        }
    }
    let mut keys: Vec<_> = found.into_iter().map(|run| run.key).collect();
    keys.retain(|key| partition.is_none_or(|partition| key.partition.as_deref() == partition));
    keys.sort();
    keys.dedup();
    Ok(keys)
}

pub(super) fn summarise(connection: &Connection, run: &RunRow, moment: Moment) -> Result<RunSummary, Error> {
    let last = last_step(connection, run)?;
    let (child_count, fork_count) = count_links(connection, &run.key)?;
    let names = params![&*run.key.project, &*run.key.app, run.key.partition.as_deref()];
    let sql = "SELECT count(*) FROM annotations WHERE project = ?1 AND app = ?2 AND partition IS ?3";
    let annotations: i64 = connection.prepare_cached(sql)?.query_row(names, |row| row.get(0))?;
    let mut trail = Vec::new();
    for place in trail_places(run.steps as u64) {
        let Some(step) = StepRow::at(connection, run.step_id(place as i64))? else { continue };
        let duration = between(step.start, step.finish);
        trail.push(Trail { step: step.key, duration, failed: step.ending() == Ending::Failed });
    }
    Ok(RunSummary {
        key: Arc::clone(&run.key),
        run_id: run.run_id,
        start: run.start(),
        first: run.first,
        last: run.last,
        status: last.as_ref().map_or(RunStatus::Ok, |step| step.ending().of_run(run.news, moment)),
        step_count: run.steps as u64,
        error_count: run.errors as u64,
        suspect_count: run.suspects as u64,
        last_step: last.as_ref().map(|step| step.key),
        last_action: last.map(|step| step.action).filter(|action| !action.is_empty()),
        parent: run.parent.clone(),
        spawned_by: run.spawned_by.clone(),
        child_count,
        fork_count,
        remark_count: run.remarks as u64,
        annotation_count: annotations as u64,
        trail,
    })
}

/// Returns how many runs were started by one, and how many go on from it.
fn count_links(connection: &Connection, key: &RunKey) -> Result<(u64, u64), Error> {
    let sql = "SELECT coalesce(told_event, named_event), count(*) FROM links \
               WHERE project = ?1 AND app = ?2 AND partition IS ?3 GROUP BY 1";
    let mut statement = connection.prepare_cached(sql)?;
    let names = params![&*key.project, &*key.app, key.partition.as_deref()];
    let (mut children, mut forks) = (0, 0);
    for row in statement.query_map(names, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))? {
        let (event, count) = row?;
        match event_of(event) {
            trackway_model::ChildEvent::Spawn => children += count as u64,
            trackway_model::ChildEvent::Fork => forks += count as u64,
        }
    }
    Ok((children, forks))
}

/// Returns the runs that one brought forth; those at a step between two numbers, or all.
pub(super) fn children(connection: &Connection, key: &RunKey, at: Option<(i64, i64)>) -> Result<Vec<Child>, Error> {
    let sql = "SELECT child_app, child_partition, coalesce(told_event, named_event), \
               coalesce(told_sequence, named_sequence) AS sequence, told_time FROM links \
               WHERE project = ?1 AND app = ?2 AND partition IS ?3 AND (?4 IS NULL OR sequence BETWEEN ?4 AND ?5) \
               ORDER BY id LIMIT ?6";
    let mut statement = connection.prepare_cached(sql)?;
    let (low, high) = at.unzip();
    let names = params![&*key.project, &*key.app, key.partition.as_deref(), low, high, Run::MOST_CHILDREN as i64];
    let child = |row: &rusqlite::Row<'_>| {
        let run = RunPointer { app: text(row, 0)?, partition: maybe_text(row, 1)?, sequence: None };
        Ok(Child { run, event: event_of(row.get(2)?), sequence: row.get(3)?, time: time(row.get(4)?) })
    };
    Ok(statement.query_map(names, child)?.collect::<Result<_, _>>()?)
}

pub(super) fn whole(connection: &Connection, run: &RunRow, moment: Moment) -> Result<Run, Error> {
    let most = Run::MOST_ACTIONS as i64;
    let sql = "SELECT name, visits, errors, duration FROM actions WHERE run = ?1 ORDER BY name LIMIT ?2";
    let totals = |row: &rusqlite::Row<'_>| {
        Ok(ActionTotals {
            action: text(row, 0)?,
            visits: row.get::<_, i64>(1)? as u64,
            errors: row.get::<_, i64>(2)? as u64,
            duration: Elapsed(row.get(3)?),
        })
    };
    let actions = connection.prepare_cached(sql)?.query_map([run.id, most], totals)?.collect::<Result<_, _>>()?;
    let sql = "SELECT origin, target, count FROM moves WHERE run = ?1 ORDER BY origin, target LIMIT ?2";
    let taken = |row: &rusqlite::Row<'_>| {
        Ok(Taken { from: text(row, 0)?, to: text(row, 1)?, count: row.get::<_, i64>(2)? as u64 })
    };
    let taken = connection.prepare_cached(sql)?.query_map([run.id, most], taken)?.collect::<Result<_, _>>()?;
    Ok(Run {
        summary: summarise(connection, run, moment)?,
        app: read_app(connection, run)?,
        children: children(connection, &run.key, None)?,
        lineage: lineage(connection, run)?,
        actions,
        taken,
        placements: placed::list(connection, run)?,
    })
}

fn lineage(connection: &Connection, run: &RunRow) -> Result<Vec<RunPointer>, Error> {
    let mut lineage = Vec::new();
    let mut seen = vec![RunKey::clone(&run.key)];
    let mut next = Some(run.clone());
    while let Some(run) = next {
        let Some(pointer) = run.parent.or(run.spawned_by) else { break };
        let key = pointed(&run.key.project, &pointer);
        if lineage.len() == Run::MOST_LINEAGE || seen.contains(&key) {
            break;
        }
        lineage.push(pointer);
        next = RunRow::find(connection, &key)?;
        seen.push(key);
    }
    Ok(lineage)
}

pub(super) fn locate(connection: &Connection, run: &RunRow, at: At) -> Result<Option<StepKey>, Error> {
    let found = match at {
        At::Latest => last_step(connection, run)?,
        At::LatestState => match run.tip {
            Some(tip) => StepRow::at(connection, run.step_id(tip))?,
            None => None,
        },
        At::Sequence(sequence) => match latest_attempt(connection, run.id, sequence)? {
            Some(attempt) => StepRow::find(connection, run.id, StepKey { sequence, attempt })?,
            None => None,
        },
        At::Step(key) => StepRow::find(connection, run.id, key)?,
    };
    Ok(found.map(|step| step.key))
}

pub(super) fn latest_attempt(connection: &Connection, run: i64, sequence: i64) -> Result<Option<u32>, Error> {
    let sql = "SELECT attempt FROM steps WHERE id >> 32 = ?1 AND sequence = ?2 ORDER BY attempt DESC LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row([run, sequence], |row| row.get(0)).optional()?)
}

/// Returns how many annotations each step of a page has.
pub(super) fn count_annotations(
    connection: &Connection,
    run: &RunRow,
    (low, high): (i64, i64),
) -> Result<HashMap<StepKey, u64>, Error> {
    let sql = "SELECT sequence, attempt, count(*) FROM annotations WHERE project = ?1 AND app = ?2 AND partition IS ?3 \
               AND sequence BETWEEN ?4 AND ?5 GROUP BY 1, 2";
    let mut statement = connection.prepare_cached(sql)?;
    let names = params![&*run.key.project, &*run.key.app, run.key.partition.as_deref(), low, high];
    let mut counts = HashMap::new();
    let group = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, Option<u32>>(1)?, row.get::<_, i64>(2)?));
    for row in statement.query_map(names, group)? {
        let (sequence, attempt, count) = row?;
        let attempt = match attempt {
            Some(attempt) => Some(attempt),
            None => latest_attempt(connection, run.id, sequence)?,
        };
        if let Some(attempt) = attempt {
            *counts.entry(StepKey { sequence, attempt }).or_default() += count as u64;
        }
    }
    Ok(counts)
}

/// Returns the state after a step.
pub(super) fn state(connection: &Connection, run: &RunRow, key: StepKey) -> Result<Option<Json>, Error> {
    let state = StepRow::find(connection, run.id, key)?.and_then(|step| step.state);
    state.map(|number| super::states::read_state(connection, first_id(run.id) + number)).transpose()
}

/// Returns a page of nothing.
pub(super) fn empty<T>() -> Page<T> {
    Page { items: Vec::new(), next: None }
}
