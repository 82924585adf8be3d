//! For tests: a tracer whose spans are at hand at once, with ids that count and a clock that ticks.
//!
//! ```
//! fn checkout() {
//!     let _checkout = trackway::span!("checkout", items = 2);
//!     let charge = trackway::span!("charge");
//!     charge.status(trackway::StatusCode::Error, "declined");
//! }
//!
//! let (tracer, spans) = trackway::testing::tracer();
//! let _scope = tracer.activate(); // the macros of this thread use it
//! checkout();
//! assert_eq!(spans.tree(), "checkout 3s items=2\n  charge 1s ERROR declined\n");
//! ```

mod mock;

use std::fmt;

use trackway_model::SpanRecord;

use crate::builder::Builder;
use crate::export::Memory;
use crate::tracer::Tracer;

pub use mock::MockTracer;

/// Returns a tracer that works without a collector, and the spans that it has finished.
///
/// Everything happens on the thread that causes it. Trace ids and span ids count from 1; every look at the clock is a second
/// after the one before.
pub fn tracer() -> (Tracer, Spans) {
    tracer_of(Tracer::builder())
}

/// As [`tracer`], for a tracer with processors, limits, a sampler or further exporters.
pub fn tracer_of(builder: Builder) -> (Tracer, Spans) {
    let spans = Spans(Memory::new());
    (builder.direct().exporter(spans.0.clone()).build(), spans)
}

/// The spans that a tracer has finished, in the order of their ends.
#[derive(Clone)]
pub struct Spans(Memory);

impl Spans {
    /// Returns the finished spans.
    pub fn finished(&self) -> Vec<SpanRecord> {
        self.0.spans()
    }

    /// Returns the finished span of that name; `None` when there is none. The first of several.
    pub fn named(&self, name: &str) -> Option<SpanRecord> {
        self.finished().into_iter().find(|span| &*span.name == name)
    }

    /// Forgets the spans finished so far. Ids and the clock go on.
    pub fn reset(&self) {
        self.0.clear();
    }

    /// Draws the spans as a tree, for snapshots: a line a span with its duration, its attributes and its error.
    pub fn tree(&self) -> String {
        crate::tree(&self.finished())
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Spans").field(&self.finished()).finish()
    }
}
