//! What is counted of a run's steps, kept up to date with every step that changes.

use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{RunRow, StepRow};
use crate::{
    Error,
    runs::rules::{Ending, between},
};

/// Takes a step as it was out of the counts, and puts it in as it is.
pub(super) fn count(connection: &Connection, run: &mut RunRow, before: &StepRow, after: &StepRow) -> Result<(), Error> {
    let failed = |step: &StepRow| i64::from(step.ending() == Ending::Failed);
    run.errors += failed(after) - failed(before);
    run.suspects += i64::from(after.is_suspect()) - i64::from(before.is_suspect());
    let took = |step: &StepRow| between(step.start, step.finish).unwrap_or_default().0;
    if before.action == after.action {
        let (errors, duration) = (failed(after) - failed(before), took(after).wrapping_sub(took(before)));
        add(connection, run.id, &after.action, 0, errors, duration)?;
    } else {
        add(connection, run.id, &before.action, -1, -failed(before), took(before).wrapping_neg())?;
        add(connection, run.id, &after.action, 1, failed(after), took(after))?;
    }
    if before.action != after.action || failed(before) != failed(after) {
        count_moves(connection, run, before, after)?;
    }
    Ok(())
}

fn add(connection: &Connection, run: i64, action: &str, visits: i64, errors: i64, duration: i64) -> Result<(), Error> {
    if action.is_empty() || (visits, errors, duration) == (0, 0, 0) {
        return Ok(());
    }
    let sql = "SELECT visits, errors, duration FROM actions WHERE run = ?1 AND name = ?2";
    let counts = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let known: Option<(i64, i64, i64)> =
        connection.prepare_cached(sql)?.query_row(params![run, action], counts).optional()?;
    let (had_visits, had_errors, had_duration) = known.unwrap_or_default();
    let visits = had_visits + visits;
    if visits == 0 {
        let sql = "DELETE FROM actions WHERE run = ?1 AND name = ?2";
        connection.prepare_cached(sql)?.execute(params![run, action])?;
        return Ok(());
    }
    // Clocks that jump give durations of any size; what is taken out is what was put in.
    let duration = had_duration.wrapping_add(duration);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO actions (run, name, visits, errors, duration) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![run, action, visits, had_errors + errors, duration])?;
    Ok(())
}

/// Counts anew how a step is reached and left.
fn count_moves(connection: &Connection, run: &RunRow, before: &StepRow, after: &StepRow) -> Result<(), Error> {
    let place = after.id - run.step_id(0);
    let earlier = if place > 0 { StepRow::at(connection, after.id - 1)? } else { None };
    if let Some(earlier) = earlier {
        add_move(connection, run.id, &earlier, before, -1)?;
        add_move(connection, run.id, &earlier, after, 1)?;
    }
    let later = if place + 1 < run.steps { StepRow::at(connection, after.id + 1)? } else { None };
    if let Some(later) = later {
        add_move(connection, run.id, before, &later, -1)?;
        add_move(connection, run.id, after, &later, 1)?;
    }
    Ok(())
}

fn add_move(connection: &Connection, run: i64, from: &StepRow, to: &StepRow, count: i64) -> Result<(), Error> {
    let follows = from.key.sequence.checked_add(1) == Some(to.key.sequence) && from.ending() != Ending::Failed;
    if !follows || from.action.is_empty() || to.action.is_empty() {
        return Ok(());
    }
    let names = params![run, &*from.action, &*to.action, count];
    let sql = "INSERT INTO moves (run, origin, target, count) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT DO UPDATE SET count = count + excluded.count";
    connection.prepare_cached(sql)?.execute(names)?;
    if count < 0 {
        let sql = "DELETE FROM moves WHERE run = ?1 AND origin = ?2 AND target = ?3 AND count = 0";
        connection.prepare_cached(sql)?.execute(params![run, &*from.action, &*to.action])?;
    }
    Ok(())
}
