//! What the agents of a trace did, looked up span by span: slow, and as the words say it.

use std::ptr;

use trackway_model::{DataKind, SpanData, SpanRecord};

use crate::{AgentTotals, Failure};

/// Spans in their order, each with those that it is a part of, the nearest first.
pub(super) struct Family<'a>(Vec<(&'a SpanRecord, Vec<&'a SpanRecord>)>);

impl<'a> Family<'a> {
    pub(super) fn of(spans: &[&'a SpanRecord]) -> Self {
        let above = |span: &&'a SpanRecord| {
            let mut above = Vec::new();
            let mut next = parent(spans, span);
            while let Some(span) = next {
                above.push(span);
                next = parent(spans, span);
            }
            (*span, above)
        };
        Self(spans.iter().map(above).collect())
    }

    /// The first span that is a part of no other.
    pub(super) fn first_top(&self) -> Option<&'a SpanRecord> {
        self.0.iter().find(|(_, above)| above.is_empty()).map(|(span, _)| *span)
    }

    /// What the spans come to; `None` when none is known to be of an agent.
    pub(super) fn totals(&self) -> Option<AgentTotals> {
        let with_data: Vec<_> = self.0.iter().filter_map(|(span, _)| Some((*span, span.data.as_deref()?))).collect();
        if with_data.is_empty() {
            return None;
        }
        let number = |is_one: &dyn Fn(&SpanData) -> bool| with_data.iter().filter(|(_, data)| is_one(data)).count();
        let mut totals = AgentTotals {
            model_calls: number(&|data| data.kind.is_model_call()) as u64,
            tool_calls: number(&|data| data.kind == DataKind::Function) as u64,
            handoffs: number(&|data| data.kind == DataKind::Handoff) as u64,
            guardrails_triggered: number(&|data| data.kind == DataKind::Guardrail && data.triggered == Some(true))
                as u64,
            ..AgentTotals::default()
        };
        for (span, data) in with_data {
            let subject = data.subject.as_ref().filter(|_| data.kind == DataKind::Agent);
            totals.agents.extend(subject.or(data.agent.as_ref()).cloned());
            let is_call = data.kind.is_model_call();
            totals.models.extend(data.model().filter(|_| is_call).cloned());
            if self.is_told_below(span, data.kind) {
                continue;
            }
            let mut usage = data.usage.filter(|usage| !usage.is_empty() && (is_call || data.kind.is_frame()));
            if is_call {
                usage.iter_mut().for_each(|usage| usage.requests = usage.requests.or(Some(1)));
                let may_be_free = usage.is_none() && (span.end.is_none() || span.is_error());
                totals.unpriced_calls += u64::from(data.cost.is_none() && !may_be_free);
                totals.cost = match (totals.cost.take(), data.cost.clone()) {
                    (Some(mut sum), Some(cost)) => {
                        sum.add(&cost);
                        Some(sum)
                    }
                    (sum, cost) => sum.or(cost),
                };
            }
            usage.iter().for_each(|usage| totals.usage.add(usage));
        }
        for names in [&mut totals.agents, &mut totals.models] {
            let mut first = Vec::new();
            names.retain(|name| {
                !first.contains(name) && first.len() < AgentTotals::MOST_NAMES && {
                    first.push(name.clone());
                    true
                }
            });
        }
        Some(totals)
    }

    /// Returns true when what the span says that it used is told by spans below it.
    fn is_told_below(&self, span: &SpanRecord, kind: DataKind) -> bool {
        let counts_calls_only = kind.is_model_call() || kind == DataKind::Turn;
        self.below(span).filter_map(|below| below.data.as_deref()).any(|below| {
            let tells = below.usage.is_some_and(|usage| !usage.is_empty());
            tells && (below.kind.is_model_call() || !counts_calls_only && below.kind.is_frame())
        })
    }

    /// What made the trace fail.
    pub(super) fn failure(&self) -> Option<Failure> {
        let mut failed = self.0.iter().filter(|(span, _)| span.end.is_some() && span.is_error());
        let is_working = |data: &SpanData| data.kind.is_model_call() || data.kind == DataKind::Agent;
        if !self.0.iter().any(|(span, _)| span.data.as_deref().is_some_and(is_working)) {
            return failed.next_back().map(|(span, _)| Failure::of(span));
        }
        let fatal = failed.filter(|(span, _)| !self.is_survived(span));
        fatal.max_by_key(|(_, above)| above.len()).map(|(span, _)| Failure::of(span))
    }

    fn is_survived(&self, failed: &'a SpanRecord) -> bool {
        let mut failed = failed;
        while let Some(attempt) = self.attempt(failed) {
            let is_after = |span: &SpanRecord| failed.end.is_some_and(|end| span.start >= end);
            let goes_on = |span: &SpanRecord| {
                let is_call = span.data.as_ref().is_some_and(|data| data.kind.is_model_call());
                let branch = self.branch(span, failed);
                is_call && !span.is_error() && is_after(span) && branch.is_some_and(is_after)
            };
            if self.below(attempt).any(goes_on) {
                return true;
            }
            failed = attempt;
        }
        false
    }

    /// The outermost of a span and what it is a part of that another is no part of; `None` for what is in the other.
    fn branch<'b>(&'b self, span: &'b SpanRecord, other: &SpanRecord) -> Option<&'b SpanRecord> {
        let above = |span: &SpanRecord| self.0.iter().find(|(it, _)| ptr::eq(*it, span)).map(|(_, above)| &above[..]);
        let around = above(other)?;
        let way = [span].into_iter().chain(above(span)?.iter().copied());
        let branch = way.take_while(|span| !around.iter().any(|it| ptr::eq(*it, *span))).last();
        branch.filter(|branch| !ptr::eq(*branch, other))
    }

    /// What a failure can be survived in: the nearest task that the span is a part of, or else all that hangs together.
    fn attempt(&self, span: &SpanRecord) -> Option<&'a SpanRecord> {
        let (_, above) = self.0.iter().find(|(other, _)| ptr::eq(*other, span))?;
        let is_task = |span: &&&SpanRecord| span.data.as_ref().is_some_and(|data| data.kind == DataKind::Task);
        above.iter().find(is_task).or(above.last()).copied()
    }

    fn below(&self, span: &SpanRecord) -> impl Iterator<Item = &'a SpanRecord> {
        let is_below = move |above: &[&SpanRecord]| above.iter().any(|above| ptr::eq(*above, span));
        self.0.iter().filter(move |(_, above)| is_below(above)).map(|(below, _)| *below)
    }
}

/// The span that a span is a part of; none for one that would be its own ancestor.
fn parent<'a>(spans: &[&'a SpanRecord], span: &SpanRecord) -> Option<&'a SpanRecord> {
    let named_by = |span: &SpanRecord| spans.iter().find(|other| Some(other.span_id) == span.parent_id).copied();
    let mut above = named_by(span);
    for _ in spans {
        above = match above {
            Some(above) if ptr::eq(above, span) => return None,
            Some(above) => named_by(above),
            None => break,
        };
    }
    named_by(span)
}
