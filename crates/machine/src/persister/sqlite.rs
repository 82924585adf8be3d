//! States in a SQLite file.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension, Row, params};
use trackway_model::{RunKey, Text, Timestamp};

use super::{Persisted, Persister, Snapshot};
use crate::{At, Fault, State, foreign::own_fields};

/// How long another process may hold the file.
const BUSY: Duration = Duration::from_secs(3);

const NANOS_PER_SECOND: u64 = 1_000_000_000;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS burr_state (
    partition_key TEXT DEFAULT '',
    app_id TEXT NOT NULL,
    sequence_id INTEGER NOT NULL,
    position TEXT NOT NULL,
    status TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (partition_key, app_id, sequence_id, position)
);
CREATE INDEX IF NOT EXISTS burr_state_created_at_index ON burr_state (created_at);
";

const COLUMNS: &str =
    "partition_key, app_id, sequence_id, position, status, state, CAST(strftime('%s', created_at) AS INTEGER)";

/// Keeps states in a SQLite file, in the table that Burr's SQLite persister has: Burr loads from it, and `trackway import` reads it.
///
/// The table has no projects: all runs in a file are of whichever project is asked for.
///
/// ```
/// use trackway_machine::{Graph, Wanted, persister::Sqlite, state, testing::script};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("states.db");
/// let states = Sqlite::open(&path)?;
/// let graph = Graph::new([script("count").writes(["n"]).gives(state! { n: 1 }).gives(state! { n: 2 })])
///     .edge("count", "count")
///     .entry("count")
///     .build()?;
/// let mut app = graph.start(state! { n: 0 }).project("demo").app_id("1").tracker(states.clone()).build()?;
/// app.step().blocking()?;
///
/// let mut app = graph.resume_from(&states, &Wanted::new("demo", "1"))?.build()?;
/// assert_eq!((app.state().to_json(), app.next_action()), (r#"{"n":1}"#.into(), Some("count")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// Opens a file, or makes one, as a tracker and a loader.
    ///
    /// # Errors
    /// When the file cannot be opened, or is no SQLite file.
    pub fn open(path: impl AsRef<Path>) -> Result<Persisted, SqliteError> {
        let path = path.as_ref();
        let connection = connect(path).map_err(|error| SqliteError { path: path.to_owned(), source: error.into() })?;
        Ok(Persisted::new(format!("states in {}", path.display()), Self { connection }))
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

/// Why a file of states cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the states in {}", .path.display())]
pub struct SqliteError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub source: Fault,
}

impl Persister for Sqlite {
    fn save(&mut self, snapshots: &[Snapshot]) -> Result<(), Fault> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT OR REPLACE INTO burr_state (partition_key, app_id, sequence_id, position, status, state, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, datetime(?7, 'unixepoch'))",
            )?;
            for snapshot in snapshots {
                let Snapshot { run, sequence, action, is_completed, state, time } = snapshot;
                let status = if *is_completed { "completed" } else { "failed" };
                let seconds = i64::try_from(time.0 / NANOS_PER_SECOND)?;
                let partition = run.partition.as_deref().unwrap_or_default();
                insert.execute(params![partition, &*run.app, sequence, &**action, status, state.to_json(), seconds])?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn load(&mut self, project: &str, partition: &str, app: &str, at: At) -> Result<Option<Snapshot>, Fault> {
        let sequence = match at {
            At::Latest => None,
            At::Step(sequence) => Some(sequence),
        };
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM burr_state
             WHERE COALESCE(partition_key, '') = ?1 AND app_id = ?2 AND (?3 IS NULL OR sequence_id = ?3)
             ORDER BY sequence_id DESC, created_at DESC, rowid DESC LIMIT 1"
        ))?;
        let found = select.query_row(params![partition, app, sequence], |row| Ok(snapshot(project, row))).optional()?;
        found.transpose()
    }

    fn list(&mut self, project: &str) -> Result<Vec<RunKey>, Fault> {
        let sql = "SELECT DISTINCT COALESCE(partition_key, ''), app_id FROM burr_state";
        let mut select = self.connection.prepare_cached(sql)?;
        let run = |row: &Row<'_>| Ok(key(project, row.get(0)?, row.get(1)?));
        Ok(select.query_map([], run)?.collect::<Result<_, _>>()?)
    }
}

fn key(project: &str, partition: String, app: String) -> RunKey {
    let partition = Some(partition).filter(|name| !name.is_empty()).map(Text::from);
    RunKey { project: project.into(), partition, app: app.into() }
}

fn snapshot(project: &str, row: &Row<'_>) -> Result<Snapshot, Fault> {
    let partition: Option<String> = row.get(0)?;
    let (status, state): (String, String) = (row.get(4)?, row.get(5)?);
    let seconds: Option<i64> = row.get(6)?;
    let seconds = u64::try_from(seconds.unwrap_or_default()).unwrap_or_default();
    let position: String = row.get(3)?;
    Ok(Snapshot {
        run: key(project, partition.unwrap_or_default(), row.get(1)?),
        sequence: row.get(2)?,
        action: position.into(),
        is_completed: status == "completed",
        state: own_fields(State::from_json(&state)?),
        time: Timestamp(seconds.saturating_mul(NANOS_PER_SECOND)),
    })
}
