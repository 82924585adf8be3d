//! Hooks at the start and the end of every span.

use trackway_model::SpanRecord;

/// Sees every recorded span when it begins and when it has ended.
///
/// The hooks run on the collector's thread, a little after the fact, in order and for one span at a time: the traced code
/// does not wait for them. What is recorded meanwhile waits for them in the rings, so hooks that take longer than their
/// spans take to come have spans refused, and counted. A flush waits for them until its deadline. Under
/// [`testing::tracer`](crate::testing::tracer) they run at once, on the thread that causes it.
///
/// They read; who must change what leaves the process uses [`Builder::redact`](crate::Builder::redact). A hook that panics is
/// caught and counted. Spans that a hook makes are not recorded.
pub trait Processor: Send + Sync + 'static {
    /// Called when a span has begun, with what was known at that moment.
    fn on_start(&self, span: &SpanRecord) {
        let _ = span; // Whoever does not care leaves it out.
    }

    /// Called when a span has ended, with all of it.
    fn on_end(&self, span: &SpanRecord);
}
