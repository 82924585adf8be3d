//! Carrying a trace and its baggage from one process to the next.
//!
//! [W3C Trace Context, level 2](https://www.w3.org/TR/trace-context-2/) and
//! [W3C Baggage](https://www.w3.org/TR/baggage/), over anything that holds named texts; and the formats of the systems that
//! came before, a module each, which read and write what is [`Carried`]. All of them are read strictly: a context is there
//! as a whole, or not there, or [`Corrupt`].
//!
//! ```
//! use std::collections::HashMap;
//! use trackway_wire::propagation::{Baggage, SpanContext};
//!
//! let mut headers = HashMap::from([(
//!     "traceparent".to_owned(),
//!     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned(),
//! )]);
//! let parent = SpanContext::extract(&headers)?.expect("it is there");
//! assert!(parent.flags.is_sampled());
//!
//! Baggage::default().with("tier", "gold & silver").inject(&mut headers);
//! assert_eq!(headers["baggage"], "tier=gold%20&%20silver");
//! assert_eq!(Baggage::extract(&headers).get("tier"), Some("gold & silver"));
//! # Ok::<(), trackway_wire::propagation::Corrupt>(())
//! ```

pub mod b3;
mod baggage;
mod carried;
mod carrier;
pub mod census;
pub mod cloud;
mod corrupt;
mod digits;
#[cfg(feature = "http")]
mod http;
pub mod jaeger;
pub mod opentracing;
pub mod opentracing_binary;
mod traceparent;
mod tracestate;

pub use baggage::Baggage;
pub use carried::{Carried, Decision};
pub use carrier::{Extract, Getter, Inject, Setter};
pub use corrupt::{Corrupt, Flaw, Part};
pub use traceparent::{SpanContext, TraceFlags};
pub use tracestate::TraceState;

/// The characters that HTTP lets stand around a header's value and its members.
const OPTIONAL_WHITESPACE: [char; 2] = [' ', '\t'];

fn trim(text: &str) -> &str {
    text.trim_matches(OPTIONAL_WHITESPACE)
}
