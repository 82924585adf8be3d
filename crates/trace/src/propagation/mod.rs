//! Carrying a context from one process to the next, by any format.
//!
//! [`Context::extract`](crate::Context::extract) and [`Context::inject`](crate::Context::inject) do it by the W3C's headers, which is what most programs want. This
//! module is for those that talk to others: a [`Propagator`] reads and writes one format in named texts, a
//! [`BinaryPropagator`] one in bytes, and [`Composite`] several at once. A tracer has one for each [`Format`], so that
//! a library may say "the headers of a request" and leave to the program which headers these are:
//! [`Tracer::inject`](crate::Tracer::inject), [`Tracer::extract`](crate::Tracer::extract).
//!
//! ```
//! use std::collections::HashMap;
//! use trackway::Tracer;
//! use trackway::propagation::{B3, Composite, Format, W3c};
//!
//! // Writes both, reads whichever is there: the W3C's first.
//! let both = Composite::new().and(W3c).and(B3::multi());
//! let tracer = Tracer::builder().propagator(Format::HTTP_HEADERS, both).build();
//!
//! let request = HashMap::from([("b3".to_owned(), "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1".to_owned())]);
//! let parent = tracer.extract(Format::HTTP_HEADERS, &request)?.unwrap_or_default();
//! let span = tracer.span("handle").child_of(&parent).start();
//!
//! let mut onward = HashMap::new();
//! tracer.inject(span.context(), Format::HTTP_HEADERS, &mut onward)?;
//! assert_eq!(onward["x-b3-traceid"], "80f198ee56343ba864fe8b2a57d3eff7");
//! assert!(onward["traceparent"].starts_with("00-80f198ee56343ba864fe8b2a57d3eff7-"));
//! # Ok::<(), trackway::propagation::PropagationError>(())
//! ```

mod carrier;
mod composite;
mod context;
mod formats;
mod named;
mod registry;
mod shared;
mod tracer;

pub use carrier::{Incoming, Outgoing};
pub use composite::Composite;
pub use formats::{
    B3, CensusBinary, CensusText, CloudTrace, Jaeger, OpenTracingBinary, OpenTracingText, W3c, W3cBaggage,
    W3cTraceContext,
};
pub(crate) use named::named;
pub(crate) use registry::Registry;
pub use registry::{Format, PropagationError};
pub use trackway_wire::propagation::{
    Carried, Corrupt, Decision, Extract, Flaw, Getter, Inject, Part, Setter, SpanContext, TraceFlags, TraceState,
};

use crate::context::Context;

/// Reads and writes contexts in named texts, such as the headers of a request.
///
/// ```
/// use trackway::Context;
/// use trackway::propagation::{Corrupt, Extract, Inject, Propagator};
///
/// /// The W3C's header under a name of our own.
/// struct Renamed;
///
/// impl Propagator for Renamed {
///     fn fields(&self) -> Vec<&'static str> {
///         vec!["x-our-trace"]
///     }
///     fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
///         if let Some(text) = context.traceparent() {
///             carrier.put("x-our-trace", text);
///         }
///     }
///     fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
///         let mut headers = Vec::new();
///         carrier.each("x-our-trace", &mut |text| headers.push(("traceparent", text.to_owned())));
///         let context = Context::extract(&headers)?;
///         Ok(context.trace_id().map(|_| context))
///     }
/// }
/// ```
pub trait Propagator: Send + Sync + 'static {
    /// Returns the names of the texts that are written, in lower case; those of baggage that has a name for each entry are not
    /// among them. Whoever uses a carrier again takes these out before.
    fn fields(&self) -> Vec<&'static str>;

    /// Writes what the format can say of the context; nothing where it can say nothing.
    fn inject(&self, context: &Context, carrier: &mut dyn Inject);

    /// Reads a context; `None` when the carrier has nothing of the format. One outside of every trace has baggage alone.
    ///
    /// # Errors
    /// [`Corrupt`] when there is something that cannot be read as a whole.
    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt>;
}

/// Reads and writes contexts in bytes.
pub trait BinaryPropagator: Send + Sync + 'static {
    /// Adds to the bytes what the format can say of the context; nothing where it can say nothing.
    fn inject(&self, context: &Context, bytes: &mut Vec<u8>);

    /// Reads a context; `None` when there are no bytes, or nothing in them that is known.
    ///
    /// # Errors
    /// [`Corrupt`] when there is something that cannot be read as a whole.
    fn extract(&self, bytes: &[u8]) -> Result<Option<Context>, Corrupt>;
}
