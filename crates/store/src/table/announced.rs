//! Spans that their program announced as running: among the others for every question, and never in the log.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use trackway_model::{Resource, Scope, SpanId, SpanRecord, Timestamp, TraceId};

use super::{
    Moment, TRACE_OVERHEAD, Table,
    fingerprint::{Memo, PreparedSpan},
    read::Found,
    trace::Announcement,
};
use crate::{Announced, Held, SpanState, clock::is_over, table::Fingerprints};

/// Every announced span, the longest silent first.
#[derive(Default)]
pub(super) struct Announcements {
    queue: BTreeSet<(Timestamp, TraceId, SpanId)>,
    bytes: u64,
    /// Those that were silent already then are known to be lost.
    told: Timestamp,
    left_out: u64,
    forgotten: u64,
}

/// What is counted of announced spans.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnnouncedTallies {
    pub(crate) spans: u64,
    pub(crate) bytes: u64,
    pub(crate) left_out: u64,
    pub(crate) forgotten: u64,
}

impl Announcements {
    pub(super) fn tallies(&self) -> AnnouncedTallies {
        let Self { queue, bytes, left_out, forgotten, .. } = self;
        AnnouncedTallies { spans: queue.len() as u64, bytes: *bytes, left_out: *left_out, forgotten: *forgotten }
    }

    pub(super) fn remove(&mut self, id: TraceId, span: SpanId, announcement: &Announcement) {
        self.queue.remove(&(announcement.renewed, id, span));
        self.bytes -= announcement.bytes;
    }

    fn insert(&mut self, id: TraceId, span: SpanId, announcement: &Announcement) {
        self.queue.insert((announcement.renewed, id, span));
        self.bytes += announcement.bytes;
    }
}

/// The announced spans of a table on their way to another, and when each was last announced.
pub(crate) type Moved = BTreeMap<(TraceId, SpanId), (Timestamp, Arc<SpanRecord>)>;

/// What became of announced spans, as cheap as it is to tell under a lock.
#[derive(Default)]
pub(crate) struct Holding {
    changed: Vec<TraceId>,
    seen: HashSet<TraceId>,
    created: Vec<TraceId>,
    spans: Vec<Found>,
    gone: Vec<Found>,
}

impl Holding {
    pub(crate) fn into_held(self, prints: &Fingerprints) -> Held {
        let spans = |found: Vec<Found>| found.into_iter().map(|found| found.into_span(prints)).collect();
        Held { changed: self.changed, created: self.created, spans: spans(self.spans), gone: spans(self.gone) }
    }

    fn note_change(&mut self, id: TraceId) {
        if self.seen.insert(id) {
            self.changed.push(id);
        }
    }
}

impl Table {
    /// Holds spans that were announced, within bounds.
    pub(crate) fn announce(
        &mut self,
        spans: Vec<PreparedSpan>,
        arrival: Timestamp,
        moment: Moment,
        bounds: &Announced,
    ) -> Holding {
        let mut holding = Holding::default();
        for span in spans.into_iter().filter(|span| span.record.end.is_none()) {
            self.announce_span(span, arrival, moment, bounds, &mut holding);
        }
        holding
    }

    fn announce_span(
        &mut self,
        mut span: PreparedSpan,
        arrival: Timestamp,
        moment: Moment,
        bounds: &Announced,
        holding: &mut Holding,
    ) {
        let (id, span_id) = (span.record.trace_id, span.record.span_id);
        span.bytes += held_bytes(&span.record);
        let known = self.traces.get(&id);
        if known.is_some_and(|trace| trace.is_stored(span_id)) {
            return;
        }
        let is_new = known.is_none_or(|trace| !trace.is_listed());
        let before = known.and_then(|trace| trace.announced(span_id));
        let renewed = before.map_or(arrival, |(announcement, _)| announcement.renewed.max(arrival));
        if let Some((before, record)) = before
            && **record == *span.record
            && moment.announced(before.renewed) == SpanState::Open
        {
            return self.renew(id, span_id, renewed);
        }

        let replaced = before.is_some().then(|| self.found(id, span_id, moment)).flatten();
        self.withdraw(id, span_id);
        let has_room = self.make_room(span.bytes, moment, bounds, holding);
        if has_room || replaced.is_some() {
            holding.note_change(id);
        }
        if !has_room {
            self.announcements.left_out += 1;
            holding.gone.extend(replaced);
            return self.drop_empty(id);
        }
        self.hold(span, renewed);
        holding.spans.extend(self.found(id, span_id, moment));
        if is_new {
            holding.created.push(id);
        }
    }

    /// Forgets what was silent for too long, and finds what was lost since this was last asked.
    pub(crate) fn tend(&mut self, moment: Moment, bounds: &Announced) -> Holding {
        let mut holding = Holding::default();
        while let Some(&(renewed, id, span)) = self.announcements.queue.first()
            && is_over(bounds.forgotten_after, renewed, moment.now)
        {
            self.forget(id, span, moment, &mut holding);
        }
        let told = self.announcements.told;
        let lost = self.announcements.queue.iter();
        let lost = lost.take_while(|(renewed, ..)| moment.announced(*renewed) == SpanState::Lost);
        for (_, id, span) in lost.filter(|(renewed, ..)| *renewed >= told) {
            holding.spans.extend(self.found(*id, *span, moment));
            holding.note_change(*id);
        }
        self.announcements.told = told.max(before(moment.now, bounds.lost_after));
        holding
    }

    /// Makes room for a span by forgetting those that are lost; false when the others leave none.
    fn make_room(&mut self, bytes: u64, moment: Moment, bounds: &Announced, holding: &mut Holding) -> bool {
        loop {
            let fits = (self.announcements.queue.len() as u64) < bounds.max_spans
                && self.announcements.bytes.saturating_add(bytes) <= bounds.max_bytes;
            if fits || bytes > bounds.max_bytes {
                return fits;
            }
            let Some(&(renewed, id, span)) = self.announcements.queue.first() else { return false };
            if moment.announced(renewed) == SpanState::Open {
                return false;
            }
            self.forget(id, span, moment, holding);
        }
    }

    fn forget(&mut self, id: TraceId, span: SpanId, moment: Moment, holding: &mut Holding) {
        holding.gone.extend(self.found(id, span, moment));
        holding.note_change(id);
        self.announcements.forgotten += 1;
        self.withdraw(id, span);
        self.drop_empty(id);
    }

    fn renew(&mut self, id: TraceId, span: SpanId, renewed: Timestamp) {
        let Some(trace) = self.traces.get_mut(&id) else { return };
        let Some((before, after)) = trace.renew(span, renewed) else { return };
        self.announcements.remove(id, span, &before);
        self.announcements.insert(id, span, &after);
    }

    fn hold(&mut self, span: PreparedSpan, renewed: Timestamp) {
        let (id, span_id) = (span.record.trace_id, span.record.span_id);
        let trace = self.traces.entry(id).or_default();
        let listing = trace.listing(id);
        let bytes = trace.bytes;
        let announcement = trace.announce(span, renewed, &mut self.words);
        self.record_bytes = self.record_bytes - bytes + trace.bytes;
        self.announcements.insert(id, span_id, &announcement);
        self.index.relist(listing, trace.listing(id));
    }

    /// Shows an announced span no more, in a trace that may then be empty.
    fn withdraw(&mut self, id: TraceId, span: SpanId) {
        let Some(trace) = self.traces.get_mut(&id) else { return };
        let listing = trace.listing(id);
        let Some(announcement) = trace.withdraw(span, &mut self.words) else { return };
        self.announcements.remove(id, span, &announcement);
        self.index.relist(listing, trace.listing(id));
    }

    /// Takes every announced span out.
    pub(crate) fn take_announced(&mut self) -> Moved {
        let mut moved = Moved::new();
        while let Some(&(renewed, id, span)) = self.announcements.queue.first() {
            let record = self.traces.get(&id).and_then(|trace| trace.announced(span));
            moved.extend(record.map(|(_, record)| ((id, span), (renewed, Arc::clone(record)))));
            self.withdraw(id, span);
            self.drop_empty(id);
        }
        moved
    }

    /// Holds spans again that another table held, but for those of which something is stored by now.
    pub(crate) fn announce_again(&mut self, moved: Moved, prints: &Fingerprints) {
        let mut memo = Memo::default();
        for ((id, span_id), (renewed, record)) in moved {
            if !self.traces.get(&id).is_some_and(|trace| trace.is_stored(span_id)) {
                let mut span = prints.prepare_span(record, &mut memo);
                span.bytes += held_bytes(&span.record);
                self.hold(span, renewed);
            }
        }
    }

    /// Counts announced spans on from where another table was, and knows of the same to be lost.
    pub(crate) fn follow(&mut self, before: &Self) {
        let Announcements { told, left_out, forgotten, .. } = before.announcements;
        self.announcements = Announcements { told, left_out, forgotten, ..std::mem::take(&mut self.announcements) };
    }

    /// Shows an announced span no more, since it is stored elsewhere.
    pub(crate) fn drop_announced(&mut self, id: TraceId, span: SpanId) {
        self.withdraw(id, span);
        self.drop_empty(id);
    }

    /// Every announced span.
    pub(crate) fn announced_spans(&self) -> impl Iterator<Item = (TraceId, SpanId)> {
        self.announcements.queue.iter().map(|(_, id, span)| (*id, *span))
    }

    fn found(&self, id: TraceId, span: SpanId, moment: Moment) -> Option<Found> {
        self.span(id, span, moment).pop()
    }
}

/// About how much an announced span takes beside its record: its resource and scope, which are its own, and perhaps a
/// trace.
fn held_bytes(record: &SpanRecord) -> u64 {
    let resource = size_of::<Resource>() + record.resource.attributes.heap_bytes();
    let scope = size_of::<Scope>() + record.scope.attributes.heap_bytes();
    TRACE_OVERHEAD + (resource + scope) as u64
}

fn before(now: Timestamp, time: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
}
