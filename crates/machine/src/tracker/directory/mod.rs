//! Runs as files: a log for each of them, and an index into it.
//!
//! ```text
//!   ~/.trackway/projects / demo / ticket-48213 / log.ndjson     facts, a line each
//!                                                log.index      where steps end, so that any state is found at once
//! ```
//!
//! The page [`docs/records.md`](https://github.com/trackway/trackway/blob/main/docs/records.md) describes every line.

mod chain;
mod delta;
mod entries;
mod files;
mod index;
mod line;
mod load;
mod log;
mod names;
mod scan;
mod sink;
mod stamp;
mod standing;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use trackway_model::{AppRecord, RunKey, Text};

use self::{
    log::Refusal,
    sink::{Logs, Writer},
};
use super::{Lane, OpenError, Opening, Tracker};
use crate::{At, LoadError, Loader, Saved, Wanted};

/// So long a new application waits for an earlier one of this process to be done with the log.
const PATIENCE: Duration = Duration::from_secs(5);

/// Keeps runs in a directory, and loads them from there.
///
/// A run is written by one application object at a time, of whichever process. All objects for one root share one thread
/// and its queue.
///
/// ```
/// use trackway_machine::{Loader, tracker::Directory};
///
/// let root = tempfile::tempdir()?;
/// let directory = Directory::at(root.path());
/// assert_eq!(directory.list("demo")?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Directory {
    shared: Arc<Root>,
}

/// What all trackers of a root share.
struct Root {
    name: Text,
    logs: Arc<Logs>,
    lane: Lane,
}

impl Directory {
    /// Keeps runs under a directory, which is made when the first run begins.
    pub fn at(root: impl AsRef<Path>) -> Self {
        let root = std::path::absolute(root.as_ref()).unwrap_or_else(|_| root.as_ref().to_owned());
        static ROOTS: Mutex<Option<HashMap<PathBuf, Weak<Root>>>> = Mutex::new(None);
        let mut roots = ROOTS.lock().unwrap_or_else(PoisonError::into_inner);
        let roots = roots.get_or_insert_default();
        if let Some(shared) = roots.get(&root).and_then(Weak::upgrade) {
            return Self { shared };
        }
        roots.retain(|_, shared| shared.strong_count() > 0);
        let name = Text::from(format!("directory {}", root.display()));
        let logs = Arc::new(Logs::new(root.clone()));
        let lane = Lane::new(name.clone(), Writer::new(logs.clone()));
        let shared = Arc::new(Root { name, logs, lane });
        roots.insert(root, Arc::downgrade(&shared));
        Self { shared }
    }

    /// Returns the directory that runs are kept under.
    pub fn root(&self) -> &Path {
        &self.shared.logs.root
    }
}

/// `$TRACKWAY_HOME/projects`, or `~/.trackway/projects`: the server on this machine shows what is kept there.
impl Default for Directory {
    fn default() -> Self {
        let home = || std::env::home_dir().unwrap_or_default().join(".trackway");
        let set = std::env::var_os("TRACKWAY_HOME").filter(|home| !home.is_empty());
        Self::at(set.map_or_else(home, PathBuf::from).join("projects"))
    }
}

/// Writes the line of a fact as it stands by itself, with its end: its state is told whole.
#[cfg(feature = "http")]
pub(super) fn write_line(run: &Arc<RunKey>, fact: &crate::Fact, line: &mut Vec<u8>) {
    line::Lines::default().write(run, fact, 0, line);
}

impl Tracker for Directory {
    fn name(&self) -> Text {
        self.shared.name.clone()
    }

    fn lane(&self) -> &Lane {
        &self.shared.lane
    }

    fn open(&self, run: &Arc<RunKey>, _: &Arc<AppRecord>, how: Opening) -> Result<(), OpenError> {
        let Root { logs, lane, .. } = &*self.shared;
        if logs.is_open(run) {
            // It may be closed by what still waits in the queue.
            lane.flush(PATIENCE);
        }
        logs.open(run, how).map_err(|refusal| match refusal {
            Refusal::Locked { pid, .. } => {
                OpenError::InUse { holder: Some(log::owner(pid).into()), why: refusal.into() }
            }
            Refusal::Exists { .. } | Refusal::WentOn { .. } => OpenError::InUse { holder: None, why: refusal.into() },
            refusal => OpenError::Failed(refusal.into()),
        })
    }
}

impl Loader for Directory {
    fn load(&self, wanted: &Wanted, at: At) -> Result<Option<Saved>, LoadError> {
        // What this process has told of the run is a part of it, written or not.
        self.shared.lane.flush(PATIENCE);
        load::load(self.root(), wanted, at)
    }

    fn list(&self, project: &str) -> Result<Vec<RunKey>, LoadError> {
        self.shared.lane.flush(PATIENCE); // As above.
        load::list(self.root(), project)
    }

    fn home(&self) -> Option<Arc<dyn Tracker>> {
        Some(Arc::new(self.clone()))
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory").field("root", &self.root()).finish_non_exhaustive()
    }
}
