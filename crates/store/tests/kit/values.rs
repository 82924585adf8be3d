//! What the format of the tests says of a span beside its own fields, as JSON.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use trackway_model::*;

use super::{
    codec::{hex, unhex},
    resource,
};

const KINDS: [SpanKind; 6] = [
    SpanKind::Unspecified,
    SpanKind::Internal,
    SpanKind::Server,
    SpanKind::Client,
    SpanKind::Producer,
    SpanKind::Consumer,
];

/// Writes what a plain span of the tests lacks; `-` where it lacks nothing.
pub fn write_rest(span: &SpanRecord) -> String {
    let plain = super::span(1, 1);
    let is_plain = span.kind == plain.kind
        && span.status.code != StatusCode::Ok
        && span.attributes.is_empty()
        && span.scope == plain.scope
        && span.resource == resource(span.service())
        && span.links.is_empty()
        && span.events.iter().all(|event| event.attributes.is_empty());
    if is_plain {
        return "-".into();
    }
    let rest = json!({
        "kind": KINDS.iter().position(|kind| *kind == span.kind),
        "ok": span.status.code == StatusCode::Ok,
        "attributes": write_all(&span.attributes),
        "resource": write_all(&span.resource.attributes),
        "scope": [&*span.scope.name, &*span.scope.version, write_all(&span.scope.attributes)],
        "links": span.links.iter().map(|link| write_all(&link.attributes)).collect::<Vec<_>>(),
        "events": span.events.iter().map(|event| write_all(&event.attributes)).collect::<Vec<_>>(),
    });
    hex(&rest.to_string())
}

pub fn read_rest(text: &str, span: &mut SpanRecord) {
    if text == "-" {
        return;
    }
    let rest: Json = serde_json::from_str(&unhex(text)).unwrap();
    span.kind = KINDS[rest["kind"].as_u64().unwrap() as usize];
    if rest["ok"] == true {
        span.status.code = StatusCode::Ok;
    }
    span.attributes = read_all(&rest["attributes"]);
    span.resource = Arc::new(Resource { attributes: read_all(&rest["resource"]), ..Resource::default() });
    let word = |number: usize| Text::from(rest["scope"][number].as_str().unwrap());
    let attributes = read_all(&rest["scope"][2]);
    span.scope = Arc::new(Scope { name: word(0), version: word(1), attributes, ..Scope::default() });
    span.links = rest["links"].as_array().unwrap().iter().map(|link| super::link(read_all(link))).collect();
    for (event, attributes) in span.events.iter_mut().zip(rest["events"].as_array().unwrap()) {
        event.attributes = read_all(attributes);
    }
}

pub fn write_list(attributes: &Attributes) -> String {
    hex(&write_all(attributes).to_string())
}

pub fn read_list(text: &str) -> Attributes {
    read_all(&serde_json::from_str(&unhex(text)).unwrap())
}

fn write_all(attributes: &Attributes) -> Json {
    attributes.iter().map(|(key, value)| json!([key, write(value)])).collect()
}

fn read_all(json: &Json) -> Attributes {
    json.as_array().unwrap().iter().map(|pair| (pair[0].as_str().unwrap(), read(&pair[1]))).collect()
}

fn write(value: &Value) -> Json {
    match value {
        Value::Empty => json!(["empty"]),
        Value::Bool(bool) => json!(["bool", bool]),
        Value::Int(int) => json!(["int", int]),
        Value::Double(double) => json!(["double", double.to_bits()]),
        Value::Text(text) => json!(["text", &**text]),
        Value::Bytes(bytes) => json!(["bytes", bytes]),
        Value::Array(values) => json!(["array", values.iter().map(write).collect::<Vec<_>>()]),
        Value::Map(map) => json!(["map", write_all(map)]),
    }
}

fn read(json: &Json) -> Value {
    let value = &json[1];
    match json[0].as_str().unwrap() {
        "empty" => Value::Empty,
        "bool" => Value::Bool(value.as_bool().unwrap()),
        "int" => Value::Int(value.as_i64().unwrap()),
        "double" => Value::Double(f64::from_bits(value.as_u64().unwrap())),
        "text" => Value::from(value.as_str().unwrap()),
        "bytes" => Value::Bytes(value.as_array().unwrap().iter().map(|it| it.as_u64().unwrap() as u8).collect()),
        "array" => Value::Array(value.as_array().unwrap().iter().map(read).collect()),
        "map" => Value::Map(read_all(value)),
        other => panic!("{other} is no type"),
    }
}
