//! What came since the last segment, in the order in which it came.

use std::{collections::HashMap, sync::Arc};

use trackway_model::{Batch, SpanEvent, SpanId, SpanRecord, Timestamp, TraceId, TraceRecord};

use super::gathered::{Gathered, Sequence};
use crate::{
    Ack, Deleted,
    table::{Patience, Tallies},
};

/// A record of a span, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) sequence: Sequence,
    pub(crate) arrival: Timestamp,
    pub(crate) record: Arc<SpanRecord>,
}

/// An event that came apart from its span.
#[derive(Debug, Clone)]
pub(crate) struct LateEvent {
    pub(crate) sequence: Sequence,
    pub(crate) arrival: Timestamp,
    pub(crate) event: SpanEvent,
}

/// What a client told of a whole trace.
#[derive(Debug, Clone)]
pub(crate) struct Telling {
    pub(crate) arrival: Timestamp,
    pub(crate) record: Arc<TraceRecord>,
}

/// What parts older than a head have of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    Nothing,
    /// Events whose span has not come: no list shows the trace for them.
    Events,
    /// Spans, or what its client told of it as a whole.
    Listed,
}

/// What was applied to a head behind some place, as cheap as it is to take under a lock.
#[derive(Default)]
pub(crate) struct Applied {}

/// How far somebody has taken what was applied.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {}

/// What came since the last segment.
pub(crate) struct Head {
    next: Sequence,
    rows: Vec<Row>,
    traces: HashMap<TraceId, Elsewhere>,
    late: Vec<LateEvent>,
    told: Vec<Telling>,
}

impl Head {
    /// Makes an empty head whose first record gets that number.
    pub(crate) fn new(first: Sequence) -> Self {
        Self { next: first, rows: Vec::new(), traces: HashMap::new(), late: Vec::new(), told: Vec::new() }
    }

    /// Takes a batch that is durable. `elsewhere` tells what older parts have of a trace; it is asked once a trace.
    pub(crate) fn apply(
        &mut self,
        batch: Batch,
        arrival: Timestamp,
        elsewhere: &mut dyn FnMut(TraceId) -> Elsewhere,
    ) -> Ack {
        let mut ack = Ack::default();
        for record in batch.spans {
            let id = record.trace_id;
            if !self.traces.contains_key(&id) {
                self.traces.insert(id, elsewhere(id));
                ack.created.push(id);
                ack.changed.push(id);
            }
            self.rows.push(Row { sequence: self.next, arrival, record: Arc::new(record) });
            self.next += 1;
        }
        ack
    }

    /// Drops events that waited for their span for too long, or are too many: the oldest first.
    pub(crate) fn drop_waiting(&mut self, _patience: Patience) {}

    /// Returns true when a batch would change nothing: every record of it is here, or was superseded.
    pub(crate) fn knows(&self, batch: &Batch) -> bool {
        batch.is_empty()
    }

    /// The number that the next record gets.
    pub(crate) fn next_sequence(&self) -> Sequence {
        self.next
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> u64 {
        self.rows.iter().map(|row| row.record.memory_bytes() as u64).sum()
    }

    /// How many spans it has.
    pub(crate) fn spans(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Returns true when nothing is left to be kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.late.is_empty() && self.told.is_empty()
    }

    pub(crate) fn tallies(&self) -> Tallies {
        Tallies::default()
    }

    /// Returns true when it has anything of a trace.
    pub(crate) fn contains(&self, id: TraceId) -> bool {
        self.has(id) != Elsewhere::Nothing
    }

    /// What it has of a trace, to a head that is younger.
    pub(crate) fn has(&self, id: TraceId) -> Elsewhere {
        if self.traces.contains_key(&id) { Elsewhere::Listed } else { Elsewhere::Nothing }
    }

    /// Returns true when it has a record of a span.
    pub(crate) fn has_span(&self, id: TraceId, span: SpanId) -> bool {
        self.rows.iter().any(|row| row.record.trace_id == id && row.record.span_id == span)
    }

    /// Returns true when it has something of a trace and older parts have, too.
    pub(crate) fn is_spread(&self, id: TraceId) -> bool {
        self.traces.get(&id).is_some_and(|elsewhere| *elsewhere != Elsewhere::Nothing)
    }

    /// Every trace that it has anything of.
    pub(crate) fn trace_ids(&self) -> impl Iterator<Item = TraceId> {
        self.traces.keys().copied()
    }

    /// Adds what it has of a trace; older parts must have been gathered before.
    pub(crate) fn gather(&self, id: TraceId, into: &mut Gathered) {
        let rows = self.rows.iter().filter(|row| row.record.trace_id == id);
        into.spans.extend(rows.map(|row| (row.sequence, Arc::clone(&row.record))));
    }

    /// Its spans, in the order in which they came, without those that others took the place of.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    /// The events that came apart from their spans, in the order in which they came.
    pub(crate) fn late(&self) -> impl Iterator<Item = &LateEvent> {
        self.late.iter()
    }

    /// What clients told of whole traces, in the order in which they told it: of each trace the last counts.
    pub(crate) fn tellings(&self) -> impl Iterator<Item = &Telling> {
        self.told.iter()
    }

    /// When something of a trace last came to be stored here.
    pub(crate) fn news(&self, _id: TraceId) -> Option<Timestamp> {
        None
    }

    /// The spans that their client gave this id, in order of their trace and their own id.
    pub(crate) fn find_original(&self, _id: &str) -> impl Iterator<Item = (TraceId, SpanId)> {
        std::iter::empty()
    }

    /// What was applied behind `seen`, in order.
    pub(crate) fn since(&self, _seen: Seen) -> Applied {
        Applied::default()
    }

    /// Removes traces with all that waits for them.
    pub(crate) fn delete(&mut self, ids: &[TraceId]) -> Deleted {
        let before = self.rows.len();
        self.rows.retain(|row| !ids.contains(&row.record.trace_id));
        Deleted { traces: 0, spans: (before - self.rows.len()) as u64 }
    }
}
