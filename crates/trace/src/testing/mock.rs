//! The mock tracer of OpenTracing's test suites.

use std::ops::Deref;

use trackway_model::SpanRecord;

use super::{Spans, tracer_of};
use crate::builder::Builder;
use crate::tracer::Tracer;

/// A tracer with the finished spans beside it, which counts ids as OpenTracing's mock tracer does: one counter for traces and
/// spans, where a trace comes after its first span. A first root is span 1 of trace 2, its child span 3. Contexts are carried
/// by the formats of OpenTracing's own tracers, unless the builder or
/// [`register_propagator`](Tracer::register_propagator) says otherwise.
///
/// It is a [`Tracer`] in all it can do. [`testing::tracer`](super::tracer) counts traces and spans apart, which is easier to read
/// in new tests.
///
/// ```
/// use trackway::testing::MockTracer;
///
/// let tracer = MockTracer::new();
/// tracer.span("work").start().finish();
/// let spans = tracer.finished_spans();
/// assert_eq!((&*spans[0].name, spans[0].span_id.to_string()), ("work", "0000000000000001".to_owned()));
/// tracer.reset();
/// assert!(tracer.finished_spans().is_empty());
/// ```
#[derive(Debug)]
pub struct MockTracer {
    tracer: Tracer,
    spans: Spans,
}

impl MockTracer {
    /// Returns a tracer with every default.
    pub fn new() -> Self {
        Self::of(Tracer::builder())
    }

    /// Returns a tracer with a scope manager, propagators, a sampler or anything else that a builder can be told.
    pub fn of(builder: Builder) -> Self {
        let (tracer, spans) = tracer_of(builder.mock());
        Self { tracer, spans }
    }

    /// Returns the spans finished since the last [`reset`](Self::reset), in the order of their ends.
    pub fn finished_spans(&self) -> Vec<SpanRecord> {
        self.spans.finished()
    }

    /// Forgets the spans finished so far. Those that are open are recorded when they end; ids and the clock go on.
    pub fn reset(&self) {
        self.spans.reset();
    }

    /// Returns the finished spans themselves, to be named and drawn.
    pub fn spans(&self) -> &Spans {
        &self.spans
    }
}

impl Default for MockTracer {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for MockTracer {
    type Target = Tracer;

    fn deref(&self) -> &Tracer {
        &self.tracer
    }
}
