//! What came out: OTLP read with the official types, or records.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use prost::Message;
use trackway::{Attributes, SpanRecord, StatusCode};

use crate::model::Value;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fields {
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) dropped: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Link {
    pub(crate) trace: String,
    pub(crate) span: String,
    pub(crate) flags: u32,
    pub(crate) state: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) span: String,
    pub(crate) parent: String,
    pub(crate) flags: u32,
    pub(crate) state: String,
    pub(crate) name: String,
    pub(crate) kind: usize,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) fields: Fields,
    pub(crate) events: Vec<(u64, String, Fields)>,
    pub(crate) dropped_events: u32,
    pub(crate) links: Vec<Link>,
    pub(crate) dropped_links: u32,
    pub(crate) status: (StatusCode, String),
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn value(read: AnyValue) -> Value {
    match read.value.unwrap() {
        any_value::Value::StringValue(text) => Value::Text(text),
        any_value::Value::BoolValue(value) => Value::Bool(value),
        any_value::Value::IntValue(value) => Value::I64(value),
        any_value::Value::DoubleValue(value) => Value::F64(value.to_bits()),
        any_value::Value::BytesValue(bytes) => {
            assert!(bytes.iter().all(|byte| *byte == 7));
            Value::Bytes(bytes.len())
        }
        any_value::Value::ArrayValue(array) => {
            let ints = array.values.into_iter().map(|item| match value(item) {
                Value::I64(value) => value,
                other => panic!("{other:?}"),
            });
            Value::Array(ints.collect())
        }
        other => panic!("{other:?}"),
    }
}

fn fields(list: Vec<KeyValue>, dropped: u32) -> Fields {
    let length = list.len();
    let values: BTreeMap<_, _> = list.into_iter().map(|pair| (pair.key, value(pair.value.unwrap()))).collect();
    assert_eq!(values.len(), length, "every key once");
    Fields { values, dropped }
}

/// Reads requests, as any receiver would.
pub(crate) fn of_requests(requests: &[Vec<u8>]) -> Vec<Span> {
    let requests = requests.iter().map(|bytes| ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap());
    let resources = requests.flat_map(|request| request.resource_spans);
    let spans = resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans);
    spans
        .map(|span| {
            let status = span.status.unwrap_or_default();
            let code = match status.code {
                0 => StatusCode::Unset,
                1 => StatusCode::Ok,
                _ => StatusCode::Error,
            };
            let events = span.events.into_iter().map(|event| {
                (event.time_unix_nano, event.name, fields(event.attributes, event.dropped_attributes_count))
            });
            let links = span.links.into_iter().map(|link| Link {
                trace: hex(&link.trace_id),
                span: hex(&link.span_id),
                flags: link.flags,
                state: link.trace_state,
            });
            Span {
                trace: hex(&span.trace_id),
                span: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                flags: span.flags,
                state: span.trace_state,
                name: span.name,
                kind: span.kind as usize,
                start: span.start_time_unix_nano,
                end: span.end_time_unix_nano,
                fields: fields(span.attributes, span.dropped_attributes_count),
                events: events.collect(),
                dropped_events: span.dropped_events_count,
                links: links.collect(),
                dropped_links: span.dropped_links_count,
                status: (code, status.message),
            }
        })
        .collect()
}

fn fields_of(list: &Attributes, dropped: u32) -> Fields {
    let values = list.iter().map(|(key, value)| {
        let value = match value {
            trackway::Value::Bool(value) => Value::Bool(*value),
            trackway::Value::Int(value) => Value::I64(*value),
            trackway::Value::Double(value) => Value::F64(value.to_bits()),
            trackway::Value::Text(text) => Value::Text(text.to_string()),
            trackway::Value::Bytes(bytes) => Value::Bytes(bytes.len()),
            trackway::Value::Array(values) => Value::Array(
                values
                    .iter()
                    .map(|item| match item {
                        trackway::Value::Int(value) => *value,
                        other => panic!("{other:?}"),
                    })
                    .collect(),
            ),
            other => panic!("{other:?}"),
        };
        (key.to_owned(), value)
    });
    let values: BTreeMap<_, _> = values.collect();
    assert_eq!(values.len(), list.len(), "every key once");
    Fields { values, dropped }
}

/// Reads records.
pub(crate) fn of_records(records: &[SpanRecord]) -> Vec<Span> {
    let all = records.iter().map(|record| {
        let events = record.events.iter().map(|event| {
            (event.time.0, event.name.to_string(), fields_of(&event.attributes, event.dropped_attributes))
        });
        let links = record.links.iter().map(|link| Link {
            trace: link.trace_id.map(|id| id.to_string()).unwrap_or_default(),
            span: link.span_id.map(|id| id.to_string()).unwrap_or_default(),
            flags: link.flags,
            state: link.trace_state.to_string(),
        });
        Span {
            trace: record.trace_id.to_string(),
            span: record.span_id.to_string(),
            parent: record.parent_id.map(|id| id.to_string()).unwrap_or_default(),
            flags: record.flags,
            state: record.trace_state.to_string(),
            name: record.name.to_string(),
            kind: record.kind as usize,
            start: record.start.0,
            end: record.end.unwrap().0,
            fields: fields_of(&record.attributes, record.dropped.attributes),
            events: events.collect(),
            dropped_events: record.dropped.events,
            links: links.collect(),
            dropped_links: record.dropped.links,
            status: (record.status.code, record.status.message.to_string()),
        }
    });
    all.collect()
}
