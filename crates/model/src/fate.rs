//! What became of the work after something in it failed.

use std::collections::HashMap;

use crate::{DataKind, SpanId, SpanRecord, Timestamp};

/// Returns for each span of a trace, in whatever order they are, whether it failed and the work went on all the same.
///
/// Work goes on when a model call that did not fail starts at the failed span's end or later, in the same run: below the
/// nearest task above the span, or else anywhere in its tree. Where it did not go on in a task, the task counts as
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
        let mut failed = number;
        loop {
            let run = *runs.get(kin.parent(failed)?)?;
            let end = spans.get(failed)?.end?;
            if calls.get(run).copied().flatten().is_some_and(|start| start >= end) {
                return Some(true);
            }
            failed = run;
        }
    };
    let fate = |(number, span): (usize, &&SpanRecord)| span.is_error() && went_on(number).unwrap_or_default();
    spans.iter().enumerate().map(fate).collect()
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
    fn spans_that_are_their_own_ancestors_are_judged_all_the_same() {
        let one = span(1, 2, DataKind::Function, 0, 1, true);
        let two = span(2, 1, DataKind::Response, 2, 3, false);
        let own = span(3, 3, DataKind::Function, 0, 1, true);
        assert_eq!(fates(&[one, two, own]), [false, false, false]);
    }
}
