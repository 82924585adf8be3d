//! Hooks of the program: called with the collector's state free, for they may take any time.
//!
//! What is read from the rings waits as [`Call`]s, in order, until the state is free. What a redact hook leaves of a span comes back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use trackway_model::{SpanRecord, Text};

use crate::agents::Run;
use crate::processor::Processor;
use crate::stats;
use crate::tail::Tail;
use crate::tracer::Core;

/// Something that a tracer's hooks are to see.
pub(crate) enum Call {
    Began(SpanRecord),
    Ended(SpanRecord),
    /// As `Ended`, of one that has been seen and waits for the verdict on its trace; whether it speaks for it.
    Seen(SpanRecord, bool),
    /// A span whose trace is kept leaves.
    Leaving(SpanRecord),
    /// A span that is still open is to be told of.
    Open(SpanRecord),
    TraceBegan(Arc<Run>),
    TraceEnded(Arc<Run>),
}

impl Call {
    /// Returns about how many bytes of memory it takes.
    pub(super) fn memory_bytes(&self) -> usize {
        match self {
            Self::Began(record)
            | Self::Ended(record)
            | Self::Seen(record, _)
            | Self::Leaving(record)
            | Self::Open(record) => record.memory_bytes(),
            Self::TraceBegan(run) | Self::TraceEnded(run) => run.record.memory_bytes(),
        }
    }
}

/// Calls the tracer's hooks; returns those spans that go on: redacted, or to wait for the verdict on their trace.
pub(crate) fn call(core: &Core, calls: Vec<Call>) -> Vec<Call> {
    let mut left = Vec::new();
    for call in calls {
        match call {
            Call::Began(record) => each(core, |processor| processor.on_start(&record)),
            Call::Ended(record) => {
                each(core, |processor| processor.on_end(&record));
                left.push(match &core.config.tail {
                    Some(tail) => seen(core, tail, record),
                    None => leaving(core, record),
                });
            }
            Call::Seen(..) => left.push(call),
            Call::Leaving(record) => left.push(leaving(core, record)),
            Call::TraceBegan(run) => {
                each(core, |processor| processor.on_trace_start(&run.record));
                left.push(Call::TraceBegan(told(core, run)));
            }
            Call::TraceEnded(run) => each(core, |processor| processor.on_trace_end(&run.record)),
            Call::Open(mut record) => {
                if redacted(core, &mut record) {
                    left.push(Call::Open(record));
                }
            }
        }
    }
    left
}

/// Finds out whether a span speaks for its trace; it does where that cannot be found out.
fn seen(core: &Core, tail: &Tail, record: SpanRecord) -> Call {
    let mut speaks = true;
    hooked(core, || speaks = tail.is_spoken_for_by(&record));
    Call::Seen(record, speaks)
}

fn leaving(core: &Core, mut record: SpanRecord) -> Call {
    if !redacted(core, &mut record) {
        // Half redacted is not redacted: what a program wrote into it goes, its place in the trace stays.
        record.name = Text::literal("redaction failed");
        record.status.message = Text::default();
        record.attributes = Default::default();
        record.events.clear();
        record.links.clear();
    }
    Call::Leaving(record)
}

/// Returns what leaves the process of a trace that began.
fn told(core: &Core, run: Arc<Run>) -> Arc<Run> {
    if core.config.redact.is_none() {
        return run;
    }
    Arc::new(run.redacted(core.shown(&run), |record| redacted(core, record)))
}

fn each(core: &Core, hook: impl Fn(&dyn Processor)) {
    for processor in core.config.processors.now().iter() {
        hooked(core, || hook(processor.as_ref()));
    }
}

/// Takes out of a record what must not leave the process; returns false when the hook panicked over it.
fn redacted(core: &Core, record: &mut SpanRecord) -> bool {
    core.config.redact.as_ref().is_none_or(|redact| hooked(core, || redact(record)))
}

/// Calls a hook; returns false when it panicked, which is counted.
fn hooked(core: &Core, hook: impl FnOnce()) -> bool {
    let result = catch_unwind(AssertUnwindSafe(hook));
    let is_well = result.is_ok();
    if !is_well {
        stats::of(core.number).hooks_panicked.fetch_add(1, Ordering::Relaxed);
    }
    // Its drop could panic again.
    std::mem::forget(result);
    is_well
}
