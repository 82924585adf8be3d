//! The smallest thing that behaves like a store.

mod agents;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use agents::Family;
use trackway_model::{Batch, Repeats, SpanEvent, SpanId, SpanRecord, Text, Timestamp, TraceId, TraceRecord};

use crate::{
    Ack, Announced, Appending, Clock, Counter, Deleted, Error, Frame, Held, Outline, Page, PageRequest, Project,
    RunIds, Search, Service, Span, SpanState, Store, TraceList, TracePage, TraceQuery, TraceStatus, TraceSummary,
    clock::{LOST_AFTER, Moment, is_over},
    cursor::{SpanPlace, page_of, span_cursor, trace_cursor, trace_place, write_span_cursor, write_trace_cursor},
    query::{MOST_FOUND, contains_any_case, title},
    runs::memory::KeptRuns,
};

/// A store in memory, without bounds: plain lists, searched from end to end.
///
/// It is slow and right: what every other store is compared with, and what tests of other crates may use.
pub struct Memory {
    clock: Clock,
    kept: Mutex<Kept>,
    pub(crate) runs: Mutex<KeptRuns>,
}

#[derive(Default)]
struct Kept {
    /// In order of arrival.
    spans: Vec<Arrived>,
    /// In order of arrival.
    events: Vec<SpanEvent>,
    /// The last of each trace, and when it came.
    records: HashMap<TraceId, (Timestamp, Arc<TraceRecord>)>,
    /// When something of a trace last came to be stored.
    news: HashMap<TraceId, Timestamp>,
    arrivals: u64,
    /// Announced spans that were silent already then are known to be lost.
    told: Timestamp,
}

struct Arrived {
    number: u64,
    record: SpanRecord,
    /// When it was last announced; absent for what is stored.
    announced: Option<Timestamp>,
}

impl Memory {
    /// Makes an empty store that reads the time from `clock`.
    pub fn new(clock: Clock) -> Self {
        Self { clock, kept: Mutex::default(), runs: Mutex::default() }
    }

    /// Makes an empty store whose runs have ids.
    pub fn with_run_ids(clock: Clock, ids: RunIds) -> Self {
        Self { runs: Mutex::new(KeptRuns::with_ids(ids)), ..Self::new(clock) }
    }

    pub(crate) fn moment(&self) -> Moment {
        let announced_lost_after = Announced::default().lost_after;
        Moment { now: (self.clock)(), lost_after: LOST_AFTER, announced_lost_after }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn append(&self, frame: Frame, batch: Batch) -> Appending {
        let ack = self.kept().append(frame.arrival, batch);
        Box::pin(std::future::ready(Ok(ack)))
    }

    fn announce(&self, arrival: Timestamp, spans: Vec<SpanRecord>) -> Result<Held, Error> {
        Ok(self.kept().announce(arrival, spans, self.moment()))
    }

    fn tend(&self) -> Result<Held, Error> {
        Ok(self.kept().tend(self.moment()))
    }

    fn projects(&self) -> Result<Vec<Project>, Error> {
        let mut projects = BTreeMap::<Text, Project>::new();
        for trace in self.kept().summaries(self.moment()) {
            let project = projects.entry(trace.project.clone()).or_insert_with(|| Project {
                name: trace.project.clone(),
                trace_count: 0,
                span_count: 0,
                last_start: trace.start,
            });
            project.trace_count += 1;
            project.span_count += trace.span_count;
            project.last_start = project.last_start.max(trace.start);
        }
        Ok(projects.into_values().collect())
    }

    fn services(&self, project: Option<&str>) -> Result<Vec<Service>, Error> {
        let kept = self.kept();
        let mut services = BTreeMap::<Text, (u64, u64, BTreeSet<Text>)>::new();
        for trace in kept.summaries(self.moment()) {
            if project.is_some_and(|name| name != &*trace.project) {
                continue;
            }
            for span in kept.of_trace(trace.trace_id) {
                let (spans, errors, operations) = services.entry(span.record.service().into()).or_default();
                *spans += 1;
                *errors += u64::from(span.record.is_error());
                operations.insert(span.record.name.clone());
            }
        }
        let service = |(name, (span_count, error_count, operations)): (Text, (u64, u64, BTreeSet<Text>))| Service {
            name,
            span_count,
            error_count,
            operations: operations.into_iter().collect(),
        };
        Ok(services.into_iter().map(service).collect())
    }

    fn traces(&self, query: &TraceQuery, page: &PageRequest) -> Result<TraceList, Error> {
        let after = trace_cursor(page)?;
        let kept = self.kept();
        let mut found: Vec<_> = kept
            .summaries(self.moment())
            .into_iter()
            .filter(|trace| kept.matches(trace, query))
            .map(|trace| (trace_place(trace.start, trace.trace_id), trace))
            .filter(|(place, _)| after.is_none_or(|after| *place < after))
            .collect();
        let mut search = Search::default();
        if let Some(filter) = &query.spans {
            found.retain(|(_, trace)| {
                let spans = kept.of_trace(trace.trace_id);
                search.scanned += spans.len() as u64;
                spans.iter().any(|span| filter.matches(&kept.with_events(&span.record)))
            });
        }
        found.sort_by(|(a, _), (b, _)| b.cmp(a));
        let Page { items, next } = page_of(found, page.limit.max(1), write_trace_cursor);
        Ok(TraceList { items, next, search })
    }

    fn trace(&self, id: TraceId, page: &PageRequest) -> Result<Option<TracePage>, Error> {
        let after = span_cursor(page)?;
        let kept = self.kept();
        let Some(summary) = kept.summary(id, self.moment()) else { return Ok(None) };
        let moment = self.moment();
        let spans = kept.of_trace(id).into_iter().map(|span| (span.place(), kept.standing(span, moment)));
        let behind = spans.filter(|(place, _)| after.is_none_or(|after| *place > after)).collect();
        Ok(Some(TracePage { summary, spans: page_of(behind, page.limit.max(1), write_span_cursor) }))
    }

    fn summary(&self, id: TraceId) -> Result<Option<TraceSummary>, Error> {
        Ok(self.kept().summary(id, self.moment()))
    }

    fn span(&self, trace: TraceId, span: SpanId) -> Result<Vec<Span>, Error> {
        let (kept, moment) = (self.kept(), self.moment());
        let records = kept.of_trace(trace).into_iter().filter(|found| found.record.span_id == span);
        Ok(records.map(|found| kept.standing(found, moment)).collect())
    }

    fn find_original(&self, id: &str) -> Result<Vec<(TraceId, SpanId)>, Error> {
        let kept = self.kept();
        let is_named = |span: &&Arrived| span.record.foreign.as_ref().is_some_and(|foreign| *foreign.id == *id);
        let found = kept.spans.iter().filter(is_named).map(|span| (span.record.trace_id, span.record.span_id));
        Ok(BTreeSet::from_iter(found).into_iter().take(MOST_FOUND).collect())
    }

    fn delete_trace(&self, id: TraceId) -> Result<Deleted, Error> {
        Ok(self.kept().delete(id))
    }

    fn delete_project(&self, name: &str) -> Result<Deleted, Error> {
        let mut kept = self.kept();
        let mut all = Deleted::default();
        for trace in kept.summaries(self.moment()) {
            if &*trace.project == name {
                let one = kept.delete(trace.trace_id);
                all.traces += one.traces;
                all.spans += one.spans;
            }
        }
        Ok(all)
    }

    fn counters(&self) -> Vec<Counter> {
        let kept = self.kept();
        let spans = kept.spans.iter().filter(|span| span.announced.is_none()).count() as u64;
        let records = kept.records.len() as u64;
        vec![
            Counter { name: "store.spans", value: spans, unit: "spans", help: "Spans that are stored." },
            Counter {
                name: "store.trace_records",
                value: records,
                unit: "records",
                help: "Traces that their client told of as a whole.",
            },
        ]
    }
}

impl Arrived {
    fn place(&self) -> SpanPlace {
        (self.record.start, self.record.span_id, self.number)
    }

    fn is_of(&self, record: &SpanRecord) -> bool {
        self.record.trace_id == record.trace_id && self.record.span_id == record.span_id
    }

    fn is_stored(&self) -> bool {
        self.announced.is_none()
    }
}

impl Kept {
    fn append(&mut self, arrival: Timestamp, batch: Batch) -> Ack {
        let mut ack = Ack::default();
        for record in batch.traces {
            let id = record.trace_id;
            if self.records.get(&id).is_some_and(|(_, last)| **last == record) {
                ack.duplicates += 1;
                continue;
            }
            if !self.is_listed(id) {
                ack.created.push(id);
            }
            self.records.insert(id, (arrival, Arc::new(record)));
            self.note_news(id, arrival);
            note_change(id, &mut ack);
        }
        for record in batch.spans {
            let id = record.trace_id;
            if self.spans.iter().any(|span| span.is_stored() && span.record == record) {
                ack.duplicates += 1;
                continue;
            }
            if record.end.is_none() && self.spans.iter().any(|span| span.is_of(&record) && span.record.end.is_some()) {
                continue;
            }
            if !self.is_listed(id) {
                ack.created.push(id);
            }
            let is_replaced = |span: &Arrived| record.repeats == Repeats::Replace || span.record.end.is_none();
            let is_latest = record.repeats == Repeats::Replace || record.end.is_some();
            let stays = |span: &Arrived| span.is_stored() && !(is_latest && is_replaced(span));
            self.spans.retain(|span| !span.is_of(&record) || stays(span));
            self.spans.push(Arrived { number: self.arrivals, record, announced: None });
            self.arrivals += 1;
            self.note_news(id, arrival);
            note_change(id, &mut ack);
        }
        for event in batch.events {
            if self.events.contains(&event) {
                ack.duplicates += 1;
                continue;
            }
            let (trace, span) = (event.trace_id, event.span_id);
            self.events.push(event);
            let is_of = |there: &&Arrived| there.record.trace_id == trace && there.record.span_id == span;
            if let Some(there) = self.spans.iter().find(is_of) {
                if there.is_stored() {
                    self.note_news(trace, arrival);
                }
                note_change(trace, &mut ack);
            }
        }
        ack
    }

    fn announce(&mut self, arrival: Timestamp, spans: Vec<SpanRecord>, moment: Moment) -> Held {
        let mut held = Held::default();
        for record in spans.into_iter().filter(|record| record.end.is_none()) {
            let id = record.trace_id;
            if self.spans.iter().any(|span| span.is_of(&record) && span.is_stored()) {
                continue;
            }
            let is_new = !self.is_listed(id);
            let before = self.spans.iter().position(|span| span.is_of(&record)).map(|at| self.spans.remove(at));
            let last = before.as_ref().and_then(|before| before.announced);
            let is_lost = last.is_some_and(|last| moment.announced(last) == SpanState::Lost);
            let is_changed = is_lost || before.as_ref().is_none_or(|before| before.record != record);
            let number = before.filter(|before| before.record.start == record.start).map(|before| before.number);
            let number = number.unwrap_or(self.arrivals);
            self.arrivals += 1;
            let renewed = last.map_or(arrival, |last| last.max(arrival));
            let span = Arrived { number, record, announced: Some(renewed) };
            if is_changed {
                held.spans.push(self.standing(&span, moment));
                held.note_change(id);
            }
            if is_new {
                held.created.push(id);
            }
            self.spans.push(span);
        }
        held
    }

    fn tend(&mut self, moment: Moment) -> Held {
        let mut held = Held::default();
        let mut silent: Vec<_> = self.spans.iter().filter_map(|span| Some((span.announced?, span))).collect();
        silent.retain(|(renewed, _)| moment.announced(*renewed) == SpanState::Lost);
        silent.sort_by_key(|(renewed, span)| (*renewed, span.record.trace_id, span.record.span_id));
        let is_forgotten = |renewed| is_over(Announced::default().forgotten_after, renewed, moment.now);
        for (renewed, span) in silent {
            if is_forgotten(renewed) {
                held.gone.push(self.standing(span, moment));
            } else if renewed >= self.told {
                held.spans.push(self.standing(span, moment));
            } else {
                continue;
            }
            held.note_change(span.record.trace_id);
        }
        let lost_after = moment.announced_lost_after.as_nanos() as u64;
        self.told = self.told.max(Timestamp(moment.now.0.saturating_sub(lost_after)));
        self.spans.retain(|span| span.announced.is_none_or(|renewed| !is_forgotten(renewed)));
        held
    }

    fn note_news(&mut self, id: TraceId, arrival: Timestamp) {
        let news = self.news.entry(id).or_insert(arrival);
        *news = arrival.max(*news);
    }

    /// When something was last heard of a trace.
    fn last_heard(&self, id: TraceId) -> Timestamp {
        let announced = self.of_trace(id).into_iter().filter_map(|span| span.announced).max();
        announced.max(self.news.get(&id).copied()).unwrap_or_default()
    }

    /// The span as it stands.
    fn standing(&self, span: &Arrived, moment: Moment) -> Span {
        let record = self.with_events(&span.record);
        let state = match (record.end, span.announced) {
            (Some(_), _) => SpanState::Finished,
            (None, Some(renewed)) => moment.announced(renewed),
            (None, None) => moment.stored(self.last_heard(record.trace_id)),
        };
        Span { record, state, announced: span.announced }
    }

    fn is_listed(&self, id: TraceId) -> bool {
        self.records.contains_key(&id) || self.spans.iter().any(|span| span.record.trace_id == id)
    }

    /// The trace's spans in their order.
    fn of_trace(&self, id: TraceId) -> Vec<&Arrived> {
        let mut spans: Vec<_> = self.spans.iter().filter(|span| span.record.trace_id == id).collect();
        spans.sort_by_key(|span| span.place());
        spans
    }

    fn with_events(&self, record: &SpanRecord) -> SpanRecord {
        let mut record = record.clone();
        let belongs = |late: &&SpanEvent| late.trace_id == record.trace_id && late.span_id == record.span_id;
        let late: Vec<_> = self.events.iter().filter(belongs).map(|late| late.event.clone()).collect();
        let unseen: Vec<_> = late.into_iter().filter(|event| !record.events.contains(event)).collect();
        if !unseen.is_empty() {
            record.events.extend(unseen);
            record.events.sort_by_key(|event| event.time);
        }
        record
    }

    fn summaries(&self, moment: Moment) -> Vec<TraceSummary> {
        let of_spans = self.spans.iter().map(|span| span.record.trace_id);
        let ids: BTreeSet<_> = of_spans.chain(self.records.keys().copied()).collect();
        ids.into_iter().filter_map(|id| self.summary(id, moment)).collect()
    }

    fn summary(&self, id: TraceId, moment: Moment) -> Option<TraceSummary> {
        let spans: Vec<_> = self.of_trace(id).into_iter().map(|span| &span.record).collect();
        let told = self.records.get(&id);
        let family = Family::of(&spans);
        let first = spans.first().copied();
        let own_root = spans.iter().find(|span| span.parent_id.is_none()).copied();
        let far_root = family.first_top().filter(|top| told.is_some() && self.hangs_below_another_trace(top));
        let root = own_root.or(far_root);
        let shown = root.or(first);
        let start = first.map(|first| first.start).or(told.map(|(arrival, _)| *arrival))?;
        let last = spans.iter().flat_map(|span| [Some(span.start), span.end]).flatten().max().unwrap_or(start);

        let lacks_root = told.is_some() && root.is_none();
        let is_awaited = lacks_root && moment.stored(self.last_heard(id)) == SpanState::Open;
        let is_open = |span: &&Arrived| self.standing(span, moment).state == SpanState::Open;
        let is_running = is_awaited || self.of_trace(id).iter().any(is_open);
        let failure = family.failure();
        let errors = spans.iter().filter(|span| span.is_error()).count();
        let open = spans.iter().filter(|span| span.end.is_none()).count();
        let status = match (open > 0 || lacks_root, &failure) {
            (false, None) => TraceStatus::Ok,
            (false, Some(_)) => TraceStatus::Error,
            _ if is_running => TraceStatus::Running,
            _ => TraceStatus::Lost,
        };
        let mut services = BTreeMap::<Text, u64>::new();
        for span in &spans {
            *services.entry(span.service().into()).or_default() += 1;
        }
        let mut services: Vec<_> = services.into_iter().collect();
        services.sort_by_key(|(_, spans)| std::cmp::Reverse(*spans));

        Some(TraceSummary {
            trace_id: id,
            root_name: match told {
                Some((_, record)) => record.name.clone(),
                None => title(shown?).clone(),
            },
            has_root: root.is_some(),
            service: shown.map(|span| span.service().into()).unwrap_or_default(),
            project: match told {
                Some((_, record)) => record.project.clone(),
                None => own_root.or(first)?.project.clone(),
            },
            start,
            duration: last.since(start),
            status,
            span_count: spans.len() as u64,
            error_count: errors as u64,
            open_count: open as u64,
            services,
            outline: outline(&spans, start),
            about: told.map(|(_, record)| Arc::clone(record)),
            group: told.and_then(|(_, record)| record.group.clone()).or_else(|| conversation(&spans)),
            failure,
            agents: family.totals().map(Arc::new),
        })
    }

    fn hangs_below_another_trace(&self, span: &SpanRecord) -> bool {
        let parent = span.foreign.as_ref().and_then(|foreign| foreign.parent_id.as_ref());
        let is_parent = |other: &SpanRecord| {
            let id = other.foreign.as_ref().map(|foreign| &foreign.id);
            id == parent && other.trace_id != span.trace_id
        };
        parent.is_some() && self.spans.iter().any(|other| is_parent(&other.record))
    }

    fn matches(&self, trace: &TraceSummary, query: &TraceQuery) -> bool {
        let has = |asked: &Option<String>, test: &dyn Fn(&str) -> bool| asked.as_deref().is_none_or(test);
        let spans = self.of_trace(trace.trace_id);
        has(&query.project, &|name| *name == *trace.project)
            && has(&query.service, &|name| spans.iter().any(|span| span.record.service() == name))
            && has(&query.name, &|part| {
                let names = spans.iter().flat_map(|span| [&span.record.name, title(&span.record)]);
                names.chain([&trace.root_name]).any(|name| contains_any_case(name, part))
            })
            && has(&query.group, &|name| trace.group.as_ref().is_some_and(|group| **group == *name))
            && query.status.is_none_or(|status| status == trace.status)
            && query.min_duration.is_none_or(|least| trace.duration >= least)
            && query.max_duration.is_none_or(|most| trace.duration <= most)
            && query.start.is_none_or(|start| trace.start >= start)
            && query.end.is_none_or(|end| trace.start < end)
    }

    fn delete(&mut self, id: TraceId) -> Deleted {
        let before = self.spans.len();
        self.spans.retain(|span| span.record.trace_id != id);
        self.events.retain(|event| event.trace_id != id);
        self.news.remove(&id);
        let was_told = self.records.remove(&id).is_some();
        let spans = (before - self.spans.len()) as u64;
        Deleted { traces: u64::from(was_told || spans > 0), spans }
    }
}

/// The conversation of the first span that names one.
fn conversation(spans: &[&SpanRecord]) -> Option<Text> {
    spans.iter().find_map(|span| span.data.as_ref()?.conversation.clone())
}

fn note_change(id: TraceId, ack: &mut Ack) {
    if !ack.changed.contains(&id) {
        ack.changed.push(id);
    }
}

/// The longest spans, an open one being longer than any that ended; the spans come and go in their order.
fn outline(spans: &[&SpanRecord], start: Timestamp) -> Vec<Outline> {
    let mut ranked: Vec<_> = spans.iter().enumerate().collect();
    let has_failed = |span: &SpanRecord| span.end.is_some() && span.is_error();
    let last_failed = spans.iter().rposition(|span| has_failed(span));
    ranked.sort_by_key(|(number, span)| {
        std::cmp::Reverse((Some(*number) == last_failed, span.end.is_none(), span.duration()))
    });
    ranked.truncate(Outline::MOST);
    ranked.sort_by_key(|(number, _)| *number);
    let bar = |(_, span): (usize, &&SpanRecord)| Outline {
        span_id: span.span_id,
        offset: span.start.since(start),
        duration: span.duration(),
        service: span.service().into(),
        error: span.is_error(),
    };
    ranked.into_iter().map(bar).collect()
}
