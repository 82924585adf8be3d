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
mod names;
mod originals;
mod ranked;
mod read;
mod run;
mod shared;
mod sieve;
mod summary;
mod trace;
mod words;

use std::{collections::HashMap, sync::Arc};

use trackway_model::{Event, Resource, Scope, SpanId, SpanRecord, Timestamp, TraceId, TraceRecord};

pub(crate) use announced::{AnnouncedTallies, Holding, Moved};
pub(crate) use fingerprint::Fingerprints;
pub(crate) use gather::Intake;
pub(crate) use originals::Originals;
pub(crate) use shared::Shared;
pub(crate) use trace::Arrival;
pub(crate) use words::Far;

use crate::{Deleted, clock::Moment, engine::Sequence};
use announced::Announcements;
use fingerprint::PreparedSpan;
use index::Index;
use trace::Trace;
use words::Words;

/// How something came: its number, and when.
#[derive(Debug, Clone, Copy)]
struct Came {
    sequence: Sequence,
    arrival: Timestamp,
    /// It takes the place of all records of its span, as was found by whoever knows them all.
    takes_place: bool,
}

impl Came {
    fn new(sequence: Sequence, arrival: Timestamp) -> Self {
        Self { sequence, arrival, takes_place: false }
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

/// Traces, each whole.
pub(crate) struct Table {
    traces: HashMap<TraceId, Trace>,
    index: Index,
    words: Words,
    resources: Shared<Resource>,
    scopes: Shared<Scope>,
    announcements: Announcements,
    record_bytes: u64,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            traces: HashMap::new(),
            index: Index::default(),
            words: Words::default(),
            resources: Shared::resources(),
            scopes: Shared::scopes(),
            announcements: Announcements::default(),
            record_bytes: 0,
        }
    }
}

impl Table {
    /// Takes what a client tells of a whole trace, unless it told so last.
    fn apply_record(&mut self, record: Arc<TraceRecord>, came: Came) {
        let id = record.trace_id;
        let trace = self.traces.entry(id).or_default();
        if trace.knows_record(&record) {
            return;
        }
        let (listing, bytes) = (trace.listing(id), trace.bytes);
        trace.tell(record, came, &mut self.words);
        self.record_bytes = self.record_bytes - bytes + trace.bytes;
        self.index.relist(listing, trace.listing(id));
    }

    fn apply_span(&mut self, mut span: PreparedSpan, came: Came) {
        let (id, span_id) = (span.record.trace_id, span.record.span_id);
        // A record that others hold, too, shares with these.
        if let Some(record) = Arc::get_mut(&mut span.record) {
            self.resources.share(span.resource_print, &mut record.resource);
            self.scopes.share(span.scope_print, &mut record.scope);
        }

        let trace = self.traces.entry(id).or_default();
        let listing = trace.listing(id);
        let bytes = trace.bytes;
        if let Some(announcement) = trace.withdraw(span_id, &mut self.words) {
            self.announcements.remove(id, span_id, &announcement);
        }
        let outcome = trace.insert(span, came, &mut self.words);
        if matches!(outcome, Arrival::Stored { .. }) {
            trace.news = trace.news.max(came.arrival);
        }
        self.record_bytes = self.record_bytes - bytes + trace.bytes;
        self.index.relist(listing, trace.listing(id));
    }

    fn apply_event(&mut self, id: TraceId, span: SpanId, print: u64, event: Event, came: Came) {
        let trace = self.traces.entry(id).or_default();
        let bytes = trace.bytes;
        if trace.insert_event(span, print, came.sequence, event) && trace.is_stored(span) {
            trace.news = trace.news.max(came.arrival);
        }
        self.record_bytes = self.record_bytes - bytes + trace.bytes;
    }

    /// Drops a trace that nothing is left of.
    fn drop_empty(&mut self, id: TraceId) {
        if self.traces.get(&id).is_some_and(Trace::is_empty)
            && let Some(trace) = self.traces.remove(&id)
        {
            self.record_bytes -= trace.bytes;
        }
    }

    pub(crate) fn contains(&self, id: TraceId) -> bool {
        self.traces.contains_key(&id)
    }

    /// Removes traces with all that waits for them.
    pub(crate) fn delete(&mut self, ids: &[TraceId]) -> Deleted {
        let mut deleted = Deleted::default();
        for id in ids {
            let Some(trace) = self.traces.remove(id) else { continue };
            self.index.relist(trace.listing(*id), None);
            trace.all_announced().for_each(|(span, announcement)| self.announcements.remove(*id, span, announcement));
            self.record_bytes -= trace.bytes;
            deleted.traces += u64::from(trace.is_listed());
            deleted.spans += trace.span_count();
            trace.release(&mut self.words);
        }
        self.resources.forget_unused();
        self.scopes.forget_unused();
        deleted
    }

    /// Has other parts of the store asked for the spans that it does not have.
    pub(crate) fn set_far(&mut self, far: Far) {
        self.words.far = Some(far);
    }

    pub(crate) fn announced(&self) -> AnnouncedTallies {
        self.announcements.tallies()
    }

    /// Returns about how much memory the records take.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let traces = self.traces.len() as u64 * TRACE_OVERHEAD;
        self.record_bytes + traces + self.resources.bytes() + self.scopes.bytes()
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
