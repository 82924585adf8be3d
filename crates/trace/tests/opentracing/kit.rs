//! The tracers that the suites are run against.

use std::time::Duration;

use trackway::export::Memory;
use trackway::scopes::ScopeManager;
use trackway::testing::MockTracer;
use trackway::{SpanRecord, Tracer, builder};

/// A tracer, and how to ask for the spans that it has finished.
pub(crate) struct Subject {
    pub(crate) tracer: Tracer,
    finished: Box<dyn Fn() -> Vec<SpanRecord>>,
}

impl Subject {
    pub(crate) fn mock() -> Self {
        Self::of(MockTracer::new())
    }

    /// The mock tracer, with what is active kept by a manager.
    pub(crate) fn managed(manager: impl ScopeManager) -> Self {
        Self::of(MockTracer::of(builder().scope_manager(manager)))
    }

    fn of(mock: MockTracer) -> Self {
        Self { tracer: Tracer::clone(&mock), finished: Box::new(move || mock.finished_spans()) }
    }

    /// A tracer as programs have it, whose spans a collector takes.
    pub(crate) fn collected() -> Self {
        let memory = Memory::new();
        let tracer = builder().exporter(memory.clone()).build();
        let flushed = tracer.clone();
        let finished = move || {
            assert!(flushed.flush(Duration::from_secs(10)));
            memory.spans()
        };
        Self { tracer, finished: Box::new(finished) }
    }

    /// The tracer that records nothing, which the checks are to find out.
    pub(crate) fn noop() -> Self {
        Self { tracer: Tracer::default(), finished: Box::new(Vec::new) }
    }

    pub(crate) fn finished(&self) -> Vec<SpanRecord> {
        (self.finished)()
    }

    /// Returns the finished span of that name.
    pub(crate) fn named(&self, name: &str) -> SpanRecord {
        let spans = self.finished();
        spans.into_iter().find(|span| &*span.name == name).unwrap_or_else(|| panic!("{name} is not finished"))
    }
}

pub(crate) fn is_parent(parent: &SpanRecord, span: &SpanRecord) -> bool {
    span.parent_id == Some(parent.span_id) && span.trace_id == parent.trace_id
}

pub(crate) fn is_root(span: &SpanRecord) -> bool {
    span.parent_id.is_none()
}

/// Returns the names in the order in which they are.
pub(crate) fn names(spans: &[SpanRecord]) -> Vec<&str> {
    spans.iter().map(|span| &*span.name).collect()
}
