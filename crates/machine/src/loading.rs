//! Runs as they were kept: what to go on from.

mod resume;

use std::sync::Arc;

use trackway_model::{AppRecord, RunKey, SpanId, StepKey, Text, TraceId};

pub use self::resume::load_state;
use crate::{Fault, State, Tracker};

/// Finds runs that a tracker has kept.
pub trait Loader: Send + Sync + 'static {
    /// Returns the run as it stood at a step; `None` when there is no such run, or no such step in it.
    ///
    /// # Errors
    /// When the run cannot be read, or when several partitions have it and none was named.
    fn load(&self, wanted: &Wanted, at: At) -> Result<Option<Saved>, LoadError>;

    /// Returns the runs of a project, in no particular order.
    ///
    /// # Errors
    /// When the project cannot be read.
    fn list(&self, project: &str) -> Result<Vec<RunKey>, LoadError>;

    /// Returns what keeps runs that were loaded from here, unless the application is given another tracker.
    fn home(&self) -> Option<Arc<dyn Tracker>> {
        None
    }
}

/// The run that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its project.
    pub project: Text,
    /// Its partition; `None` is the run without one or, if there is none of that kind, the only one with this app id.
    pub partition: Option<Text>,
    /// Its app id.
    pub app: Text,
}

/// The place in a run to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum At {
    /// Where it stopped, with all that was set by hand since.
    #[default]
    Latest,
    /// As the step of this number left it, the last time that it ran; -1 is before the first step.
    Step(i64),
}

/// A run as it stood at some step.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The run.
    pub run: RunKey,
    /// What is known of it: its graph, where it comes from.
    pub record: AppRecord,
    /// The step that ran last; `None` before the first.
    pub step: Option<StepKey>,
    /// The action of that step.
    pub action: Option<Text>,
    /// The span that step ran in, where that is known.
    pub span: Option<(TraceId, SpanId)>,
    /// How that step ended.
    pub status: Status,
    /// The state; of a step that did not complete, the one before it.
    pub state: State,
    /// The action that was set to be next after that step, by a fork or by hand.
    pub next: Option<Text>,
    /// The action that was chosen to be next when that step ended, or when the state was set by hand since.
    pub chosen: Option<Text>,
    /// How much was kept of the run when it was loaded, in whatever unit: a tracker that counts so refuses to go on with a run
    /// of which it has more by then.
    pub kept: Option<u64>,
}

/// How the last step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It did its work.
    Completed,
    /// It failed.
    Failed,
    /// It began, and nothing is known of its end.
    Unfinished,
    /// There was none.
    NotBegun,
}

/// Why a run cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is no such run.
    #[error("{} has no run {}{}{}{}", .wanted.project, .wanted.app, of_partition(.wanted), place(.from), elsewhere(.partitions))]
    Missing {
        /// What was looked for.
        wanted: Wanted,
        /// What was searched: the name of a tracker.
        from: Option<Text>,
        /// The partitions that have a run with this app id, where another one was named; `None` is a run without one.
        partitions: Vec<Option<Text>>,
    },
    /// The run has no such step.
    #[error("the run {} of {} has no {}", .wanted.app, .wanted.project, step(*.sequence, *.last))]
    NoStep {
        /// The run.
        wanted: Wanted,
        /// The number of the step; -1 is before the first.
        sequence: i64,
        /// The number of its last step; `None` before the first.
        last: Option<i64>,
    },
    /// Several partitions have a run with this app id.
    #[error("{project} has a run {app} in several partitions: name one of {}", .partitions.join(", "))]
    Ambiguous {
        /// The project.
        project: Text,
        /// The app id.
        app: Text,
        /// The partitions that have it.
        partitions: Vec<String>,
    },
    /// What is kept of it cannot be read.
    #[error("cannot load {app} of {project} from {from}")]
    Unreadable {
        /// The project.
        project: Text,
        /// The app id; empty where the runs of the project were asked for.
        app: Text,
        /// What was read: a file, an address.
        from: String,
        /// Why.
        #[source]
        source: Fault,
    },
}

fn of_partition(wanted: &Wanted) -> String {
    wanted.partition.as_ref().map(|name| format!(" of the partition {name}")).unwrap_or_default()
}

fn place(from: &Option<Text>) -> String {
    from.as_ref().map(|name| format!(" in {name}")).unwrap_or_default()
}

fn elsewhere(partitions: &[Option<Text>]) -> String {
    if partitions.is_empty() {
        return String::new();
    }
    let name = |partition: &Option<Text>| match partition {
        Some(name) => format!("of the partition {name}"),
        None => "without a partition".into(),
    };
    format!(": there is one {}", partitions.iter().map(name).collect::<Vec<_>>().join(", one "))
}

fn step(sequence: i64, last: Option<i64>) -> String {
    match last {
        _ if sequence < 0 => "state before its first step".into(),
        Some(last) if last < sequence => format!("step {sequence}: its last one is {last}"),
        Some(_) => format!("step {sequence}: it began behind that one"),
        None => format!("step {sequence}: it has not taken any, and -1 stands for what it begins with"),
    }
}

impl Wanted {
    /// Names the run of a project without a partition, or the only one of that id.
    pub fn new(project: &str, app: &str) -> Self {
        Self { project: project.into(), partition: None, app: app.into() }
    }

    /// Returns the name of the run.
    pub fn run(&self) -> RunKey {
        RunKey { project: self.project.clone(), partition: self.partition.clone(), app: self.app.clone() }
    }

    /// Names the partition.
    #[must_use]
    pub fn in_partition(mut self, partition: &str) -> Self {
        self.partition = Some(partition.into());
        self
    }
}

impl Saved {
    /// Returns the action that comes next, as far as what was kept tells: the same one again after a step that did not
    /// complete; `None` where the machine ended.
    pub fn next_action(&self) -> Option<Text> {
        let entrypoint = || self.record.graph.as_ref().and_then(|graph| graph.entrypoint.clone());
        let otherwise = match self.status {
            Status::Completed => self.chosen.clone(),
            Status::Failed | Status::Unfinished => self.action.clone(),
            Status::NotBegun => entrypoint(),
        };
        self.next.clone().or(otherwise)
    }
}

impl From<i64> for At {
    fn from(sequence: i64) -> Self {
        Self::Step(sequence)
    }
}
