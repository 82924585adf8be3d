//! Attribute names that Trackway reads, as the
//! [OpenTelemetry semantic conventions](https://opentelemetry.io/docs/specs/semconv/) spell them.

/// Resource: the logical name of the service.
pub const SERVICE_NAME: &str = "service.name";
/// Resource: the namespace that a service belongs to.
pub const SERVICE_NAMESPACE: &str = "service.namespace";
/// Resource, and span of a run: the project that a client chose for Trackway.
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
/// Exception event: where the exception came from.
pub const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";
/// Span: the application whose run the span belongs to.
pub const TRACKWAY_APP_ID: &str = "trackway.app.id";
/// Span: the partition of that application.
pub const TRACKWAY_APP_PARTITION: &str = "trackway.app.partition";
/// Span: the number of the step that the span belongs to.
pub const TRACKWAY_STEP_SEQUENCE: &str = "trackway.step.sequence";
/// Span: the attempt at that step.
pub const TRACKWAY_STEP_ATTEMPT: &str = "trackway.step.attempt";
/// Span: the id of the span in its step, as its client gave it: `3:0.1`.
pub const TRACKWAY_SPAN_ORDINAL: &str = "trackway.span.ordinal";
/// Span: the spans of the same step that it waited for, or built on, as their client names them.
pub const TRACKWAY_SPAN_DEPENDENCIES: &str = "trackway.span.dependencies";
/// Span: what kind of an agent's work it is, in the words of the OpenAI Agents SDK: `agent`, `generation`, `handoff`.
pub const TRACKWAY_SPAN_KIND: &str = "trackway.span.kind";
/// Root span: the name of the workflow that the trace is a run of.
pub const TRACKWAY_TRACE_NAME: &str = "trackway.trace.name";
/// Root span: the id that the program gave the trace, where that is not its own.
pub const TRACKWAY_TRACE_ID: &str = "trackway.trace.id";
/// Root span: what attributes begin with that tell something more of the trace.
pub const TRACKWAY_TRACE_METADATA: &str = "trackway.trace.metadata.";
