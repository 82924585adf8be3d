//! The records of spans in a head, and which of them take each other's place.

use std::{collections::hash_map::Entry, sync::Arc};

use trackway_model::{Repeats, SpanId, SpanRecord, Timestamp, TraceId};

use super::link::Link;
use crate::{
    engine::Sequence,
    quick::HashMap,
    table::{Arrival, Fingerprints},
};

/// The most records of one span that are compared one by one.
const FEW: usize = 8;

/// What a row takes beside its record: itself, its place in the table of ids, and what an allocation costs.
const ROW_OVERHEAD: u64 = 160;

/// A record of a span, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) sequence: Sequence,
    pub(crate) arrival: Timestamp,
    pub(crate) record: Arc<SpanRecord>,
    /// It took the place of others, and no older part has its trace: of its span nothing else was left then.
    pub(in crate::engine) is_only: bool,
}

type Ids = (TraceId, SpanId);

/// All rows of a head, by arrival.
#[derive(Default)]
pub(super) struct Rows {
    slots: Vec<Slot>,
    /// The last record of each span; it counts.
    last: HashMap<Ids, Link>,
    /// The records of spans that have many, by fingerprint.
    crowds: HashMap<Ids, HashMap<u64, Vec<Link>>>,
    live: u64,
    bytes: u64,
}

/// The place of a row, which stays when the row is gone.
struct Slot {
    row: Option<Row>,
    /// Another took its place here, and does not count where that is known from older parts: both are kept for whoever
    /// knows.
    is_shade: bool,
    /// The record of the same span that came before.
    twin: Link,
    /// The record of the same trace that came before.
    earlier: Link,
}

impl Slot {
    fn live(&self) -> Option<&Row> {
        self.row.as_ref().filter(|_| !self.is_shade)
    }
}

/// Where a new row belongs.
#[derive(Clone, Copy)]
pub(super) struct Belongs {
    /// The last row of its trace.
    pub(super) earlier: Link,
    /// Older parts have the trace, too.
    pub(super) is_spread: bool,
}

impl Rows {
    /// Makes room for so many rows.
    pub(super) fn with_room(rows: usize) -> Self {
        Self {
            slots: Vec::with_capacity(rows),
            last: HashMap::with_capacity_and_hasher(rows, Default::default()),
            ..Self::default()
        }
    }

    /// Takes a record, and leaves it out when it is there or was superseded; returns the row's place when it is stored.
    /// Each that it takes the place of is told.
    pub(super) fn insert(
        &mut self,
        mut row: Row,
        to: Belongs,
        prints: &Fingerprints,
        gone: impl FnMut(&SpanRecord),
    ) -> (Arrival, Link) {
        let ids = ids(&row.record);
        let place = Link::to(self.slots.len());
        let last = match self.last.entry(ids) {
            Entry::Vacant(vacant) => {
                vacant.insert(place);
                self.push(row, to.earlier, Link::NONE);
                return (Arrival::Stored { replaced: 0 }, place);
            }
            Entry::Occupied(occupied) => *occupied.get(),
        };
        let print = self.crowd_print(ids, &row.record, prints);
        if self.has_twin(ids, last, &row.record, print) {
            return (Arrival::Duplicate, Link::NONE);
        }
        let is_open = self.is_open(last);
        if row.record.end.is_none() && !is_open {
            return (Arrival::Superseded, Link::NONE);
        }
        let takes_place = row.record.repeats == Repeats::Replace || row.record.end.is_some() && is_open;
        let (replaced, twin) = match takes_place {
            true => (self.supersede(ids, last, &row.record, to.is_spread, gone), Link::NONE),
            false => (0, last),
        };
        row.is_only = replaced > 0 && !to.is_spread;
        self.last.insert(ids, place);
        self.push(row, to.earlier, twin);
        self.note_crowd(ids, place, print.filter(|_| !takes_place), prints);
        (Arrival::Stored { replaced }, place)
    }

    fn push(&mut self, row: Row, earlier: Link, twin: Link) {
        self.live += 1;
        self.bytes += row_bytes(&row.record);
        self.slots.push(Slot { row: Some(row), is_shade: false, twin, earlier });
    }

    /// Takes the records of a span out of what counts, since `by` takes their place; returns how many they were.
    fn supersede(
        &mut self,
        ids: Ids,
        last: Link,
        by: &SpanRecord,
        is_spread: bool,
        mut gone: impl FnMut(&SpanRecord),
    ) -> u64 {
        self.crowds.remove(&ids);
        let places: Vec<_> = self.chain(last, |slot| slot.twin).map(|(place, _)| place).collect();
        let mut replaced = 0;
        for place in places {
            let Some(slot) = self.slots.get_mut(place) else { continue };
            let Some(row) = slot.live() else { continue };
            replaced += 1;
            self.live -= 1;
            gone(&row.record);
            // Of an open record and its finished one only the latter ever counts, whatever older parts have.
            if is_spread && row.record.end.is_none() == by.end.is_none() {
                slot.is_shade = true;
            } else {
                self.bytes -= record_bytes(&row.record);
                slot.row = None;
            }
        }
        replaced
    }

    /// The fingerprint of a record whose span has many.
    fn crowd_print(&self, ids: Ids, record: &SpanRecord, prints: &Fingerprints) -> Option<u64> {
        self.crowds.contains_key(&ids).then(|| prints.of_span(record))
    }

    fn has_twin(&self, ids: Ids, last: Link, record: &SpanRecord, print: Option<u64>) -> bool {
        let is_twin = |row: &Row| *row.record == *record;
        if let (Some(print), Some(crowd)) = (print, self.crowds.get(&ids)) {
            let mut alike = crowd.get(&print).into_iter().flatten().filter_map(|place| self.row(*place));
            return alike.any(is_twin);
        }
        self.twins(last).any(is_twin)
    }

    /// Notes a record of a span that has many.
    fn note_crowd(&mut self, ids: Ids, place: Link, print: Option<u64>, prints: &Fingerprints) {
        if let (Some(print), Some(crowd)) = (print, self.crowds.get_mut(&ids)) {
            crowd.entry(print).or_default().push(place);
            return;
        }
        let twins: Vec<_> = self.chain(place, |slot| slot.twin).filter(|(_, slot)| slot.live().is_some()).collect();
        if twins.len() <= FEW {
            return;
        }
        let mut crowd = HashMap::<u64, Vec<Link>>::default();
        for (place, slot) in twins {
            let print = slot.live().map(|row| prints.of_span(&row.record));
            crowd.entry(print.unwrap_or_default()).or_default().push(Link::to(place));
        }
        self.crowds.insert(ids, crowd);
    }

    /// Returns whether the records of a span are open; they all are, or none is.
    fn is_open(&self, last: Link) -> bool {
        self.twins(last).next().is_some_and(|row| row.record.end.is_none())
    }

    /// Returns true when a record is there, or would be superseded.
    pub(super) fn knows(&self, record: &SpanRecord, prints: &Fingerprints) -> bool {
        let ids = ids(record);
        let Some(last) = self.last.get(&ids) else { return false };
        let is_superseded = record.end.is_none() && !self.is_open(*last);
        is_superseded || self.has_twin(ids, *last, record, self.crowd_print(ids, record, prints))
    }

    pub(super) fn has_span(&self, id: TraceId, span: SpanId) -> bool {
        self.last.contains_key(&(id, span))
    }

    /// Forgets the rows of a trace, of which the last is given; each that counted is told.
    pub(super) fn forget(&mut self, last: Link, mut each: impl FnMut(&SpanRecord)) {
        let places: Vec<_> = self.chain(last, |slot| slot.earlier).map(|(place, _)| place).collect();
        for place in places {
            let Some(slot) = self.slots.get_mut(place) else { continue };
            let Some(row) = slot.row.take() else { continue };
            self.bytes -= record_bytes(&row.record);
            if !slot.is_shade {
                self.live -= 1;
                each(&row.record);
            }
            let ids = ids(&row.record);
            self.last.remove(&ids);
            self.crowds.remove(&ids);
        }
    }

    /// The rows that count.
    pub(super) fn live(&self) -> impl Iterator<Item = &Row> {
        self.slots.iter().filter_map(Slot::live)
    }

    /// The rows from a place on, with the shades.
    pub(super) fn from(&self, place: usize) -> impl Iterator<Item = &Row> {
        self.slots.get(place..).unwrap_or_default().iter().filter_map(|slot| slot.row.as_ref())
    }

    /// The rows of a trace, of which the last is given, with the shades: the last first.
    pub(super) fn of_trace(&self, last: Link) -> impl Iterator<Item = &Row> {
        self.chain(last, |slot| slot.earlier).filter_map(|(_, slot)| slot.row.as_ref())
    }

    /// Where the next row comes.
    pub(super) fn end(&self) -> usize {
        self.slots.len()
    }

    /// How many count.
    pub(super) fn len(&self) -> u64 {
        self.live
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn row(&self, place: Link) -> Option<&Row> {
        self.slots.get(place.place()?)?.live()
    }

    /// The records of a span that count, the last first.
    fn twins(&self, last: Link) -> impl Iterator<Item = &Row> {
        self.chain(last, |slot| slot.twin).filter_map(|(_, slot)| slot.live())
    }

    fn chain(&self, last: Link, next: fn(&Slot) -> Link) -> impl Iterator<Item = (usize, &Slot)> {
        let slot = |link: Link| link.place().and_then(|place| Some((place, self.slots.get(place)?)));
        std::iter::successors(slot(last), move |(_, here)| slot(next(here)))
    }
}

fn ids(record: &SpanRecord) -> Ids {
    (record.trace_id, record.span_id)
}

fn row_bytes(record: &SpanRecord) -> u64 {
    record_bytes(record) + ROW_OVERHEAD
}

fn record_bytes(record: &SpanRecord) -> u64 {
    record.memory_bytes() as u64
}
