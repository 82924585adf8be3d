//! Traces that are put together from parts of the store.

use std::sync::Arc;

use trackway_model::{Batch, SpanEvent, SpanRecord, TraceId};

use super::{Fingerprints, Table};
use crate::engine::Gathered;

impl Table {
    /// Takes all that the parts of the store have of a trace, as if it came now in the order in which it came then.
    pub(crate) fn gather(&mut self, _id: TraceId, gathered: Gathered, prints: &Fingerprints) {
        let Gathered { mut spans, mut late, told, news } = gathered;
        spans.sort_by_key(|(sequence, _)| *sequence);
        late.sort_by_key(|(sequence, _)| *sequence);
        if let Some((arrival, record)) = told {
            let batch = Batch { traces: vec![Arc::unwrap_or_clone(record)], ..Batch::default() };
            self.apply(prints.prepare(batch), arrival, 0);
        }
        let spans: Vec<SpanRecord> = spans.into_iter().map(|(_, record)| Arc::unwrap_or_clone(record)).collect();
        let events: Vec<SpanEvent> = late.into_iter().map(|(_, event)| event).collect();
        self.apply(prints.prepare(Batch { spans, events, traces: Vec::new() }), news, 0);
    }
}
