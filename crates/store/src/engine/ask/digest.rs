//! What a list shows of a trace that is too large for a table, counted row by row.
//!
//! Some things are simpler than for other traces, which are looked at as a tree: of what agents used, model calls count
//! alone; the failure is the last span that failed; and a record in memory is counted also when a segment has a copy of it,
//! until both are in segments.

use std::collections::BTreeMap;

use trackway_model::{DataKind, SpanId, SpanRecord, Text, Timestamp};

use crate::{
    AgentTotals, Failure, Outline, SpanState, TraceStatus, TraceSummary, clock::Moment, cursor::SpanPlace,
    engine::Gathered, query::title,
};

/// The most open spans that are told apart: one of them may be met again with its end.
const MOST_OPEN: usize = 4_096;

/// What is shown of one span, kept by its place.
#[derive(Debug, Clone)]
struct Shown {
    title: Text,
    service: Text,
    project: Text,
}

#[derive(Debug, Clone)]
struct Bar {
    span_id: SpanId,
    start: Timestamp,
    end: Option<Timestamp>,
    service: Text,
    error: bool,
}

/// What rows come to, in whatever order they are noted.
#[derive(Debug, Clone, Default)]
pub(super) struct Digest {
    spans: u64,
    errors: u64,
    last: Timestamp,
    first: Option<(SpanPlace, Shown)>,
    root: Option<(SpanPlace, Shown)>,
    services: BTreeMap<Text, u64>,
    /// The longest of those that ended, by duration and place.
    longest: BTreeMap<(i64, SpanPlace), Bar>,
    last_failed: Option<(SpanPlace, Bar, Failure)>,
    conversation: Option<(SpanPlace, Text)>,
    open: BTreeMap<SpanId, (SpanPlace, SpanRecord)>,
    agents: Option<AgentTotals>,
}

impl Digest {
    /// Notes a row that was not noted before; an open one gives way to the finished one of the same span.
    pub(super) fn note(&mut self, place: SpanPlace, span: &SpanRecord) {
        if span.end.is_some() {
            self.open.remove(&span.span_id);
        } else if self.open.len() < MOST_OPEN {
            let light =
                SpanRecord { attributes: Default::default(), events: Vec::new(), links: Vec::new(), ..span.clone() };
            self.open.insert(span.span_id, (place, light));
            return;
        }
        self.count(place, span);
    }

    fn count(&mut self, place: SpanPlace, span: &SpanRecord) {
        self.spans += 1;
        self.errors += u64::from(span.is_error());
        self.last = self.last.max(span.start).max(span.end.unwrap_or_default());
        *self.services.entry(span.service().into()).or_default() += 1;
        let is_first = |known: &Option<(SpanPlace, Shown)>| known.as_ref().is_none_or(|(first, _)| place < *first);
        let shown =
            || Shown { title: title(span).clone(), service: span.service().into(), project: span.project.clone() };
        if is_first(&self.first) {
            self.first = Some((place, shown()));
        }
        if span.parent_id.is_none() && is_first(&self.root) {
            self.root = Some((place, shown()));
        }
        self.note_bar(place, span);
        let Some(data) = span.data.as_deref() else { return };
        if let Some(conversation) = &data.conversation
            && self.conversation.as_ref().is_none_or(|(first, _)| place < *first)
        {
            self.conversation = Some((place, conversation.clone()));
        }
        self.note_agent(span);
    }

    fn note_bar(&mut self, place: SpanPlace, span: &SpanRecord) {
        let Some(duration) = span.duration() else { return };
        let bar = || Bar {
            span_id: span.span_id,
            start: span.start,
            end: span.end,
            service: span.service().into(),
            error: span.is_error(),
        };
        if span.is_error() && self.last_failed.as_ref().is_none_or(|(last, ..)| place > *last) {
            self.last_failed = Some((place, bar(), Failure::of(span)));
        }
        // Of equally long ones the first stays.
        let rank = (duration.0, (Timestamp(!place.0.0), place.1, !place.2));
        if self.longest.len() == Outline::MOST && self.longest.first_key_value().is_some_and(|(least, _)| rank < *least)
        {
            return;
        }
        self.longest.insert(rank, bar());
        if self.longest.len() > Outline::MOST {
            self.longest.pop_first();
        }
    }

    fn note_agent(&mut self, span: &SpanRecord) {
        let Some(data) = span.data.as_deref() else { return };
        let totals = self.agents.get_or_insert_default();
        totals.model_calls += u64::from(data.kind.is_model_call());
        totals.tool_calls += u64::from(data.kind == DataKind::Function);
        totals.handoffs += u64::from(data.kind == DataKind::Handoff);
        totals.guardrails_triggered += u64::from(data.kind == DataKind::Guardrail && data.triggered == Some(true));
        let subject = if data.kind == DataKind::Agent { data.subject.as_ref() } else { None };
        note_name(subject.or(data.agent.as_ref()), &mut totals.agents);
        if !data.kind.is_model_call() {
            return;
        }
        note_name(data.model(), &mut totals.models);
        if let Some(mut usage) = data.usage.filter(|usage| !usage.is_empty()) {
            usage.requests.get_or_insert(1);
            totals.usage.add(&usage);
        }
        totals.unpriced_calls += u64::from(span.lacks_price());
        match (&mut totals.cost, &data.cost) {
            (Some(sum), Some(cost)) => sum.add(cost),
            (None, Some(cost)) => totals.cost = Some(cost.clone()),
            (_, None) => {}
        }
    }

    /// Returns what a list shows; `beside` is what is known of the trace beside its spans.
    pub(super) fn into_summary(
        mut self,
        id: trackway_model::TraceId,
        beside: &Gathered,
        moment: Moment,
    ) -> Option<TraceSummary> {
        let open: Vec<_> = std::mem::take(&mut self.open).into_values().collect();
        open.iter().for_each(|(place, span)| self.count(*place, span));
        let ((start, ..), first) = self.first.as_ref()?;
        let (start, about) = (*start, beside.told.as_ref().map(|(_, about)| about));
        let root = self.root.as_ref().map(|(_, root)| root);
        let shown = root.unwrap_or(first);
        let waits = !open.is_empty() || about.is_some() && root.is_none();
        let status = match (waits, self.errors > 0) {
            (true, _) if moment.stored(beside.news) == SpanState::Open => TraceStatus::Running,
            (true, _) => TraceStatus::Lost,
            (false, true) => TraceStatus::Error,
            (false, false) => TraceStatus::Ok,
        };
        let mut services: Vec<_> = self.services.iter().map(|(name, spans)| (name.clone(), *spans)).collect();
        services.sort_by_key(|(_, spans)| std::cmp::Reverse(*spans));
        Some(TraceSummary {
            trace_id: id,
            root_name: about.map_or_else(|| shown.title.clone(), |about| about.name.clone()),
            has_root: root.is_some(),
            service: shown.service.clone(),
            project: about.map_or_else(|| shown.project.clone(), |about| about.project.clone()),
            start,
            duration: self.last.since(start),
            status,
            span_count: self.spans,
            error_count: self.errors,
            open_count: open.len() as u64,
            services,
            outline: self.outline(&open, start),
            about: about.cloned(),
            group: about.and_then(|about| about.group.clone()).or(self.conversation.map(|(_, name)| name)),
            failure: self.last_failed.map(|(.., failure)| failure),
            agents: self.agents.map(std::sync::Arc::new),
        })
    }

    fn outline(&self, open: &[(SpanPlace, SpanRecord)], start: Timestamp) -> Vec<Outline> {
        let failed = self.last_failed.iter().map(|(_, bar, _)| bar.clone());
        let mut bars: Vec<_> = failed.collect();
        bars.extend(open.iter().take(Outline::MOST - bars.len()).map(|(_, span)| Bar {
            span_id: span.span_id,
            start: span.start,
            end: None,
            service: span.service().into(),
            error: span.is_error(),
        }));
        for bar in self.longest.values().rev() {
            let is_there = bars.iter().any(|other| (other.span_id, other.start) == (bar.span_id, bar.start));
            if bars.len() < Outline::MOST && !is_there {
                bars.push(bar.clone());
            }
        }
        bars.sort_by_key(|bar| (bar.start, bar.span_id));
        let outline = |bar: Bar| Outline {
            span_id: bar.span_id,
            offset: bar.start.since(start),
            duration: bar.end.map(|end| end.since(bar.start)),
            service: bar.service,
            error: bar.error,
        };
        bars.into_iter().map(outline).collect()
    }
}

fn note_name(name: Option<&Text>, names: &mut Vec<Text>) {
    if let Some(name) = name
        && names.len() < AgentTotals::MOST_NAMES
        && !names.contains(name)
    {
        names.push(name.clone());
    }
}
