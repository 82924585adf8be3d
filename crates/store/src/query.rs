//! Questions to a store, and what it answers.

use trackway_model::{Elapsed, SpanId, SpanRecord, Text, Timestamp, TraceId};

/// Which traces are asked for; an absent field asks for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraceQuery {
    /// The trace lists under this project.
    pub project: Option<String>,
    /// A span of this service takes part in the trace.
    pub service: Option<String>,
    /// The name of some span contains this text, whatever the case.
    pub name: Option<String>,
    /// The trace has this status.
    pub status: Option<TraceStatus>,
    /// The trace lasts at least this long.
    pub min_duration: Option<Elapsed>,
    /// The trace starts at this time or later.
    pub start: Option<Timestamp>,
    /// The trace starts before this time.
    pub end: Option<Timestamp>,
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
    /// Those of them that had no span before.
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
    /// The root span's name; the earliest span's while the root has not come.
    pub root_name: Text,
    /// False while no span without a parent has come.
    pub has_root: bool,
    /// The root span's service; the earliest span's while the root has not come.
    pub service: Text,
    /// The root span's project; the earliest span's while the root has not come.
    pub project: Text,
    /// The earliest start of a span.
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
    /// A span has no end yet and is not lost.
    Running,
    /// There are spans without an end, and all of these are lost.
    Lost,
    /// Every span has ended, one of them in an error.
    Error,
    /// Every span has ended, none in an error.
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

/// Brings a text into the form in which two texts that differ in case only are equal.
pub(crate) fn fold_case(text: &str) -> String {
    // Character by character: `str::to_lowercase` looks at the neighbours of a final sigma, which a part of a text lacks.
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Returns true when `text` contains `part`, whatever the case of either.
pub(crate) fn contains_any_case(text: &str, part: &str) -> bool {
    fold_case(text).contains(&fold_case(part))
}
