//! A trace or a span of the SDK as a record.

use std::sync::{Arc, LazyLock};

use trackway_model::{
    Attributes, DataKind, Dialect, Dropped, Foreign, Repeats, Resource, Scope, SpanData, SpanKind, SpanRecord, Status,
    StatusCode, Text, Timestamp, TraceRecord, Value, keys,
};

use super::{
    SPAN_DATA,
    data::data,
    fields::{as_map, as_text, is_nothing, sort, take, text},
    time::Time,
};
use crate::{foreign, title::title};

/// What the SDK would be called as a service; it does not tell what program it runs in.
const NAME: &str = "openai-agents";

/// What the attributes begin with that hold what no other place does.
const PREFIX: &str = "openai.agents.";

/// The process behind every span of this format.
pub(super) static RESOURCE: LazyLock<Arc<Resource>> = LazyLock::new(|| {
    let attributes = [(keys::SERVICE_NAME, Value::from(NAME))].into_iter().collect();
    Arc::new(Resource { attributes, ..Resource::default() })
});

static SCOPE: LazyLock<Arc<Scope>> =
    LazyLock::new(|| Arc::new(Scope { name: Text::literal(NAME), ..Scope::default() }));

/// What all records of a request have in common.
pub(super) struct Origin {
    /// The project that they go to.
    pub(super) project: Text,
    /// When the request came.
    pub(super) arrival: Timestamp,
}

/// Makes a record of a trace object.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(super) fn trace(mut fields: Attributes, origin: &Origin) -> Result<TraceRecord, String> {
    let original_id = id(&mut fields, "id", || "the trace".into())?;
    let name = taken_text(&mut fields, "workflow_name").unwrap_or_default();
    let group = taken_text(&mut fields, "group_id");
    let mut metadata = match take(&mut fields, "metadata") {
        Value::Map(metadata) => metadata,
        other => Attributes(other_value("metadata", other).into_iter().collect()),
    };
    metadata.0.extend(others(fields));
    Ok(TraceRecord {
        trace_id: foreign::trace_id(&original_id),
        original_id,
        name,
        group,
        metadata,
        project: origin.project.clone(),
    })
}

/// Makes a record of a span object.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(super) fn span(mut fields: Attributes, origin: &Origin) -> Result<SpanRecord, String> {
    let id = self::id(&mut fields, "id", || "the span".into())?;
    let trace_id = self::id(&mut fields, "trace_id", || format!("the span {id}"))?;
    let parent_id = taken_text(&mut fields, "parent_id");
    let started = Time::of(take(&mut fields, "started_at"));
    let ended = Time::of(take(&mut fields, "ended_at"));
    let span_data = take(&mut fields, "span_data");

    let told = as_map(&span_data);
    let data = told.map(|told| data(told, started.point()));
    let data = data.unwrap_or_else(|| SpanData::new(DataKind::Custom, Dialect::OpenAiAgents));
    let name = name(&data, told);
    let (start, end) = times(&started, &ended, origin.arrival);

    let mut attributes = Attributes::default();
    attributes.0.extend(pair(SPAN_DATA, span_data));
    attributes.0.extend(other_value("metadata", take(&mut fields, "metadata")));
    let status = status(take(&mut fields, "error"), &mut attributes);
    for (key, time) in [("unread_started_at", started), ("unread_ended_at", ended)] {
        if let Time::Unread(value) = time {
            attributes.0.extend(other_value(key, value));
        }
    }
    attributes.0.extend(others(fields));
    Ok(SpanRecord {
        trace_id: foreign::trace_id(&trace_id),
        span_id: foreign::span_id(&trace_id, &id),
        parent_id: parent_id.as_deref().map(|parent| foreign::span_id(&trace_id, parent)),
        flags: 0,
        trace_state: Text::default(),
        name,
        kind: if data.kind.is_model_call() { SpanKind::Client } else { SpanKind::Internal },
        start,
        end,
        attributes,
        events: Vec::new(),
        links: Vec::new(),
        status,
        dropped: Dropped::default(),
        scope: Arc::clone(&SCOPE),
        resource: Arc::clone(&RESOURCE),
        project: origin.project.clone(),
        data: Some(Box::new(data)),
        foreign: Some(Box::new(Foreign { id, trace_id, parent_id })),
        repeats: Repeats::Replace,
    })
}

/// Takes an id that must be there.
fn id(fields: &mut Attributes, key: &str, whose: impl Fn() -> String) -> Result<Text, String> {
    let value = take(fields, key);
    as_text(&value).ok_or_else(|| match is_nothing(&value) {
        true => format!("{} has no {key}", whose()),
        false => format!("the {key} of {} is {}, and no text", whose(), sort(&value)),
    })
}

/// Takes a text that may be absent; what is neither that nor a number stays where it is.
fn taken_text(fields: &mut Attributes, key: &str) -> Option<Text> {
    let value = take(fields, key);
    let text = as_text(&value);
    if text.is_none() && !is_nothing(&value) {
        fields.push(key, value);
    }
    text
}

/// What to call a span.
fn name(data: &SpanData, span_data: Option<&Attributes>) -> Text {
    title(data, || span_data.and_then(|told| text(told, "type")).unwrap_or(Text::literal("span")))
}

/// When a span began and ended: without a start it has its end's, and without either when it came.
fn times(started: &Time, ended: &Time, arrival: Timestamp) -> (Timestamp, Option<Timestamp>) {
    match (started.point(), ended.point()) {
        (Some(start), end) => (start, end),
        (None, end) => {
            let end = end.unwrap_or(arrival);
            (end, Some(end))
        }
    }
}

/// What an `error` says; what a status has no place for goes to the attributes.
fn status(error: Value, attributes: &mut Attributes) -> Status {
    let failed = |message| Status { code: StatusCode::Error, message };
    match error {
        Value::Empty | Value::Bool(false) => Status::default(),
        Value::Map(mut error) => {
            let message = taken_text(&mut error, "message").unwrap_or_default();
            attributes.0.extend(other_value("error_data", take(&mut error, "data")));
            if !error.is_empty() {
                attributes.0.extend(other_value("error", Value::Map(error)));
            }
            failed(message)
        }
        other => match as_text(&other) {
            Some(message) => failed(message),
            None => {
                attributes.0.extend(other_value("error", other));
                failed(Text::default())
            }
        },
    }
}

/// The fields that nothing reads, under names of their own; keys that open doors are left out.
fn others(fields: Attributes) -> impl Iterator<Item = (Text, Value)> {
    let known = fields.0.into_iter().filter(|(key, _)| &**key != "tracing_api_key");
    known.filter_map(|(key, value)| other_value(&key, value))
}

fn other_value(key: &str, value: Value) -> Option<(Text, Value)> {
    pair(&format!("{PREFIX}{key}"), value)
}

fn pair(key: &str, value: Value) -> Option<(Text, Value)> {
    let says_something = match &value {
        Value::Empty => false,
        Value::Map(map) => !map.is_empty(),
        _ => true,
    };
    says_something.then(|| (key.into(), value))
}
