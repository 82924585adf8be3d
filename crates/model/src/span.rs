//! The finished (or still open) span.

use std::sync::Arc;

use crate::{Attributes, Elapsed, Foreign, SpanData, SpanId, Text, Timestamp, TraceId, keys};

/// What is known of one span: OpenTelemetry's `Span` with its resource, its scope and its project.
///
/// A record without an end is a span that its client has announced but not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanRecord {
    /// The trace that the span belongs to.
    pub trace_id: TraceId,
    /// The span's own id, unique in its trace.
    pub span_id: SpanId,
    /// The span that this one is a part of; absent for a root.
    pub parent_id: Option<SpanId>,
    /// OTLP's flags: W3C trace flags in the low 8 bits, then "remote parent known" (256) and "remote parent" (512).
    pub flags: u32,
    /// W3C `tracestate`, as it came.
    pub trace_state: Text,
    /// What the span does, in few words.
    pub name: Text,
    /// The span's side of a call.
    pub kind: SpanKind,
    /// When the span began.
    pub start: Timestamp,
    /// When the span ended; absent while it is open.
    pub end: Option<Timestamp>,
    /// What the span tells of itself.
    pub attributes: Attributes,
    /// What happened during the span.
    pub events: Vec<Event>,
    /// Spans that this one is related to without being a part of them.
    pub links: Vec<Link>,
    /// How the span ended.
    pub status: Status,
    /// What the client left out because of its limits.
    pub dropped: Dropped,
    /// The library that recorded the span.
    pub scope: Arc<Scope>,
    /// The process that recorded the span.
    pub resource: Arc<Resource>,
    /// The project that the span is listed under.
    pub project: Text,
    /// What an agent's span says of itself, read from the attributes by whoever decodes them.
    pub data: Option<Box<SpanData>>,
    /// The ids as they came, where the client has ids of its own.
    pub foreign: Option<Box<Foreign>>,
    /// What a record with the same ids and another content means.
    pub repeats: Repeats,
}

/// What a record means that comes for a span of which a finished record with another content is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Repeats {
    /// Somebody used the ids twice; both are kept.
    #[default]
    Stay,
    /// The client sends the span anew; the latest takes the place of what was there.
    Replace,
}

/// A span's side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SpanKind {
    /// The client did not say; OpenTelemetry reads it as internal.
    #[default]
    Unspecified,
    /// Work inside a process.
    Internal,
    /// The receiving side of a request.
    Server,
    /// The sending side of a request.
    Client,
    /// The sending side of a message.
    Producer,
    /// The receiving side of a message.
    Consumer,
}

/// How a span ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// The verdict.
    pub code: StatusCode,
    /// What the client said of an error.
    pub message: Text,
}

/// The verdict on a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StatusCode {
    /// Nobody judged; shown as success.
    #[default]
    Unset,
    /// Somebody said that it went well.
    Ok,
    /// It failed.
    Error,
}

/// Something that happened at one moment of a span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// When it happened.
    pub time: Timestamp,
    /// What happened.
    pub name: Text,
    /// What is known of it.
    pub attributes: Attributes,
    /// How many attributes the client left out.
    pub dropped_attributes: u32,
}

/// A span, mostly of another trace, that a span is related to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The other span's trace; absent when the client could not name it, which OpenTelemetry allows.
    pub trace_id: Option<TraceId>,
    /// The other span; absent when the client could not name it.
    pub span_id: Option<SpanId>,
    /// The other span's W3C `tracestate`.
    pub trace_state: Text,
    /// OTLP's flags of the other span.
    pub flags: u32,
    /// What is known of the relation.
    pub attributes: Attributes,
    /// How many attributes the client left out.
    pub dropped_attributes: u32,
}

/// How much the client left out of a span because of its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped {
    /// Attributes left out.
    pub attributes: u32,
    /// Events left out.
    pub events: u32,
    /// Links left out.
    pub links: u32,
}

/// The library that recorded a span: OpenTelemetry's instrumentation scope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// The library's name.
    pub name: Text,
    /// The library's version.
    pub version: Text,
    /// What the library tells of itself.
    pub attributes: Attributes,
    /// How many attributes the client left out.
    pub dropped_attributes: u32,
    /// The conventions that the library's spans follow.
    pub schema_url: Text,
}

/// The process that recorded a span: OpenTelemetry's resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resource {
    /// What the process tells of itself.
    pub attributes: Attributes,
    /// How many attributes the client left out.
    pub dropped_attributes: u32,
    /// The conventions that the attributes follow.
    pub schema_url: Text,
}

impl Resource {
    /// Returns the service's name; `unknown_service`, as OpenTelemetry has it, when the process gave none.
    pub fn service(&self) -> &str {
        self.attributes.text(keys::SERVICE_NAME).filter(|name| !name.is_empty()).unwrap_or("unknown_service")
    }
}

impl SpanRecord {
    /// Returns the name of the service that recorded the span.
    pub fn service(&self) -> &str {
        self.resource.service()
    }

    /// Returns the time from start to end; `None` while the span is open.
    pub fn duration(&self) -> Option<Elapsed> {
        self.end.map(|end| end.since(self.start))
    }

    /// Returns true when the span failed.
    pub fn is_error(&self) -> bool {
        self.status.code == StatusCode::Error
    }

    /// Returns true for a model call that has no cost, unless it told of no usage because it failed or still runs.
    pub fn lacks_price(&self) -> bool {
        let Some(data) = self.data.as_deref().filter(|data| data.kind.is_model_call()) else { return false };
        let has_used = data.usage.is_some_and(|usage| !usage.is_empty());
        data.cost.is_none() && (has_used || self.end.is_some() && !self.is_error())
    }

    /// Returns whether the parent lies in another process, where the client said so.
    pub fn parent_is_remote(&self) -> Option<bool> {
        const KNOWN: u32 = 1 << 8;
        const REMOTE: u32 = 1 << 9;
        (self.flags & KNOWN != 0).then_some(self.flags & REMOTE != 0)
    }

    /// Returns about how many bytes of memory the record takes, its shared scope and resource excepted.
    pub fn memory_bytes(&self) -> usize {
        let events: usize = self.events.iter().map(Event::memory_bytes).sum();
        let links: usize = self
            .links
            .iter()
            .map(|link| size_of::<Link>() + link.trace_state.heap_bytes() + link.attributes.heap_bytes())
            .sum();
        let texts = self.trace_state.heap_bytes() + self.name.heap_bytes() + self.status.message.heap_bytes();
        let data = self.data.as_ref().map_or(0, |data| data.memory_bytes());
        let foreign = self.foreign.as_ref().map_or(0, |foreign| foreign.memory_bytes());
        size_of::<Self>() + self.attributes.heap_bytes() + events + links + texts + data + foreign
    }
}

impl Event {
    /// Returns about how many bytes of memory the event takes.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.name.heap_bytes() + self.attributes.heap_bytes()
    }
}
