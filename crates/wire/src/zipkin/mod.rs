//! Writing spans as [Zipkin's second format](https://zipkin.io/zipkin-api/zipkin2-api.yaml), as JSON.
//!
//! Names and values go where
//! [OpenTelemetry's mapping](https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/) puts them: attributes of the span,
//! its process and its library are tags, all of them texts; events are annotations, with their attributes as JSON; an
//! error is the tag `error`; what was left out is counted in tags. Links, for which Zipkin has no field, are the
//! tag `otel.links`: a list in JSON. Times are microseconds, and nothing lasts less than one.

mod endpoint;

use trackway_model::{Attributes, Event, Link, SpanKind, SpanRecord, StatusCode, Value, keys};

use crate::json_text::{self, List, Object};

/// Returns the spans as a list, the body of a `POST /api/v2/spans`.
///
/// ```
/// assert_eq!(trackway_wire::zipkin::spans(&[]), "[]");
/// ```
pub fn spans(records: &[SpanRecord]) -> String {
    let mut out = String::with_capacity(2 + records.len() * 512);
    List::write(&mut out, |list| {
        for record in records {
            list.object(|object| span(object, record));
        }
    });
    out
}

fn span(object: &mut Object<'_>, record: &SpanRecord) {
    object.text("traceId", &record.trace_id.to_string());
    object.text("id", &record.span_id.to_string());
    if let Some(parent) = record.parent_id {
        object.text("parentId", &parent.to_string());
    }
    if !record.name.is_empty() {
        object.text("name", &record.name);
    }
    if let Some(kind) = kind(record.kind) {
        object.text("kind", kind);
    }
    let start = record.start.0 / NANOS;
    if start > 0 {
        object.number("timestamp", start);
    }
    if let Some(end) = record.end {
        object.number("duration", (end.0.saturating_sub(record.start.0)).div_ceil(NANOS).max(1));
    }
    object.object("localEndpoint", |endpoint| endpoint.text("serviceName", record.service()));
    if let Some(remote) = endpoint::remote(record) {
        object.object("remoteEndpoint", |object| remote.write(object));
    }
    if !record.events.is_empty() {
        object.list("annotations", |list| record.events.iter().for_each(|event| annotation(list, event)));
    }
    let tags = tags(record);
    if !tags.is_empty() {
        object.object("tags", |object| tags.iter().for_each(|(key, value)| object.text(key, value)));
    }
}

/// Nanoseconds of a microsecond.
const NANOS: u64 = 1000;

fn kind(kind: SpanKind) -> Option<&'static str> {
    match kind {
        SpanKind::Unspecified | SpanKind::Internal => None,
        SpanKind::Server => Some("SERVER"),
        SpanKind::Client => Some("CLIENT"),
        SpanKind::Producer => Some("PRODUCER"),
        SpanKind::Consumer => Some("CONSUMER"),
    }
}

fn annotation(list: &mut List<'_>, event: &Event) {
    list.object(|object| {
        object.number("timestamp", event.time.0 / NANOS);
        if event.attributes.is_empty() {
            return object.text("value", &event.name);
        }
        let mut text = String::new();
        Object::write(&mut text, |object| {
            object.object(&event.name, |object| {
                event.attributes.iter().for_each(|(key, value)| object.value(key, value));
            });
        });
        object.text("value", &text);
    });
}

/// Returns what is known of the span beside its fields; the last of equal names, as a JSON reader would have it.
fn tags(record: &SpanRecord) -> Vec<(&str, String)> {
    let mut tags = Tags(Vec::new());
    tags.of(&record.resource.attributes, |key| key != keys::SERVICE_NAME);
    if !record.scope.name.is_empty() {
        tags.put("otel.scope.name", record.scope.name.to_string());
    }
    if !record.scope.version.is_empty() {
        tags.put("otel.scope.version", record.scope.version.to_string());
    }
    // An attribute of this name says something else than that the span failed, which its mere presence would say.
    tags.of(&record.attributes, |key| key != ERROR);
    if !record.trace_state.is_empty() {
        tags.put("w3c.tracestate", record.trace_state.to_string());
    }
    let dropped = record.dropped;
    for (key, count) in [
        ("otel.dropped_attributes_count", dropped.attributes),
        ("otel.dropped_events_count", dropped.events),
        ("otel.dropped_links_count", dropped.links),
    ] {
        if count > 0 {
            tags.put(key, count.to_string());
        }
    }
    if !record.links.is_empty() {
        tags.put("otel.links", links(&record.links));
    }
    match record.status.code {
        StatusCode::Unset => {}
        StatusCode::Ok => tags.put("otel.status_code", "OK".into()),
        StatusCode::Error => {
            tags.put("otel.status_code", "ERROR".into());
            tags.put(ERROR, record.status.message.to_string());
        }
    }
    tags.0
}

/// The tag by whose presence Zipkin knows a span that failed.
const ERROR: &str = "error";

struct Tags<'a>(Vec<(&'a str, String)>);

impl<'a> Tags<'a> {
    fn put(&mut self, key: &'a str, value: String) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    fn of(&mut self, attributes: &'a Attributes, is_tag: impl Fn(&str) -> bool) {
        for (key, value) in attributes.iter().filter(|(key, _)| is_tag(key)) {
            self.put(key, tag(value));
        }
    }
}

/// Returns a value as a text: a text as it is, anything else as JSON.
fn tag(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Empty => String::new(),
        value => {
            let mut text = String::new();
            json_text::value(&mut text, value);
            // Bytes and numbers that JSON lacks are texts there, and need no quotes here.
            text.trim_matches('"').to_owned()
        }
    }
}

fn links(links: &[Link]) -> String {
    let mut text = String::new();
    List::write(&mut text, |list| {
        for link in links {
            list.object(|object| {
                if let Some(trace) = link.trace_id {
                    object.text("traceId", &trace.to_string());
                }
                if let Some(span) = link.span_id {
                    object.text("id", &span.to_string());
                }
                for (key, value) in link.attributes.iter() {
                    object.value(key, value);
                }
            });
        }
    });
    text
}
