//! `test_link.py`.

use serde_json::{Value as Json, json};
use trackway::{Context, Relation, SpanRecord, TraceFlags};

use crate::{recorded, tracer};

const TRACE: &str = "6e0c63257de34c92bf9efcd03927272e";
const SPAN: &str = "6e0c63257de34c92";

fn other() -> Context {
    Context::remote(TRACE.parse().unwrap(), SPAN.parse().unwrap(), TraceFlags::SAMPLED)
}

fn written(record: SpanRecord) -> Json {
    let trace: Json = serde_json::from_str(&trackway_wire::opencensus::traces(&[record])).unwrap();
    trace["spans"][0]["links"]["link"][0].clone()
}

#[test]
fn test_constructor_default() {
    let record = recorded(|span| {
        span.link(other());
    });
    let link = &record.links[0];
    assert_eq!((link.trace_id, link.span_id), (other().trace_id(), other().span_id()));
    assert!(link.attributes.is_empty());
}

#[test]
fn test_constructor_explicit() {
    let (tracer, spans) = tracer();
    let relation = Relation::parent().attribute("key", "value");
    tracer.span("batch").link_with(other(), relation.clone()).start().link_with(other(), relation).finish();
    let record = spans.finished().remove(0);
    assert_eq!(record.links[0], record.links[1], "before the beginning and after it");
    assert_eq!(record.links[0].attributes.text("opencensus.link.type"), Some("parent_linked_span"));
    assert_eq!(record.links[0].attributes.text("key"), Some("value"));
}

#[test]
fn test_format_link_json_with_attributes() {
    let record = recorded(|span| {
        span.link_with(other(), Relation::child().attribute("key", 1));
    });
    let attributes = json!({"attributeMap": {"key": {"int_value": 1}}});
    assert_eq!(written(record), json!({"trace_id": TRACE, "span_id": SPAN, "type": 1, "attributes": attributes}));
}

#[test]
fn test_format_link_json_without_attributes() {
    let record = recorded(|span| {
        span.link_with(other(), Relation::new());
    });
    assert_eq!(written(record), json!({"trace_id": TRACE, "span_id": SPAN, "type": 0}));
}
