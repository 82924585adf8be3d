//! The records in memory, arranged for questions.
//!
//! ```text
//! traces   id -> Trace        its spans in order, and the facts that a list shows
//! index    (start, id)        the list of traces, as a whole, per project, and per group
//! words    names <-> numbers  a search for a name looks at each name once, not at each span
//! run      spans -> totals    what agents did, used and failed of: worked out when somebody asks
//! ```

mod agents;
mod announced;
mod fingerprint;
mod forest;
mod gather;
mod index;
mod keys;
mod live;
mod names;
mod originals;
mod ranked;
mod read;
mod run;
mod shared;
mod sieve;
mod summary;
mod trace;
mod waiting;
mod words;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use trackway_model::{Event, Resource, Scope, SpanEvent, SpanId, SpanRecord, Timestamp, TraceId, TraceRecord};

pub(crate) use announced::{AnnouncedTallies, Holding, Moved};
pub(crate) use fingerprint::{Fingerprints, Prepared};
pub(crate) use gather::Intake;
pub(crate) use live::Live;
pub(crate) use originals::Originals;
pub(crate) use shared::Shared;
pub(crate) use trace::Arrival;
pub(crate) use waiting::Patience;
pub(crate) use words::Far;

use crate::{Ack, Deleted, clock::Moment, engine::Sequence};
use announced::Announcements;
use fingerprint::PreparedSpan;
use index::Index;
use trace::{Late, Trace};
use waiting::Waiting;
use words::Words;

/// The number of the log file that a record came from.
pub(crate) type Segment = u64;

/// How something came: its number, when, and by which log file.
#[derive(Debug, Clone, Copy)]
struct Came {
    sequence: Sequence,
    arrival: Timestamp,
    segment: Segment,
    /// It takes the place of all records of its span, as was found by whoever knows them all.
    takes_place: bool,
}

impl Came {
    fn new(sequence: Sequence, arrival: Timestamp, segment: Segment) -> Self {
        Self { sequence, arrival, segment, takes_place: false }
    }
}

/// What a span costs beside its content: its entries in three ordered sets and its name's entry, as measured.
const SPAN_OVERHEAD: usize = 240;

/// What a span costs besides, whose client gave it an id: its entry among these.
const ORIGINAL_OVERHEAD: usize = 144;

/// What a conversation, a title or the name of a trace costs beside its text: its entries in the trace and among the words.
const WORD_OVERHEAD: usize = 112;

/// What it costs besides that a client told of a whole trace: its places in the lists of its group.
const ABOUT_OVERHEAD: usize = 128;

/// What a trace costs beside its spans: itself, its two places in the lists, and a first node of each of its sets.
const TRACE_OVERHEAD: u64 = 2_400;

/// Every record that is stored.
pub(crate) struct Table {
    traces: HashMap<TraceId, Trace>,
    index: Index,
    words: Words,
    resources: Shared<Resource>,
    scopes: Shared<Scope>,
    live: Live,
    waiting: Waiting,
    announcements: Announcements,
    tallies: Tallies,
    record_bytes: u64,
    next: Sequence,
}

/// What the table counts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tallies {
    pub(crate) spans: u64,
    pub(crate) duplicates: u64,
    pub(crate) superseded: u64,
    pub(crate) events_waiting: u64,
    pub(crate) events_dropped: u64,
    pub(crate) deleted_spans: u64,
    pub(crate) trace_records: u64,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            traces: HashMap::new(),
            index: Index::default(),
            words: Words::default(),
            resources: Shared::resources(),
            scopes: Shared::scopes(),
            live: Live::default(),
            waiting: Waiting::default(),
            announcements: Announcements::default(),
            tallies: Tallies::default(),
            record_bytes: 0,
            next: 0,
        }
    }
}

impl Table {
    /// Takes a batch that is durable in the log file `segment`.
    pub(crate) fn apply(&mut self, batch: Prepared, arrival: Timestamp, segment: Segment) -> Ack {
        let mut ack = Ack::default();
        let mut changed = HashSet::new();
        let mut note_change = |id: TraceId, ack: &mut Ack| {
            if changed.insert(id) {
                ack.changed.push(id);
            }
        };
        for record in batch.traces {
            let id = record.trace_id;
            let is_new = self.is_new(id);
            if !self.apply_record(Arc::new(record), Came::new(self.next, arrival, segment)) {
                ack.duplicates += 1;
                continue;
            }
            note_change(id, &mut ack);
            if is_new {
                ack.created.push(id);
            }
        }
        for span in batch.spans {
            let id = span.record.trace_id;
            let is_new = self.is_new(id);
            let came = Came::new(self.next, arrival, segment);
            self.next += 1;
            match self.apply_span(span, came) {
                Arrival::Stored { .. } => {
                    note_change(id, &mut ack);
                    if is_new {
                        ack.created.push(id);
                    }
                }
                Arrival::Duplicate => ack.duplicates += 1,
                Arrival::Superseded => self.tallies.superseded += 1,
            }
        }
        for (print, late) in batch.events {
            let (id, span) = (late.trace_id, late.span_id);
            let came = Came::new(self.next, arrival, segment);
            self.next += 1;
            match self.apply_event(id, span, print, late.event, came) {
                Some(Arrival::Stored { .. }) => note_change(id, &mut ack),
                Some(Arrival::Duplicate) => ack.duplicates += 1,
                Some(Arrival::Superseded) | None => {}
            }
        }
        self.tallies.duplicates += ack.duplicates;
        ack
    }

    /// Takes what a client tells of a whole trace; false when it told so last.
    fn apply_record(&mut self, record: Arc<TraceRecord>, came: Came) -> bool {
        let id = record.trace_id;
        let trace = self.traces.entry(id).or_default();
        if trace.knows_record(&record) {
            return false;
        }
        let (listing, bytes) = (trace.listing(id), trace.bytes);
        let is_first = trace.tell(record, came, &mut self.words, &mut self.live);
        self.tallies.trace_records += u64::from(is_first);
        self.record_bytes = self.record_bytes - bytes + trace.bytes;
        self.index.relist(listing, trace.listing(id));
        true
    }

    fn apply_span(&mut self, mut span: PreparedSpan, came: Came) -> Arrival {
        let (id, span_id) = (span.record.trace_id, span.record.span_id);
        // A record that others hold, too, shares with these.
        if let Some(record) = Arc::get_mut(&mut span.record) {
            self.resources.share(span.resource_print, &mut record.resource);
            self.scopes.share(span.scope_print, &mut record.scope);
        }

        let trace = self.traces.entry(id).or_default();
        let listing = trace.listing(id);
        let is_first = !trace.has(span_id);
        let bytes = trace.bytes;
        if let Some(announcement) = trace.withdraw(span_id, &mut self.words) {
            self.announcements.remove(id, span_id, &announcement);
        }
        let outcome = trace.insert(span, came, &mut self.words, &mut self.live);
        let Arrival::Stored { replaced } = outcome else { return outcome };

        trace.news = trace.news.max(came.arrival);
        if is_first {
            trace.late_turns(span_id).for_each(|turn| self.waiting.remove(turn));
        }
        self.record_bytes = self.record_bytes - bytes + trace.bytes;
        self.tallies.spans = self.tallies.spans + 1 - replaced;
        self.tallies.superseded += replaced;
        self.index.relist(listing, trace.listing(id));
        outcome
    }

    /// Takes an event; `None` when nothing looks different for it, since its span has not come.
    fn apply_event(&mut self, id: TraceId, span: SpanId, print: u64, event: Event, came: Came) -> Option<Arrival> {
        let trace = self.traces.entry(id).or_default();
        let bytes = trace.bytes;
        let turn = self.waiting.turn();
        let late = Late { event, segment: came.segment, turn };
        let Some(place) = trace.insert_event(span, print, came.sequence, late, &mut self.live) else {
            return Some(Arrival::Duplicate);
        };
        self.record_bytes = self.record_bytes - bytes + trace.bytes;
        if !trace.has(span) {
            self.waiting.push(turn, id, place, came.arrival);
            return None;
        }
        if trace.is_stored(span) {
            trace.news = trace.news.max(came.arrival);
        }
        Some(Arrival::Stored { replaced: 0 })
    }

    /// Drops events that waited for too long, or are too many: the oldest first.
    pub(crate) fn drop_waiting(&mut self, patience: Patience) {
        while let Some((id, place)) = self.waiting.pop(patience) {
            self.tallies.events_dropped += 1;
            let Some(trace) = self.traces.get_mut(&id) else { continue };
            let bytes = trace.bytes;
            trace.remove_event(place, &mut self.live);
            self.record_bytes = self.record_bytes - bytes + trace.bytes;
            self.drop_empty(id);
        }
    }

    /// Drops a trace that nothing is left of.
    fn drop_empty(&mut self, id: TraceId) {
        if self.traces.get(&id).is_some_and(Trace::is_empty)
            && let Some(trace) = self.traces.remove(&id)
        {
            self.record_bytes -= trace.bytes;
        }
    }

    /// Returns true when a batch would change nothing: every record of it is there, or was superseded.
    pub(crate) fn knows(&self, batch: &Prepared) -> bool {
        let knows_span = |span: &PreparedSpan| self.traces.get(&span.record.trace_id).is_some_and(|it| it.knows(span));
        let knows_event = |(print, late): &(u64, SpanEvent)| {
            self.traces.get(&late.trace_id).is_some_and(|trace| trace.knows_event(late.span_id, *print, &late.event))
        };
        let knows_record =
            |record: &TraceRecord| self.traces.get(&record.trace_id).is_some_and(|trace| trace.knows_record(record));
        batch.spans.iter().all(knows_span)
            && batch.events.iter().all(knows_event)
            && batch.traces.iter().all(knows_record)
    }

    /// Returns true while no list shows a trace.
    fn is_new(&self, id: TraceId) -> bool {
        self.traces.get(&id).is_none_or(|trace| !trace.is_listed())
    }

    pub(crate) fn contains(&self, id: TraceId) -> bool {
        self.traces.contains_key(&id)
    }

    /// Returns true when something of the trace came from the log.
    pub(crate) fn is_stored(&self, id: TraceId) -> bool {
        self.traces.get(&id).is_some_and(Trace::is_any_stored)
    }

    /// Removes traces with all that waits for them.
    pub(crate) fn delete(&mut self, ids: &[TraceId]) -> Deleted {
        let (mut deleted, mut stored) = (Deleted::default(), 0);
        for id in ids {
            let Some(trace) = self.traces.remove(id) else { continue };
            self.index.relist(trace.listing(*id), None);
            trace.all_late_turns().for_each(|turn| self.waiting.remove(turn));
            trace.all_announced().for_each(|(span, announcement)| self.announcements.remove(*id, span, announcement));
            self.record_bytes -= trace.bytes;
            stored += trace.stored_count();
            deleted.traces += u64::from(trace.is_listed());
            deleted.spans += trace.span_count();
            self.tallies.trace_records -= u64::from(trace.about().is_some());
            trace.release(&mut self.words, &mut self.live);
        }
        self.tallies.spans -= stored;
        self.tallies.deleted_spans += deleted.spans;
        self.resources.forget_unused();
        self.scopes.forget_unused();
        deleted
    }

    /// Has other parts of the store asked for the spans that it does not have.
    pub(crate) fn set_far(&mut self, far: Far) {
        self.words.far = Some(far);
    }

    /// Returns the traces that list under a project.
    pub(crate) fn traces_of(&self, project: &str) -> Vec<TraceId> {
        self.index.traces_of(project)
    }

    pub(crate) fn trace_count(&self) -> u64 {
        self.index.len() as u64
    }

    pub(crate) fn tallies(&self) -> Tallies {
        Tallies { events_waiting: self.waiting.len(), ..self.tallies }
    }

    pub(crate) fn announced(&self) -> AnnouncedTallies {
        self.announcements.tallies()
    }

    /// Returns about how much memory the records take.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let traces = self.traces.len() as u64 * TRACE_OVERHEAD;
        self.record_bytes + traces + self.resources.bytes() + self.scopes.bytes()
    }

    /// Returns the log files that something stored came from.
    pub(crate) fn live(&self) -> &Live {
        &self.live
    }
}

/// About how much memory a record takes, once it is stored.
fn span_bytes(record: &SpanRecord) -> usize {
    let words = record.data.iter().flat_map(|data| [&data.conversation, &data.title]);
    let words: usize = words.flatten().map(|word| word_bytes(word)).sum();
    let original = if record.foreign.is_some() { ORIGINAL_OVERHEAD } else { 0 };
    record.memory_bytes() + SPAN_OVERHEAD + words + original
}

/// About how much memory it takes what a client tells of a whole trace.
fn about_bytes(record: &TraceRecord) -> u64 {
    let words: usize = record.group.iter().chain([&record.name]).map(|word| word_bytes(word)).sum();
    (record.memory_bytes() + ABOUT_OVERHEAD + words) as u64
}

/// About how much memory a text takes among the words, with its form for a search.
fn word_bytes(text: &str) -> usize {
    WORD_OVERHEAD + 2 * text.len()
}

/// About how much memory an event takes that came apart from its span.
fn event_bytes(event: &Event) -> usize {
    event.memory_bytes() + SPAN_OVERHEAD / 2
}
