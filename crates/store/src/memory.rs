//! The smallest thing that behaves like a store.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use trackway_model::{Batch, SpanEvent, SpanId, SpanRecord, Text, Timestamp, TraceId};

use crate::{
    Ack, Appending, Clock, Counter, Deleted, Error, Frame, Outline, Page, PageRequest, Project, Service, Store,
    TracePage, TraceQuery, TraceStatus, TraceSummary,
    clock::{LOST_AFTER, open_status},
    cursor::{SpanPlace, page_of, span_cursor, trace_cursor, trace_place, write_span_cursor, write_trace_cursor},
    query::contains_any_case,
};

/// A store in memory, without bounds: plain lists, searched from end to end.
///
/// It is slow and right: what every other store is compared with, and what tests of other crates may use.
pub struct Memory {
    clock: Clock,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// In order of arrival.
    spans: Vec<Arrived>,
    /// In order of arrival.
    events: Vec<SpanEvent>,
    /// When a trace was last heard of.
    news: HashMap<TraceId, Timestamp>,
    arrivals: u64,
}

struct Arrived {
    number: u64,
    record: SpanRecord,
}

impl Memory {
    /// Makes an empty store that reads the time from `clock`.
    pub fn new(clock: Clock) -> Self {
        Self { clock, kept: Mutex::default() }
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

    fn projects(&self) -> Result<Vec<Project>, Error> {
        let mut projects = BTreeMap::<Text, Project>::new();
        for trace in self.kept().summaries((self.clock)()) {
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
        for trace in kept.summaries((self.clock)()) {
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

    fn traces(&self, query: &TraceQuery, page: &PageRequest) -> Result<Page<TraceSummary>, Error> {
        let after = trace_cursor(page)?;
        let kept = self.kept();
        let mut found: Vec<_> = kept
            .summaries((self.clock)())
            .into_iter()
            .filter(|trace| kept.matches(trace, query))
            .map(|trace| (trace_place(trace.start, trace.trace_id), trace))
            .filter(|(place, _)| after.is_none_or(|after| *place < after))
            .collect();
        found.sort_by(|(a, _), (b, _)| b.cmp(a));
        Ok(page_of(found, page.limit.max(1), write_trace_cursor))
    }

    fn trace(&self, id: TraceId, page: &PageRequest) -> Result<Option<TracePage>, Error> {
        let after = span_cursor(page)?;
        let kept = self.kept();
        let Some(summary) = kept.summary(id, (self.clock)()) else { return Ok(None) };
        let spans = kept.of_trace(id).into_iter().map(|span| (span.place(), kept.with_events(&span.record)));
        let behind = spans.filter(|(place, _)| after.is_none_or(|after| *place > after)).collect();
        Ok(Some(TracePage { summary, spans: page_of(behind, page.limit.max(1), write_span_cursor) }))
    }

    fn summary(&self, id: TraceId) -> Result<Option<TraceSummary>, Error> {
        Ok(self.kept().summary(id, (self.clock)()))
    }

    fn span(&self, trace: TraceId, span: SpanId) -> Result<Vec<SpanRecord>, Error> {
        let kept = self.kept();
        let records = kept.of_trace(trace).into_iter().filter(|found| found.record.span_id == span);
        Ok(records.map(|found| kept.with_events(&found.record)).collect())
    }

    fn delete_trace(&self, id: TraceId) -> Result<Deleted, Error> {
        Ok(self.kept().delete(id))
    }

    fn delete_project(&self, name: &str) -> Result<Deleted, Error> {
        let mut kept = self.kept();
        let mut all = Deleted::default();
        for trace in kept.summaries((self.clock)()) {
            if &*trace.project == name {
                let one = kept.delete(trace.trace_id);
                all.traces += one.traces;
                all.spans += one.spans;
            }
        }
        Ok(all)
    }

    fn counters(&self) -> Vec<Counter> {
        let spans = self.kept().spans.len() as u64;
        vec![Counter { name: "store.spans", value: spans, unit: "spans", help: "Spans that are stored." }]
    }
}

impl Arrived {
    fn place(&self) -> SpanPlace {
        (self.record.start, self.record.span_id, self.number)
    }
}

impl Kept {
    fn append(&mut self, arrival: Timestamp, batch: Batch) -> Ack {
        let mut ack = Ack::default();
        for record in batch.spans {
            let id = record.trace_id;
            let is_same = |span: &Arrived| span.record.trace_id == id && span.record.span_id == record.span_id;
            if self.spans.iter().any(|span| span.record == record) {
                ack.duplicates += 1;
                continue;
            }
            if record.end.is_none() && self.spans.iter().any(|span| is_same(span) && span.record.end.is_some()) {
                continue;
            }
            if self.of_trace(id).is_empty() {
                ack.created.push(id);
            }
            if record.end.is_some() {
                self.spans.retain(|span| !is_same(span) || span.record.end.is_some());
            }
            self.spans.push(Arrived { number: self.arrivals, record });
            self.arrivals += 1;
            self.note_change(id, arrival, &mut ack);
        }
        for event in batch.events {
            if self.events.contains(&event) {
                ack.duplicates += 1;
                continue;
            }
            let (trace, span) = (event.trace_id, event.span_id);
            self.events.push(event);
            if self.spans.iter().any(|there| there.record.trace_id == trace && there.record.span_id == span) {
                self.note_change(trace, arrival, &mut ack);
            }
        }
        ack
    }

    fn note_change(&mut self, id: TraceId, arrival: Timestamp, ack: &mut Ack) {
        let news = self.news.entry(id).or_insert(arrival);
        *news = arrival.max(*news);
        if !ack.changed.contains(&id) {
            ack.changed.push(id);
        }
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

    fn summaries(&self, now: Timestamp) -> Vec<TraceSummary> {
        let ids: BTreeSet<_> = self.spans.iter().map(|span| span.record.trace_id).collect();
        ids.into_iter().filter_map(|id| self.summary(id, now)).collect()
    }

    fn summary(&self, id: TraceId, now: Timestamp) -> Option<TraceSummary> {
        let spans: Vec<_> = self.of_trace(id).into_iter().map(|span| &span.record).collect();
        let first = spans.first()?;
        let root = spans.iter().find(|span| span.parent_id.is_none());
        let shown = root.unwrap_or(first);
        let last = spans.iter().flat_map(|span| [Some(span.start), span.end]).flatten().max()?;
        let errors = spans.iter().filter(|span| span.is_error()).count();
        let open = spans.iter().filter(|span| span.end.is_none()).count();
        let news = self.news.get(&id).copied().unwrap_or_default();
        let status = match (open, errors) {
            (0, 0) => TraceStatus::Ok,
            (0, _) => TraceStatus::Error,
            _ => open_status(news, now, LOST_AFTER),
        };
        let mut services = BTreeMap::<Text, u64>::new();
        for span in &spans {
            *services.entry(span.service().into()).or_default() += 1;
        }
        let mut services: Vec<_> = services.into_iter().collect();
        services.sort_by_key(|(_, spans)| std::cmp::Reverse(*spans));

        Some(TraceSummary {
            trace_id: id,
            root_name: shown.name.clone(),
            has_root: root.is_some(),
            service: shown.service().into(),
            project: shown.project.clone(),
            start: first.start,
            duration: last.since(first.start),
            status,
            span_count: spans.len() as u64,
            error_count: errors as u64,
            open_count: open as u64,
            services,
            outline: outline(&spans, first.start),
        })
    }

    fn matches(&self, trace: &TraceSummary, query: &TraceQuery) -> bool {
        let has = |asked: &Option<String>, test: &dyn Fn(&str) -> bool| asked.as_deref().is_none_or(test);
        let spans = self.of_trace(trace.trace_id);
        has(&query.project, &|name| *name == *trace.project)
            && has(&query.service, &|name| spans.iter().any(|span| span.record.service() == name))
            && has(&query.name, &|part| spans.iter().any(|span| contains_any_case(&span.record.name, part)))
            && query.status.is_none_or(|status| status == trace.status)
            && query.min_duration.is_none_or(|least| trace.duration >= least)
            && query.start.is_none_or(|start| trace.start >= start)
            && query.end.is_none_or(|end| trace.start < end)
    }

    fn delete(&mut self, id: TraceId) -> Deleted {
        let before = self.spans.len();
        self.spans.retain(|span| span.record.trace_id != id);
        self.events.retain(|event| event.trace_id != id);
        self.news.remove(&id);
        let spans = (before - self.spans.len()) as u64;
        Deleted { traces: u64::from(spans > 0), spans }
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
