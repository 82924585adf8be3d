//! What became of the work after something in it failed.

use std::collections::HashMap;

use crate::{DataKind, SpanId, SpanRecord, Timestamp};

/// Returns for each span of a trace, in whatever order they are, whether it failed and the work went on all the same.
///
/// Work goes on when a model call that did not fail starts at the failed span's end or later, in the same run: below the
/// nearest task above the span, or else anywhere in its tree. A call within something that ran beside the failed span is
/// no sign of that. Where work did not go on in a task, the task counts as failed, and what is around it may have gone
/// on. In a trace without agents and model calls nobody can tell, and no failure is survived.
///
/// ```
/// use trackway_model::survived;
/// assert!(survived(&[]).is_empty());
/// ```
pub fn survived(spans: &[&SpanRecord]) -> Vec<bool> {
    let kin = Kin::of(spans);
    let runs = runs(spans, &kin);
    let nexts = nexts(spans, &kin, &runs);
    let mut went_on = vec![false; spans.len()];
    for number in kin.leaves_first.iter().rev() {
        let end = spans.get(*number).and_then(|span| span.end);
        let run = kin.parent(*number).and_then(|parent| runs.get(parent));
        let (Some(end), Some(run)) = (end, run) else { continue };
        let here = nexts.get(*number).copied().flatten().is_some_and(|next| next >= end);
        let around = went_on.get(*run).copied().unwrap_or_default();
        went_on.get_mut(*number).into_iter().for_each(|it| *it = here || around);
    }
    spans.iter().zip(went_on).map(|(span, went_on)| span.is_error() && went_on).collect()
}

/// Who is below whom: spans that are their own ancestors are below none.
struct Kin {
    parents: Vec<Option<usize>>,
    /// Every span once, behind all that are below it.
    leaves_first: Vec<usize>,
}

impl Kin {
    fn of(spans: &[&SpanRecord]) -> Self {
        let mut by_id: HashMap<SpanId, usize> = HashMap::with_capacity(spans.len());
        for (number, span) in spans.iter().enumerate() {
            by_id.entry(span.span_id).or_insert(number);
        }
        let parents: Vec<Option<usize>> = spans.iter().map(|span| by_id.get(&span.parent_id?).copied()).collect();
        let mut below = vec![0_usize; spans.len()];
        for parent in parents.iter().flatten() {
            below.get_mut(*parent).into_iter().for_each(|below| *below += 1);
        }
        let mut kin = Self { parents, leaves_first: Vec::with_capacity(spans.len()) };
        kin.leaves_first.extend((0..spans.len()).filter(|number| below.get(*number) == Some(&0)));
        let mut taken = 0;
        while let Some(leaf) = kin.leaves_first.get(taken) {
            taken += 1;
            let Some(parent) = kin.parent(*leaf) else { continue };
            let Some(left) = below.get_mut(parent) else { continue };
            *left -= 1;
            if *left == 0 {
                kin.leaves_first.push(parent);
            }
        }
        // What has never become a leaf is in a circle.
        for number in (0..spans.len()).filter(|number| below.get(*number) != Some(&0)) {
            kin.parents.get_mut(number).into_iter().for_each(|parent| *parent = None);
            kin.leaves_first.push(number);
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
    for number in kin.leaves_first.iter().rev() {
        let kind = spans.get(*number).and_then(|span| span.data.as_ref()).map(|data| data.kind);
        let above = kin.parent(*number).filter(|_| kind != Some(DataKind::Task));
        let run = above.and_then(|above| runs.get(above).copied());
        if let (Some(slot), Some(run)) = (runs.get_mut(*number), run) {
            *slot = run;
        }
    }
    runs
}

/// Finds for each span the latest start of what is not above it, is in the same run, and came to a model call that did not
/// fail.
fn nexts(spans: &[&SpanRecord], kin: &Kin, runs: &[usize]) -> Vec<Option<Timestamp>> {
    let calls = latest_calls(spans, kin);
    // The call is at the span's start or later, unless clocks differ.
    let came_to = |number: usize| Some(spans.get(number)?.start.min(calls.get(number).copied().flatten()?));
    // The latest two below each span, since one of them may be the way to the failed one.
    let mut below: Vec<[Option<(Timestamp, usize)>; 2]> = vec![[None; 2]; spans.len()];
    for number in 0..spans.len() {
        let best = kin.parent(number).and_then(|parent| below.get_mut(parent));
        if let (Some([first, second]), Some(start)) = (best, came_to(number)) {
            let this = Some((start, number));
            if this > *first {
                (*first, *second) = (this, *first);
            } else if this > *second {
                *second = this;
            }
        }
    }
    let mut nexts: Vec<Option<Timestamp>> = vec![None; spans.len()];
    for number in kin.leaves_first.iter().rev() {
        let Some(parent) = kin.parent(*number) else { continue };
        let beside = below.get(parent).into_iter().flatten().flatten().find(|(_, other)| other != number);
        let is_run = runs.get(parent) == Some(&parent);
        let around = nexts.get(parent).copied().flatten().filter(|_| !is_run);
        let next = beside.map(|(start, _)| *start).max(around);
        nexts.get_mut(*number).into_iter().for_each(|slot| *slot = next);
    }
    nexts
}

/// Finds the latest start of a model call that did not fail at or below each span.
fn latest_calls(spans: &[&SpanRecord], kin: &Kin) -> Vec<Option<Timestamp>> {
    let own = |span: &&SpanRecord| {
        let is_call = span.data.as_ref().is_some_and(|data| data.kind.is_model_call());
        (is_call && !span.is_error()).then_some(span.start)
    };
    let mut latest: Vec<Option<Timestamp>> = spans.iter().map(own).collect();
    for number in &kin.leaves_first {
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
    fn what_runs_beside_the_failed_one_saves_nothing() {
        let both = span(1, 0, DataKind::Custom, 0, 9, false);
        let fails = span(2, 1, DataKind::Task, 0, 3, false);
        let agent = span(3, 2, DataKind::Agent, 0, 3, true);
        let beside = span(4, 1, DataKind::Task, 0, 9, false);
        let later = span(5, 4, DataKind::Response, 5, 9, false);
        let all = [both, fails, agent, beside, later];
        assert_eq!(fates(&all), [false; 5]);
        let after = span(6, 1, DataKind::Task, 4, 9, false);
        let call = span(7, 6, DataKind::Response, 5, 9, false);
        assert_eq!(fates(&[&all[..], &[after, call]].concat()), [false, false, true, false, false, false, false]);
    }

    #[test]
    fn spans_that_are_their_own_ancestors_are_judged_all_the_same() {
        let one = span(1, 2, DataKind::Function, 0, 1, true);
        let two = span(2, 1, DataKind::Response, 2, 3, false);
        let own = span(3, 3, DataKind::Function, 0, 1, true);
        assert_eq!(fates(&[one, two, own]), [false, false, false]);
    }
}
