//! What came since the last segment, in the order in which it came.
//!
//! ```text
//! rows     a record of a span each         (trace, span) -> the last of them, and from each to the one before
//! late     events apart from their spans   (trace, fingerprint) -> the same
//! told     what clients tell of traces
//! traces   id -> the last row and event    from each to the one before in the trace
//! ```
//!
//! It is made for what comes, and takes no notice of what older parts have: a record that takes the place of one in
//! another part is kept beside it until somebody gathers both.

mod announced;
mod applied;
mod late;
mod link;
mod patience;
mod read;
mod rows;
mod settle;
mod sharing;
mod take;

use std::sync::Arc;

use trackway_model::{Batch, Timestamp, TraceId, TraceRecord};

use super::gathered::Sequence;
use crate::{
    Deleted,
    quick::HashMap,
    table::{Fingerprints, Originals},
};
pub(super) use announced::AnnouncedIds;
pub(crate) use applied::{Applied, Seen};
pub(crate) use late::LateEvent;
pub(crate) use patience::Patience;
pub(crate) use rows::Row;
pub(super) use settle::settle;

use late::Late;
use link::Link;
use rows::Rows;
use sharing::Sharing;

/// The most rows that a head makes room for before they come.
const MOST_ROOM: usize = 1 << 16;

/// What a trace takes beside its rows.
const TRACE_OVERHEAD: u64 = 160;

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

/// What a head counts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) spans: u64,
    pub(crate) duplicates: u64,
    pub(crate) superseded: u64,
    pub(crate) events_waiting: u64,
    pub(crate) events_dropped: u64,
    pub(crate) deleted_spans: u64,
    pub(crate) trace_records: u64,
}

/// What came since the last segment.
pub(crate) struct Head {
    next: Sequence,
    /// Counts the batches, so that a trace is noted once in each.
    batch: u64,
    traces: HashMap<TraceId, Kept>,
    rows: Rows,
    late: Late,
    told: Vec<Option<Telling>>,
    told_bytes: u64,
    /// Some trace is in older parts, too.
    has_spread: bool,
    sharing: Sharing,
    originals: Originals,
    prints: Fingerprints,
    announced: Arc<AnnouncedIds>,
    tallies: Counted,
}

/// What there is of a trace.
struct Kept {
    elsewhere: Elsewhere,
    /// The batch that last changed it.
    changed: u64,
    spans: u64,
    events: u64,
    last_row: Link,
    last_event: Link,
    /// The places of what was told of it.
    told: Vec<usize>,
    news: Option<Timestamp>,
}

impl Kept {
    fn is_listed(&self) -> bool {
        self.spans > 0 || !self.told.is_empty()
    }

    fn is_empty(&self) -> bool {
        !self.is_listed() && self.events == 0
    }
}

impl Head {
    /// Makes the first head of a store; its first record gets that number.
    pub(crate) fn new(first: Sequence) -> Self {
        Self {
            next: first,
            batch: 0,
            traces: HashMap::default(),
            rows: Rows::default(),
            late: Late::default(),
            told: Vec::new(),
            told_bytes: 0,
            has_spread: false,
            sharing: Sharing::default(),
            originals: Originals::default(),
            prints: Fingerprints::default(),
            announced: Arc::default(),
            tallies: Counted::default(),
        }
    }

    /// Makes the head that comes after this one.
    pub(crate) fn succeed(&self) -> Self {
        // What comes is mostly as much as what came, and growing under a load would be the slowest batches.
        let rows = Rows::with_room(self.rows.end().min(MOST_ROOM));
        let traces = HashMap::with_capacity_and_hasher(self.traces.len().min(MOST_ROOM), Default::default());
        Self { announced: Arc::clone(&self.announced), rows, traces, ..Self::new(self.next) }
    }

    /// Drops events that waited for their span for too long, or are too many: the oldest first. Those of announced spans
    /// wait anew.
    pub(crate) fn drop_waiting(&mut self, patience: Patience) {
        if !self.late.is_overdue(patience) {
            return;
        }
        let announced = self.announced.read();
        let mut left = self.late.waiting();
        while left > 0 && self.late.is_overdue(patience) {
            left -= 1;
            let Some(id) = self.late.drop_oldest(&announced, patience) else { continue };
            self.tallies.events_dropped += 1;
            let Some(kept) = self.traces.get_mut(&id) else { continue };
            kept.events -= 1;
            if kept.is_empty() {
                self.traces.remove(&id);
            }
        }
    }

    /// Returns true when a batch would change nothing: every record of it is here, or was superseded.
    pub(crate) fn knows(&self, batch: &Batch) -> bool {
        let knows_record =
            |record: &TraceRecord| self.told(record.trace_id).last().is_some_and(|last| *last.record == *record);
        batch.spans.iter().all(|record| self.rows.knows(record, &self.prints))
            && batch.events.iter().all(|event| self.late.knows(event, self.prints.of_late(event)))
            && batch.traces.iter().all(knows_record)
    }

    /// Removes traces with all that waits for them.
    pub(crate) fn delete(&mut self, ids: &[TraceId]) -> Deleted {
        let mut deleted = Deleted::default();
        for id in ids {
            let Some(kept) = self.traces.remove(id) else { continue };
            deleted.traces += u64::from(kept.is_listed());
            deleted.spans += kept.spans;
            self.tallies.trace_records -= u64::from(!kept.told.is_empty());
            self.rows.forget(kept.last_row, |record| self.originals.release(record));
            self.late.forget(kept.last_event);
            for place in kept.told {
                let telling = self.told.get_mut(place).and_then(Option::take);
                self.told_bytes -= telling.map_or(0, |telling| told_bytes(&telling.record));
            }
        }
        self.tallies.deleted_spans += deleted.spans;
        self.sharing.forget_unused();
        deleted
    }
}

fn told_bytes(record: &TraceRecord) -> u64 {
    (record.memory_bytes() + size_of::<Option<Telling>>()) as u64
}

#[cfg(test)]
mod tests;
