//! What is asked about runs.

use trackway_model::{Elapsed, RunKey, StepKey, Timestamp};

use super::RunStatus;

/// Which runs are asked for; an absent field asks for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunQuery {
    /// The run is of this project.
    pub project: Option<String>,
    /// The run is of this partition; of none, when the inner is absent.
    pub partition: Option<Option<String>>,
    /// The application's id contains this text, whatever the case.
    pub name: Option<String>,
    /// The run has this status.
    pub status: Option<RunStatus>,
    /// The run [starts](super::RunSummary::start) at this time or later.
    pub start: Option<Timestamp>,
    /// The run starts before this time.
    pub end: Option<Timestamp>,
    /// From its first time to its last the run lasts at least this long.
    pub min_duration: Option<Elapsed>,
}

/// In which order a run's steps are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// The first step first.
    #[default]
    Ascending,
    /// The latest step first.
    Descending,
}

/// Which step of a run is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    /// The latest that has begun or ended.
    Latest,
    /// The latest after which there is a state.
    LatestState,
    /// The latest attempt with this number.
    Sequence(i64),
    /// This attempt.
    Step(StepKey),
}

/// Which annotations are asked for; an absent field asks for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnnotationQuery {
    /// The project.
    pub project: String,
    /// The annotation is of this run.
    pub run: Option<RunKey>,
    /// The annotation is of the step with this number.
    pub sequence: Option<i64>,
    /// The annotation is of this attempt, or names none and this is the latest; needs `run`.
    pub step: Option<StepKey>,
}
