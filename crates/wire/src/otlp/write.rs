//! Requests of OTLP as JSON, written: what an exporter would send, and what a collector's file exporter keeps a line of.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value as Json, json};
use trackway_model::{Attributes, Event, Link, SpanKind, SpanRecord, StatusCode, Value};

/// Writes an `ExportTraceServiceRequest`, on one line; spans that follow each other share their resource and scope.
///
/// What OTLP has no field for is left out: a span's project, what agents say of themselves beside attributes, and the ids of
/// clients with ids of their own.
///
/// ```
/// use trackway_wire::otlp::{Encoding, decode_traces, encode_traces};
///
/// let body = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[
///     {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"GET /"}]}]}]}"#;
/// let spans = decode_traces(Encoding::Json, body, None, &mut |_| true)?.batch.spans;
/// let line = encode_traces(&spans);
/// assert_eq!(decode_traces(Encoding::Json, line.as_bytes(), None, &mut |_| true)?.batch.spans, spans);
/// # Ok::<(), trackway_wire::otlp::Error>(())
/// ```
pub fn encode_traces(spans: &[SpanRecord]) -> String {
    let of_one_resource = |a: &SpanRecord, b: &SpanRecord| is_same(&a.resource, &b.resource);
    let groups: Vec<Json> = spans.chunk_by(of_one_resource).map(resource_spans).collect();
    json!({ "resourceSpans": groups }).to_string()
}

fn is_same<T: PartialEq>(a: &Arc<T>, b: &Arc<T>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

fn resource_spans(spans: &[SpanRecord]) -> Json {
    let scopes: Vec<Json> = spans.chunk_by(|a, b| is_same(&a.scope, &b.scope)).map(scope_spans).collect();
    let Some(first) = spans.first() else { return json!({}) };
    let resource = &first.resource;
    let mut group = Object::default();
    let mut fields = Object::default();
    fields.attributes(&resource.attributes);
    fields.number("droppedAttributesCount", resource.dropped_attributes);
    group.0.insert("resource".into(), fields.0.into());
    group.0.insert("scopeSpans".into(), scopes.into());
    group.text("schemaUrl", &resource.schema_url);
    group.0.into()
}

fn scope_spans(spans: &[SpanRecord]) -> Json {
    let Some(first) = spans.first() else { return json!({}) };
    let scope = &first.scope;
    let mut group = Object::default();
    let mut fields = Object::default();
    fields.text("name", &scope.name);
    fields.text("version", &scope.version);
    fields.attributes(&scope.attributes);
    fields.number("droppedAttributesCount", scope.dropped_attributes);
    group.0.insert("scope".into(), fields.0.into());
    group.0.insert("spans".into(), spans.iter().map(span).collect());
    group.text("schemaUrl", &scope.schema_url);
    group.0.into()
}

/// The fields of a message; what is at its default is left out.
#[derive(Default)]
struct Object(Map<String, Json>);

impl Object {
    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.0.insert(name.into(), text.into());
        }
    }

    fn number(&mut self, name: &str, number: u32) {
        if number != 0 {
            self.0.insert(name.into(), number.into());
        }
    }

    /// Numbers of 64 bits are texts in the JSON of protobuf.
    fn time(&mut self, name: &str, time: u64) {
        self.0.insert(name.into(), time.to_string().into());
    }

    fn list(&mut self, name: &str, items: Vec<Json>) {
        if !items.is_empty() {
            self.0.insert(name.into(), items.into());
        }
    }

    fn attributes(&mut self, attributes: &Attributes) {
        self.list("attributes", pairs(attributes));
    }
}

fn span(span: &SpanRecord) -> Json {
    let mut fields = Object::default();
    fields.text("traceId", &span.trace_id.to_string());
    fields.text("spanId", &span.span_id.to_string());
    fields.text("parentSpanId", &span.parent_id.map(|id| id.to_string()).unwrap_or_default());
    fields.number("flags", span.flags);
    fields.text("traceState", &span.trace_state);
    fields.text("name", &span.name);
    fields.number("kind", kind(span.kind));
    fields.time("startTimeUnixNano", span.start.0);
    if let Some(end) = span.end {
        fields.time("endTimeUnixNano", end.0);
    }
    fields.attributes(&span.attributes);
    fields.list("events", span.events.iter().map(event).collect());
    fields.list("links", span.links.iter().map(link).collect());
    let mut status = Object::default();
    status.number("code", code(span.status.code));
    status.text("message", &span.status.message);
    if !status.0.is_empty() {
        fields.0.insert("status".into(), status.0.into());
    }
    fields.number("droppedAttributesCount", span.dropped.attributes);
    fields.number("droppedEventsCount", span.dropped.events);
    fields.number("droppedLinksCount", span.dropped.links);
    fields.0.into()
}

fn event(event: &Event) -> Json {
    let mut fields = Object::default();
    fields.time("timeUnixNano", event.time.0);
    fields.text("name", &event.name);
    fields.attributes(&event.attributes);
    fields.number("droppedAttributesCount", event.dropped_attributes);
    fields.0.into()
}

fn link(link: &Link) -> Json {
    let mut fields = Object::default();
    fields.text("traceId", &link.trace_id.map(|id| id.to_string()).unwrap_or_default());
    fields.text("spanId", &link.span_id.map(|id| id.to_string()).unwrap_or_default());
    fields.text("traceState", &link.trace_state);
    fields.number("flags", link.flags);
    fields.attributes(&link.attributes);
    fields.number("droppedAttributesCount", link.dropped_attributes);
    fields.0.into()
}

fn pairs(attributes: &Attributes) -> Vec<Json> {
    attributes.iter().map(|(key, value)| json!({ "key": key, "value": self::value(value) })).collect()
}

fn value(value: &Value) -> Json {
    match value {
        Value::Empty => json!({}),
        Value::Bool(value) => json!({ "boolValue": value }),
        Value::Int(value) => json!({ "intValue": value.to_string() }),
        Value::Double(value) if value.is_finite() => json!({ "doubleValue": value }),
        Value::Double(value) => json!({ "doubleValue": name(*value) }),
        Value::Text(value) => json!({ "stringValue": &**value }),
        Value::Bytes(value) => json!({ "bytesValue": STANDARD.encode(value) }),
        Value::Array(values) => {
            json!({ "arrayValue": { "values": values.iter().map(self::value).collect::<Vec<_>>() } })
        }
        Value::Map(map) => json!({ "kvlistValue": { "values": pairs(map) } }),
    }
}

/// Returns what JSON calls a number that it cannot hold.
fn name(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

fn kind(kind: SpanKind) -> u32 {
    match kind {
        SpanKind::Unspecified => 0,
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

fn code(code: StatusCode) -> u32 {
    match code {
        StatusCode::Unset => 0,
        StatusCode::Ok => 1,
        StatusCode::Error => 2,
    }
}
