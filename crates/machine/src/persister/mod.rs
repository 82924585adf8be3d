//! Databases that keep the state after each step, and nothing else of a run.

#[cfg(feature = "sqlite")]
mod sqlite;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use trackway_model::{AppRecord, RunKey, StepKey, Text, Timestamp};

#[cfg(feature = "sqlite")]
pub use self::sqlite::{Sqlite, SqliteError};
use crate::{
    At, Entry, Fact, Fault, LoadError, Loader, Saved, State, Status, Tracker, Wanted,
    tracker::{Lane, Sink},
};

/// How long what still waits in the lane may take before somebody loads.
const PATIENCE: Duration = Duration::from_secs(5);

/// Keeps the state after each step, and finds it again.
///
/// That is less than a [`Tracker`] does, and all that it takes to resume and to fork. [`Persisted`] makes a tracker and a loader of it.
/// It may block: it is called on a thread of its own.
pub trait Persister: Send + 'static {
    /// Makes states durable, all of them or none.
    ///
    /// # Errors
    /// Why that failed.
    fn save(&mut self, snapshots: &[Snapshot]) -> Result<(), Fault>;

    /// Returns the state of a run after a step, or after the latest; `None` when there is none. `partition` is empty for runs
    /// without one.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn load(&mut self, project: &str, partition: &str, app: &str, at: At) -> Result<Option<Snapshot>, Fault>;

    /// Returns the runs of a project.
    ///
    /// # Errors
    /// Why they cannot be read.
    fn list(&mut self, project: &str) -> Result<Vec<RunKey>, Fault>;
}

/// The state after a step.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The run.
    pub run: RunKey,
    /// The number of the step.
    pub sequence: i64,
    /// The action that ran.
    pub action: Text,
    /// False when it failed; then the state is the one before.
    pub is_completed: bool,
    /// The state.
    pub state: State,
    /// When the step ended.
    pub time: Timestamp,
}

/// A [`Persister`] as a tracker and a loader. Copies share it.
///
/// What a persister does not keep is lost: inputs, results, attributes, states set by hand, steps without an end. Beside a tracker that
/// keeps all, it brings the states into a database.
#[derive(Clone)]
pub struct Persisted {
    persister: Arc<Mutex<dyn Persister>>,
    lane: Lane,
}

impl Persisted {
    /// Makes a tracker and a loader of a persister; `name` is what messages call it.
    pub fn new(name: impl Into<Text>, persister: impl Persister) -> Self {
        let persister: Arc<Mutex<dyn Persister>> = Arc::new(Mutex::new(persister));
        let lane = Lane::new(name, Saver { persister: persister.clone() });
        Self { persister, lane }
    }

    fn settled(&self) -> MutexGuard<'_, dyn Persister + 'static> {
        self.lane.flush(PATIENCE);
        held(&self.persister)
    }

    fn unreadable(&self, project: &str, app: &str, source: Fault) -> LoadError {
        LoadError::Unreadable { project: project.into(), app: app.into(), from: self.lane.name().to_string(), source }
    }
}

impl Tracker for Persisted {
    fn name(&self) -> Text {
        self.lane.name()
    }

    fn lane(&self) -> &Lane {
        &self.lane
    }
}

impl Loader for Persisted {
    fn load(&self, wanted: &Wanted, at: At) -> Result<Option<Saved>, LoadError> {
        let Wanted { project, app, .. } = wanted;
        let unreadable = |source| self.unreadable(project, app, source);
        let mut persister = self.settled();
        let asked = wanted.partition.as_deref().unwrap_or_default();
        let mut found = persister.load(project, asked, app, at).map_err(unreadable)?;
        if found.is_none() && wanted.partition.is_none() {
            let runs = persister.list(project).map_err(unreadable)?;
            let of_app = runs.into_iter().filter(|run| run.app == *app);
            let mut partitions: Vec<String> = of_app.filter_map(|run| run.partition.map(|it| it.to_string())).collect();
            partitions.sort();
            found = match partitions.as_slice() {
                [] => None,
                [only] => persister.load(project, only, app, at).map_err(unreadable)?,
                _ => return Err(LoadError::Ambiguous { project: project.clone(), app: app.clone(), partitions }),
            };
        }
        Ok(found.map(Snapshot::saved))
    }

    fn list(&self, project: &str) -> Result<Vec<RunKey>, LoadError> {
        self.settled().list(project).map_err(|source| self.unreadable(project, "", source))
    }

    fn home(&self) -> Option<Arc<dyn Tracker>> {
        Some(Arc::new(self.clone()))
    }
}

impl Snapshot {
    fn of(entry: &Entry) -> Option<Self> {
        let Fact::Ended(ended) = &entry.fact else { return None };
        Some(Self {
            run: (*entry.run).clone(),
            sequence: ended.step.sequence,
            action: ended.action.clone(),
            is_completed: ended.outcome.is_ok(),
            state: ended.state.clone(),
            time: ended.time,
        })
    }

    fn saved(self) -> Saved {
        Saved {
            run: self.run,
            record: AppRecord::default(),
            step: Some(StepKey { sequence: self.sequence, attempt: 0 }),
            action: Some(self.action),
            span: None,
            status: if self.is_completed { Status::Completed } else { Status::Failed },
            state: self.state,
            next: None,
            chosen: None,
            kept: None,
        }
    }
}

struct Saver {
    persister: Arc<Mutex<dyn Persister>>,
}

impl Sink for Saver {
    fn write(&mut self, entries: Vec<Entry>) -> Vec<Result<(), Fault>> {
        let snapshots: Vec<Snapshot> = entries.iter().filter_map(Snapshot::of).collect();
        let outcome = if snapshots.is_empty() { Ok(()) } else { held(&self.persister).save(&snapshots) };
        let why = outcome.err().map(|error| error.to_string());
        entries.iter().map(|_| why.clone().map_or(Ok(()), |why| Err(why.into()))).collect()
    }
}

fn held<'a>(persister: &'a Mutex<dyn Persister + 'static>) -> MutexGuard<'a, dyn Persister + 'static> {
    persister.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Persisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Persisted").field("name", &self.lane.name()).finish_non_exhaustive()
    }
}
