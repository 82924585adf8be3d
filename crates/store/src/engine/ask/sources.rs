//! Where the traces of a list may be, besides the heads.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use trackway_model::{Timestamp, TraceId};

use super::{
    merge::{Pulled, Source, Work},
    parts::Question,
};
use crate::{
    Error, TraceQuery, TraceStatus,
    cursor::TracePlace,
    engine::{heads::Side, shelf::Shelved},
    segment::{Block, Candidates, Flags, Listed, Segment, Wanted},
};

/// The most traces that a listing names at once.
const MOST_LISTED: usize = 2_048;

/// How many blocks of a segment are looked at ahead at once, and the most of which the findings wait.
const BLOCKS_AHEAD: usize = 4;
const MOST_AHEAD: usize = 32;

/// The latest place of all.
const LAST: TracePlace = (Timestamp(u64::MAX), [u8::MAX; 16]);

/// What a list is of.
pub(super) struct Listing<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) query: &'a TraceQuery,
    /// Only traces before this place are asked for.
    pub(super) before: Option<TracePlace>,
    /// Traces that match by something that no segment knows of: they are judged wherever they are listed.
    pub(super) beside: HashSet<TraceId>,
    /// Some traces may list under another project, or stand otherwise, than their spans say.
    pub(super) has_told: bool,
}

impl<'a> Listing<'a> {
    /// Returns all sources.
    pub(super) fn sources(&'a self) -> Vec<Box<dyn Source + 'a>> {
        let mut sources: Vec<Box<dyn Source>> = Vec::new();
        for side in self.question.sides() {
            sources.push(Box::new(InView { listing: self, side, before: Some(self.upper().unwrap_or(LAST)) }));
        }
        sources.push(Box::new(Giants { listing: self, is_over: false }));
        if self.query.group.is_some() {
            // A trace of it may have started before the time that the catalog knows: all of them are asked.
            sources.push(Box::new(InGroup { listing: self, before: None, is_over: false }));
            return sources;
        }
        if self.has_told {
            sources.push(Box::new(ToldAlone { listing: self, before: self.upper(), is_over: false }));
        }
        let wanted = Wanted::of(self.query);
        let segments = self.question.parts.published.segments();
        for shelved in segments.iter().filter(|shelved| self.may_list(shelved)) {
            let slot = Slot { listing: self, shelved };
            if let Some(wanted) = &wanted
                && let Some(source) = InSearch::new(slot, wanted)
            {
                sources.push(Box::new(source));
            }
            if wanted.is_none() || !self.beside.is_empty() {
                sources.extend(InListing::new(slot).map(|it| -> Box<dyn Source> { Box::new(it) }));
            }
        }
        sources
    }

    /// Returns false when no trace that the segment has a part of is listed under the project that is asked for.
    fn may_list(&self, shelved: &Shelved) -> bool {
        let project = self.query.project.as_deref();
        project.is_none_or(|project| shelved.about().tallies.of_project(project).spans > 0)
    }

    /// The place before which all that is asked for lies.
    fn upper(&self) -> Option<TracePlace> {
        let end = self.query.end.map(|end| (end, [0; 16]));
        [self.before, end].into_iter().flatten().min()
    }

    /// Returns false when the trace cannot be an answer, by what a segment lists of it.
    fn may_match(&self, shelved: &Shelved, listed: &Listed) -> Result<bool, Error> {
        if self.question.parts.published.is_gone(listed.trace_id, shelved) {
            return Ok(false);
        }
        // A row that another took the place of may be the longest.
        let is_unsettled = listed.flags.meets(Flags::OPEN | Flags::REPLACE);
        if !is_unsettled && self.query.max_duration.is_some_and(|most| listed.duration() > most) {
            return Ok(false);
        }
        if self.is_likely(listed) {
            return Ok(true);
        }
        // What is listed of a trace is exact where it has no other part, and its client told nothing of the whole.
        let published = &self.question.parts.published;
        let is_spread = published.holding(listed.trace_id).any(|other| other.id() != shelved.id());
        Ok(is_spread || self.has_told && published.catalog().told(listed.trace_id)?.is_some())
    }

    fn is_likely(&self, listed: &Listed) -> bool {
        let query = self.query;
        let is_special = listed.flags.meets(Flags::OPEN | Flags::AGENT | Flags::REPLACE);
        query.project.as_ref().is_none_or(|it| **it == *listed.project || listed.flags.contains(Flags::MIXED))
            && query.min_duration.is_none_or(|least| listed.duration() >= least)
            && query.status.is_none_or(|status| {
                is_special
                    || match status {
                        TraceStatus::Ok => listed.errors == 0,
                        TraceStatus::Error => listed.errors > 0,
                        TraceStatus::Running | TraceStatus::Lost => false,
                    }
            })
    }
}

/// The traces of a head.
struct InView<'a> {
    listing: &'a Listing<'a>,
    side: &'a Arc<Side>,
    before: Option<TracePlace>,
}

impl Source for InView<'_> {
    fn before(&self) -> Option<TracePlace> {
        self.before
    }

    fn pull(&mut self, most: usize) -> Result<Pulled, Error> {
        let Listing { question, query, .. } = self.listing;
        let active = &question.parts.active;
        let younger = (!Arc::ptr_eq(active, self.side)).then_some(active);
        let (stretch, giants) = {
            let view = self.side.view();
            let stretch = view.table().list(query, self.before.filter(|before| *before != LAST), most, question.moment);
            let ids = stretch.found.iter().map(|(_, summary)| summary.trace_id);
            let giants: HashSet<_> = ids.filter(|id| view.giants().contains(id)).collect();
            (stretch, giants)
        };
        self.before = match stretch.found.last() {
            Some((place, _)) if stretch.found.len() == most => Some(*place),
            _ => stretch.rest,
        };
        let mut pulled = Pulled { scanned: stretch.scanned, ..Pulled::default() };
        // Nobody waits for the view of a side while he has the head of another.
        let younger = younger.map(|younger| (younger.view(), younger.head()));
        for (place, summary) in stretch.found {
            let id = summary.trace_id;
            match &younger {
                // Only announced spans of it are in the view.
                _ if giants.contains(&id) => {}
                // The younger head has the whole of it.
                Some((view, head)) if view.covers(id) || head.contains(id) => pulled.named.push((place, id)),
                _ => pulled.found.push((place, summary)),
            }
        }
        Ok(pulled)
    }
}

/// The traces of the heads that are too large for their views.
struct Giants<'a> {
    listing: &'a Listing<'a>,
    is_over: bool,
}

impl Source for Giants<'_> {
    fn before(&self) -> Option<TracePlace> {
        (!self.is_over).then_some(LAST)
    }

    fn pull(&mut self, _most: usize) -> Result<Pulled, Error> {
        self.is_over = true;
        let mut named = Vec::new();
        for side in self.listing.question.sides() {
            named.extend(side.view().giants().iter().map(|id| (LAST, *id)));
        }
        Ok(Pulled { named, ..Pulled::default() })
    }
}

/// The traces of a conversation.
struct InGroup<'a> {
    listing: &'a Listing<'a>,
    before: Option<TracePlace>,
    is_over: bool,
}

impl Source for InGroup<'_> {
    fn before(&self) -> Option<TracePlace> {
        (!self.is_over).then(|| self.before.unwrap_or(LAST))
    }

    fn pull(&mut self, most: usize) -> Result<Pulled, Error> {
        let group = self.listing.query.group.as_deref().unwrap_or_default();
        let catalog = self.listing.question.parts.published.catalog();
        let found = catalog.group(group, self.before, most)?;
        let named: Vec<_> = found.into_iter().map(|(start, id)| ((start, id.bytes()), id)).collect();
        self.is_over = named.len() < most;
        self.before = named.last().map(|(place, _)| *place).or(self.before);
        Ok(Pulled { named, ..Pulled::default() })
    }
}

/// The traces that clients told of, and that no segment has.
struct ToldAlone<'a> {
    listing: &'a Listing<'a>,
    before: Option<TracePlace>,
    is_over: bool,
}

impl Source for ToldAlone<'_> {
    fn before(&self) -> Option<TracePlace> {
        (!self.is_over).then(|| self.before.unwrap_or(LAST))
    }

    fn pull(&mut self, most: usize) -> Result<Pulled, Error> {
        let project = self.listing.query.project.as_deref();
        let catalog = self.listing.question.parts.published.catalog();
        let found = catalog.told_alone(self.before, project, most)?;
        let place = |told: &crate::catalog::Told| (told.arrival, told.record.trace_id.bytes());
        let named: Vec<_> = found.iter().map(|told| (place(told), told.record.trace_id)).collect();
        self.is_over = named.len() < most;
        self.before = named.last().map(|(place, _)| *place).or(self.before);
        Ok(Pulled { named, ..Pulled::default() })
    }
}

/// A segment that a source looks into once its turn comes.
#[derive(Clone, Copy)]
struct Slot<'a> {
    listing: &'a Listing<'a>,
    shelved: &'a Arc<Shelved>,
}

impl Slot<'_> {
    /// A source holds it no longer than it looks into it: a question may ask more segments than can be open.
    fn open(&self) -> Result<Option<Arc<Segment>>, Error> {
        self.listing.question.open(self.shelved)
    }

    /// The place before which all lies that the segment lists and that can be asked for; `None` when there is none.
    ///
    /// A trace may begin earlier than the segment lists it, by `lag` nanoseconds at most.
    fn before(&self, lag: u64) -> Option<TracePlace> {
        let (first, last) = self.shelved.starts();
        let behind = last.0.checked_add(1).map_or(LAST, |next| (Timestamp(next), [0; 16]));
        let upper = self.listing.upper();
        let is_before = upper.is_none_or(|(time, _)| first.0 <= time.0.saturating_add(lag));
        let is_behind = self.listing.query.start.is_none_or(|start| last >= start);
        let as_whole = upper.map_or(behind, |upper| behind.min(upper));
        (is_before && is_behind).then_some(as_whole)
    }
}

/// The traces that a segment lists.
struct InListing<'a> {
    slot: Slot<'a>,
    before: Option<TracePlace>,
    at_once: usize,
}

impl<'a> InListing<'a> {
    fn new(slot: Slot<'a>) -> Option<Self> {
        Some(Self { slot, before: Some(slot.before(0)?), at_once: 0 })
    }

    fn admits(&self, listed: &Listed) -> Result<bool, Error> {
        let listing = self.slot.listing;
        let is_meant = listing.beside.contains(&listed.trace_id) || Wanted::of(listing.query).is_none();
        Ok(is_meant && listing.may_match(self.slot.shelved, listed)?)
    }
}

impl Source for InListing<'_> {
    fn before(&self) -> Option<TracePlace> {
        self.before
    }

    fn pull(&mut self, most: usize) -> Result<Pulled, Error> {
        let mut pulled = Pulled::default();
        let Some(before) = self.before.take() else { return Ok(pulled) };
        let Some(segment) = self.slot.open()? else { return Ok(pulled) };
        self.at_once = (self.at_once * 2).max(most).min(MOST_LISTED);
        let listed = segment.list_before(Some(before), self.at_once);
        let listed = self.slot.listing.question.readable(self.slot.shelved, listed)?.unwrap_or_default();
        let is_last = listed.len() < self.at_once;
        for listed in &listed {
            if self.slot.listing.query.start.is_some_and(|start| listed.start < start) {
                return Ok(pulled);
            }
            if self.admits(listed)? {
                pulled.named.push((listed.place(), listed.trace_id));
            }
        }
        self.before = listed.last().map(Listed::place).filter(|_| !is_last);
        Ok(pulled)
    }
}

/// The traces of a segment that have spans as they are asked for.
struct InSearch<'a> {
    slot: Slot<'a>,
    wanted: Option<Wanted>,
    candidates: Option<Candidates>,
    /// What was found ahead.
    ready: VecDeque<Result<Block, Error>>,
    /// Nothing more will be found.
    is_over: bool,
    before: Option<TracePlace>,
}

impl<'a> InSearch<'a> {
    fn new(slot: Slot<'a>, wanted: &Wanted) -> Option<Self> {
        let lag = slot.shelved.lag();
        let before = slot.before(lag)?;
        // Without a time behind all that can be meant, the last time included, all is looked at.
        let until = slot.listing.upper().and_then(|(time, _)| time.0.checked_add(lag)?.checked_add(1)).map(Timestamp);
        let wanted = wanted.clone();
        let wanted = until.map_or(wanted.clone(), |until| wanted.before(until));
        let (wanted, ready) = (Some(wanted), VecDeque::new());
        Some(Self { slot, wanted, candidates: None, ready, is_over: false, before: Some(before) })
    }

    /// Opens the segment, the first time.
    fn begin(&mut self) -> Result<(), Error> {
        let Slot { listing, shelved, .. } = self.slot;
        if let Some(wanted) = self.wanted.take()
            && let Some(segment) = self.slot.open()?
        {
            self.candidates = listing.question.readable(shelved, segment.candidates(&wanted))?;
        }
        Ok(())
    }
}

/// Goes on for some blocks.
fn find(candidates: &mut Candidates, ready: &mut VecDeque<Result<Block, Error>>, is_over: &mut bool) {
    for _ in 0..BLOCKS_AHEAD {
        match candidates.next() {
            Some(block) => ready.push_back(block),
            None => {
                *is_over = true;
                return;
            }
        }
    }
}

impl Source for InSearch<'_> {
    fn before(&self) -> Option<TracePlace> {
        self.before
    }

    fn pull(&mut self, _most: usize) -> Result<Pulled, Error> {
        let mut pulled = Pulled::default();
        let Some(before) = self.before.take() else { return Ok(pulled) };
        let Slot { listing, shelved, .. } = self.slot;
        self.begin()?;
        let block = self.ready.pop_front().or_else(|| self.candidates.as_mut().and_then(Iterator::next));
        let Some(block) = block else { return Ok(pulled) };
        let Some(block) = listing.question.readable(shelved, block)? else { return Ok(pulled) };
        pulled.scanned = block.scanned;
        for found in block.found {
            let is_spread = || {
                let mut holding = listing.question.parts.published.holding(found.listed.trace_id);
                holding.any(|other| other.id() != shelved.id())
            };
            let is_named = || listing.beside.contains(&found.listed.trace_id);
            let is_possible = found.is_whole || is_named() || is_spread();
            if is_possible && listing.may_match(shelved, &found.listed)? {
                pulled.named.push((found.listed.place().min(before), found.listed.trace_id));
            }
        }
        // At the end it does not hold the segment open while others are looked into.
        let end = listing.query.start.unwrap_or_default();
        let is_over = block.floor <= end;
        self.before = Some((block.floor, [0; 16])).filter(|_| !is_over).map(|floor| floor.min(before));
        Ok(pulled)
    }

    fn ahead(&mut self) -> Result<Option<Work<'_>>, Error> {
        if self.is_over || self.ready.len() >= MOST_AHEAD {
            return Ok(None);
        }
        self.begin()?;
        let Self { candidates: Some(candidates), ready, is_over, .. } = self else { return Ok(None) };
        Ok(Some(Box::new(|| find(candidates, ready, is_over))))
    }
}
