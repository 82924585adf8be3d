//! Questions to a head.

use std::sync::Arc;

use trackway_model::{SpanId, Timestamp, TraceId};

use super::{Counted, Elsewhere, Head, Kept, LateEvent, Row, TRACE_OVERHEAD, Telling};
use crate::engine::{Gathered, Sequence};

impl Head {
    /// The number that the next record gets.
    pub(crate) fn next_sequence(&self) -> Sequence {
        self.next
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> u64 {
        let traces = self.traces.len() as u64 * TRACE_OVERHEAD;
        traces + self.rows.bytes() + self.late.bytes() + self.told_bytes + self.sharing.bytes()
    }

    /// How many spans it has.
    pub(crate) fn spans(&self) -> u64 {
        self.rows.len()
    }

    /// Returns true when nothing is left to be kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.traces.is_empty()
    }

    /// What it counted since it is there.
    pub(crate) fn tallies(&self) -> Counted {
        Counted { spans: self.rows.len(), events_waiting: self.late.waiting(), ..self.tallies }
    }

    /// Returns true when it has anything of a trace.
    pub(crate) fn contains(&self, id: TraceId) -> bool {
        self.traces.contains_key(&id)
    }

    /// How many traces a list shows for what it has, and for nothing in older parts.
    pub(crate) fn new_traces(&self) -> u64 {
        let is_new = |kept: &&Kept| kept.is_listed() && kept.elsewhere != Elsewhere::Listed;
        self.traces.values().filter(is_new).count() as u64
    }

    /// What it has of a trace, to a head that is younger.
    pub(crate) fn has(&self, id: TraceId) -> Elsewhere {
        match self.traces.get(&id) {
            None => Elsewhere::Nothing,
            Some(kept) if kept.is_listed() => Elsewhere::Listed,
            Some(_) => Elsewhere::Events,
        }
    }

    /// What older parts have of a trace that it has something of.
    pub(super) fn elsewhere(&self, id: TraceId) -> Elsewhere {
        self.traces.get(&id).map_or(Elsewhere::Nothing, |kept| kept.elsewhere)
    }

    /// Returns true when it has a record of a span.
    pub(crate) fn has_span(&self, id: TraceId, span: SpanId) -> bool {
        self.rows.has_span(id, span)
    }

    /// Returns true when it has something of a trace and older parts have, too.
    pub(crate) fn is_spread(&self, id: TraceId) -> bool {
        self.elsewhere(id) != Elsewhere::Nothing
    }

    /// Every trace that it has anything of.
    pub(crate) fn trace_ids(&self) -> impl Iterator<Item = TraceId> {
        self.traces.keys().copied()
    }

    /// How many spans it has of a trace.
    pub(crate) fn spans_of(&self, id: TraceId) -> u64 {
        self.traces.get(&id).map_or(0, |kept| kept.spans)
    }

    /// Adds what it has of a trace; older parts must have been gathered before.
    pub(crate) fn gather(&self, id: TraceId, into: &mut Gathered) {
        let Some(kept) = self.traces.get(&id) else { return };
        let rows = self.rows.of_trace(kept.last_row);
        into.spans.extend(rows.map(|row| (row.sequence, Arc::clone(&row.record))));
        let late = self.late.of_trace(kept.last_event);
        into.late.extend(late.map(|late| (late.sequence, late.arrival, late.event.clone())));
        self.told(id).for_each(|telling| into.tell(telling.arrival, Arc::clone(&telling.record)));
        into.news = into.news.max(kept.news.unwrap_or_default());
    }

    /// Its spans, in the order in which they came, without those that others took the place of.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.live()
    }

    /// The events that came apart from their spans, in the order in which they came.
    pub(crate) fn late(&self) -> impl Iterator<Item = &LateEvent> {
        self.late.live()
    }

    /// What clients told of whole traces, in the order in which they told it: of each trace the last counts, with the
    /// arrival of the first that was equal to it without another between them.
    pub(crate) fn tellings(&self) -> impl Iterator<Item = &Telling> {
        self.told.iter().flatten()
    }

    /// What a client told of a trace, in the order in which it told it.
    pub(super) fn told(&self, id: TraceId) -> impl DoubleEndedIterator<Item = &Telling> {
        let places = self.traces.get(&id).map(|kept: &Kept| kept.told.as_slice()).unwrap_or_default();
        places.iter().filter_map(|place| self.told.get(*place)?.as_ref())
    }

    /// When something of a trace last came to be stored here.
    pub(crate) fn news(&self, id: TraceId) -> Option<Timestamp> {
        self.traces.get(&id)?.news
    }

    /// The spans that their client gave this id, in order of their trace and their own id.
    pub(crate) fn find_original(&self, id: &str) -> impl Iterator<Item = (TraceId, SpanId)> {
        self.originals.find(id)
    }
}
