//! Spans as clients would send them.

use std::sync::Arc;

use serde_json::Value as Json;
use trackway_model::{
    DataKind, Dialect, Dropped, Event, Repeats, Resource, Scope, SpanData, SpanId, SpanKind, SpanRecord, Status, Text,
    Timestamp, TraceId, Value,
};

/// Returns a finished span of some dialect with attributes, lists and objects among them as OpenTelemetry has them.
pub(crate) fn span(dialect: Dialect, kind: DataKind, attributes: Json) -> SpanRecord {
    let Value::Map(attributes) = value(attributes) else { panic!("attributes are an object") };
    SpanRecord {
        trace_id: TraceId::new([1; 16]).unwrap(),
        span_id: SpanId::new([1; 8]).unwrap(),
        parent_id: None,
        flags: 0,
        trace_state: Text::default(),
        name: "span".into(),
        kind: SpanKind::Internal,
        start: Timestamp(1),
        end: Some(Timestamp(2)),
        attributes,
        events: Vec::new(),
        links: Vec::new(),
        status: Status::default(),
        dropped: Dropped::default(),
        scope: Arc::new(Scope::default()),
        resource: Arc::new(Resource::default()),
        project: "default".into(),
        data: Some(Box::new(SpanData::new(kind, dialect))),
        foreign: None,
        repeats: Repeats::Stay,
    }
}

/// Returns JSON as a value.
pub(crate) fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Empty,
        Json::Bool(value) => value.into(),
        Json::Number(number) => number.as_i64().map_or_else(|| number.as_f64().unwrap().into(), Value::from),
        Json::String(text) => text.into(),
        Json::Array(values) => Value::Array(values.into_iter().map(value).collect()),
        Json::Object(map) => Value::Map(map.into_iter().map(|(key, json)| (key, value(json))).collect()),
    }
}

/// Returns an event with attributes.
pub(crate) fn event(name: &str, attributes: Json) -> Event {
    let Value::Map(attributes) = value(attributes) else { panic!("attributes are an object") };
    Event { name: name.into(), attributes, ..Event::default() }
}
