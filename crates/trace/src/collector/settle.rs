//! What happens to spans after they were read: hooks see them, and tail rules judge their traces.

use std::sync::LazyLock;
use std::time::Instant;

use super::{hooks, pipeline_of, verdicts, with};

/// Shows the hooks what waits for them, with the state free, until nothing does.
pub(super) fn call_hooks() {
    judge();
    loop {
        let waiting = with(|state| {
            let all = state.pipelines.iter_mut().flatten().filter(|pipeline| pipeline.call_bytes() > 0);
            all.map(|pipeline| (pipeline.core.clone(), pipeline.take_calls())).collect::<Vec<_>>()
        });
        if waiting.is_empty() {
            return;
        }
        for (core, calls) in waiting {
            let left = hooks::call(&core, calls);
            let now = tail_time();
            with(|state| {
                // Nobody is there any more to miss the spans of a tracer that is gone.
                if let Some(pipeline) = pipeline_of(&mut state.pipelines, core.number) {
                    pipeline.take_back(left, now);
                }
            });
        }
    }
}

/// Keeps traces and leaves them out because the program says so: before spans that it said so in are judged.
fn judge() {
    let told = verdicts::take();
    if told.is_empty() {
        return;
    }
    let now = tail_time();
    with(|state| {
        for (tracer, trace, keep) in told {
            if let Some(pipeline) = pipeline_of(&mut state.pipelines, tracer) {
                pipeline.judge(trace, keep, now);
            }
        }
    });
}

/// Which traces get their verdict.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Settling {
    /// Those that have waited for what ends late.
    Due,
    /// All that have ended.
    All,
}

/// Judges traces by the tail rules of their tracers.
pub(super) fn settle(which: Settling) {
    let now = tail_time();
    with(|state| {
        for pipeline in state.pipelines.iter_mut().flatten() {
            pipeline.settle(now, which == Settling::Due);
        }
    });
    call_hooks();
}

/// Returns the time that what waits for a verdict is judged by, in nanoseconds.
fn tail_time() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
