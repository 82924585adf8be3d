//! Runs of state machines: what is known of an application, of its steps, and of what happened in them.
//!
//! A run is one execution of a state machine; Burr calls it an application. Clients tell of it in facts, one after another,
//! and every fact stands for itself: they may come twice, in any order, and from several processes.

use std::sync::Arc;

use crate::{SpanId, Text, Timestamp, TraceId};

/// Names a run: three names together, since clients make each of them up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunKey {
    /// The project that the run is listed under.
    pub project: Text,
    /// Whom or what the run is for, if the client says so: a user, a tenant.
    pub partition: Option<Text>,
    /// The application's id, unique in its project and partition.
    pub app: Text,
}

/// Names one attempt at a step of a run.
///
/// The number of a step can occur more than once: a restarted program begins at 0 again in the same log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepKey {
    /// The number that the client gave the step, from 0.
    pub sequence: i64,
    /// The how-many-th time that this number begins, from 0.
    pub attempt: u32,
}

/// JSON as a client wrote it, with its numbers of any size and its fields in their order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Json(pub Text);

/// One fact about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// The run.
    pub run: Arc<RunKey>,
    /// What is told of it.
    pub fact: RunFact,
}

/// What a client tells of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunFact {
    /// What the run is; a later one adds what an earlier one did not know.
    App(AppRecord),
    /// A step begins.
    Begin(StepBegin),
    /// A step ends.
    End(StepEnd),
    /// Something is said of a step, or of a span in it.
    Attribute(StepAttribute),
    /// A step hands out its result piece by piece.
    Stream(StreamEvent),
    /// The state was set by something other than a step.
    State(StateRecord),
    /// The run has brought forth another.
    Child(ChildRecord),
    /// Something that could not be read, or that nobody here knows; kept as it came.
    Remark(Remark),
}

/// What a run is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppRecord {
    /// Its state machine.
    pub graph: Option<Graph>,
    /// The run that this one goes on from.
    pub parent: Option<RunPointer>,
    /// The run, and the step of it, that started this one.
    pub spawned_by: Option<RunPointer>,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// A state machine: what can be done, and what can follow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Graph {
    /// The action that comes first.
    pub entrypoint: Option<Text>,
    /// The actions, in order of their declaration.
    pub actions: Vec<Action>,
    /// What can follow what; of those that leave an action, the first whose condition holds is taken.
    pub transitions: Vec<Transition>,
}

/// An action of a state machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Action {
    /// Its name, unique in its graph.
    pub name: Text,
    /// The fields of the state that it reads.
    pub reads: Vec<Text>,
    /// The fields of the state that it writes.
    pub writes: Vec<Text>,
    /// The inputs that it must be given.
    pub inputs: Vec<Text>,
    /// The inputs that it can do without.
    pub optional_inputs: Vec<Text>,
    /// What it is marked with.
    pub tags: Vec<Text>,
    /// Its source code.
    pub code: Option<Text>,
}

/// What can follow an action.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transition {
    /// The action before.
    pub from: Text,
    /// The action after.
    pub to: Text,
    /// The name of the condition, `default` for one that always holds.
    pub condition: Text,
}

/// Points at a run, and perhaps at a step of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPointer {
    /// The run's application id.
    pub app: Text,
    /// The run's partition.
    pub partition: Option<Text>,
    /// The step; absent for "the latest then".
    pub sequence: Option<i64>,
}

/// A step begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepBegin {
    /// The step.
    pub step: StepKey,
    /// The action that runs.
    pub action: Text,
    /// When.
    pub time: Option<Timestamp>,
    /// What it is given, beside the state: a JSON object.
    pub inputs: Option<Json>,
    /// The span that it runs in.
    pub span: Option<(TraceId, SpanId)>,
}

/// A step ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepEnd {
    /// The step.
    pub step: StepKey,
    /// The action that ran.
    pub action: Text,
    /// When.
    pub time: Option<Timestamp>,
    /// What it gave.
    pub result: Option<Json>,
    /// Why it failed, mostly a traceback.
    pub error: Option<Text>,
    /// The state afterwards, whole: a JSON object.
    pub state: Option<Json>,
    /// True when the state is likely that of before the step, as one version of Burr logs it.
    pub is_suspect: bool,
    /// What comes next, and why.
    pub choice: Option<Choice>,
}

/// Which action comes next, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// The action; `None` where the machine ends, or where nobody can say.
    pub next: Option<Text>,
    /// The transitions that were tried, in order.
    pub tried: Vec<Tried>,
}

/// A transition that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The action that it leads to.
    pub to: Text,
    /// The name of its condition.
    pub condition: Text,
    /// Whether the condition holds, or why nobody can say.
    pub held: Result<bool, Text>,
}

/// The state was set by something other than a step: at the start, by a fork, by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRecord {
    /// The step after which that was; `None` before the first.
    pub after: Option<StepKey>,
    /// The action that comes next, where that was set too.
    pub next: Option<Text>,
    /// The state then, whole: a JSON object.
    pub state: Json,
    /// When.
    pub time: Option<Timestamp>,
}

/// Something that is said of a step, or of a span in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepAttribute {
    /// The step.
    pub step: StepKey,
    /// The span in the step, by the id that the client gave it: `3:0.1`.
    pub span: Option<Text>,
    /// Its name.
    pub key: Text,
    /// What is said.
    pub value: Json,
    /// What it is marked with: a JSON object.
    pub tags: Option<Json>,
    /// When.
    pub time: Option<Timestamp>,
}

/// A moment of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEvent {
    /// The step.
    pub step: StepKey,
    /// Which moment.
    pub moment: StreamMoment,
    /// When.
    pub time: Option<Timestamp>,
}

/// A moment of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamMoment {
    /// It is asked for.
    Begin,
    /// The first item is there.
    FirstItem,
    /// It is over, with so many items.
    End {
        /// How many items came.
        items: u64,
    },
}

/// A run has brought forth another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildRecord {
    /// The step that did.
    pub sequence: Option<i64>,
    /// The other run.
    pub child: RunPointer,
    /// In which way.
    pub event: ChildEvent,
    /// When.
    pub time: Option<Timestamp>,
}

/// How a run brings forth another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChildEvent {
    /// The other goes on from its state.
    Fork,
    /// The other is a part of its work.
    Spawn,
}

/// Something in a client's log that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where it stands: a file's name, and a line from 1 where it has lines.
    pub place: Text,
    /// What is the matter with it, in a sentence.
    pub what: Text,
    /// The beginning of it, as it came.
    pub text: Text,
}

impl RunFact {
    /// Returns the name of the fact within its run, the same whenever it is told: what a sender is told is durable.
    pub fn key(&self) -> String {
        let step = |step: &StepKey| format!("{}.{}", step.sequence, step.attempt);
        match self {
            Self::App(_) => "app".into(),
            Self::Begin(begin) => format!("{}:begin", step(&begin.step)),
            Self::End(end) => format!("{}:end", step(&end.step)),
            Self::Attribute(it) => {
                format!("{}:attribute:{}:{}", step(&it.step), it.span.as_deref().unwrap_or_default(), it.key)
            }
            Self::Stream(it) => {
                let moment = match it.moment {
                    StreamMoment::Begin => "begin",
                    StreamMoment::FirstItem => "first",
                    StreamMoment::End { .. } => "end",
                };
                format!("{}:stream:{moment}", step(&it.step))
            }
            Self::State(it) => {
                it.after.as_ref().map_or_else(|| "state".into(), |after| format!("{}:state", step(after)))
            }
            Self::Child(it) => format!("child:{}:{}", it.child.partition.as_deref().unwrap_or_default(), it.child.app),
            Self::Remark(it) => format!("remark:{}", it.place),
        }
    }
}
