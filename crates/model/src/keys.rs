//! Attribute names that Trackway reads, as the
//! [OpenTelemetry semantic conventions](https://opentelemetry.io/docs/specs/semconv/) spell them.

/// Resource: the logical name of the service.
pub const SERVICE_NAME: &str = "service.name";
/// Resource: the namespace that a service belongs to.
pub const SERVICE_NAMESPACE: &str = "service.namespace";
/// Resource: the project that a client chose for Trackway.
pub const TRACKWAY_PROJECT: &str = "trackway.project";
/// Resource: the project that a client chose for OpenInference.
pub const OPENINFERENCE_PROJECT: &str = "openinference.project.name";
/// Span: OpenInference's kind of a span (`LLM`, `TOOL`, `AGENT`, ...).
pub const OPENINFERENCE_KIND: &str = "openinference.span.kind";
/// Event: the name of an exception event.
pub const EXCEPTION: &str = "exception";
/// Exception event: the exception's message.
pub const EXCEPTION_MESSAGE: &str = "exception.message";
/// Exception event: the exception's type.
pub const EXCEPTION_TYPE: &str = "exception.type";
