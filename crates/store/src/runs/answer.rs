//! What is answered about runs.

use std::sync::Arc;

use trackway_model::{
    AppRecord, ChildEvent, Choice, Elapsed, Json, RunKey, RunPointer, SpanId, StepAttribute, StepKey, Text, Timestamp,
    TraceId,
};

/// What became of facts that are now durable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunAck {
    /// The runs that now look different, each once.
    pub changed: Vec<Arc<RunKey>>,
    /// Those of them that were not there before.
    pub created: Vec<Arc<RunKey>>,
    /// The steps that now look different, each once.
    pub steps: Vec<(Arc<RunKey>, StepKey)>,
    /// The [key](trackway_model::RunFact::key) of every fact, in the order in which they came, whether it changed
    /// something or not.
    pub acked: Vec<String>,
}

/// A project that has runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunProject {
    /// Its name.
    pub name: Text,
    /// How many runs it has.
    pub run_count: u64,
    /// The latest [start](RunSummary::start) of one.
    pub last_start: Timestamp,
}

/// What a list shows of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// The run.
    pub key: Arc<RunKey>,
    /// The id that its names give; absent when the store was not told how these are made.
    pub run_id: Option<TraceId>,
    /// Its place in the list: its first time, or when the store was first told of it while no time is known.
    pub start: Timestamp,
    /// The earliest time that is known: when it was made, or when a step began or ended.
    pub first: Option<Timestamp>,
    /// The latest of these.
    pub last: Option<Timestamp>,
    /// How it stands.
    pub status: RunStatus,
    /// How many steps were begun or ended, every attempt counted.
    pub step_count: u64,
    /// How many of them failed.
    pub error_count: u64,
    /// After how many of them the state is likely that of before.
    pub suspect_count: u64,
    /// The last of them.
    pub last_step: Option<StepKey>,
    /// Its action.
    pub last_action: Option<Text>,
    /// The run that this one goes on from.
    pub parent: Option<RunPointer>,
    /// The run, and the step of it, that started this one.
    pub spawned_by: Option<RunPointer>,
    /// How many runs this one started.
    pub child_count: u64,
    /// How many runs go on from this one.
    pub fork_count: u64,
    /// How many things in its log could not be used.
    pub remark_count: u64,
    /// How many annotations it has.
    pub annotation_count: u64,
    /// Some of the steps, evenly, the first and the last among them; at most [`Trail::MOST`].
    pub trail: Vec<Trail>,
}

/// A step in the tiny picture of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The step.
    pub step: StepKey,
    /// How long it took; absent while that is not known.
    pub duration: Option<Elapsed>,
    /// True when it failed.
    pub failed: bool,
}

impl Trail {
    /// The most steps that a picture has.
    pub const MOST: usize = 24;
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// Its last step has no end yet, and it is not lost.
    Running,
    /// Its last step has no end, and nothing was heard of the run for too long: its process was probably killed.
    Lost,
    /// Its last step failed.
    Failed,
    /// Its last step ended well, or there is none.
    Ok,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepStatus {
    /// It has no end yet, and it is not lost.
    Running,
    /// It ended without an error.
    Done,
    /// It ended with an error.
    Failed,
    /// It has no end, and either the run went on without it or nothing was heard of the run for too long.
    Lost,
}

/// A run with what stands around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The run as a list shows it.
    pub summary: RunSummary,
    /// What the run is.
    pub app: AppRecord,
    /// The runs that this one brought forth, in the order in which the store was told of them: those that it told of, and
    /// those that name it as where they come from; at most [`Run::MOST_CHILDREN`].
    pub children: Vec<Child>,
    /// Where the run comes from: the run that it goes on from or, without one, the run that started it, then where that
    /// comes from, and so on as far as it is known; at most [`Run::MOST_LINEAGE`].
    pub lineage: Vec<RunPointer>,
    /// What was done, by the name of the action; at most [`Run::MOST_ACTIONS`].
    pub actions: Vec<ActionTotals>,
    /// Which steps followed which, by the names of the actions; at most [`Run::MOST_ACTIONS`].
    pub taken: Vec<Taken>,
    /// The states that were set by something other than a step, in the order in which the store was told of them; at most
    /// [`Run::MOST_PLACEMENTS`].
    pub placements: Vec<Placement>,
}

impl Run {
    /// The most children that are named.
    pub const MOST_CHILDREN: usize = 1_000;
    /// The most forebears that are named.
    pub const MOST_LINEAGE: usize = 100;
    /// The most actions, and the most ways between them, that are named.
    pub const MOST_ACTIONS: usize = 1_000;
    /// The most states set by hand that are named.
    pub const MOST_PLACEMENTS: usize = 100;
}

/// A state that was set by something other than a step: at the start, by a fork, by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The step after which that was; absent before the first.
    pub after: Option<StepKey>,
    /// The action that comes next, where that was set too.
    pub next: Option<Text>,
    /// When.
    pub time: Option<Timestamp>,
}

/// A run that another brought forth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The run, whether or not anything else is known of it.
    pub run: RunPointer,
    /// In which way.
    pub event: ChildEvent,
    /// The step that did; absent where that is not known.
    pub sequence: Option<i64>,
    /// When; absent where only the child tells.
    pub time: Option<Timestamp>,
}

/// What a run did with one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionTotals {
    /// The action.
    pub action: Text,
    /// How often it ran.
    pub visits: u64,
    /// How often it failed.
    pub errors: u64,
    /// How long it took, all together, as far as that is known.
    pub duration: Elapsed,
}

/// How often one action followed another: with the next number, after a step that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The action before.
    pub from: Text,
    /// The action after.
    pub to: Text,
    /// How often.
    pub count: u64,
}

/// A step of a run, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The step.
    pub key: StepKey,
    /// The action; empty while only other things were said of the step.
    pub action: Text,
    /// When it began.
    pub start: Option<Timestamp>,
    /// When it ended.
    pub end: Option<Timestamp>,
    /// How it stands.
    pub status: StepStatus,
    /// What it was given beside the state; absent here where that is longer than [`Step::MOST_SHOWN_BYTES`].
    pub inputs: Option<Json>,
    /// Why it failed; cut here after [`Step::MOST_SHOWN_BYTES`].
    pub error: Option<Text>,
    /// True when there is a result.
    pub has_result: bool,
    /// True when there is a state after it.
    pub has_state: bool,
    /// True when the state is likely that of before.
    pub is_suspect: bool,
    /// The fields of the state that differ from the one that it began with, those that are gone last; at most
    /// [`Step::MOST_CHANGED`].
    pub changed: Vec<Text>,
    /// How many attributes it and its spans have.
    pub attribute_count: u64,
    /// The stream of its result.
    pub stream: Option<Stream>,
    /// The runs that it brought forth, at most [`Run::MOST_CHILDREN`] in a page; those of a number with several attempts
    /// stand at each.
    pub children: Vec<RunPointer>,
    /// How many annotations it has.
    pub annotation_count: u64,
    /// The span that it ran in.
    pub span: Option<(TraceId, SpanId)>,
    /// What comes next, and why.
    pub choice: Option<Choice>,
    /// True when the state was set by hand between the step before and this one.
    pub is_edited: bool,
}

impl Step {
    /// The most bytes that a list shows of one value.
    pub const MOST_SHOWN_BYTES: usize = 16 << 10;
    /// The most changed fields that are named.
    pub const MOST_CHANGED: usize = 64;
}

/// How a step handed out its result piece by piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stream {
    /// When it was asked for.
    pub begin: Option<Timestamp>,
    /// When the first item was there.
    pub first_item: Option<Timestamp>,
    /// When it was over.
    pub end: Option<Timestamp>,
    /// How many items came; absent until it is over.
    pub items: Option<u64>,
}

/// Everything that is known of a step, except for the state after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepDetail {
    /// The step as a list shows it.
    pub step: Step,
    /// What it was given beside the state.
    pub inputs: Option<Json>,
    /// What it gave.
    pub result: Option<Json>,
    /// Why it failed, whole.
    pub error: Option<Text>,
    /// What was said of it and of its spans, in the order in which it came.
    pub attributes: Vec<StepAttribute>,
}

/// What a deletion of runs removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeletedRuns {
    /// Runs removed.
    pub runs: u64,
    /// Steps removed.
    pub steps: u64,
}
