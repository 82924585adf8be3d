//! A tracker that keeps runs in memory.

mod history;
mod picture;

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use trackway_model::{AppRecord, RunKey, Text};

use self::history::History;
use super::{Lane, OpenError, Opening, Sink, Tracker};
use crate::{At, Entry, Fact, Fault, LoadError, Loader, Saved, Wanted};

/// How long what still waits in the lane may take before somebody looks.
const PATIENCE: Duration = Duration::from_secs(5);

/// Keeps runs as long as it lives: for tests, and for programs that only want to resume and fork within themselves.
/// Copies keep the same runs.
///
/// ```
/// use trackway_machine::{Graph, Input, Wanted, state, tracker::Memory};
///
/// let memory = Memory::default();
/// let graph = Graph::new([Input::new(["prompt"])]).entry("input").build()?;
/// let mut app = graph.start(state! {}).project("demo").app_id("1").tracker(memory.clone()).build()?;
/// app.step().input("prompt", "hi").blocking()?;
///
/// assert_eq!(memory.text(&Wanted::new("demo", "1")), "\
/// run 1 of demo
///   state {} next input
///   0 input {\"prompt\":\"hi\"}
///     prompt = \"hi\"
///     end
/// ");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Memory {
    kept: Arc<Mutex<Kept>>,
    lane: Lane,
}

#[derive(Default)]
struct Kept {
    entries: Vec<Entry>,
    /// The runs that an application object of this process writes.
    open: HashSet<Arc<RunKey>>,
}

impl Memory {
    /// Makes a tracker that keeps nothing yet.
    pub fn new() -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let lane = Lane::new("memory", Writer(kept.clone()));
        Self { kept, lane }
    }

    /// Returns all that applications have told of their runs, in order.
    pub fn entries(&self) -> Vec<Entry> {
        self.settled().entries.clone()
    }

    /// Returns what is kept of a run as a text to compare with: one line for each thing that was told. Times are left out, and so are
    /// ids of spans, since they differ each time. It is empty when there is no such run.
    pub fn text(&self, wanted: &Wanted) -> String {
        let found = self.find(wanted).ok().flatten();
        found.map_or_else(String::new, |history| picture::of(&history))
    }

    fn settled(&self) -> MutexGuard<'_, Kept> {
        self.lane.flush(PATIENCE);
        held(&self.kept)
    }

    fn find(&self, wanted: &Wanted) -> Result<Option<History>, LoadError> {
        let entries = self.entries();
        let is_wanted = |run: &RunKey| run.project == wanted.project && run.app == wanted.app;
        let mut partitions: Vec<&Option<Text>> = Vec::new();
        for entry in entries.iter().filter(|entry| is_wanted(&entry.run)) {
            if !partitions.contains(&&entry.run.partition) {
                partitions.push(&entry.run.partition);
            }
        }
        let partition = match (partitions.as_slice(), &wanted.partition) {
            (known, asked) if known.contains(&asked) => asked,
            ([only], None) => only,
            ([], _) | (_, Some(_)) => return Ok(None),
            (several, None) => {
                let mut partitions: Vec<_> =
                    several.iter().filter_map(|name| name.as_deref().map(Into::into)).collect();
                partitions.sort();
                return Err(LoadError::Ambiguous {
                    project: wanted.project.clone(),
                    app: wanted.app.clone(),
                    partitions,
                });
            }
        };
        let run = RunKey { project: wanted.project.clone(), partition: partition.clone(), app: wanted.app.clone() };
        let facts = entries.iter().filter(|entry| *entry.run == run).map(|entry| entry.fact.clone()).collect();
        Ok(Some(History { run, facts }))
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Tracker for Memory {
    fn name(&self) -> Text {
        self.lane.name()
    }

    fn lane(&self) -> &Lane {
        &self.lane
    }

    fn open(&self, run: &Arc<RunKey>, _: &Arc<AppRecord>, how: Opening) -> Result<(), OpenError> {
        let mut kept = self.settled();
        let RunKey { project, app, .. } = &**run;
        if how == Opening::New && kept.entries.iter().any(|entry| entry.run == *run) {
            let why = format!("{project} has a run {app} already: resume it, or take another id").into();
            return Err(OpenError::InUse { holder: None, why });
        }
        let facts = kept.entries.iter().filter(|entry| entry.run == *run).map(|entry| &entry.fact);
        if let Opening::GoesOnFrom(known) = how
            && news(facts) > known
        {
            let why = format!("the run {app} of {project} went on since it was loaded: resume it again").into();
            return Err(OpenError::InUse { holder: None, why });
        }
        if !kept.open.insert(run.clone()) {
            let why = format!("another application object writes the run {app} of {project}").into();
            return Err(OpenError::InUse { holder: Some("this process".into()), why });
        }
        Ok(())
    }
}

impl Loader for Memory {
    fn load(&self, wanted: &Wanted, at: At) -> Result<Option<Saved>, LoadError> {
        let Some(history) = self.find(wanted)? else { return Ok(None) };
        let kept = Some(news(history.facts.iter()));
        Ok(history.saved(at).map(|saved| Saved { kept, ..saved }))
    }

    fn list(&self, project: &str) -> Result<Vec<RunKey>, LoadError> {
        let mut runs: Vec<RunKey> = Vec::new();
        for Entry { run, .. } in self.entries().into_iter().filter(|entry| *entry.run.project == *project) {
            if !runs.contains(&run) {
                runs.push((*run).clone());
            }
        }
        Ok(runs)
    }

    fn home(&self) -> Option<Arc<dyn Tracker>> {
        Some(Arc::new(self.clone()))
    }
}

struct Writer(Arc<Mutex<Kept>>);

impl Sink for Writer {
    fn write(&mut self, entries: Vec<Entry>) -> Vec<Result<(), Fault>> {
        let mut kept = held(&self.0);
        let outcomes = entries.iter().map(|_| Ok(())).collect();
        for entry in entries {
            if matches!(entry.fact, Fact::Closed) {
                kept.open.remove(&entry.run);
                // Nothing was told of a run that never began: another tracker refused it.
                if !kept.entries.iter().any(|known| known.run == entry.run) {
                    continue;
                }
            }
            kept.entries.push(entry);
        }
        outcomes
    }
}

/// Counts the facts that lead a run on.
fn news<'a>(facts: impl Iterator<Item = &'a Fact>) -> u64 {
    facts.filter(|fact| matches!(fact, Fact::Begun(_) | Fact::Ended(_) | Fact::Placed(_))).count() as u64
}

fn held(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}
