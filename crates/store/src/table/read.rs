//! Questions to the table.

use std::{collections::HashSet, sync::Arc};

use trackway_model::{Event, SpanId, SpanRecord, Timestamp, TraceId};

use super::{
    Table,
    fingerprint::Fingerprints,
    names::{Matches, NameId},
    sieve::Sieve,
    summary,
    trace::Trace,
    words::Words,
};
use crate::{
    Span, SpanState, TraceQuery, TraceSummary,
    clock::Moment,
    cursor::{SpanPlace, TracePlace},
    engine::{OperationTally, Tallies},
    query::MOST_FOUND,
};

/// A record as it lies in the table, with what came for it apart: cheap to take under a lock.
pub(crate) struct Found {
    record: Arc<SpanRecord>,
    late: Vec<(u64, Event)>,
    state: SpanState,
    announced: Option<Timestamp>,
}

impl Found {
    /// Makes the span that an answer holds: the events that came apart are among its own, in order of time.
    pub(crate) fn into_span(self, prints: &Fingerprints) -> Span {
        let (state, announced) = (self.state, self.announced);
        Span { record: self.into_record(prints), state, announced }
    }

    fn into_record(self, prints: &Fingerprints) -> SpanRecord {
        let mut record = Arc::unwrap_or_clone(self.record);
        if self.late.is_empty() {
            return record;
        }
        let own: HashSet<u64> = record.events.iter().map(|event| prints.of_event(event)).collect();
        let unseen = self.late.into_iter().filter(|(print, _)| !own.contains(print)).map(|(_, event)| event);
        let before = record.events.len();
        record.events.extend(unseen);
        if record.events.len() > before {
            record.events.sort_by_key(|event| event.time);
        }
        record
    }
}

/// The most traces that are looked at under one lock, so that a search never keeps an append waiting for long.
const MOST_AT_ONCE: usize = 32_768;

/// The most spans that are looked at under one lock, but for those of one trace.
const MOST_SPANS_AT_ONCE: u64 = 65_536;

/// A part of the list of traces that was searched.
#[derive(Default)]
pub(crate) struct Stretch {
    pub(crate) found: Vec<(TracePlace, TraceSummary)>,
    /// Where the search goes on; absent when it is over.
    pub(crate) rest: Option<TracePlace>,
    /// How many spans were looked at.
    pub(crate) scanned: u64,
}

/// The questions that need a look at the trace itself.
struct Filter<'a> {
    query: &'a TraceQuery,
    service: Option<NameId>,
    names: Option<Matches>,
    spans: Option<Sieve<'a>>,
    words: &'a Words,
    moment: Moment,
}

impl Filter<'_> {
    fn admits(&mut self, trace: &Trace) -> bool {
        let duration = || Some(trace.last_moment()?.since(trace.start()?));
        self.service.is_none_or(|service| trace.services.contains_key(&service))
            && self.query.min_duration.is_none_or(|least| duration().is_some_and(|duration| duration >= least))
            && self.query.max_duration.is_none_or(|most| duration().is_some_and(|duration| duration <= most))
            && self.query.status.is_none_or(|status| status == summary::status(trace, self.words, self.moment))
            && self.names.as_ref().is_none_or(|names| is_named(trace, names))
            && self.spans.as_mut().is_none_or(|spans| spans.catches_one_of(trace))
    }

    fn scanned(&self) -> u64 {
        self.spans.as_ref().map_or(0, |spans| spans.scanned)
    }
}

fn is_named(trace: &Trace, names: &Matches) -> bool {
    trace.operations.keys().any(|(_, name)| names.contains(*name))
        || trace.agents().is_some_and(|agents| agents.are_named(names))
}

impl Table {
    /// Finds traces that match, the newest start first, until there are `limit` or it has looked at enough of them.
    pub(crate) fn list(&self, query: &TraceQuery, after: Option<TracePlace>, limit: usize, moment: Moment) -> Stretch {
        let mut stretch = Stretch::default();
        let Some((mut filter, group)) = self.filter(query, moment) else { return stretch };

        // The smallest id is left out of every trace's range of ids, so it stands for "before this start".
        let end = query.end.map(|end| (end, [0; 16]));
        let upper = [after, end].into_iter().flatten().min();
        let Some(places) = self.index.before(upper, query.project.as_deref(), group) else {
            return stretch;
        };
        for (looked_at, place) in places.rev().enumerate() {
            if stretch.found.len() == limit || query.start.is_some_and(|start| place.0 < start) {
                break;
            }
            let Some((id, trace)) = self.placed(place) else { continue };
            if filter.admits(trace) {
                stretch.found.extend(summary::summary(id, trace, &self.words, moment).map(|summary| (place, summary)));
            }
            if looked_at == MOST_AT_ONCE || filter.scanned() >= MOST_SPANS_AT_ONCE {
                stretch.rest = Some(place);
                break;
            }
        }
        stretch.scanned = filter.scanned();
        stretch
    }

    /// Finds those of some traces that match, in the order in which they are given.
    pub(crate) fn pick(&self, query: &TraceQuery, ids: &[TraceId], moment: Moment) -> Stretch {
        let mut stretch = Stretch::default();
        let Some((mut filter, group)) = self.filter(query, moment) else { return stretch };
        for id in ids {
            let Some((trace, listing)) = self.traces.get(id).and_then(|it| Some((it, it.listing(*id)?))) else {
                continue;
            };
            let start = listing.place.0;
            let is_listed = query.project.as_deref().is_none_or(|project| *project == *listing.project)
                && group.is_none_or(|group| listing.group == Some(group))
                && query.start.is_none_or(|first| start >= first)
                && query.end.is_none_or(|end| start < end);
            if is_listed && filter.admits(trace) {
                let summary = summary::summary(*id, trace, &self.words, moment);
                stretch.found.extend(summary.map(|summary| (listing.place, summary)));
            }
        }
        stretch.scanned = filter.scanned();
        stretch
    }

    /// Arranges what has to be looked at trace by trace, and finds the group; `None` when no trace that is there can match.
    fn filter<'a>(&'a self, query: &'a TraceQuery, moment: Moment) -> Option<(Filter<'a>, Option<NameId>)> {
        let service = query.service.as_deref().map(|name| self.words.services.id(name));
        let names = query.name.as_deref().map(|part| self.words.operations.containing(part));
        let group = query.group.as_deref().map(|name| self.words.groups.id(name));
        let spans = query.spans.as_ref().map(|filter| Sieve::new(filter, &self.words));
        if service == Some(None) || matches!(names, Some(None)) || group == Some(None) || matches!(spans, Some(None)) {
            return None;
        }
        let (service, names, spans) = (service.flatten(), names.flatten(), spans.flatten());
        Some((Filter { query, service, names, spans, words: &self.words, moment }, group.flatten()))
    }

    /// Counts spans by project, service and operation, but those of traces that are to be left out.
    pub(crate) fn tally(&self, is_left_out: &dyn Fn(TraceId) -> bool) -> Tallies {
        let mut tallies = Tallies::default();
        for (id, trace) in self.traces.iter().filter(|(id, _)| !is_left_out(**id)) {
            let Some(listing) = trace.listing(*id) else { continue };
            tallies.add_trace(&listing.project, listing.spans, listing.place.0);
            for ((service, name), tally) in &trace.operations {
                let (service, name) = (self.words.services.text(*service), self.words.operations.text(*name));
                let tally = OperationTally { spans: tally.spans, errors: tally.errors };
                tallies.add_operation(&listing.project, &service, &name, tally);
            }
        }
        tallies
    }

    pub(crate) fn summary(&self, id: TraceId, moment: Moment) -> Option<TraceSummary> {
        summary::summary(id, self.traces.get(&id)?, &self.words, moment)
    }

    /// Finds the first `limit` spans of a trace behind a place.
    pub(crate) fn spans(
        &self,
        id: TraceId,
        after: Option<SpanPlace>,
        limit: usize,
        moment: Moment,
    ) -> Vec<(SpanPlace, Found)> {
        let Some(trace) = self.traces.get(&id) else { return Vec::new() };
        let heard = trace.last_heard();
        let found = |(place, record): (SpanPlace, &Arc<SpanRecord>)| (place, found(trace, record, heard, moment));
        trace.behind(after).take(limit).map(found).collect()
    }

    /// Finds the records of one span.
    pub(crate) fn span(&self, id: TraceId, span: SpanId, moment: Moment) -> Vec<Found> {
        let Some(trace) = self.traces.get(&id) else { return Vec::new() };
        let records = trace.places(span).into_iter().filter_map(|place| trace.at(place));
        let heard = trace.last_heard();
        records.map(|record| found(trace, record, heard, moment)).collect()
    }

    pub(crate) fn find_original(&self, id: &str) -> Vec<(TraceId, SpanId)> {
        self.words.originals.find(id).take(MOST_FOUND).collect()
    }

    fn placed(&self, (_, id): TracePlace) -> Option<(TraceId, &Trace)> {
        let id = TraceId::new(id)?;
        Some((id, self.traces.get(&id)?))
    }
}

fn found(trace: &Trace, record: &Arc<SpanRecord>, heard: Timestamp, moment: Moment) -> Found {
    let announced = trace.announced(record.span_id).map(|(announcement, _)| announcement.renewed);
    let state = match (record.end, announced) {
        (Some(_), _) => SpanState::Finished,
        (None, Some(renewed)) => moment.announced(renewed),
        (None, None) => moment.stored(heard),
    };
    Found { record: Arc::clone(record), late: trace.late_events(record.span_id), state, announced }
}
