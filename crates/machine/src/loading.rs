//! Runs as they were kept: what to go on from.

mod resume;

use std::sync::Arc;

use trackway_model::{AppRecord, RunKey, StepKey, Text};

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
    /// How that step ended.
    pub status: Status,
    /// The state; of a step that did not complete, the one before it.
    pub state: State,
    /// The action that was set to be next after that step, by a fork or by hand.
    pub next: Option<Text>,
    /// The action that was chosen to be next when that step ended.
    pub chosen: Option<Text>,
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
    /// There is no such run, or no such step in it.
    #[error("{project} has no run {app}{}", at_step(*.at))]
    Missing {
        /// The project.
        project: Text,
        /// The app id.
        app: Text,
        /// The place that was asked for.
        at: At,
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

fn at_step(at: At) -> String {
    match at {
        At::Latest => String::new(),
        At::Step(-1) => " with a state before its first step".into(),
        At::Step(sequence) => format!(" with a step {sequence}"),
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
