//! Writing [OTLP](https://opentelemetry.io/docs/specs/otlp/) traces as binary protobuf, without a protobuf library.
//!
//! There are two ways in. Who has finished [`SpanRecord`](trackway_model::SpanRecord)s calls [`records`]. Who collects
//! spans as they happen appends their parts one by one to a buffer, in a single pass: attributes, [`event`]s and
//! [`link`]s become fields of a span, [`span`](fn@span) closes them into a field of a `ScopeSpans`, and [`request`](fn@request) puts the
//! resource and the scope around such fields. A writer allocates nothing when the buffer has room.
//!
//! What is written is plain protobuf: exact lengths, numbers in their shortest form, each field once or as often as it
//! repeats. Zeros and empty texts are left out as proto3 asks, but never the value of an attribute, which exists even when
//! it is false, 0 or empty. The bytes of two requests, one after the other, are one request with the spans of both.
//!
//! This is no transport and no JSON, and it reads nothing; `otlp` does.
//!
//! ```
//! use trackway_model::{Resource, Scope, SpanKind};
//! use trackway_wire::encode::{self, SPAN_ATTRIBUTES, SpanHead, SpanTail};
//!
//! let mut fields = Vec::with_capacity(256);
//! encode::attribute_text(&mut fields, SPAN_ATTRIBUTES, "gen_ai.request.model", "gpt");
//! encode::attribute_i64(&mut fields, SPAN_ATTRIBUTES, "gen_ai.usage.input_tokens", 12);
//! encode::event(&mut fields, 1_500, "first token", &[], 0);
//!
//! let head = SpanHead {
//!     trace: [1; 16], span: [2; 8], parent: None, trace_state: "", flags: 1,
//!     name: "llm.call", kind: SpanKind::Client, start: 1_000, end: 2_000,
//! };
//! let mut span = Vec::with_capacity(256);
//! encode::span(&mut span, &head, &fields, &SpanTail::default());
//!
//! let body = encode::request(&Resource::default(), &Scope::default(), &[&span]);
//! assert_eq!(body.first(), Some(&0x0a));
//! ```

mod attribute;
mod field;
mod request;
mod span;

pub use attribute::{
    EVENT_ATTRIBUTES, LINK_ATTRIBUTES, RESOURCE_ATTRIBUTES, SCOPE_ATTRIBUTES, SPAN_ATTRIBUTES, attribute_bool,
    attribute_bytes, attribute_f64, attribute_i64, attribute_text, attribute_value,
};
pub use field::{varint, varint_len};
pub use request::{records, request, resource, scope};
pub use span::{SpanHead, SpanTail, event, link, record, span};
