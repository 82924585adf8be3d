//! Writes the logs of all runs of a root.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use trackway_model::RunKey;

use super::{
    log::{Log, Refusal},
    names,
};
use crate::{
    Entry, Fact, Fault,
    tracker::{Opening, Sink},
};

/// The logs of a root that this process has open.
pub(super) struct Logs {
    pub(super) root: PathBuf,
    open: Mutex<HashMap<Arc<RunKey>, Shared>>,
}

type Shared = Arc<Mutex<Log>>;

impl Logs {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, open: Mutex::default() }
    }

    /// Opens the log of a run.
    pub(super) fn open(&self, run: &Arc<RunKey>, how: Opening) -> Result<(), Refusal> {
        let log = Log::open(names::run(&self.root, run), run.clone(), how)?;
        held(&self.open).insert(run.clone(), Arc::new(Mutex::new(log)));
        Ok(())
    }

    /// Returns true when this process has the log of a run open.
    pub(super) fn is_open(&self, run: &RunKey) -> bool {
        held(&self.open).contains_key(run)
    }

    fn find(&self, run: &RunKey) -> Option<Shared> {
        held(&self.open).get(run).cloned()
    }

    fn forget(&self, run: &RunKey) {
        held(&self.open).remove(run);
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked with it left it whole: nothing here panics between two changes.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes what the runs of a root tell.
pub(super) struct Writer {
    logs: Arc<Logs>,
    /// The logs with news that may not be durable yet.
    unsynced: Vec<(Arc<RunKey>, Shared)>,
    /// Those of them that were closed since.
    closed: Vec<Shared>,
}

impl Writer {
    pub(super) fn new(logs: Arc<Logs>) -> Self {
        Self { logs, unsynced: Vec::new(), closed: Vec::new() }
    }

    /// Returns the log of a run, and notes that it has news.
    fn log(&mut self, run: &Arc<RunKey>) -> Option<Shared> {
        let known = |(known, _): &&(Arc<RunKey>, Shared)| Arc::ptr_eq(known, run);
        if let Some((_, log)) = self.unsynced.iter().rev().find(known) {
            return Some(log.clone());
        }
        let log = self.logs.find(run)?;
        self.unsynced.push((run.clone(), log.clone()));
        Some(log)
    }

    /// Lets go of a log that was closed; what was written to it is made durable with the others.
    fn forget(&mut self, run: &Arc<RunKey>) {
        self.logs.forget(run);
        let closed = self.unsynced.extract_if(.., |(known, _)| Arc::ptr_eq(known, run)).map(|(_, log)| log);
        self.closed.extend(closed);
    }
}

impl Sink for Writer {
    fn write(&mut self, entries: Vec<Entry>) -> Vec<Result<(), Fault>> {
        let mut results: Vec<Result<(), Fault>> = entries.iter().map(|_| Ok(())).collect();
        let mut place = 0;
        // Mostly all are of one run; where they are not, the lines of each stay together as they came.
        for part in entries.chunk_by(|one, other| Arc::ptr_eq(&one.run, &other.run)) {
            let Some(run) = part.first().map(|entry| &entry.run) else { continue };
            match self.log(run) {
                Some(log) => {
                    let mut log = held(&log);
                    let places = place..place + part.len();
                    places.for_each(|place| log.add(place, &entries, &mut results));
                    log.write(&entries, &mut results);
                    if part.iter().any(|entry| matches!(entry.fact, Fact::Closed)) {
                        log.close();
                        self.forget(run);
                    }
                }
                None => {
                    for result in results.iter_mut().skip(place).take(part.len()) {
                        *result = Err(format!("{} of {} is not open for writing", run.app, run.project).into());
                    }
                }
            }
            place += part.len();
        }
        results
    }

    fn sync(&mut self) -> Result<(), Fault> {
        let mut result = Ok(());
        let open = self.unsynced.drain(..).map(|(_, log)| log);
        for log in open.chain(self.closed.drain(..)) {
            result = result.and(held(&log).sync());
        }
        result
    }
}

/// Nothing that was written is left to chance when the last tracker of a root goes.
impl Drop for Writer {
    fn drop(&mut self) {
        // Nobody is left to be told; whoever waited has been.
        let _ = self.sync();
        for (_, log) in held(&self.logs.open).drain() {
            held(&log).close();
        }
    }
}
