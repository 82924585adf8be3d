//! What one request brings.

use crate::{Event, SpanId, SpanRecord, TraceId, TraceRecord};

/// The records of one request, stored together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Spans, in the order in which they came.
    pub spans: Vec<SpanRecord>,
    /// Events that came apart from their spans.
    pub events: Vec<SpanEvent>,
    /// What clients tell of whole traces.
    pub traces: Vec<TraceRecord>,
}

/// An event that came apart from its span: a log record with a trace context.
///
/// It may come before its span, or without it ever coming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanEvent {
    /// The trace of the span that the event belongs to.
    pub trace_id: TraceId,
    /// The span that the event belongs to.
    pub span_id: SpanId,
    /// What happened.
    pub event: Event,
}

impl Batch {
    /// Returns true when there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.events.is_empty() && self.traces.is_empty()
    }
}
