//! Events that came apart from their spans, and which of them wait for these.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use trackway_model::{SpanEvent, SpanId, Timestamp, TraceId};

use super::{Patience, announced::Ids, link::Link};
use crate::engine::Sequence;

/// What an event takes beside its content: its place, and its entries among the fingerprints and those that wait.
const EVENT_OVERHEAD: u64 = 200;

/// What it takes to know that an event was dropped.
const DROPPED_BYTES: u64 = size_of::<Dropped>() as u64;

/// An event that came apart from its span.
#[derive(Debug, Clone)]
pub(crate) struct LateEvent {
    pub(crate) sequence: Sequence,
    pub(crate) arrival: Timestamp,
    pub(crate) event: SpanEvent,
}

/// An event that waited for too long.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Dropped {
    pub(in crate::engine) trace: TraceId,
    pub(in crate::engine) span: SpanId,
    pub(in crate::engine) sequence: Sequence,
}

/// All events of a head that came apart, by arrival.
#[derive(Default)]
pub(super) struct Late {
    slots: Vec<Slot>,
    /// The last event of each fingerprint.
    last: HashMap<(TraceId, u64), Link>,
    /// Those that wait, in the order in which they go.
    waiting: BTreeMap<u64, (Link, Timestamp)>,
    /// The turns of those that wait for a span.
    awaited: HashMap<(TraceId, SpanId), BTreeSet<u64>>,
    turns: u64,
    dropped: Vec<Dropped>,
    bytes: u64,
}

/// The place of an event, which stays when the event is gone.
struct Slot {
    late: Option<LateEvent>,
    print: u64,
    /// The event of the same fingerprint that came before.
    twin: Link,
    /// The event of the same trace that came before.
    earlier: Link,
}

impl Late {
    /// Takes an event, unless it is there; returns its place.
    pub(super) fn insert(&mut self, late: LateEvent, print: u64, earlier: Link) -> Option<Link> {
        if self.knows(&late.event, print) {
            return None;
        }
        let place = Link::to(self.slots.len());
        let twin = self.last.insert((late.event.trace_id, print), place).unwrap_or_default();
        self.bytes += event_bytes(&late);
        self.slots.push(Slot { late: Some(late), print, twin, earlier });
        Some(place)
    }

    pub(super) fn knows(&self, event: &SpanEvent, print: u64) -> bool {
        let Some(last) = self.last.get(&(event.trace_id, print)) else { return false };
        let mut alike = self.chain(*last, |slot| slot.twin).filter_map(|(_, slot)| slot.late.as_ref());
        alike.any(|late| late.event == *event)
    }

    /// Lets an event wait for its span.
    pub(super) fn wait(&mut self, place: Link, ids: (TraceId, SpanId), since: Timestamp) {
        self.turns += 1;
        self.waiting.insert(self.turns, (place, since));
        self.awaited.entry(ids).or_default().insert(self.turns);
    }

    /// Notes that a span came.
    pub(super) fn note_span(&mut self, ids: (TraceId, SpanId)) {
        if self.awaited.is_empty() {
            return;
        }
        for turn in self.awaited.remove(&ids).into_iter().flatten() {
            self.waiting.remove(&turn);
        }
    }

    /// Returns true when the event that waits for longest waited for too long, or is one too many.
    pub(super) fn is_overdue(&self, patience: Patience) -> bool {
        let oldest = self.waiting.first_key_value();
        oldest.is_some_and(|(_, (_, since))| patience.is_over(self.waiting.len(), *since))
    }

    /// Drops the event that waits for longest; one whose span is announced waits anew. Tells its trace when it went.
    pub(super) fn drop_oldest(&mut self, announced: &Ids, patience: Patience) -> Option<TraceId> {
        let (turn, (place, since)) = self.waiting.pop_first()?;
        let slot = self.slots.get_mut(place.place()?)?;
        let ids = slot.late.as_ref().map(|late| (late.event.trace_id, late.event.span_id))?;
        if let Some(turns) = self.awaited.get_mut(&ids) {
            turns.remove(&turn);
            if turns.is_empty() {
                self.awaited.remove(&ids);
            }
        }
        if announced.contains(ids.0, ids.1) {
            self.wait(place, ids, patience.now().unwrap_or(since));
            return None;
        }
        let late = slot.late.take()?;
        self.bytes = self.bytes + DROPPED_BYTES - event_bytes(&late);
        self.dropped.push(Dropped { trace: ids.0, span: ids.1, sequence: late.sequence });
        Some(ids.0)
    }

    /// Forgets the events of a trace, of which the last is given.
    pub(super) fn forget(&mut self, last: Link) {
        let places: Vec<_> = self.chain(last, |slot| slot.earlier).map(|(place, _)| place).collect();
        for place in places {
            let Some(slot) = self.slots.get_mut(place) else { continue };
            let Some(late) = slot.late.take() else { continue };
            self.last.remove(&(late.event.trace_id, slot.print));
            self.bytes -= event_bytes(&late);
            self.note_span((late.event.trace_id, late.event.span_id));
        }
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &LateEvent> {
        self.from(0)
    }

    /// The events from a place on.
    pub(super) fn from(&self, place: usize) -> impl Iterator<Item = &LateEvent> {
        self.slots.get(place..).unwrap_or_default().iter().filter_map(|slot| slot.late.as_ref())
    }

    /// The events of a trace, of which the last is given: the last first.
    pub(super) fn of_trace(&self, last: Link) -> impl Iterator<Item = &LateEvent> {
        self.chain(last, |slot| slot.earlier).filter_map(|(_, slot)| slot.late.as_ref())
    }

    /// Those that were dropped, the `from`th and behind.
    pub(super) fn dropped(&self, from: usize) -> &[Dropped] {
        self.dropped.get(from..).unwrap_or_default()
    }

    /// Where the next event comes, and where the next that is dropped.
    pub(super) fn ends(&self) -> (usize, usize) {
        (self.slots.len(), self.dropped.len())
    }

    pub(super) fn waiting(&self) -> u64 {
        self.waiting.len() as u64
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn chain(&self, last: Link, next: fn(&Slot) -> Link) -> impl Iterator<Item = (usize, &Slot)> {
        let slot = |link: Link| link.place().and_then(|place| Some((place, self.slots.get(place)?)));
        std::iter::successors(slot(last), move |(_, here)| slot(next(here)))
    }
}

fn event_bytes(late: &LateEvent) -> u64 {
    late.event.event.memory_bytes() as u64 + EVENT_OVERHEAD
}
