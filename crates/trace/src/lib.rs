#![doc = include_str!("../GUIDE.md")]

mod active;
pub mod agents;
mod aside;
#[cfg(feature = "macros")]
mod attribute;
pub mod bounded;
mod builder;
mod callsite;
pub mod canonical;
mod clock;
mod collector;
mod context;
mod direct;
mod entered;
mod environment;
mod errors;
mod excluded;
mod exit;
pub mod export;
mod far;
mod field;
mod future;
mod global;
mod guard;
mod ids;
mod limits;
mod macros;
mod panics;
mod place;
mod processor;
pub mod propagation;
mod record;
mod reference;
mod ring;
mod sampler;
pub mod scopes;
mod slot;
mod span;
mod stats;
mod sys;
pub mod tags;
mod tail;
pub mod testing;
mod tracer;
mod tree;
mod unharmed;
mod voice;

pub use active::{Active, active};
pub use builder::{Builder, Installed};
pub use callsite::Callsite;
pub use context::{Context, Scope, current};
pub use entered::Entered;
pub use errors::Fault;
pub use excluded::Excluded;
pub use field::{Debugged, Displayed, Field, Key, Label, ValueRef, debug, display};
pub use future::{InContext, InSpan, Traced};
pub use global::{is_installed, tracer};
pub use guard::{EventGuard, Guard, enter};
pub use limits::Limits;
pub use processor::Processor;
pub use reference::Reference;
pub use sampler::{Sample, Sampler, SamplerOverride, Sampling, Verdict};
pub use span::{DataMut, Message, Relation, Span, SpanBuilder, SpanData, SpanError, SpanEvent, SpanStack};
pub use stats::{Dropped, Stats};
pub use tail::Tail;
pub use tracer::Tracer;
pub use tree::tree;

/// What the code that [`trace`] writes calls.
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private {
    pub use crate::attribute::*;
}

/// What the crate of state machines shares with this one.
#[doc(hidden)]
pub mod __process {
    pub use crate::exit::{forks, on_exit, watch_forks};
    pub use crate::export::escape::escaped;
}

/// ```
/// use trackway::trace;
///
/// #[trace]
/// async fn load_order(id: u64) -> Result<u64, std::io::Error> {
///     Ok(id)
/// }
///
/// #[trace(name = "orders.load", kind = Client, fields(order.id = id), ret)]
/// fn load(id: u64) -> u64 {
///     id * 2
/// }
///
/// let (tracer, spans) = trackway::testing::tracer();
/// let _scope = tracer.activate();
/// load(21);
/// assert_eq!(spans.tree(), "orders.load 1s order.id=21 return=42\n");
/// ```
#[cfg(feature = "macros")]
pub use trackway_macros::trace;
pub use trackway_model::{
    Attributes, Elapsed, Event, IdError, Link, Resource, SpanId, SpanKind, SpanRecord, Status, StatusCode, Text,
    Timestamp, TraceId, Value,
};
pub use trackway_wire::opencensus::{StackFrame, StackTrace};
pub use trackway_wire::propagation::{
    Corrupt, Decision, Extract, Flaw, Getter, Inject, Part, Setter, SpanContext, TraceFlags, TraceState,
};

/// The parts of a [`SpanRecord`] whose names mean something else in this crate.
pub mod model {
    pub use trackway_model::{Dropped, Scope};
}

/// Builds the program's tracer with every default, and makes it the global one: spans go to a Trackway server on this
/// machine, or to where `OTEL_EXPORTER_OTLP_ENDPOINT` says.
///
/// ```no_run
/// let _trackway = trackway::init(); // exports what is left when dropped, at the end of `main`
/// let _span = trackway::span!("work");
/// ```
pub fn init() -> Installed {
    Tracer::builder().install()
}

/// Returns a builder of a tracer; the same as [`Tracer::builder`].
pub fn builder() -> Builder {
    Tracer::builder()
}

/// Pages whose Rust is compiled and run with the doc tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/coming-from-openai-agents.md")]
    struct ComingFromOpenAiAgents;
    #[doc = include_str!("../../../docs/coming-from-opencensus.md")]
    struct ComingFromOpenCensus;
    #[doc = include_str!("../../../docs/coming-from-opentracing.md")]
    struct ComingFromOpenTracing;
    #[doc = include_str!("../../../docs/propagation.md")]
    struct Propagation;
}
