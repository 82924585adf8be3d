//! The standard tags of [OpenTracing](https://github.com/opentracing/specification/blob/master/semantic_conventions.md), as
//! names of attributes.
//!
//! New code does better with the names of OpenTelemetry's
//! [conventions](https://opentelemetry.io/docs/specs/semconv/), which are given beside each; what has the old ones is found by
//! the old ones.
//!
//! ```
//! use trackway::{SpanKind, tags};
//!
//! let (tracer, spans) = trackway::testing::tracer();
//! let span = tracer.span("GET").kind(SpanKind::Client).attribute(tags::PEER_SERVICE, "stock").start();
//! span.attribute(tags::HTTP_STATUS_CODE, 200).finish();
//! assert_eq!(spans.tree(), "GET 1s peer.service=stock http.status_code=200\n");
//! ```

/// Which side of a call the span is. Here that is [`SpanKind`](crate::SpanKind), by [`kind`](crate::SpanBuilder::kind); the
/// values of the tag are [`SPAN_KIND_RPC_CLIENT`] and those after it.
pub const SPAN_KIND: &str = "span.kind";
/// A call's caller: [`SpanKind::Client`](crate::SpanKind::Client).
pub const SPAN_KIND_RPC_CLIENT: &str = "client";
/// A call's receiver: [`SpanKind::Server`](crate::SpanKind::Server).
pub const SPAN_KIND_RPC_SERVER: &str = "server";
/// Who takes a message from a queue: [`SpanKind::Consumer`](crate::SpanKind::Consumer).
pub const SPAN_KIND_CONSUMER: &str = "consumer";
/// Who puts a message into a queue: [`SpanKind::Producer`](crate::SpanKind::Producer).
pub const SPAN_KIND_PRODUCER: &str = "producer";
/// The service's name, a text: `service.name`, which [`Builder::service`](crate::Builder::service) gives all spans.
pub const SERVICE: &str = "service";
/// Whether the span failed, a truth value. Here that is a [`StatusCode`](crate::StatusCode), by
/// [`status`](crate::Span::status) or [`record_error`](crate::Span::record_error).
pub const ERROR: &str = "error";
/// The library that made the span, a text.
pub const COMPONENT: &str = "component";
/// A whole number: above 0 has the span recorded whatever the sampler says, 0 has it not recorded. Obeyed where the span
/// begins, in [`SpanBuilder::attribute`](crate::SpanBuilder::attribute).
pub const SAMPLING_PRIORITY: &str = "sampling.priority";
/// The other service's name, a text: `service.peer.name`.
pub const PEER_SERVICE: &str = "peer.service";
/// The other one's host name, a text: `network.peer.address`, or `server.address` at a client.
pub const PEER_HOSTNAME: &str = "peer.hostname";
/// The other one's address as the library has it, a text: `network.peer.address`.
pub const PEER_ADDRESS: &str = "peer.address";
/// The other one's IPv4 address, a text: `network.peer.address`.
pub const PEER_HOST_IPV4: &str = "peer.ipv4";
/// The other one's IPv6 address, a text: `network.peer.address`.
pub const PEER_HOST_IPV6: &str = "peer.ipv6";
/// The other one's port, a whole number: `network.peer.port`.
pub const PEER_PORT: &str = "peer.port";
/// The request's address, a text: `url.full`.
pub const HTTP_URL: &str = "http.url";
/// The request's method, a text: `http.request.method`.
pub const HTTP_METHOD: &str = "http.method";
/// The answer's status, a whole number: `http.response.status_code`.
pub const HTTP_STATUS_CODE: &str = "http.status_code";
/// The database's name, a text: `db.namespace`.
pub const DATABASE_INSTANCE: &str = "db.instance";
/// The query, a text: `db.query.text`.
pub const DATABASE_STATEMENT: &str = "db.statement";
/// The database's kind, a text: `db.system.name`.
pub const DATABASE_TYPE: &str = "db.type";
/// Who asks the database, a text.
pub const DATABASE_USER: &str = "db.user";
/// Where a message goes, a text: `messaging.destination.name`.
pub const MESSAGE_BUS_DESTINATION: &str = "message_bus.destination";

/// The names of what an event can tell, which OpenTracing calls fields of a log.
pub mod fields {
    /// What happened, a text; here it is the event's own name.
    pub const EVENT: &str = "event";
    /// What there is to say, a text; of an error `exception.message`.
    pub const MESSAGE: &str = "message";
    /// Where it happened, a text; of an error `exception.stacktrace`.
    pub const STACK: &str = "stack";
    /// The kind of an error, a text: `exception.type`.
    pub const ERROR_KIND: &str = "error.kind";
    /// The error itself. No object can be recorded: [`record_error`](crate::Span::record_error) records what it tells.
    pub const ERROR_OBJECT: &str = "error.object";
}
