//! Questions to a store, and what it answers.

use std::sync::Arc;

use trackway_model::{Cost, Elapsed, SpanId, SpanRecord, Text, Timestamp, TraceId, TraceRecord, Usage};

use crate::SpanFilter;

/// Which traces are asked for; an absent field asks for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraceQuery {
    /// The trace lists under this project.
    pub project: Option<String>,
    /// A span of this service takes part in the trace.
    pub service: Option<String>,
    /// The name or the title of some span contains this text, or the name of the trace does, whatever the case.
    pub name: Option<String>,
    /// The trace belongs to this group.
    pub group: Option<String>,
    /// The trace has this status.
    pub status: Option<TraceStatus>,
    /// The trace lasts at least this long.
    pub min_duration: Option<Elapsed>,
    /// The trace lasts at most this long.
    pub max_duration: Option<Elapsed>,
    /// The trace starts at this time or later.
    pub start: Option<Timestamp>,
    /// The trace starts before this time.
    pub end: Option<Timestamp>,
    /// Some one span of the trace is as this says.
    pub spans: Option<SpanFilter>,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many items; at least 1.
    pub limit: usize,
    /// Where the last answer ended; the list's beginning when absent.
    pub cursor: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items in order.
    pub items: Vec<T>,
    /// Asks for the items behind these; absent at the end.
    pub next: Option<String>,
}

/// A part of the list of traces, and what it took to find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceList {
    /// The traces in order.
    pub items: Vec<TraceSummary>,
    /// Asks for the traces behind these; absent at the end.
    pub next: Option<String>,
    /// How the search went.
    pub search: Search,
}

/// What it took to find a part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Search {
    /// How many spans were looked at one by one, as [`TraceQuery::spans`] demands where names alone do not decide.
    pub scanned: u64,
    /// How many segments were looked into.
    pub segments: u64,
    /// How many segments were not, since what is known of them told enough.
    pub pruned: u64,
    /// True when the search ran out of time before it had enough: `next` goes on with it.
    pub is_cut: bool,
}

/// One trace with a page of its spans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracePage {
    /// The trace as a list shows it.
    pub summary: TraceSummary,
    /// The spans in order of start, span id, and arrival.
    pub spans: Page<Span>,
}

/// A span as it stands when somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// What was recorded of it.
    pub record: SpanRecord,
    /// Whether it has ended.
    pub state: SpanState,
    /// When it was last announced; absent once it is stored.
    pub announced: Option<Timestamp>,
}

/// Whether a span has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpanState {
    /// It has.
    Finished,
    /// It has not yet.
    Open,
    /// It has not, and there was no news for too long: of its trace when it is stored, of itself when it is announced.
    Lost,
}

impl Span {
    /// Returns the span of a record that has just been stored.
    pub fn stored(record: SpanRecord) -> Self {
        let state = if record.end.is_some() { SpanState::Finished } else { SpanState::Open };
        Self { record, state, announced: None }
    }
}

/// What became of announced spans.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Held {
    /// The traces that now look different, each once.
    pub changed: Vec<TraceId>,
    /// Those of them that were not there before.
    pub created: Vec<TraceId>,
    /// The spans that now look different, as they stand.
    pub spans: Vec<Span>,
    /// The spans that are held no more and were not stored, as they stood.
    pub gone: Vec<Span>,
}

impl Held {
    /// Notes that a trace looks different.
    pub(crate) fn note_change(&mut self, id: TraceId) {
        if !self.changed.contains(&id) {
            self.changed.push(id);
        }
    }
}

/// What a list shows of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSummary {
    /// The trace.
    pub trace_id: TraceId,
    /// What its client calls the trace; else the root span's title or name, and the earliest span's while the root has
    /// not come.
    pub root_name: Text,
    /// False while no span without a parent has come. Where a client tells of whole traces, the earliest span whose
    /// parent is in another trace counts as one without.
    pub has_root: bool,
    /// The root span's service; the earliest span's while the root has not come; empty while none has.
    pub service: Text,
    /// The project that the client tells of for the whole trace; else the root span's, and the earliest span's while
    /// the root has not come.
    pub project: Text,
    /// The earliest start of a span; while none has come, when the client told of the trace.
    pub start: Timestamp,
    /// From the earliest start to the latest end; to the latest start where that is later.
    pub duration: Elapsed,
    /// How it stands.
    pub status: TraceStatus,
    /// How many spans there are.
    pub span_count: u64,
    /// How many of them failed.
    pub error_count: u64,
    /// How many of them have no end.
    pub open_count: u64,
    /// The services that take part, each with its number of spans; the busiest first, then by name.
    pub services: Vec<(Text, u64)>,
    /// The longest spans, at most [`Outline::MOST`], in order of start: the trace as a tiny picture. An open span counts
    /// as longer than any that ended, and the last of those that failed is always among them.
    pub outline: Vec<Outline>,
    /// What the client tells of the whole trace.
    pub about: Option<Arc<TraceRecord>>,
    /// The conversation that the trace belongs to: as the client tells of the whole trace, else as the earliest of its
    /// spans does that names one.
    pub group: Option<Text>,
    /// What made the trace fail; absent where nothing failed, or where agents went on after all that did.
    pub failure: Option<Failure>,
    /// What its agents did and used; absent where no span is known to be of an agent.
    pub agents: Option<Arc<AgentTotals>>,
}

/// The span that made a trace fail.
///
/// In a trace of agents a failed span is survived when a model call, which did not fail itself, begins at the span's end
/// or later in the same task. The failure is the deepest span that was not survived, then the last of them to start. In
/// any other trace it is the last to start of those that ended in an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The span.
    pub span_id: SpanId,
    /// The span's title, or else its name.
    pub name: Text,
    /// What its client said of the error.
    pub message: Text,
}

/// What the agents of a trace did and used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentTotals {
    /// How often a model was called.
    pub model_calls: u64,
    /// How often a tool was called.
    pub tool_calls: u64,
    /// How often an agent gave the work to another.
    pub handoffs: u64,
    /// How many guardrails were triggered.
    pub guardrails_triggered: u64,
    /// The agents that took part, at most [`AgentTotals::MOST_NAMES`], in the order of their first span.
    pub agents: Vec<Text>,
    /// The models that were called, at most [`AgentTotals::MOST_NAMES`], in the order of their first call.
    pub models: Vec<Text>,
    /// What was used, each token once: of the model calls; of turns, tasks and the like only where no model call below
    /// them tells.
    pub usage: Usage,
    /// What the model calls cost, as far as that is known.
    pub cost: Option<Cost>,
    /// How many model calls have no price, without those that failed or still run and tell of no usage.
    pub unpriced_calls: u64,
}

impl AgentTotals {
    /// The most agents, and the most models, that are named.
    pub const MOST_NAMES: usize = 32;
}

/// One bar of a trace's tiny picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The span.
    pub span_id: SpanId,
    /// From the trace's start to the span's.
    pub offset: Elapsed,
    /// How long the span lasts; absent while it is open.
    pub duration: Option<Elapsed>,
    /// The span's service.
    pub service: Text,
    /// True when the span failed.
    pub error: bool,
}

impl Outline {
    /// The most bars that a picture has.
    pub const MOST: usize = 6;
}

/// How a trace stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TraceStatus {
    /// A span has no end yet and is not lost; or the client told of the trace and its root has not come.
    Running,
    /// There are spans without an end, and all of these are lost; or the root has not come for too long.
    Lost,
    /// Every span has ended, one of them in an error; in a trace of agents, in one that was not survived.
    Error,
    /// Every span has ended, none in an error; in a trace of agents, in none that was not survived.
    Ok,
}

/// A project and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its name.
    pub name: Text,
    /// How many traces list under it.
    pub trace_count: u64,
    /// How many spans these have.
    pub span_count: u64,
    /// The latest start of a trace.
    pub last_start: Timestamp,
}

/// A service and what it does; of one project, what it does in the traces that list under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: Text,
    /// How many spans it recorded.
    pub span_count: u64,
    /// How many of them failed.
    pub error_count: u64,
    /// The names of its spans, in order.
    pub operations: Vec<Text>,
}

/// What a deletion removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deleted {
    /// Traces removed.
    pub traces: u64,
    /// Spans removed.
    pub spans: u64,
}

impl Failure {
    pub(crate) fn of(span: &SpanRecord) -> Self {
        Self { span_id: span.span_id, name: title(span).clone(), message: span.status.message.clone() }
    }
}

/// Returns the span's title, or else its name.
pub(crate) fn title(span: &SpanRecord) -> &Text {
    span.data.as_ref().and_then(|data| data.title.as_ref()).unwrap_or(&span.name)
}

/// The most spans that are found by the id that their client gave them.
pub(crate) const MOST_FOUND: usize = 100;

/// Brings a text into the form in which two texts that differ in case only are equal.
pub(crate) fn fold_case(text: &str) -> String {
    // Character by character: `str::to_lowercase` looks at the neighbours of a final sigma, which a part of a text lacks.
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Returns true when `text` contains `part`, whatever the case of either.
pub(crate) fn contains_any_case(text: &str, part: &str) -> bool {
    fold_case(text).contains(&fold_case(part))
}
