//! A trace request as OTLP's JSON, in every way that the specification lets a client choose.

use arbitrary::Arbitrary;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value as Json, json};

use crate::message::{Any, AnyValue, Event, KeyValue, Link, Request, ResourceSpans, ScopeSpans, Span};

/// What a client may choose.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub struct Style {
    missing: Missing,
    /// 64-bit numbers as texts, as protobuf's mapping writes them, or as numbers, which it also reads.
    numbers_as_texts: bool,
    doubles_as_texts: bool,
    upper_case_ids: bool,
    url_safe: bool,
    padded: bool,
    pretty: bool,
    /// A field that a later version added, which must be ignored.
    later_field: bool,
}

/// How a field that has its default is written.
#[derive(Debug, Clone, Copy, PartialEq, Arbitrary)]
enum Missing {
    Absent,
    Null,
    Written,
}

/// Writes a request.
pub fn write(request: &Request, style: Style) -> Vec<u8> {
    let mut object = Map::new();
    style.list(&mut object, "resourceSpans", &request.resource_spans, Style::resource_spans);
    let json = Json::Object(object);
    if style.pretty { format!("{json:#}").into_bytes() } else { json.to_string().into_bytes() }
}

impl Style {
    fn resource_spans(self, group: &ResourceSpans) -> Json {
        let mut object = Map::new();
        let resource = group.resource.as_ref().map(|resource| {
            let mut object = Map::new();
            self.attributes(&mut object, "attributes", &resource.attributes);
            self.small(&mut object, "droppedAttributesCount", resource.dropped_attributes_count);
            Json::Object(object)
        });
        self.message(&mut object, "resource", resource);
        self.list(&mut object, "scopeSpans", &group.scope_spans, Self::scope_spans);
        self.text(&mut object, "schemaUrl", &group.schema_url);
        Json::Object(object)
    }

    fn scope_spans(self, group: &ScopeSpans) -> Json {
        let mut object = Map::new();
        let scope = group.scope.as_ref().map(|scope| {
            let mut object = Map::new();
            self.text(&mut object, "name", &scope.name);
            self.text(&mut object, "version", &scope.version);
            self.attributes(&mut object, "attributes", &scope.attributes);
            self.small(&mut object, "droppedAttributesCount", scope.dropped_attributes_count);
            Json::Object(object)
        });
        self.message(&mut object, "scope", scope);
        self.list(&mut object, "spans", &group.spans, Self::span);
        self.text(&mut object, "schemaUrl", &group.schema_url);
        Json::Object(object)
    }

    fn span(self, span: &Span) -> Json {
        let mut object = Map::new();
        self.id(&mut object, "traceId", &span.trace_id);
        self.id(&mut object, "spanId", &span.span_id);
        self.text(&mut object, "traceState", &span.trace_state);
        self.id(&mut object, "parentSpanId", &span.parent_span_id);
        self.text(&mut object, "name", &span.name);
        self.put(&mut object, "kind", json!(span.kind), span.kind == 0);
        self.large(&mut object, "startTimeUnixNano", span.start_time_unix_nano);
        self.large(&mut object, "endTimeUnixNano", span.end_time_unix_nano);
        self.attributes(&mut object, "attributes", &span.attributes);
        self.small(&mut object, "droppedAttributesCount", span.dropped_attributes_count);
        self.list(&mut object, "events", &span.events, Self::event);
        self.small(&mut object, "droppedEventsCount", span.dropped_events_count);
        self.list(&mut object, "links", &span.links, Self::link);
        self.small(&mut object, "droppedLinksCount", span.dropped_links_count);
        let status = span.status.as_ref().map(|status| {
            let mut object = Map::new();
            self.text(&mut object, "message", &status.message);
            self.put(&mut object, "code", json!(status.code), status.code == 0);
            Json::Object(object)
        });
        self.message(&mut object, "status", status);
        self.small(&mut object, "flags", span.flags);
        if self.later_field {
            object.insert("laterField".into(), json!({"list": [1, null, "text"]}));
        }
        Json::Object(object)
    }

    fn event(self, event: &Event) -> Json {
        let mut object = Map::new();
        self.large(&mut object, "timeUnixNano", event.time_unix_nano);
        self.text(&mut object, "name", &event.name);
        self.attributes(&mut object, "attributes", &event.attributes);
        self.small(&mut object, "droppedAttributesCount", event.dropped_attributes_count);
        Json::Object(object)
    }

    fn link(self, link: &Link) -> Json {
        let mut object = Map::new();
        self.id(&mut object, "traceId", &link.trace_id);
        self.id(&mut object, "spanId", &link.span_id);
        self.text(&mut object, "traceState", &link.trace_state);
        self.attributes(&mut object, "attributes", &link.attributes);
        self.small(&mut object, "droppedAttributesCount", link.dropped_attributes_count);
        self.small(&mut object, "flags", link.flags);
        Json::Object(object)
    }

    fn attributes(self, object: &mut Map<String, Json>, name: &str, list: &[KeyValue]) {
        self.list(object, name, list, Self::key_value);
    }

    fn key_value(self, pair: &KeyValue) -> Json {
        let mut object = Map::new();
        self.text(&mut object, "key", &pair.key);
        self.message(&mut object, "value", pair.value.as_ref().map(|value| self.any(value)));
        Json::Object(object)
    }

    fn any(self, value: &AnyValue) -> Json {
        let Some(value) = &value.value else { return json!({}) };
        let mut inner = Map::new();
        match value {
            Any::Text(text) => json!({"stringValue": text}),
            Any::Bool(bool) => json!({"boolValue": bool}),
            Any::Int(int) if self.numbers_as_texts => json!({"intValue": int.to_string()}),
            Any::Int(int) => json!({"intValue": int}),
            Any::Double(double) => json!({"doubleValue": self.double(*double)}),
            Any::Bytes(bytes) => json!({"bytesValue": self.base64(bytes)}),
            Any::Array(array) => {
                self.list(&mut inner, "values", &array.values, Self::any);
                json!({"arrayValue": inner})
            }
            Any::Map(map) => {
                self.attributes(&mut inner, "values", &map.values);
                json!({"kvlistValue": inner})
            }
        }
    }

    fn double(self, double: f64) -> Json {
        match double {
            f64::INFINITY => json!("Infinity"),
            f64::NEG_INFINITY => json!("-Infinity"),
            _ if double.is_nan() => json!("NaN"),
            _ if self.doubles_as_texts => json!(double.to_string()),
            _ => json!(double),
        }
    }

    fn base64(self, bytes: &[u8]) -> String {
        match (self.url_safe, self.padded) {
            (false, true) => STANDARD.encode(bytes),
            (false, false) => STANDARD_NO_PAD.encode(bytes),
            (true, true) => URL_SAFE.encode(bytes),
            (true, false) => URL_SAFE_NO_PAD.encode(bytes),
        }
    }

    fn id(self, object: &mut Map<String, Json>, name: &str, id: &[u8]) {
        let digit = |byte: &u8| if self.upper_case_ids { format!("{byte:02X}") } else { format!("{byte:02x}") };
        self.put(object, name, json!(id.iter().map(digit).collect::<String>()), id.is_empty());
    }

    fn text(self, object: &mut Map<String, Json>, name: &str, text: &str) {
        self.put(object, name, json!(text), text.is_empty());
    }

    fn small(self, object: &mut Map<String, Json>, name: &str, number: u32) {
        self.put(object, name, json!(number), number == 0);
    }

    fn large(self, object: &mut Map<String, Json>, name: &str, number: u64) {
        let json = if self.numbers_as_texts { json!(number.to_string()) } else { json!(number) };
        self.put(object, name, json, number == 0);
    }

    fn list<T>(self, object: &mut Map<String, Json>, name: &str, list: &[T], item: impl Fn(Self, &T) -> Json) {
        let json = list.iter().map(|it| item(self, it)).collect();
        self.put(object, name, Json::Array(json), list.is_empty());
    }

    /// A message that is absent has no default that could be written.
    fn message(self, object: &mut Map<String, Json>, name: &str, message: Option<Json>) {
        match message {
            Some(message) => drop(object.insert(name.into(), message)),
            None => self.put(object, name, Json::Null, self.missing == Missing::Absent),
        }
    }

    fn put(self, object: &mut Map<String, Json>, name: &str, json: Json, is_default: bool) {
        match self.missing {
            Missing::Absent if is_default => {}
            Missing::Null if is_default => drop(object.insert(name.into(), Json::Null)),
            _ => drop(object.insert(name.into(), json)),
        }
    }
}
