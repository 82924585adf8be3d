//! Deleting runs, so that nothing of them is left on the disk.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use trackway_model::{RunKey, Timestamp};

use super::rows::{RUN, RunRow, first_id, last_id};
use crate::{DeletedRuns, Error};

/// What has the ids of a run's steps, states, placements or remarks.
const BY_RANGE: [&str; 6] = [
    "DELETE FROM attributes WHERE step BETWEEN ?1 AND ?2",
    "DELETE FROM streams WHERE step BETWEEN ?1 AND ?2",
    "DELETE FROM states WHERE id BETWEEN ?1 AND ?2",
    "DELETE FROM placements WHERE id BETWEEN ?1 AND ?2",
    "DELETE FROM remarks WHERE id BETWEEN ?1 AND ?2",
    "DELETE FROM steps WHERE id BETWEEN ?1 AND ?2",
];

/// What has the names of a run.
const BY_NAME: [&str; 5] = [
    "DELETE FROM origins WHERE project = ?1 AND here IN (SELECT number FROM annotations \
     WHERE project = ?1 AND app = ?2 AND partition IS ?3)",
    "DELETE FROM annotations WHERE project = ?1 AND app = ?2 AND partition IS ?3",
    "UPDATE links SET told_event = NULL, told_sequence = NULL, told_time = NULL \
     WHERE project = ?1 AND app = ?2 AND partition IS ?3",
    "UPDATE links SET named_event = NULL, named_sequence = NULL \
     WHERE project = ?1 AND child_app = ?2 AND child_partition IS ?3",
    "DELETE FROM links WHERE told_event IS NULL AND named_event IS NULL AND project = ?1 \
     AND ((app = ?2 AND partition IS ?3) OR (child_app = ?2 AND child_partition IS ?3))",
];

pub(super) fn run(connection: &Connection, key: &RunKey, now: Timestamp) -> Result<DeletedRuns, Error> {
    let found = RunRow::find(connection, key)?;
    let found = found.map(|row| rows(connection, &row)).transpose()?.unwrap_or_default();
    if found.runs > 0 {
        let sql = "INSERT INTO deleted VALUES (?1, ?2) ON CONFLICT DO UPDATE SET time = excluded.time";
        connection.execute(sql, params![hash(key), now.0.cast_signed()])?;
    }
    for sql in BY_NAME {
        connection.execute(sql, params![&*key.project, &*key.app, key.partition.as_deref()])?;
    }
    Ok(found)
}

/// Returns when a run was last deleted.
pub(super) fn when(connection: &Connection, key: &RunKey) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT time FROM deleted WHERE run = ?1";
    let time: Option<i64> = connection.query_row(sql, [hash(key)], |row| row.get(0)).optional()?;
    Ok(time.map(|time| Timestamp(time.cast_unsigned())))
}

/// What stays of a deleted run: enough to know it again, and nothing to read.
fn hash(key: &RunKey) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for part in [Some(&key.project), key.partition.as_ref(), Some(&key.app)] {
        hasher.update(part.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
        hasher.update(part.map_or(&[][..], |text| text.as_bytes()));
    }
    hasher.finalize().to_vec()
}

fn rows(connection: &Connection, row: &RunRow) -> Result<DeletedRuns, Error> {
    for sql in BY_RANGE {
        connection.execute(sql, [first_id(row.id), last_id(row.id)])?;
    }
    for sql in
        ["DELETE FROM actions WHERE run = ?1", "DELETE FROM moves WHERE run = ?1", "DELETE FROM runs WHERE id = ?1"]
    {
        connection.execute(sql, [row.id])?;
    }
    let sql = "UPDATE totals SET runs = runs - 1, steps = steps - ?1, raw = raw - ?2, stored = stored - ?3";
    connection.execute(sql, [row.steps, row.raw, row.stored])?;
    Ok(DeletedRuns { runs: 1, steps: row.steps as u64 })
}

pub(super) fn project(connection: &Connection, name: &str, now: Timestamp) -> Result<DeletedRuns, Error> {
    let sql = format!("SELECT {RUN} FROM runs WHERE project = ?1");
    let found: Vec<_> = connection.prepare(&sql)?.query_map([name], RunRow::read)?.collect::<Result<_, _>>()?;
    let mut deleted = DeletedRuns::default();
    for row in found {
        let one = run(connection, &row.key, now)?;
        deleted = DeletedRuns { runs: deleted.runs + one.runs, steps: deleted.steps + one.steps };
    }
    connection.execute("DELETE FROM annotations WHERE project = ?1", [name])?;
    connection.execute("DELETE FROM origins WHERE project = ?1", [name])?;
    Ok(deleted)
}

/// Gives the disk back what was freed, and empties the log of the database, which still holds what was deleted.
pub(super) fn give_back(connection: &Connection) -> Result<(), Error> {
    // Every row of the answer frees a page.
    let mut statement = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    drop(rows);
    drop(statement);
    // A reader in between keeps the log from being emptied; the next checkpoint does it.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
