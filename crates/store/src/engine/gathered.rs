//! What the parts of the store have of one trace.

use std::sync::Arc;

use trackway_model::{SpanEvent, SpanRecord, Timestamp, TraceRecord};

use super::head::settle;

/// When a record came among all records of its store: counted up, never used twice, the same after a restart.
pub(crate) type Sequence = u64;

/// All records of one trace, from whichever parts they come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gathered {
    /// Its spans, in any order.
    pub(crate) spans: Vec<(Sequence, Arc<SpanRecord>)>,
    /// The events that came apart from their spans, in any order, and when they came, as far as that is known: an event
    /// is news of its trace once its span is there.
    pub(crate) late: Vec<(Sequence, Timestamp, SpanEvent)>,
    /// What its client told last of the whole trace, and when.
    pub(crate) told: Option<(Timestamp, Arc<TraceRecord>)>,
    /// When something else of it last came, as far as that is known.
    pub(crate) news: Timestamp,
}

impl Gathered {
    /// Adds what a client told of the trace after what is there; the same once more is no news.
    pub(crate) fn tell(&mut self, arrival: Timestamp, record: Arc<TraceRecord>) {
        if self.told.as_ref().is_none_or(|(_, last)| *last != record) {
            self.told = Some((arrival, record));
        }
    }

    /// Keeps only what counts: equal copies once, of open and finished records the finished, and what a client sent anew
    /// in the place of what it sent before. What is left is in order of its sequence.
    pub(crate) fn settled(self) -> Self {
        settle(self)
    }
}
