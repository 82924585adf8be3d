//! What an application tells its trackers, in order.

use std::sync::Arc;

use trackway_model::{AppRecord, ChildRecord, RunKey, SpanId, SpanRecord, StepKey, Text, Timestamp, TraceId};

use crate::{Inputs, State, Value};

/// One fact on its way to a tracker.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The run that it is about.
    pub run: Arc<RunKey>,
    /// What is told.
    pub fact: Fact,
}

/// What an application tells of itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Fact {
    /// The application was made, or goes on in this process. The first fact of every application object.
    Opened(Arc<AppRecord>),
    /// The state was set by something other than a step.
    Placed(Placed),
    /// A step begins.
    Begun(Begun),
    /// A step ended.
    Ended(Box<Ended>),
    /// Something is said of a step or of a span in it.
    Noted(Noted),
    /// Another run came of this one.
    Child(ChildRecord),
    /// A span in a step has ended, which no tracer of the program sends.
    Span(Box<SpanRecord>),
    /// The application object is gone.
    Closed,
}

/// The state was set by something other than a step: at the start, by a fork, by hand.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The step after which that was; `None` before the first.
    pub after: Option<StepKey>,
    /// The action that comes next.
    pub next: Option<Text>,
    /// True when that follows from the last step and the state now; false when somebody said so.
    pub is_chosen: bool,
    /// The state now.
    pub state: State,
    /// When.
    pub time: Timestamp,
}

/// The span of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
    /// What it is a part of.
    pub parent_id: Option<SpanId>,
    /// True when no tracer of the program sends it, so that the step's facts are all that tells of it.
    pub is_told_here: bool,
    /// The span of the step that its run was resumed or forked from, of the first step that no tracer sends.
    pub follows: Option<(TraceId, SpanId)>,
}

/// A step begins.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The step.
    pub step: StepKey,
    /// The action that runs.
    pub action: Text,
    /// When.
    pub time: Timestamp,
    /// What it is given, beside the state.
    pub inputs: Inputs,
    /// The span that it runs in.
    pub span: Option<Place>,
}

/// A step ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The step.
    pub step: StepKey,
    /// The action that ran.
    pub action: Text,
    /// When it began.
    pub begun: Timestamp,
    /// When it ended.
    pub time: Timestamp,
    /// What it gave, or why it failed.
    pub outcome: Result<Option<Value>, Failed>,
    /// The state afterwards; of a failed step, the one before.
    pub state: State,
    /// What made it of the state that was told last; `None` when only a comparison can tell.
    pub changes: Option<Vec<Change>>,
    /// What comes next, and why.
    pub choice: Option<Choice>,
    /// The span that it ran in.
    pub span: Option<Place>,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The error with all that it was caused by, as people read it.
    pub text: Text,
}

/// What happened to one field of a state.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It has this value now.
    Set(Text, Value),
    /// This stands behind the items of the list that it holds.
    Append(Text, Value),
    /// It is gone.
    Remove(Text),
}

/// Which action comes next, and why.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Choice {
    /// The action; `None` where the machine ends.
    pub next: Option<Text>,
    /// The transitions that were tried, in order; shared, since most steps go the way of an earlier one.
    pub tried: Arc<[Tried]>,
}

/// A transition that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// Where it leads.
    pub to: Text,
    /// The name of its condition.
    pub condition: Text,
    /// Whether the condition holds, or why nobody can say.
    pub held: Result<bool, Text>,
}

/// Something is said of a step or of a span in it.
#[derive(Debug, Clone)]
pub struct Noted {
    /// The step.
    pub step: StepKey,
    /// The span in the step, by its id in the run: `3:0.1`.
    pub span: Option<Text>,
    /// Its name.
    pub key: Text,
    /// What is said.
    pub value: Value,
    /// When.
    pub time: Timestamp,
}
