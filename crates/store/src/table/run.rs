//! What the agents of a trace did, what they used, and what made them fail: worked out from the spans as a whole.

use std::sync::Arc;

use trackway_model::{DataKind, SpanData, SpanRecord, Text, survived};

use super::forest::Forest;
use crate::{AgentTotals, Failure};

/// What the spans of a trace come to.
pub(super) struct Run {
    /// Absent where no span is known to be of an agent.
    pub(super) totals: Option<Arc<AgentTotals>>,
    /// The deepest span that ended in an error and was not survived, and the last of these to start.
    pub(super) failure: Option<Failure>,
    /// The first span that is a part of no other.
    pub(super) first_top: Option<Arc<SpanRecord>>,
}

impl Run {
    /// Works out what spans come to that are in their order.
    pub(super) fn of<'a>(spans: impl Iterator<Item = &'a Arc<SpanRecord>>) -> Self {
        let (mut ids, mut known) = (Vec::new(), Vec::new());
        let (mut totals, mut is_of_agents, mut has_failed) = (AgentTotals::default(), false, false);
        // A record is looked at once: in a long trace each look is a wait for the memory.
        for span in spans {
            ids.push((span.span_id, span.parent_id));
            known.push(Known::of(span));
            has_failed |= span.is_error();
            if let Some(data) = &span.data {
                is_of_agents = true;
                count(data, &mut totals);
            }
        }
        let forest = Forest::of(&ids);
        let first_top = forest.first_top().and_then(|number| known.get(number)).map(|top| Arc::clone(top.span));
        forest.upwards(&mut known, |span, parent| add_up(span, parent, &mut totals));
        let failure = if has_failed { failure(&mut known, &forest) } else { None };
        Self { totals: is_of_agents.then(|| Arc::new(totals)), failure, first_top }
    }
}

/// A span, and what is known of it among the others.
struct Known<'a> {
    span: &'a Arc<SpanRecord>,
    data: Option<&'a SpanData>,
    /// A model call at or below the span tells what it used.
    call_tells: bool,
    /// A model call, or what repeats the usage of model calls, does.
    any_tells: bool,
    depth: usize,
}

impl<'a> Known<'a> {
    fn of(span: &'a Arc<SpanRecord>) -> Self {
        Self { span, data: span.data.as_deref(), call_tells: false, any_tells: false, depth: 0 }
    }
}

fn count(data: &SpanData, totals: &mut AgentTotals) {
    totals.model_calls += u64::from(data.kind.is_model_call());
    totals.tool_calls += u64::from(data.kind == DataKind::Function);
    totals.handoffs += u64::from(data.kind == DataKind::Handoff);
    totals.guardrails_triggered += u64::from(data.kind == DataKind::Guardrail && data.triggered == Some(true));
    let subject = if data.kind == DataKind::Agent { data.subject.as_ref() } else { None };
    note(subject.or(data.agent.as_ref()), &mut totals.agents);
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

/// Adds what a span used unless spans below it told that, and passes on to its parent what is known of both.
fn add_up(span: &mut Known<'_>, parent: Option<&mut Known<'_>>, totals: &mut AgentTotals) {
    if let Some(data) = span.data {
        let tells = data.usage.is_some_and(|usage| !usage.is_empty());
        if data.kind.is_model_call() {
            if !span.call_tells {
                charge(span.span, data, totals);
            }
            span.call_tells |= tells;
            span.any_tells |= tells;
        } else if data.kind.is_frame() {
            let is_told = if data.kind == DataKind::Turn { span.call_tells } else { span.any_tells };
            data.usage.iter().filter(|_| !is_told).for_each(|usage| totals.usage.add(usage));
            span.any_tells |= tells;
        }
    }
    if let Some(parent) = parent {
        parent.call_tells |= span.call_tells;
        parent.any_tells |= span.any_tells;
    }
}

/// Adds what a model call used and cost.
fn charge(span: &SpanRecord, data: &SpanData, totals: &mut AgentTotals) {
    let usage = data.usage.filter(|usage| !usage.is_empty());
    if let Some(mut usage) = usage {
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

fn failure(known: &mut [Known<'_>], forest: &Forest) -> Option<Failure> {
    let survived = survived(&known.iter().map(|it| &**it.span).collect::<Vec<_>>());
    forest.downwards(known, |span, parent| span.depth = parent.map_or(0, |parent| parent.depth + 1));
    let failed =
        known.iter().zip(survived).filter(|(it, survived)| !survived && it.span.end.is_some() && it.span.is_error());
    failed.max_by_key(|(it, _)| it.depth).map(|(it, _)| Failure::of(it.span))
}
