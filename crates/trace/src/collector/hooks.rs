//! Hooks of the program: called with the collector's state free, for they may take any time.
//!
//! What is read from the rings waits as [`Call`]s, in order, until the state is free. What a redact hook leaves of a span comes back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use trackway_model::{SpanRecord, Text};

use crate::processor::Processor;
use crate::stats;
use crate::tracer::Core;

/// Something that a tracer's hooks are to see.
pub(crate) enum Call {
    Began(SpanRecord),
    Ended(SpanRecord),
    /// A span that is still open is to be told of.
    Open(SpanRecord),
}

/// Calls the tracer's hooks; returns those spans that go on, redacted.
pub(crate) fn call(core: &Core, calls: Vec<Call>) -> Vec<Call> {
    let mut left = Vec::new();
    for call in calls {
        match call {
            Call::Began(record) => each(core, |processor| processor.on_start(&record)),
            Call::Ended(mut record) => {
                each(core, |processor| processor.on_end(&record));
                if !redacted(core, &mut record) {
                    // Half redacted is not redacted: what a program wrote into it goes, its place in the trace stays.
                    record.name = Text::literal("redaction failed");
                    record.status.message = Text::default();
                    record.attributes = Default::default();
                    record.events.clear();
                    record.links.clear();
                }
                left.push(Call::Ended(record));
            }
            Call::Open(mut record) => {
                if redacted(core, &mut record) {
                    left.push(Call::Open(record));
                }
            }
        }
    }
    left
}

fn each(core: &Core, hook: impl Fn(&dyn Processor)) {
    for processor in &core.config.processors {
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
