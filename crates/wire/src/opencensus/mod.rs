//! Writing spans in the JSON that OpenCensus's exporters for Python wrote into files and logs, for what still reads it.
//!
//! It follows the [data model](https://github.com/census-instrumentation/opencensus-proto) in the spelling of that library.
//! Texts are cut at 128 bytes and say by how much. Kinds of values that the form has no word for are texts. What our records
//! keep in attributes goes back to where it came from: the [type of a link](LINK_TYPE), [messages](MESSAGE), the
//! [code of a status](STATUS_CODE), a [stack trace](STACK_TRACE).

mod stack;
mod time;

use trackway_model::{Attributes, Event, Link, SpanKind, SpanRecord, StatusCode, TraceId, Value};

use crate::json_text::{self, List, Object};

pub use stack::{StackFrame, StackTrace};

/// Link: what it is to the span, `child_linked_span` or `parent_linked_span`.
pub const LINK_TYPE: &str = "opencensus.link.type";
/// Event: the name of a message that was sent or received, in OpenTelemetry's
/// [conventions](https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/).
pub const MESSAGE: &str = "rpc.message";
/// Event of a message: `SENT` or `RECEIVED`.
pub const MESSAGE_TYPE: &str = "rpc.message.type";
/// Event of a message: its number, which is unique in the span.
pub const MESSAGE_ID: &str = "rpc.message.id";
/// Event of a message: its bytes before compression.
pub const MESSAGE_UNCOMPRESSED: &str = "rpc.message.uncompressed_size";
/// Event of a message: its bytes after compression.
pub const MESSAGE_COMPRESSED: &str = "rpc.message.compressed_size";
/// Span: the canonical code of its status, as OpenCensus's exporter for Jaeger named it.
pub const STATUS_CODE: &str = "status.code";
/// Span: the details of its status, a list in JSON.
pub const STATUS_DETAILS: &str = "status.details";
/// Span: where the program was, a line each call, in OpenTelemetry's
/// [conventions](https://opentelemetry.io/docs/specs/semconv/attributes-registry/code/).
pub const STACK_TRACE: &str = "code.stacktrace";
/// Span: the hash of that, as 16 hexadecimal digits; it stands alone where the trace has a span with the whole of it.
pub const STACK_TRACE_HASH: &str = "code.stacktrace.hash";

/// The longest text, in bytes.
const LONGEST: usize = 128;

/// Returns the spans as JSON: an object a line, each of them one trace, in the order in which they came.
///
/// ```
/// assert_eq!(trackway_wire::opencensus::traces(&[]), "");
/// ```
pub fn traces(records: &[SpanRecord]) -> String {
    let mut out = String::with_capacity(records.len() * 512);
    let mut written: Vec<TraceId> = Vec::new();
    for record in records {
        if written.contains(&record.trace_id) {
            continue;
        }
        written.push(record.trace_id);
        let spans: Vec<&SpanRecord> = records.iter().filter(|span| span.trace_id == record.trace_id).collect();
        Object::write(&mut out, |object| {
            object.text("traceId", &record.trace_id.to_string());
            object
                .list("spans", |list| spans.iter().for_each(|span| list.object(|object| write(object, span, &spans))));
        });
        out.push('\n');
    }
    out
}

fn write(object: &mut Object<'_>, span: &SpanRecord, all: &[&SpanRecord]) {
    object.object("displayName", |object| short(object, &span.name));
    object.text("spanId", &span.span_id.to_string());
    object.text("startTime", &time::text(span.start));
    match span.end {
        Some(end) => object.text("endTime", &time::text(end)),
        None => object.value("endTime", &Value::Empty),
    }
    object.number("childSpanCount", all.iter().filter(|other| other.parent_id == Some(span.span_id)).count() as u64);
    object.number("kind", kind(span.kind));
    if let Some(parent) = span.parent_id {
        object.text("parentSpanId", &parent.to_string());
    }
    let elsewhere = [STATUS_CODE, STATUS_DETAILS, STACK_TRACE, STACK_TRACE_HASH];
    if span.attributes.iter().any(|(key, _)| !elsewhere.contains(&key)) {
        object.object("attributes", |object| attributes(object, &span.attributes, &elsewhere));
    }
    stack_trace(object, &span.attributes);
    if !span.events.is_empty() {
        object.object("timeEvents", |object| {
            object.list("timeEvent", |list| span.events.iter().for_each(|event| time_event(list, event)));
        });
    }
    if !span.links.is_empty() {
        object.object("links", |object| object.list("link", |list| span.links.iter().for_each(|to| link(list, to))));
    }
    object.object("status", |object| status(object, span));
    if let Some(is_remote) = span.parent_is_remote().filter(|_| span.parent_id.is_some()) {
        object.flag("sameProcessAsParentSpan", !is_remote);
    }
}

fn kind(kind: SpanKind) -> u8 {
    match kind {
        SpanKind::Server | SpanKind::Consumer => 1,
        SpanKind::Client | SpanKind::Producer => 2,
        SpanKind::Unspecified | SpanKind::Internal => 0,
    }
}

/// Writes a text and how many bytes of it are missing, which are never a part of a character.
fn short(object: &mut Object<'_>, text: &str) {
    let end = (0..=LONGEST.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    let kept = text.get(..end).unwrap_or_default();
    object.text("value", kept);
    object.number("truncated_byte_count", (text.len() - kept.len()) as u64);
}

fn attributes(object: &mut Object<'_>, attributes: &Attributes, elsewhere: &[&str]) {
    object.object("attributeMap", |object| {
        for (key, value) in attributes.iter().filter(|(key, _)| !elsewhere.contains(key)) {
            object.object(key, |object| match value {
                Value::Bool(value) => object.flag("bool_value", *value),
                Value::Int(value) => object.number("int_value", *value),
                Value::Double(_) => object.value("double_value", value),
                Value::Text(text) => object.object("string_value", |object| short(object, text)),
                value => {
                    let mut text = String::new();
                    json_text::value(&mut text, value);
                    object.object("string_value", |object| short(object, &text));
                }
            });
        }
    });
}

fn stack_trace(object: &mut Object<'_>, attributes: &Attributes) {
    let hash = attributes.text(STACK_TRACE_HASH).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let Some(hash) = hash else { return };
    let stack = attributes.text(STACK_TRACE).map(StackTrace::read).unwrap_or_default();
    object.object("stackTrace", |object| stack.write(object, hash));
}

fn time_event(list: &mut List<'_>, event: &Event) {
    list.object(|object| {
        object.text("time", &time::text(event.time));
        if &*event.name != MESSAGE {
            return object.object("annotation", |object| {
                object.object("description", |object| short(object, &event.name));
                if !event.attributes.is_empty() {
                    object.object("attributes", |object| attributes(object, &event.attributes, &[]));
                }
            });
        }
        object.object("message_event", |object| {
            object.value("id", event.attributes.get(MESSAGE_ID).unwrap_or(&Value::Int(0)));
            object.number(
                "type",
                match event.attributes.text(MESSAGE_TYPE) {
                    Some("SENT") => 1,
                    Some("RECEIVED") => 2,
                    _ => 0,
                },
            );
            for (key, name) in
                [(MESSAGE_UNCOMPRESSED, "uncompressed_size_bytes"), (MESSAGE_COMPRESSED, "compressed_size_bytes")]
            {
                if let Some(bytes) = event.attributes.get(key) {
                    object.value(name, bytes);
                }
            }
        });
    });
}

fn link(list: &mut List<'_>, link: &Link) {
    list.object(|object| {
        object.text("trace_id", &link.trace_id.map(|id| id.to_string()).unwrap_or_default());
        object.text("span_id", &link.span_id.map(|id| id.to_string()).unwrap_or_default());
        object.number(
            "type",
            match link.attributes.text(LINK_TYPE) {
                Some("child_linked_span") => 1,
                Some("parent_linked_span") => 2,
                _ => 0,
            },
        );
        if link.attributes.iter().any(|(key, _)| key != LINK_TYPE) {
            object.object("attributes", |object| attributes(object, &link.attributes, &[LINK_TYPE]));
        }
    });
}

fn status(object: &mut Object<'_>, span: &SpanRecord) {
    const UNKNOWN: i64 = 2;
    let code = match (span.status.code, span.attributes.get(STATUS_CODE)) {
        (StatusCode::Error, Some(Value::Int(code))) => *code,
        (StatusCode::Error, _) => UNKNOWN,
        (StatusCode::Ok | StatusCode::Unset, _) => 0,
    };
    object.number("code", code);
    if !span.status.message.is_empty() {
        object.text("message", &span.status.message);
    }
    if let Some(details) = span.attributes.get(STATUS_DETAILS) {
        object.value("details", details);
    }
}
