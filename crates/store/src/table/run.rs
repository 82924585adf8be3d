//! What the agents of a trace did, what they used, and what made them fail: worked out from the spans as a whole.

use std::sync::Arc;

use trackway_model::{DataKind, SpanData, SpanRecord, Text, Timestamp};

use super::forest::Forest;
use crate::{AgentTotals, Failure};

/// What the spans of a trace come to.
pub(super) struct Run {
    /// Absent where no span is known to be of an agent.
    pub(super) totals: Option<Arc<AgentTotals>>,
    /// The deepest span that failed and was not survived, and the last of these to start.
    pub(super) failure: Option<Failure>,
    /// The first span that is a part of no other.
    pub(super) first_top: Option<Arc<SpanRecord>>,
}

impl Run {
    /// Works out what spans come to that are in their order.
    pub(super) fn of(spans: &[&Arc<SpanRecord>]) -> Self {
        let forest = Forest::of(spans);
        let is_of_agents = spans.iter().any(|span| span.data.is_some());
        Self {
            totals: is_of_agents.then(|| Arc::new(totals(spans, &forest))),
            failure: failure(spans, &forest),
            first_top: forest.first_top().and_then(|number| spans.get(number)).map(|span| Arc::clone(span)),
        }
    }
}

fn totals(spans: &[&Arc<SpanRecord>], forest: &Forest) -> AgentTotals {
    let mut totals = AgentTotals::default();
    for data in spans.iter().filter_map(|span| span.data.as_deref()) {
        count(data, &mut totals);
    }
    let told = spans.iter().map(|span| Told { data: span.data.as_deref(), ..Told::default() });
    let mut told: Vec<_> = told.collect();
    forest.upwards(&mut told, |span, parent| {
        let Some(data) = span.data else { return pass_on(span, parent) };
        let says = data.usage.is_some_and(|usage| !usage.is_empty());
        if data.kind.is_model_call() {
            if !span.call_below {
                charge(data, &mut totals);
            }
            span.call_below |= says;
            span.any_below |= says;
        } else if data.kind.is_frame() {
            let is_told = if data.kind == DataKind::Turn { span.call_below } else { span.any_below };
            data.usage.iter().filter(|_| !is_told).for_each(|usage| totals.usage.add(usage));
            span.any_below |= says;
        }
        pass_on(span, parent);
    });
    totals
}

/// A span, and who below it told what was used; once it was looked at, itself among them.
#[derive(Default)]
struct Told<'a> {
    data: Option<&'a SpanData>,
    /// A model call.
    call_below: bool,
    /// Whatever repeats what model calls use, or one of these.
    any_below: bool,
}

fn pass_on(span: &Told<'_>, parent: Option<&mut Told<'_>>) {
    let Some(parent) = parent else { return };
    parent.call_below |= span.call_below;
    parent.any_below |= span.any_below;
}

fn count(data: &SpanData, totals: &mut AgentTotals) {
    totals.model_calls += u64::from(data.kind.is_model_call());
    totals.tool_calls += u64::from(data.kind == DataKind::Function);
    totals.handoffs += u64::from(data.kind == DataKind::Handoff);
    totals.guardrails_triggered += u64::from(data.kind == DataKind::Guardrail && data.triggered == Some(true));
    let of_agent = if data.kind == DataKind::Agent { data.subject.as_ref() } else { None };
    note(of_agent.or(data.agent.as_ref()), &mut totals.agents);
    note(data.model().filter(|_| data.kind.is_model_call()), &mut totals.models);
}

fn note(name: Option<&Text>, names: &mut Vec<Text>) {
    if let Some(name) = name
        && names.len() < AgentTotals::MOST_NAMES
        && !names.contains(name)
    {
        names.push(name.clone());
    }
}

/// Adds what a model call used and cost.
fn charge(data: &SpanData, totals: &mut AgentTotals) {
    let usage = data.usage.filter(|usage| !usage.is_empty());
    if let Some(mut usage) = usage {
        usage.requests.get_or_insert(1);
        totals.usage.add(&usage);
        totals.unpriced_calls += u64::from(data.cost.is_none());
    }
    match (&mut totals.cost, &data.cost) {
        (Some(sum), Some(cost)) => sum.add(cost),
        (None, Some(cost)) => totals.cost = Some(cost.clone()),
        (_, None) => {}
    }
}

fn failure(spans: &[&Arc<SpanRecord>], forest: &Forest) -> Option<Failure> {
    if !spans.iter().any(|span| span.is_error()) {
        return None;
    }
    let mut fates: Vec<_> = spans.iter().map(|span| Fate::new(span)).collect();
    forest.upwards(&mut fates, |span, parent| {
        if let Some(parent) = parent {
            parent.last_call = parent.last_call.max(span.last_call);
        }
    });
    forest.downwards(&mut fates, |span, parent| {
        let Some(parent) = parent else { return };
        span.depth = parent.depth + 1;
        let attempt = parent.below.unwrap_or(Attempt { last_call: parent.last_call, is_survived: parent.is_survived });
        span.is_survived = attempt.is_survived || span.end.is_some_and(|end| attempt.last_call >= Some(end));
        span.below = Some(attempt).filter(|_| !span.is_task);
    });
    let failed = spans.iter().zip(&fates).filter(|(span, fate)| fate.has_failed(span));
    let (span, _) = failed.max_by_key(|(_, fate)| fate.depth)?;
    Some(Failure::of(span))
}

/// What became of a span, and of the attempt that it belongs to.
struct Fate {
    end: Option<Timestamp>,
    is_task: bool,
    /// The last start of a model call that did not fail, of the span and all below it.
    last_call: Option<Timestamp>,
    depth: usize,
    /// Work went on after its end.
    is_survived: bool,
    /// What the spans below belong to; absent where that is the span itself.
    below: Option<Attempt>,
}

/// What a failure can be survived in: the task above it, or else all that hangs together.
#[derive(Clone, Copy)]
struct Attempt {
    last_call: Option<Timestamp>,
    is_survived: bool,
}

impl Fate {
    fn new(span: &SpanRecord) -> Self {
        let kind = span.data.as_ref().map(|data| data.kind);
        let is_call = kind.is_some_and(DataKind::is_model_call) && !span.is_error();
        Self {
            end: span.end,
            is_task: kind == Some(DataKind::Task),
            last_call: is_call.then_some(span.start),
            depth: 0,
            is_survived: false,
            below: None,
        }
    }

    fn has_failed(&self, span: &SpanRecord) -> bool {
        span.is_error() && span.end.is_some() && !self.is_survived
    }
}
