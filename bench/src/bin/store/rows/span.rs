//! A span as a row.

use std::sync::Arc;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::Span,
};
use serde_json::{Map, Value as Json, json};

/// One row.
pub(super) struct Row {
    pub(super) trace: Vec<u8>,
    pub(super) span: Vec<u8>,
    pub(super) parent: Option<Vec<u8>>,
    pub(super) service: Arc<str>,
    pub(super) name: String,
    pub(super) kind: i32,
    pub(super) start: i64,
    pub(super) duration: i64,
    pub(super) status: i32,
    pub(super) message: String,
    pub(super) attributes: String,
    pub(super) events: Option<String>,
    pub(super) resource: Arc<str>,
}

/// Returns the rows of a request.
pub(super) fn rows(request: ExportTraceServiceRequest) -> Vec<Row> {
    let mut rows = Vec::new();
    for group in request.resource_spans {
        let attributes = object(group.resource.map(|resource| resource.attributes).unwrap_or_default());
        let service = attributes.get("service.name").and_then(Json::as_str).unwrap_or_default().into();
        let resource: Arc<str> = Json::Object(attributes).to_string().into();
        for span in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            rows.push(row(span, &service, &resource));
        }
    }
    rows
}

fn row(span: Span, service: &Arc<str>, resource: &Arc<str>) -> Row {
    let events = span
        .events
        .into_iter()
        .map(|event| json!({"time": event.time_unix_nano, "name": event.name, "attributes": object(event.attributes)}));
    let events: Vec<Json> = events.collect();
    let status = span.status.unwrap_or_default();
    Row {
        trace: span.trace_id,
        span: span.span_id,
        parent: Some(span.parent_span_id).filter(|parent| !parent.is_empty()),
        service: Arc::clone(service),
        name: span.name,
        kind: span.kind,
        start: span.start_time_unix_nano.cast_signed(),
        duration: span.end_time_unix_nano.wrapping_sub(span.start_time_unix_nano).cast_signed(),
        status: status.code,
        message: status.message,
        attributes: Json::Object(object(span.attributes)).to_string(),
        events: (!events.is_empty()).then(|| Json::Array(events).to_string()),
        resource: Arc::clone(resource),
    }
}

fn object(attributes: Vec<KeyValue>) -> Map<String, Json> {
    attributes.into_iter().map(|pair| (pair.key, value(pair.value))).collect()
}

fn value(any: Option<AnyValue>) -> Json {
    match any.and_then(|any| any.value) {
        Some(Value::StringValue(text)) => text.into(),
        Some(Value::BoolValue(bool)) => bool.into(),
        Some(Value::IntValue(int)) => int.into(),
        Some(Value::DoubleValue(float)) => float.into(),
        Some(Value::ArrayValue(list)) => list.values.into_iter().map(|it| value(Some(it))).collect(),
        Some(Value::KvlistValue(map)) => Json::Object(object(map.values)),
        // Nothing else is in the load.
        _ => Json::Null,
    }
}
