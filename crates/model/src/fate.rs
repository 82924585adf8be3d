//! What became of the work after something in it failed.

use std::collections::HashMap;

use crate::{DataKind, SpanId, SpanRecord, Timestamp};

/// Returns for each span of a trace, in whatever order they are, whether it failed and the work went on all the same.
///
/// Work goes on when a model call that did not fail starts after the failed span has ended, in the same run: below the
/// nearest task at or above the span, or else anywhere in its tree. Where it did not go on in a task, the task counts as
/// failed, and what is around it may have gone on. In a trace without agents and model calls nobody can tell, and no
/// failure is survived.
///
/// ```
/// use trackway_model::survived;
/// assert!(survived(&[]).is_empty());
/// ```
pub fn survived(spans: &[&SpanRecord]) -> Vec<bool> {
    let kin = Kin::of(spans);
    let runs = runs(spans, &kin);
    let calls = latest_calls(spans, &kin);
    let went_on = |number: usize| {
        let mut end = spans.get(number)?.end?;
        let mut run = *runs.get(number)?;
        loop {
            if calls.get(run).copied().flatten().is_some_and(|start| start >= end) {
                return Some(true);
            }
            let around = kin.parent(run)?;
            end = spans.get(run)?.end?;
            run = *runs.get(around)?;
        }
    };
    let fate = |(number, span): (usize, &&SpanRecord)| span.is_error() && went_on(number).unwrap_or_default();
    spans.iter().enumerate().map(fate).collect()
}

/// Who is below whom: no span is its own ancestor.
struct Kin {
    parents: Vec<Option<usize>>,
    /// Every span once, parents before their children.
    order: Vec<usize>,
}

impl Kin {
    fn of(spans: &[&SpanRecord]) -> Self {
        let mut by_id: HashMap<SpanId, usize> = HashMap::with_capacity(spans.len());
        for (number, span) in spans.iter().enumerate() {
            by_id.entry(span.span_id).or_insert(number);
        }
        let (mut roots, mut children) = (Vec::new(), HashMap::<usize, Vec<usize>>::new());
        for (number, span) in spans.iter().enumerate() {
            match span.parent_id.and_then(|id| by_id.get(&id)) {
                Some(parent) => children.entry(*parent).or_default().push(number),
                None => roots.push(number),
            }
        }
        let mut kin = Self { parents: vec![None; spans.len()], order: Vec::with_capacity(spans.len()) };
        let mut seen = vec![false; spans.len()];
        for beginning in roots.into_iter().chain(0..spans.len()) {
            let mut ahead = vec![(beginning, None)];
            while let Some((number, parent)) = ahead.pop() {
                let Some(seen) = seen.get_mut(number).filter(|seen| !**seen) else { continue };
                *seen = true;
                kin.order.push(number);
                kin.parents.get_mut(number).into_iter().for_each(|slot| *slot = parent);
                let below = children.get(&number).into_iter().flatten();
                ahead.extend(below.map(|child| (*child, Some(number))));
            }
        }
        kin
    }

    fn parent(&self, number: usize) -> Option<usize> {
        self.parents.get(number).copied().flatten()
    }
}

/// Finds the run that each span belongs to: the nearest task at or above it, or else the root.
fn runs(spans: &[&SpanRecord], kin: &Kin) -> Vec<usize> {
    let mut runs: Vec<usize> = (0..spans.len()).collect();
    for number in &kin.order {
        let kind = spans.get(*number).and_then(|span| span.data.as_ref()).map(|data| data.kind);
        let above = kin.parent(*number).filter(|_| kind != Some(DataKind::Task));
        let run = above.and_then(|above| runs.get(above).copied());
        if let (Some(slot), Some(run)) = (runs.get_mut(*number), run) {
            *slot = run;
        }
    }
    runs
}

/// Finds the latest start of a model call that did not fail at or below each span.
fn latest_calls(spans: &[&SpanRecord], kin: &Kin) -> Vec<Option<Timestamp>> {
    let own = |span: &&SpanRecord| {
        let is_call = span.data.as_ref().is_some_and(|data| data.kind.is_model_call());
        (is_call && !span.is_error()).then_some(span.start)
    };
    let mut latest: Vec<Option<Timestamp>> = spans.iter().map(own).collect();
    for number in kin.order.iter().rev() {
        let below = latest.get(*number).copied().flatten();
        if let Some(above) = kin.parent(*number).and_then(|parent| latest.get_mut(parent)) {
            *above = (*above).max(below);
        }
    }
    latest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, SpanData, Status, StatusCode, TraceId};

    /// A span of a trace in few words: id, parent, kind, start, end, failed.
    fn span(id: u8, parent: u8, kind: DataKind, start: u64, end: u64, failed: bool) -> SpanRecord {
        SpanRecord {
            trace_id: TraceId::new([1; 16]).unwrap(),
            span_id: SpanId::new([id; 8]).unwrap(),
            parent_id: SpanId::new([parent; 8]),
            flags: 0,
            trace_state: "".into(),
            name: "".into(),
            kind: Default::default(),
            start: Timestamp(start),
            end: Some(Timestamp(end)),
            attributes: Default::default(),
            events: Vec::new(),
            links: Vec::new(),
            status: Status { code: if failed { StatusCode::Error } else { StatusCode::Unset }, message: "".into() },
            dropped: Default::default(),
            scope: Default::default(),
            resource: Default::default(),
            project: "".into(),
            data: Some(Box::new(SpanData::new(kind, Dialect::OpenAiAgents))),
            foreign: None,
            repeats: Default::default(),
        }
    }

    fn fates(spans: &[SpanRecord]) -> Vec<bool> {
        survived(&spans.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_failed_tool_is_survived_by_the_next_model_call() {
        let tool = span(3, 1, DataKind::Function, 2, 3, true);
        let run = span(1, 0, DataKind::Task, 0, 9, false);
        let first = span(2, 1, DataKind::Response, 1, 2, false);
        assert_eq!(fates(&[run.clone(), first.clone(), tool.clone()]), [false, false, false]);
        let next = span(4, 1, DataKind::Response, 3, 5, false);
        assert_eq!(fates(&[next, tool, first, run]), [false, true, false, false]);
    }

    #[test]
    fn a_failed_call_after_the_failure_is_no_going_on() {
        let run = span(1, 0, DataKind::Task, 0, 9, false);
        let tool = span(2, 1, DataKind::Function, 2, 3, true);
        let next = span(3, 1, DataKind::Response, 4, 5, true);
        assert_eq!(fates(&[run, tool, next]), [false, false, false]);
    }

    #[test]
    fn what_ends_a_task_may_be_survived_around_it() {
        let outer = span(1, 0, DataKind::Task, 0, 9, false);
        let tool = span(2, 1, DataKind::Function, 1, 5, true);
        let inner = span(3, 2, DataKind::Task, 1, 4, false);
        let call = span(4, 3, DataKind::Response, 2, 3, true);
        assert_eq!(fates(&[outer.clone(), tool.clone(), inner.clone(), call.clone()]), [false; 4]);
        let beside = span(5, 1, DataKind::Response, 3, 9, false);
        let unaware = fates(&[outer.clone(), tool.clone(), inner.clone(), call.clone(), beside]);
        assert_eq!(unaware, [false; 5], "what ran beside the failed task does not go on from it");
        let next = span(5, 1, DataKind::Response, 6, 9, false);
        assert_eq!(fates(&[outer, tool, inner, call, next]), [false, true, false, true, false]);
    }

    #[test]
    fn spans_that_are_their_own_ancestors_are_judged_all_the_same() {
        let one = span(1, 2, DataKind::Function, 0, 1, true);
        let two = span(2, 1, DataKind::Response, 2, 3, false);
        let own = span(3, 3, DataKind::Function, 0, 1, true);
        assert_eq!(fates(&[one, two, own]), [true, false, false]);
    }
}
