//! A span as JSON: whole, or as much as a waterfall shows.

use serde::Serialize;
use trackway_model::{self as model, Category, SpanRecord, keys};
use trackway_store as store;
use utoipa::ToSchema;

use super::{
    agent::{Content, SpanData, text},
    time::rfc3339,
    value::{Attribute, attributes},
};
use crate::query::{Elsewhere, Told};

/// What a waterfall shows of a span.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct TreeSpan {
    span_id: String,
    #[schema(required)]
    parent_id: Option<String>,
    name: String,
    kind: SpanKind,
    category: SpanCategory,
    service: String,
    start: String,
    /// Null while the span is open; negative when its clock jumped.
    #[schema(required)]
    duration_ns: Option<i64>,
    state: SpanState,
    /// When the span was last announced as running, by a client that does so while it runs; null once it is stored.
    #[schema(required)]
    announced: Option<String>,
    status: SpanStatus,
    attribute_count: usize,
    event_count: usize,
    link_count: usize,
    /// What the span of an agent says of itself; null for others.
    #[schema(required)]
    data: Option<SpanData>,
    /// Its id in the run that it belongs to, as its client counts: `3:0.1`; absent for spans of no run.
    #[serde(skip_serializing_if = "Option::is_none")]
    ordinal: Option<String>,
    /// The spans of the same step that it waited for, or built on, as their client names them; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<String>,
}

/// A span with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Span {
    trace_id: String,
    span_id: String,
    #[schema(required)]
    parent_id: Option<String>,
    /// Whether the parent lies in another process; null when the client did not say.
    #[schema(required)]
    parent_is_remote: Option<bool>,
    /// OTLP's flags; the low 8 bits are W3C trace flags.
    flags: u32,
    /// W3C `tracestate`.
    trace_state: String,
    name: String,
    kind: SpanKind,
    category: SpanCategory,
    service: String,
    project: String,
    start: String,
    /// Null while the span is open.
    #[schema(required)]
    end: Option<String>,
    /// Null while the span is open; negative when its clock jumped.
    #[schema(required)]
    duration_ns: Option<i64>,
    state: SpanState,
    /// When the span was last announced as running, by a client that does so while it runs; null once it is stored.
    #[schema(required)]
    announced: Option<String>,
    status: SpanStatus,
    attributes: Vec<Attribute>,
    events: Vec<SpanEvent>,
    links: Vec<SpanLink>,
    /// What the client left out because of its limits.
    dropped: Dropped,
    scope: Scope,
    resource: Resource,
    /// What the span of an agent says of itself; null for others.
    #[schema(required)]
    data: Option<SpanData>,
    /// The ids as they came; null where the client uses those of W3C.
    #[schema(required)]
    original: Option<Original>,
    /// The parent, where the client placed it in another trace.
    #[schema(required)]
    parent_elsewhere: Option<Place>,
}

/// A span with all that is known of it, and with what was said in it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct ToldSpan {
    #[serde(flatten)]
    span: Span,
    /// Null for what is no agent's.
    #[schema(required)]
    content: Option<Content>,
}

/// A span's ids as its client gave them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OriginalIds)]
pub(super) struct Original {
    id: String,
    trace_id: String,
    #[schema(required)]
    parent_id: Option<String>,
}

/// Where a span is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = SpanPlace)]
pub(super) struct Place {
    trace_id: String,
    span_id: String,
}

/// A span's side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SpanKind {
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// What kind of work a span does, read from the conventions that its attributes follow.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SpanCategory {
    GenAi,
    Database,
    Messaging,
    Rpc,
    Http,
    Function,
}

/// Whether a span has ended: `lost` has no end, and there was no news for too long: of the span for thirty seconds where
/// it was announced, else of its trace for ten minutes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SpanState {
    Finished,
    Open,
    Lost,
}

/// How a span ended.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct SpanStatus {
    code: StatusCode,
    message: String,
}

/// The verdict on a span.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StatusCode {
    Unset,
    Ok,
    Error,
}

/// Something that happened during a span.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct SpanEvent {
    time: String,
    name: String,
    attributes: Vec<Attribute>,
    dropped_attributes: u32,
}

/// A span that a span is related to; its ids are null when the client could not name it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct SpanLink {
    #[schema(required)]
    trace_id: Option<String>,
    #[schema(required)]
    span_id: Option<String>,
    trace_state: String,
    flags: u32,
    attributes: Vec<Attribute>,
    dropped_attributes: u32,
}

/// What a client left out of a span because of its limits.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Dropped {
    attributes: u32,
    events: u32,
    links: u32,
}

/// The library that recorded a span.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Scope {
    name: String,
    version: String,
    schema_url: String,
    attributes: Vec<Attribute>,
    dropped_attributes: u32,
}

/// The process that recorded a span.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Resource {
    schema_url: String,
    attributes: Vec<Attribute>,
    dropped_attributes: u32,
}

impl TreeSpan {
    /// Writes a span as it stands.
    pub(super) fn of(store::Span { record: span, state, announced }: &store::Span) -> Self {
        let ordinal = span.attributes.text(keys::TRACKWAY_SPAN_ORDINAL).map(str::to_owned);
        let dependencies = if ordinal.is_some() { dependencies(span) } else { Vec::new() };
        Self {
            span_id: span.span_id.to_string(),
            parent_id: span.parent_id.map(|id| id.to_string()),
            name: span.name.to_string(),
            kind: kind(span.kind),
            category: category(span),
            service: span.service().to_owned(),
            start: rfc3339(span.start),
            duration_ns: span.duration().map(|duration| duration.0),
            state: state_of(*state),
            announced: announced.map(rfc3339),
            status: status(&span.status),
            attribute_count: span.attributes.len(),
            event_count: span.events.len(),
            link_count: span.links.len(),
            data: span.data.as_deref().map(SpanData::from),
            ordinal,
            dependencies,
        }
    }
}

fn dependencies(span: &SpanRecord) -> Vec<String> {
    match span.attributes.get(keys::TRACKWAY_SPAN_DEPENDENCIES) {
        Some(model::Value::Array(names)) => names.iter().filter_map(model::Value::as_text).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

impl Span {
    /// Writes a span as it stands, with a parent that lies in another trace.
    pub(super) fn of(store::Span { record: span, state, announced }: &store::Span, elsewhere: Elsewhere) -> Self {
        let dropped = span.dropped;
        Self {
            trace_id: span.trace_id.to_string(),
            span_id: span.span_id.to_string(),
            parent_id: span.parent_id.map(|id| id.to_string()),
            parent_is_remote: span.parent_is_remote(),
            flags: span.flags,
            trace_state: span.trace_state.to_string(),
            name: span.name.to_string(),
            kind: kind(span.kind),
            category: category(span),
            service: span.service().to_owned(),
            project: span.project.to_string(),
            start: rfc3339(span.start),
            end: span.end.map(rfc3339),
            duration_ns: span.duration().map(|duration| duration.0),
            state: state_of(*state),
            announced: announced.map(rfc3339),
            status: status(&span.status),
            attributes: attributes(&span.attributes),
            events: span.events.iter().map(event).collect(),
            links: span.links.iter().map(link).collect(),
            dropped: Dropped { attributes: dropped.attributes, events: dropped.events, links: dropped.links },
            scope: Scope {
                name: span.scope.name.to_string(),
                version: span.scope.version.to_string(),
                schema_url: span.scope.schema_url.to_string(),
                attributes: attributes(&span.scope.attributes),
                dropped_attributes: span.scope.dropped_attributes,
            },
            resource: Resource {
                schema_url: span.resource.schema_url.to_string(),
                attributes: attributes(&span.resource.attributes),
                dropped_attributes: span.resource.dropped_attributes,
            },
            data: span.data.as_deref().map(SpanData::from),
            original: span.foreign.as_deref().map(Original::from),
            parent_elsewhere: elsewhere
                .map(|(trace, span)| Place { trace_id: trace.to_string(), span_id: span.to_string() }),
        }
    }
}

impl From<&Told> for ToldSpan {
    fn from(told: &Told) -> Self {
        let content = told.content.as_ref().map(Content::from);
        Self { span: Span::of(&told.span, told.parent_elsewhere), content }
    }
}

impl From<&model::Foreign> for Original {
    fn from(foreign: &model::Foreign) -> Self {
        Self { id: foreign.id.to_string(), trace_id: foreign.trace_id.to_string(), parent_id: text(&foreign.parent_id) }
    }
}

fn kind(kind: model::SpanKind) -> SpanKind {
    match kind {
        model::SpanKind::Unspecified => SpanKind::Unspecified,
        model::SpanKind::Internal => SpanKind::Internal,
        model::SpanKind::Server => SpanKind::Server,
        model::SpanKind::Client => SpanKind::Client,
        model::SpanKind::Producer => SpanKind::Producer,
        model::SpanKind::Consumer => SpanKind::Consumer,
    }
}

fn category(span: &SpanRecord) -> SpanCategory {
    match Category::of(span) {
        Category::GenAi => SpanCategory::GenAi,
        Category::Database => SpanCategory::Database,
        Category::Messaging => SpanCategory::Messaging,
        Category::Rpc => SpanCategory::Rpc,
        Category::Http => SpanCategory::Http,
        Category::Function => SpanCategory::Function,
    }
}

pub(super) fn state_of(state: store::SpanState) -> SpanState {
    match state {
        store::SpanState::Finished => SpanState::Finished,
        store::SpanState::Open => SpanState::Open,
        store::SpanState::Lost => SpanState::Lost,
    }
}

fn status(status: &model::Status) -> SpanStatus {
    let code = match status.code {
        model::StatusCode::Unset => StatusCode::Unset,
        model::StatusCode::Ok => StatusCode::Ok,
        model::StatusCode::Error => StatusCode::Error,
    };
    SpanStatus { code, message: status.message.to_string() }
}

fn event(event: &model::Event) -> SpanEvent {
    SpanEvent {
        time: rfc3339(event.time),
        name: event.name.to_string(),
        attributes: attributes(&event.attributes),
        dropped_attributes: event.dropped_attributes,
    }
}

fn link(link: &model::Link) -> SpanLink {
    SpanLink {
        trace_id: link.trace_id.map(|id| id.to_string()),
        span_id: link.span_id.map(|id| id.to_string()),
        trace_state: link.trace_state.to_string(),
        flags: link.flags,
        attributes: attributes(&link.attributes),
        dropped_attributes: link.dropped_attributes,
    }
}
