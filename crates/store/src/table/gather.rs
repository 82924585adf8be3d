//! Records that a part of the store holds, too: they keep their numbers, and other traces are put together from them.

use std::sync::Arc;

use trackway_model::{SpanEvent, SpanId, SpanRecord, Timestamp, TraceId, TraceRecord};

use super::{Came, Fingerprints, Table, fingerprint::Memo};
use crate::engine::{Gathered, Sequence};

/// Takes records one after another.
pub(crate) struct Intake<'a> {
    table: &'a mut Table,
    prints: &'a Fingerprints,
    memo: Memo,
    /// The records are counted where they came from.
    are_counted: bool,
}

impl Table {
    /// Takes records that a part of the store goes on holding, in the order in which they came there.
    pub(crate) fn intake<'a>(&'a mut self, prints: &'a Fingerprints) -> Intake<'a> {
        Intake { table: self, prints, memo: Memo::default(), are_counted: true }
    }

    /// Takes all that the parts of the store have of a trace, as if it came in the order of its numbers.
    pub(crate) fn gather(&mut self, id: TraceId, gathered: Gathered, prints: &Fingerprints) {
        let Gathered { mut spans, mut late, told, news } = gathered;
        spans.sort_by_key(|(sequence, _)| *sequence);
        late.sort_by_key(|(sequence, ..)| *sequence);
        let mut intake = Intake { are_counted: false, ..self.intake(prints) };
        if let Some((arrival, record)) = told {
            intake.told(arrival, record);
        }
        let arrival = Timestamp::default();
        let mut late = late.into_iter().peekable();
        for (sequence, record) in spans {
            while let Some((sequence, arrival, event)) = late.next_if(|(number, ..)| *number < sequence) {
                intake.event(sequence, arrival, event);
            }
            intake.span(sequence, arrival, record);
        }
        late.for_each(|(sequence, arrival, event)| intake.event(sequence, arrival, event));
        self.note_news(id, news);
    }

    /// Notes when something of a trace last came.
    pub(crate) fn note_news(&mut self, id: TraceId, news: Timestamp) {
        if let Some(trace) = self.traces.get_mut(&id) {
            trace.news = trace.news.max(news);
        }
    }

    /// Drops an event that waited for too long.
    pub(crate) fn drop_event(&mut self, id: TraceId, span: SpanId, sequence: Sequence) {
        let Some(trace) = self.traces.get_mut(&id) else { return };
        let bytes = trace.bytes;
        trace.remove_event(span, sequence);
        self.record_bytes = self.record_bytes - bytes + trace.bytes;
        self.drop_empty(id);
    }
}

impl Intake<'_> {
    /// Takes a record of a span.
    pub(crate) fn span(&mut self, sequence: Sequence, arrival: Timestamp, record: Arc<SpanRecord>) {
        self.take(Came::new(sequence, arrival), record);
    }

    /// Takes a record of a span in the place of all that are there.
    pub(crate) fn only_span(&mut self, sequence: Sequence, arrival: Timestamp, record: Arc<SpanRecord>) {
        self.take(Came { takes_place: true, ..Came::new(sequence, arrival) }, record);
    }

    fn take(&mut self, came: Came, record: Arc<SpanRecord>) {
        let mut span = self.prints.prepare_span(record, &mut self.memo);
        if self.are_counted {
            span.bytes = span.bytes.saturating_sub(span.record.memory_bytes() as u64);
        }
        self.table.apply_span(span, came);
    }

    /// Takes an event that came apart from its span.
    pub(crate) fn event(&mut self, sequence: Sequence, arrival: Timestamp, late: SpanEvent) {
        let print = self.prints.of_event(&late.event);
        let came = Came::new(sequence, arrival);
        self.table.apply_event(late.trace_id, late.span_id, print, late.event, came);
    }

    /// Takes what a client told of a whole trace.
    pub(crate) fn told(&mut self, arrival: Timestamp, record: Arc<TraceRecord>) {
        self.table.apply_record(record, Came::new(0, arrival));
    }
}
