//! Annotations as rows.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use trackway_model::{Annotation, Json, RunKey, Timestamp};

use super::{
    pack::{pack_text, pack_texts, unpack_text, unpack_texts},
    read::{empty, latest_attempt},
    rows::{RunRow, maybe_text, maybe_time, put_time, text},
};
use crate::{AnnotationQuery, Error, Page, PageRequest, runs::place};

const NOTE: &str =
    "number, project, app, partition, sequence, attempt, span, step_name, tags, observations, created, updated";

/// Above this, numbers of others are not taken over: what they count up from must have room.
const MOST_NUMBER: u64 = u32::MAX as u64;

fn read(row: &Row<'_>) -> Result<Annotation, Error> {
    let run = RunKey { project: text(row, 1)?, app: text(row, 2)?, partition: maybe_text(row, 3)? };
    let (tags, observations): (Vec<u8>, Vec<u8>) = (row.get(8)?, row.get(9)?);
    Ok(Annotation {
        id: row.get::<_, i64>(0)? as u64,
        run: Arc::new(run),
        sequence: row.get(4)?,
        attempt: row.get(5)?,
        span: maybe_text(row, 6)?,
        step_name: text(row, 7)?,
        tags: unpack_texts(&tags)?,
        observations: Json(unpack_text(&observations)?.into()),
        created: maybe_time(row, 10)?,
        updated: maybe_time(row, 11)?,
    })
}

pub(super) fn list(
    connection: &Connection,
    query: &AnnotationQuery,
    page: &PageRequest,
) -> Result<Page<Annotation>, Error> {
    let after = place::read::<1>(page, 'a')?.map_or(-1, |[number]| i64::try_from(number).unwrap_or(i64::MAX));
    let run = query.run.as_ref();
    let attempt = query.step.map(|step| step.attempt);
    let sequence = query.sequence.or(query.step.map(|step| step.sequence));
    if query.step.is_some_and(|step| Some(step.sequence) != sequence) {
        return Ok(empty());
    }
    let sql = format!(
        "SELECT {NOTE} FROM annotations WHERE project = ?1 AND number > ?2 AND (?3 IS NULL OR sequence = ?3) \
         AND (?4 IS NULL OR (app = ?4 AND partition IS ?5)) AND (?6 IS NULL OR attempt IS NULL OR attempt = ?6) \
         ORDER BY number"
    );
    let partition = run.and_then(|run| run.partition.as_deref());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows =
        statement.query(params![query.project, after, sequence, run.map(|run| &*run.app), partition, attempt])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let note = read(row)?;
        if attempt.is_some() && note.attempt.is_none() && latest(connection, &note)? != attempt {
            continue;
        }
        found.push(([note.id], note));
        if found.len() > page.limit.max(1) {
            break;
        }
    }
    Ok(place::page(found, page.limit, 'a'))
}

fn latest(connection: &Connection, note: &Annotation) -> Result<Option<u32>, Error> {
    match RunRow::find(connection, &note.run)? {
        Some(run) => latest_attempt(connection, run.id, note.sequence),
        None => Ok(None),
    }
}

pub(super) fn get(connection: &Connection, project: &str, id: u64) -> Result<Option<Annotation>, Error> {
    let sql = format!("SELECT {NOTE} FROM annotations WHERE project = ?1 AND number = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![project, id as i64])?;
    rows.next()?.map(read).transpose()
}

pub(super) fn add(connection: &Connection, annotation: Annotation, now: Timestamp) -> Result<Annotation, Error> {
    let id = next_number(connection, &annotation.run.project)?;
    let annotation = Annotation { id, created: Some(now), updated: Some(now), ..annotation };
    put(connection, &annotation)?;
    Ok(annotation)
}

pub(super) fn revise(
    connection: &Connection,
    annotation: Annotation,
    now: Timestamp,
) -> Result<Option<Annotation>, Error> {
    let Some(known) = get(connection, &annotation.run.project, annotation.id)? else { return Ok(None) };
    let annotation = Annotation { created: known.created, updated: Some(now), ..annotation };
    put(connection, &annotation)?;
    Ok(Some(annotation))
}

pub(super) fn delete(connection: &Connection, project: &str, id: u64) -> Result<bool, Error> {
    let sql = "DELETE FROM annotations WHERE project = ?1 AND number = ?2";
    Ok(connection.execute(sql, params![project, id as i64])? > 0)
}

pub(super) fn import(connection: &Connection, annotations: Vec<Annotation>) -> Result<u64, Error> {
    let mut changed = 0;
    for annotation in annotations {
        changed += u64::from(import_one(connection, annotation)?);
    }
    Ok(changed)
}

fn import_one(connection: &Connection, annotation: Annotation) -> Result<bool, Error> {
    let (run, theirs) = (Arc::clone(&annotation.run), annotation.id);
    let sql = "SELECT here FROM origins WHERE project = ?1 AND theirs = ?2";
    let origin = params![&*run.project, theirs as i64];
    let here = connection.prepare_cached(sql)?.query_row(origin, |row| row.get::<_, i64>(0)).optional()?;
    if let Some(here) = here {
        // One that is not there any more was deleted here, and stays so.
        let Some(known) = get(connection, &run.project, here as u64)? else { return Ok(false) };
        let is_newer = annotation.updated > known.updated;
        if is_newer {
            put(connection, &Annotation { id: here as u64, ..annotation })?;
        }
        return Ok(is_newer);
    }
    let is_taken = get(connection, &run.project, theirs)?.is_some() || theirs > MOST_NUMBER;
    let id = if is_taken { next_number(connection, &run.project)? } else { theirs };
    let sql = "INSERT INTO numbers (project, next) VALUES (?1, ?2) \
               ON CONFLICT DO UPDATE SET next = max(next, excluded.next)";
    connection.execute(sql, params![&*run.project, id as i64 + 1])?;
    let sql = "INSERT INTO origins (project, theirs, here) VALUES (?1, ?2, ?3)";
    connection.execute(sql, params![&*run.project, theirs as i64, id as i64])?;
    put(connection, &Annotation { id, ..annotation })?;
    Ok(true)
}

/// Takes the next number of a project; none is given twice.
fn next_number(connection: &Connection, project: &str) -> Result<u64, Error> {
    let sql = "INSERT INTO numbers (project, next) VALUES (?1, 1) ON CONFLICT DO UPDATE SET next = next + 1 \
               RETURNING next - 1";
    Ok(connection.query_row(sql, [project], |row| row.get::<_, i64>(0))? as u64)
}

fn put(connection: &Connection, it: &Annotation) -> Result<(), Error> {
    let sql = format!(
        "INSERT OR REPLACE INTO annotations ({NOTE}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
    );
    connection.prepare_cached(&sql)?.execute(params![
        it.id as i64,
        &*it.run.project,
        &*it.run.app,
        it.run.partition.as_deref(),
        it.sequence,
        it.attempt,
        it.span.as_deref(),
        &*it.step_name,
        pack_texts(&it.tags),
        pack_text(&it.observations.0),
        put_time(it.created),
        put_time(it.updated),
    ])?;
    Ok(())
}
