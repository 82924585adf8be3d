//! Puts runs in order of which some rows are lost.

use std::path::Path;

use rusqlite::Connection;

use super::{check::wrong_states, schema};
use crate::Error;

/// Opens a file for runs that holds none yet.
pub(crate) fn make_runs(path: &Path) -> Result<Connection, Error> {
    schema::open_writer(path)
}

/// What refers to what is lost goes, until nothing does; steps whose state is lost stay without one.
const LOSSES: [&str; 9] = [
    "DELETE FROM steps WHERE id >> 32 NOT IN (SELECT id FROM runs)",
    "DELETE FROM states WHERE id >> 32 NOT IN (SELECT id FROM runs)",
    "DELETE FROM placements WHERE id >> 32 NOT IN (SELECT id FROM runs)",
    "DELETE FROM remarks WHERE id >> 32 NOT IN (SELECT id FROM runs)",
    "DELETE FROM attributes WHERE step NOT IN (SELECT id FROM steps)",
    "DELETE FROM streams WHERE step NOT IN (SELECT id FROM steps)",
    "DELETE FROM actions WHERE run NOT IN (SELECT id FROM runs)",
    "DELETE FROM moves WHERE run NOT IN (SELECT id FROM runs)",
    "UPDATE steps SET state = NULL \
     WHERE state IS NOT NULL AND (id >> 32 << 32) + state NOT IN (SELECT id FROM states)",
];

/// Counts of what is there.
const COUNTS: [&str; 2] = [
    "UPDATE runs SET steps = (SELECT count(*) FROM steps WHERE steps.id BETWEEN runs.id << 32 AND (runs.id << 32) + 4294967295)",
    "UPDATE totals SET (runs, steps, raw, stored) = \
     (SELECT count(*), coalesce(sum(steps), 0), coalesce(sum(raw), 0), coalesce(sum(stored), 0) FROM runs)",
];

/// Removes what cannot be read any more of runs, and counts them again.
pub(crate) fn mend_runs(connection: &mut Connection) -> Result<(), Error> {
    let change = connection.transaction()?;
    let lost_base = "DELETE FROM states WHERE base IS NOT NULL AND base NOT IN (SELECT id FROM states)";
    for id in wrong_states(&change)? {
        change.execute("DELETE FROM states WHERE id = ?1", [id])?;
    }
    while change.execute(lost_base, [])? > 0 {}
    for sql in LOSSES.iter().chain(&COUNTS) {
        change.execute(sql, [])?;
    }
    Ok(change.commit()?)
}
