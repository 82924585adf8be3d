//! The span that stands for a trace.

use trackway_model::{SpanId, SpanRecord, Text, Timestamp};

use crate::engine::Sequence;

/// Finds the span that stands for a trace: the earliest without a parent, else the earliest.
#[derive(Default)]
pub(super) struct Shown<'a> {
    best: Option<(Rank, &'a SpanRecord)>,
    start: Option<Timestamp>,
    first: Option<Sequence>,
}

/// Roots first, then by place.
type Rank = (bool, Timestamp, SpanId, Sequence);

impl<'a> Shown<'a> {
    pub(super) fn note(&mut self, sequence: Sequence, span: &'a SpanRecord) {
        let rank = (span.parent_id.is_some(), span.start, span.span_id, sequence);
        if self.best.is_none_or(|(best, _)| rank < best) {
            self.best = Some((rank, span));
        }
        self.start = Some(self.start.map_or(span.start, |start| start.min(span.start)));
        self.first = Some(self.first.map_or(sequence, |first| first.min(sequence)));
    }

    /// The project of the span that stands for the trace.
    pub(super) fn project(&self) -> Option<&'a Text> {
        self.best.map(|(_, span)| &span.project)
    }

    /// The number of the row that came first.
    pub(super) fn first(&self) -> Option<Sequence> {
        self.first
    }

    /// The earliest start.
    pub(super) fn start(&self) -> Option<Timestamp> {
        self.start
    }
}
