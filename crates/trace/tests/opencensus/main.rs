//! What OpenCensus's own tests for Python show of it, shown of this library. Each test bears the name of the original, in a
//! module named after the original's file.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, non_snake_case)]

mod attributes;
mod blank_span;
mod bounded;
mod context;
mod context_tracer;
mod limits;
mod link;
mod samplers;
mod span;
mod span_context;
mod span_data;
mod stack_trace;
mod status;
mod time_event;
mod tracer;
mod utils;

use trackway::testing::{self, Spans};
use trackway::{SpanRecord, Tracer};

/// Returns a tracer and what it has finished.
fn tracer() -> (Tracer, Spans) {
    testing::tracer()
}

/// Returns what is recorded of a span to which that was done.
fn recorded(work: impl FnOnce(&trackway::Span)) -> SpanRecord {
    let (tracer, spans) = tracer();
    let span = tracer.span("span").start();
    work(&span);
    span.finish();
    spans.finished().remove(0)
}
