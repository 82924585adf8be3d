//! Hooks at the start and the end of every span and trace.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use trackway_model::{SpanRecord, TraceRecord};

use crate::collector;

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

    /// Called when a trace has begun that [`Tracer::trace`](crate::Tracer::trace) made, before any of its spans ends.
    fn on_trace_start(&self, trace: &TraceRecord) {
        let _ = trace; // Whoever does not care leaves it out.
    }

    /// Called when such a trace is finished, once. Spans of it may still come.
    fn on_trace_end(&self, trace: &TraceRecord) {
        let _ = trace; // Whoever does not care leaves it out.
    }

    /// Called when the tracer is flushed, after it has told of all that was recorded before; returns whether the processor
    /// was done in time.
    fn flush(&self, within: Duration) -> bool {
        let _ = within; // Whoever keeps nothing back is done.
        true
    }

    /// Called when the tracer is shut down; nothing follows.
    fn shutdown(&self, within: Duration) {
        let _ = within; // Whoever keeps nothing back is done.
    }
}

/// The processors of a tracer, which may change while it works.
#[derive(Default)]
pub(crate) struct Processors {
    all: RwLock<Arc<[Arc<dyn Processor>]>>,
    /// Whether there are any, at the cost of a look.
    some: AtomicBool,
}

impl Processors {
    /// Returns true when nobody wants to hear of spans.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        !self.some.load(Ordering::Relaxed)
    }

    /// Returns those that there are now; who is added or gone later is heeded from the next time on.
    pub(crate) fn now(&self) -> Arc<[Arc<dyn Processor>]> {
        collector::unforked(|| self.all.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Puts others in their place; those before are dropped with the lock free, for a destructor may do anything.
    pub(crate) fn change(&self, change: impl FnOnce(&[Arc<dyn Processor>]) -> Vec<Arc<dyn Processor>>) {
        let before = collector::unforked(|| {
            let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
            let changed: Arc<[Arc<dyn Processor>]> = change(&all).into();
            self.some.store(!changed.is_empty(), Ordering::Relaxed);
            std::mem::replace(&mut *all, changed)
        });
        drop(before);
    }
}
