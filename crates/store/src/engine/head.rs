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
mod read;
mod rows;
mod settle;
mod sharing;

use std::{
    collections::HashMap,
    sync::{Arc, RwLockReadGuard},
};

use trackway_model::{Batch, SpanEvent, SpanId, SpanRecord, Timestamp, TraceId, TraceRecord};

use super::gathered::{Gathered, Sequence};
use crate::{
    Ack, Deleted,
    table::{Arrival, Fingerprints, Originals, Patience, Tallies},
};
pub(super) use announced::AnnouncedIds;
pub(crate) use applied::{Applied, Seen};
pub(crate) use late::LateEvent;
pub(crate) use rows::Row;
pub(super) use settle::settle;

use late::Late;
use link::Link;
use rows::{Belongs, Rows};
use sharing::Sharing;

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
    tallies: Tallies,
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

/// A batch on its way in.
struct Taking<'a> {
    arrival: Timestamp,
    elsewhere: &'a mut dyn FnMut(TraceId) -> Elsewhere,
    announced: RwLockReadGuard<'a, announced::Ids>,
    ack: Ack,
}

impl Taking<'_> {
    /// Notes that a list shows a trace from now on, if none did before.
    fn note_listing(&mut self, id: TraceId, kept: &Kept) {
        if !kept.is_listed() && kept.elsewhere != Elsewhere::Listed && !self.announced.has(id) {
            self.ack.created.push(id);
        }
    }

    /// Notes that a trace looks different.
    fn note_change(&mut self, id: TraceId, kept: &mut Kept, batch: u64) {
        if kept.changed != batch {
            kept.changed = batch;
            self.ack.changed.push(id);
        }
    }
}

impl Head {
    /// Makes the first head of a store; its first record gets that number.
    pub(crate) fn new(first: Sequence) -> Self {
        Self {
            next: first,
            batch: 0,
            traces: HashMap::new(),
            rows: Rows::default(),
            late: Late::default(),
            told: Vec::new(),
            told_bytes: 0,
            has_spread: false,
            sharing: Sharing::default(),
            originals: Originals::default(),
            prints: Fingerprints::default(),
            announced: Arc::default(),
            tallies: Tallies::default(),
        }
    }

    /// Makes the head that comes after this one.
    pub(crate) fn succeed(&self) -> Self {
        Self { announced: Arc::clone(&self.announced), ..Self::new(self.next) }
    }

    /// Takes a batch that is durable; each record of it uses up a number. `elsewhere` tells what older parts have of a
    /// trace; it is asked once a trace.
    ///
    /// Duplicates and news are told as far as this head knows: what older parts have of the records of a trace is not
    /// compared.
    pub(crate) fn apply(
        &mut self,
        batch: Batch,
        arrival: Timestamp,
        elsewhere: &mut dyn FnMut(TraceId) -> Elsewhere,
    ) -> Ack {
        self.batch += 1;
        let announced = Arc::clone(&self.announced);
        let mut taking = Taking { arrival, elsewhere, announced: announced.read(), ack: Ack::default() };
        for record in batch.traces {
            self.apply_record(record, &mut taking);
        }
        for record in batch.spans {
            self.apply_span(record, &mut taking);
        }
        for event in batch.events {
            self.apply_event(event, &mut taking);
        }
        self.tallies.duplicates += taking.ack.duplicates;
        taking.ack
    }

    fn apply_record(&mut self, record: TraceRecord, taking: &mut Taking<'_>) {
        let id = record.trace_id;
        self.next += 1;
        if self.told(id).last().is_some_and(|last| *last.record == record) {
            taking.ack.duplicates += 1;
            return;
        }
        let kept = kept(&mut self.traces, id, &mut self.has_spread, taking.elsewhere);
        taking.note_listing(id, kept);
        self.tallies.trace_records += u64::from(kept.told.is_empty());
        self.told_bytes += told_bytes(&record);
        kept.told.push(self.told.len());
        kept.news = kept.news.max(Some(taking.arrival));
        taking.note_change(id, kept, self.batch);
        self.told.push(Some(Telling { arrival: taking.arrival, record: Arc::new(record) }));
    }

    fn apply_span(&mut self, mut record: SpanRecord, taking: &mut Taking<'_>) {
        let (id, span) = (record.trace_id, record.span_id);
        let sequence = self.next;
        self.next += 1;
        self.sharing.share(&mut record, &self.prints);
        let record = Arc::new(record);
        let kept = kept(&mut self.traces, id, &mut self.has_spread, taking.elsewhere);
        let belongs = Belongs { earlier: kept.last_row, is_spread: kept.elsewhere != Elsewhere::Nothing };
        let is_foreign = record.foreign.is_some();
        let row = Row { sequence, arrival: taking.arrival, record, is_only: false };
        let (outcome, place) = self.rows.insert(row, belongs, &self.prints, |gone| self.originals.release(gone));
        match outcome {
            Arrival::Duplicate => taking.ack.duplicates += 1,
            Arrival::Superseded => self.tallies.superseded += 1,
            Arrival::Stored { replaced } => {
                taking.note_listing(id, kept);
                self.tallies.superseded += replaced;
                kept.spans = kept.spans + 1 - replaced;
                kept.last_row = place;
                kept.news = kept.news.max(Some(taking.arrival));
                taking.note_change(id, kept, self.batch);
                self.late.note_span((id, span));
                if is_foreign && let Some(row) = self.rows.row(place) {
                    self.originals.hold(&row.record);
                }
            }
        }
    }

    fn apply_event(&mut self, event: SpanEvent, taking: &mut Taking<'_>) {
        let (id, span, arrival) = (event.trace_id, event.span_id, taking.arrival);
        let sequence = self.next;
        self.next += 1;
        let kept = kept(&mut self.traces, id, &mut self.has_spread, taking.elsewhere);
        let print = self.prints.of_late(&event);
        let Some(place) = self.late.insert(LateEvent { sequence, arrival, event }, print, kept.last_event) else {
            taking.ack.duplicates += 1;
            return;
        };
        kept.last_event = place;
        kept.events += 1;
        // Where an older part has the trace, it is taken to have the span.
        let is_stored = self.rows.has_span(id, span) || kept.elsewhere == Elsewhere::Listed;
        if is_stored {
            kept.news = kept.news.max(Some(arrival));
        } else {
            self.late.wait(place, (id, span), arrival);
        }
        if is_stored || taking.announced.contains(id, span) {
            taking.note_change(id, kept, self.batch);
        }
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

/// What there is of a trace; when it is met for the first time, older parts are asked for it.
fn kept<'a>(
    traces: &'a mut HashMap<TraceId, Kept>,
    id: TraceId,
    has_spread: &mut bool,
    elsewhere: &mut dyn FnMut(TraceId) -> Elsewhere,
) -> &'a mut Kept {
    traces.entry(id).or_insert_with(|| {
        let elsewhere = elsewhere(id);
        *has_spread |= elsewhere != Elsewhere::Nothing;
        Kept {
            elsewhere,
            changed: 0,
            spans: 0,
            events: 0,
            last_row: Link::NONE,
            last_event: Link::NONE,
            told: Vec::new(),
            news: None,
        }
    })
}

fn told_bytes(record: &TraceRecord) -> u64 {
    (record.memory_bytes() + size_of::<Option<Telling>>()) as u64
}

#[cfg(test)]
mod tests;
