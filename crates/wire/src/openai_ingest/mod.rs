//! What the tracing of the OpenAI Agents SDK sends, written: the objects of `POST /v1/traces/ingest`.
//!
//! A span is written from what it records. Spans of agents become the SDK's types; of any other span its attributes are the
//! data of a custom one. The `span_data` that a client of that SDK sent is written as it came.
//!
//! ```
//! use trackway_model::Value;
//! use trackway_wire::openai_ingest::body;
//!
//! assert_eq!(body(&[Value::from("a")]), r#"{"data":["a"]}"#);
//! ```

mod data;
mod fit;
mod messages;
mod time;
mod usage;

use sha2::{Digest, Sha256};
use trackway_model::{Attributes, SpanRecord, StatusCode, Text, TraceRecord, Value, keys};

pub use fit::fit;

use crate::{json, json_text};

/// The attribute that holds the data of an error.
const ERROR_DATA: &str = "openai.agents.error_data";

/// Writes a request that carries these objects.
pub fn body(items: &[Value]) -> String {
    let mut out = String::new();
    json_text::Object::write(&mut out, |body| {
        body.list("data", |list| items.iter().for_each(|item| list.value(item)));
    });
    out
}

/// Returns the object that tells of a trace.
pub fn trace(trace: &TraceRecord) -> Value {
    let metadata = (!trace.metadata.is_empty()).then(|| Value::Map(trace.metadata.clone()));
    map([
        ("object", Value::from("trace")),
        ("id", Value::Text(trace.original_id.clone())),
        ("workflow_name", Value::Text(trace.name.clone())),
        ("group_id", or_null(trace.group.clone())),
        ("metadata", metadata.unwrap_or_default()),
    ])
}

/// Returns the object that tells of a span.
pub fn span(span: &SpanRecord) -> Value {
    let ids = span.foreign.as_deref();
    let id = ids.map_or_else(|| format!("span_00000000{}", span.span_id).into(), |ids| ids.id.clone());
    let trace_id =
        ids.map(|ids| ids.trace_id.clone()).or_else(|| span.attributes.text(keys::TRACKWAY_TRACE_ID).map(Text::from));
    let parent_id = match ids {
        Some(ids) => ids.parent_id.clone(),
        None => span.parent_id.map(|parent| format!("span_00000000{parent}").into()),
    };
    let Value::Map(mut object) = map([
        ("object", Value::from("trace.span")),
        ("id", Value::Text(id)),
        ("trace_id", Value::Text(trace_id.unwrap_or_else(|| format!("trace_{}", span.trace_id).into()))),
        ("parent_id", or_null(parent_id)),
        ("started_at", Value::from(time::written(span.start))),
        ("ended_at", span.end.map(|end| Value::from(time::written(end))).unwrap_or_default()),
        ("span_data", data::data(span)),
        ("error", error(span)),
    ]) else {
        return Value::Empty;
    };
    let metadata = below(&span.attributes, "trackway.span.metadata.");
    if !metadata.is_empty() {
        object.push("metadata", Value::Map(metadata));
    }
    Value::Map(object)
}

fn error(span: &SpanRecord) -> Value {
    if span.status.code != StatusCode::Error {
        return Value::Empty;
    }
    let data = span.attributes.get(ERROR_DATA).cloned().unwrap_or_default();
    map([("message", Value::Text(span.status.message.clone())), ("data", data)])
}

/// Reads a text of JSON.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str) -> Result<Value, String> {
    json::read(text.as_bytes(), json::Wide::Round).map_err(|error| error.to_string())
}

/// Returns what stands for a key where that must not be kept: its SHA-256, in hexadecimal digits.
pub fn key_hash(key: &str) -> String {
    Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes an object.
fn map<const N: usize>(fields: [(&'static str, Value); N]) -> Value {
    Value::Map(fields.into_iter().map(|(key, value)| (Text::literal(key), value)).collect())
}

/// Returns null for what is not known.
fn or_null(value: Option<impl Into<Value>>) -> Value {
    value.map(Into::into).unwrap_or_default()
}

/// Returns the attributes whose names begin so, without that beginning.
fn below(attributes: &Attributes, prefix: &str) -> Attributes {
    attributes.iter().filter_map(|(key, value)| Some((key.strip_prefix(prefix)?, value.clone()))).collect()
}
