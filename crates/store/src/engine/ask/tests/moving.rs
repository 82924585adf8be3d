use std::{collections::HashSet, sync::atomic::AtomicBool, thread};

use super::*;

/// Traces are asked for while they move from the active head into segments.
#[test]
fn what_was_acknowledged_is_listed_once_wherever_it_moves() {
    let bench = Bench::new();
    let (acknowledged, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..=400u64 {
                // Each trace gets its second span one step later, mostly in another part.
                let mut spans = vec![span(u128::from(number), 1, number)];
                spans.extend((number > 1).then(|| span(u128::from(number) - 1, 2, number)));
                bench.apply(Batch { spans, ..Batch::default() });
                acknowledged.store(number, SeqCst);
                if number % 5 == 0 {
                    bench.flush();
                }
            }
            is_over.store(true, SeqCst);
        });
        let asking = || {
            while !is_over.load(SeqCst) {
                let before = acknowledged.load(SeqCst);
                let found =
                    bench.desk.traces(&TraceQuery::default(), &PageRequest { limit: 1_000, cursor: None }).unwrap();
                let ids: Vec<_> = found.items.iter().map(|it| it.trace_id).collect();
                let distinct: HashSet<_> = ids.iter().copied().collect();
                assert_eq!(ids.len(), distinct.len(), "no trace is listed twice");
                assert!((1..=before).all(|number| distinct.contains(&trace_id(number.into()))), "none is missing");
                for trace in found.items.iter().filter(|it| it.trace_id < trace_id(before.max(1).into())) {
                    assert_eq!(trace.span_count, 2, "a trace is whole: {trace:?}");
                }
                let projects = bench.desk.projects().unwrap();
                assert!(projects.is_empty() || projects[0].trace_count >= before);
            }
        };
        scope.spawn(asking);
        scope.spawn(asking);
    });
}
