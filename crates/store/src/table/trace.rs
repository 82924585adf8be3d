//! One trace in memory, with what a list shows of it kept up to date.
//!
//! Whatever comes costs the logarithm of what is there, also for a client that sends a million spans with one id.

mod whole;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::{Arc, OnceLock},
};

use trackway_model::{Event, Repeats, SpanId, SpanRecord, Text, Timestamp, TraceId};

use super::{
    Came,
    agents::Agents,
    fingerprint::PreparedSpan,
    index::Listing,
    names::NameId,
    ranked::Ranked,
    words::{Tally, Words},
};
use crate::{
    Outline,
    cursor::{SpanPlace, trace_place},
    engine::Sequence,
};

/// What became of a record or an event that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It is there now, and took the place of so many records of its span.
    Stored { replaced: u64 },
    /// It was there already.
    Duplicate,
    /// The finished record of the same span was there already.
    Superseded,
}

pub(super) struct Trace {
    spans: BTreeMap<SpanPlace, Kept>,
    /// Finds the stored records of a span, and among them the twins of a fingerprint.
    by_id: BTreeSet<(SpanId, u64, Timestamp, u64)>,
    roots: BTreeSet<SpanPlace>,
    open: BTreeSet<SpanPlace>,
    /// Absent after a span went that stood out: the others are looked at when somebody asks.
    ranked: OnceLock<Ranked>,
    pub(super) services: BTreeMap<NameId, u64>,
    pub(super) operations: BTreeMap<(NameId, NameId), Tally>,
    pub(super) errors: u64,
    /// Absent while no span is of an agent and the client told nothing of the whole trace.
    agents: Option<Box<Agents>>,
    /// The spans of which only an announcement is there.
    announced: BTreeMap<SpanId, Announcement>,
    /// Events that came apart from their spans, by span, fingerprint and arrival.
    late: BTreeMap<(SpanId, u64, Sequence), Event>,
    /// When something of the trace last came to be stored.
    pub(super) news: Timestamp,
    pub(super) bytes: u64,
}

struct Kept {
    record: Arc<SpanRecord>,
    print: u64,
    bytes: u64,
    service: NameId,
    name: NameId,
}

impl Default for Trace {
    fn default() -> Self {
        Self {
            spans: BTreeMap::new(),
            by_id: BTreeSet::new(),
            roots: BTreeSet::new(),
            open: BTreeSet::new(),
            ranked: OnceLock::from(Ranked::default()),
            services: BTreeMap::new(),
            operations: BTreeMap::new(),
            errors: 0,
            agents: None,
            announced: BTreeMap::new(),
            late: BTreeMap::new(),
            news: Timestamp::default(),
            bytes: 0,
        }
    }
}

/// Where an announced span stands, and when its program last announced it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Announcement {
    place: SpanPlace,
    pub(super) renewed: Timestamp,
    pub(super) bytes: u64,
}

impl Trace {
    pub(super) fn insert(&mut self, span: PreparedSpan, came: Came, words: &mut Words) -> Arrival {
        if !came.takes_place && self.has_twin(&span) {
            return Arrival::Duplicate;
        }
        let takes_place = match (span.record.end, self.is_open(span.record.span_id)) {
            _ if came.takes_place => true,
            (None, Some(false)) => return Arrival::Superseded,
            (Some(_), Some(true)) => true,
            (_, Some(_)) => span.record.repeats == Repeats::Replace,
            (_, None) => false,
        };
        let replaced = if takes_place { self.remove_stored(span.record.span_id, words) } else { 0 };
        let place = (span.record.start, span.record.span_id, came.sequence);
        self.by_id.insert((place.1, span.print, place.0, place.2));
        self.bytes += span.bytes;
        self.keep(span, place, words);
        Arrival::Stored { replaced }
    }

    /// Removes the records of a span; returns how many they were.
    fn remove_stored(&mut self, id: SpanId, words: &mut Words) -> u64 {
        let mut removed = 0;
        for place in self.places(id) {
            if let Some(kept) = self.remove(place, words) {
                self.by_id.remove(&(place.1, kept.print, place.0, place.2));
                self.bytes -= kept.bytes;
                removed += 1;
            }
        }
        removed
    }

    /// Shows a span that nothing is stored of.
    pub(super) fn announce(&mut self, span: PreparedSpan, renewed: Timestamp, words: &mut Words) -> Announcement {
        // It is the only one of its span, and so needs no number.
        let place = (span.record.start, span.record.span_id, 0);
        let announcement = Announcement { place, renewed, bytes: span.bytes };
        self.announced.insert(place.1, announcement);
        self.keep(span, place, words);
        announcement
    }

    /// Notes that a span was announced again as it was; returns how its announcement stood before, and how it stands now.
    pub(super) fn renew(&mut self, id: SpanId, renewed: Timestamp) -> Option<(Announcement, Announcement)> {
        let announcement = self.announced.get_mut(&id)?;
        let before = *announcement;
        announcement.renewed = renewed;
        Some((before, *announcement))
    }

    /// Shows an announced span no more.
    pub(super) fn withdraw(&mut self, id: SpanId, words: &mut Words) -> Option<Announcement> {
        let announcement = self.announced.remove(&id)?;
        self.remove(announcement.place, words);
        Some(announcement)
    }

    pub(super) fn announced(&self, id: SpanId) -> Option<(Announcement, &Arc<SpanRecord>)> {
        let announcement = self.announced.get(&id)?;
        Some((*announcement, self.at(announcement.place)?))
    }

    /// Every announced span.
    pub(super) fn all_announced(&self) -> impl Iterator<Item = (SpanId, &Announcement)> {
        self.announced.iter().map(|(id, announcement)| (*id, announcement))
    }

    /// When a span of the trace was last announced.
    pub(super) fn last_announced(&self) -> Option<Timestamp> {
        self.announced.values().map(|announcement| announcement.renewed).max()
    }

    /// When something was last heard of the trace.
    pub(super) fn last_heard(&self) -> Timestamp {
        self.last_announced().map_or(self.news, |renewed| renewed.max(self.news))
    }

    /// Keeps an event for its span, whether that is there or not; false when the event is there already.
    pub(super) fn insert_event(&mut self, span: SpanId, print: u64, sequence: Sequence, event: Event) -> bool {
        if self.knows_event(span, print, &event) {
            return false;
        }
        self.bytes += super::event_bytes(&event) as u64;
        self.late.insert((span, print, sequence), event);
        true
    }

    /// Drops an event that waited for its span.
    pub(super) fn remove_event(&mut self, span: SpanId, sequence: Sequence) {
        let mut late = self.late.range((span, 0, 0)..=(span, u64::MAX, u64::MAX));
        let place = late.find(|((.., number), _)| *number == sequence).map(|(place, _)| *place);
        let event = place.and_then(|place| self.late.remove(&place));
        self.bytes -= event.map_or(0, |event| super::event_bytes(&event) as u64);
    }

    fn keep(&mut self, span: PreparedSpan, place: SpanPlace, words: &mut Words) {
        let PreparedSpan { record, print, bytes, .. } = span;
        let (service, name) = words.hold(&record);

        *self.services.entry(service).or_default() += 1;
        self.operations.entry((service, name)).or_default().add(&record);
        self.errors += u64::from(record.is_error());
        if record.parent_id.is_none() {
            self.roots.insert(place);
        }
        if record.end.is_none() {
            self.open.insert(place);
        } else if let Some(ranked) = self.ranked.get_mut() {
            ranked.note(&record, place);
        }
        if record.data.is_some() || self.agents.is_some() {
            self.agents_mut().hold(&record, place, words);
        }
        self.spans.insert(place, Kept { record, print, bytes, service, name });
    }

    fn remove(&mut self, place: SpanPlace, words: &mut Words) -> Option<Kept> {
        let kept = self.spans.remove(&place)?;
        let Kept { record, service, name, .. } = &kept;
        let (service, name) = (*service, *name);
        self.roots.remove(&place);
        self.open.remove(&place);
        if self.ranked.get().is_some_and(|ranked| ranked.needs(record, place)) {
            self.ranked.take();
        }
        if let Some(agents) = &mut self.agents {
            agents.release(record, place, words);
        }
        self.errors -= u64::from(record.is_error());
        if let Some(spans) = self.services.get_mut(&service) {
            *spans -= 1;
            if *spans == 0 {
                self.services.remove(&service);
            }
        }
        if let Some(tally) = self.operations.get_mut(&(service, name))
            && tally.remove(record)
        {
            self.operations.remove(&(service, name));
        }
        words.release(record, service, name);
        Some(kept)
    }

    /// Gives back the words that the trace holds, before it goes.
    pub(super) fn release(self, words: &mut Words) {
        for kept in self.spans.values() {
            words.release(&kept.record, kept.service, kept.name);
        }
        self.agents.into_iter().for_each(|agents| agents.release_all(words));
    }

    pub(super) fn listing(&self, id: TraceId) -> Option<Listing> {
        let start = self.start()?;
        let project = self.project()?.clone();
        let group = self.agents().and_then(Agents::group);
        Some(Listing { project, place: trace_place(start, id), spans: self.span_count(), group })
    }

    /// The project that the trace lists under.
    pub(super) fn project(&self) -> Option<&Text> {
        self.about().map(|about| &about.project).or_else(|| self.shown().map(|span| &span.project))
    }

    /// The root span: the earliest without a parent.
    pub(super) fn root(&self) -> Option<&SpanRecord> {
        self.roots.first().and_then(|place| self.at(*place)).map(Arc::as_ref)
    }

    /// The span that stands for the trace: the root, or the earliest while that has not come.
    pub(super) fn shown(&self) -> Option<&SpanRecord> {
        self.root().or_else(|| self.spans.values().next().map(|kept| &*kept.record))
    }

    /// The earliest start of a span; without one, when the client told of the trace.
    pub(super) fn start(&self) -> Option<Timestamp> {
        let earliest = self.spans.first_key_value().map(|((start, ..), _)| *start);
        earliest.or_else(|| Some(self.agents()?.about.as_ref()?.arrival))
    }

    /// The latest end, or the latest start where that is later.
    pub(super) fn last_moment(&self) -> Option<Timestamp> {
        let latest_start = self.spans.last_key_value().map_or_else(|| self.start(), |((start, ..), _)| Some(*start));
        latest_start.max(self.ranked().latest_end)
    }

    fn ranked(&self) -> &Ranked {
        self.ranked.get_or_init(|| {
            let mut ranked = Ranked::default();
            self.spans.iter().for_each(|(place, kept)| ranked.note(&kept.record, *place));
            ranked
        })
    }

    pub(super) fn span_count(&self) -> u64 {
        self.spans.len() as u64
    }

    /// How many of the open spans are stored.
    pub(super) fn stored_open_count(&self) -> u64 {
        (self.open.len() - self.announced.len()) as u64
    }

    pub(super) fn open_count(&self) -> u64 {
        self.open.len() as u64
    }

    /// The spans of the trace's picture, in their order.
    pub(super) fn bars(&self) -> impl Iterator<Item = &SpanRecord> {
        let ranked = self.ranked();
        let finished = ranked.longest.iter().map(|(_, place)| place);
        let mut places = BTreeSet::from_iter(ranked.last_failed);
        places.extend(self.open.iter().take(Outline::MOST - places.len()));
        for place in finished {
            if places.len() < Outline::MOST {
                places.insert(*place);
            }
        }
        places.into_iter().filter_map(|place| self.at(place)).map(Arc::as_ref)
    }

    pub(super) fn at(&self, place: SpanPlace) -> Option<&Arc<SpanRecord>> {
        self.spans.get(&place).map(|kept| &kept.record)
    }

    /// The spans behind a place, with their places.
    pub(super) fn behind(&self, place: Option<SpanPlace>) -> impl Iterator<Item = (SpanPlace, &Arc<SpanRecord>)> {
        let from = place.map_or(Bound::Unbounded, Bound::Excluded);
        self.spans.range((from, Bound::Unbounded)).map(|(place, kept)| (*place, &kept.record))
    }

    /// The spans in their order, with the numbers of their service and their name.
    pub(super) fn named_spans(&self) -> impl Iterator<Item = (NameId, NameId, &SpanRecord)> {
        self.spans.values().map(|kept| (kept.service, kept.name, &*kept.record))
    }

    /// Returns true when events came apart from their spans.
    pub(super) fn has_late_events(&self) -> bool {
        !self.late.is_empty()
    }

    /// The events that came for a span apart from it.
    pub(super) fn late_of(&self, id: SpanId) -> impl Iterator<Item = &Event> {
        self.late.range((id, 0, 0)..=(id, u64::MAX, u64::MAX)).map(|(_, event)| event)
    }

    /// The places of a span's records, in their order.
    pub(super) fn places(&self, id: SpanId) -> Vec<SpanPlace> {
        let stored = self.entries(id).map(|(id, _, start, number)| (*start, *id, *number));
        let mut places: Vec<_> = stored.chain(self.announced.get(&id).map(|it| it.place)).collect();
        places.sort_unstable();
        places
    }

    /// The events that came for a span apart from it, in order of arrival.
    pub(super) fn late_events(&self, id: SpanId) -> Vec<(u64, Event)> {
        let late = self.late.range((id, 0, 0)..=(id, u64::MAX, u64::MAX));
        let mut late: Vec<_> = late.map(|((_, print, number), event)| (*number, *print, event.clone())).collect();
        late.sort_by_key(|(number, ..)| *number);
        late.into_iter().map(|(_, print, event)| (print, event)).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.is_listed() && self.late.is_empty()
    }

    /// Returns true when a list shows the trace.
    pub(super) fn is_listed(&self) -> bool {
        !self.spans.is_empty() || self.about().is_some()
    }

    pub(super) fn is_stored(&self, id: SpanId) -> bool {
        self.entries(id).next().is_some()
    }

    fn entries(&self, id: SpanId) -> impl Iterator<Item = &(SpanId, u64, Timestamp, u64)> {
        self.by_id.range((id, 0, Timestamp(0), 0)..=(id, u64::MAX, Timestamp(u64::MAX), u64::MAX))
    }

    pub(super) fn knows_event(&self, span: SpanId, print: u64, event: &Event) -> bool {
        let mut twins = self.late.range((span, print, 0)..=(span, print, u64::MAX));
        twins.any(|(_, twin)| twin == event)
    }

    /// Returns whether a stored span is still open; its records are all open or all finished, so that one tells for all.
    fn is_open(&self, id: SpanId) -> Option<bool> {
        let (id, _, start, number) = self.entries(id).next()?;
        self.at((*start, *id, *number)).map(|record| record.end.is_none())
    }

    fn has_twin(&self, span: &PreparedSpan) -> bool {
        let (id, print) = (span.record.span_id, span.print);
        let twins = self.by_id.range((id, print, Timestamp(0), 0)..=(id, print, Timestamp(u64::MAX), u64::MAX));
        let mut records = twins.filter_map(|(id, _, start, number)| self.at((*start, *id, *number)));
        records.any(|twin| **twin == *span.record)
    }
}
