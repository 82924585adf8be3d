//! `test_attributes.py`.

use serde_json::{Value as Json, json};
use trackway::{Attributes, Value};

use crate::recorded;

#[test]
fn test_constructor_default() {
    assert!(recorded(|_| {}).attributes.is_empty());
}

#[test]
fn test_constructor_explicit() {
    let attributes: Attributes = [("key", Value::from("value"))].into_iter().collect();
    assert_eq!(attributes.text("key"), Some("value"));
}

#[test]
fn test_set_attribute() {
    let record = recorded(|span| {
        span.attribute("key", "value").attribute("key", 7);
    });
    assert_eq!((record.attributes.len(), record.attributes.get("key")), (1, Some(&Value::from(7))));
}

#[test]
fn test_delete_attribute() {
    // What a span said it has said: nothing takes an attribute back, and one that is not there is not recorded.
    let record = recorded(|span| {
        span.attribute("key", None::<i64>);
    });
    assert!(record.attributes.is_empty());
}

#[test]
fn test_get_attribute() {
    let record = recorded(|span| {
        span.attribute("key", "value");
        assert_eq!(span.record().unwrap().attributes.text("key"), Some("value"));
    });
    assert_eq!(record.attributes.get("other"), None);
}

fn written(record: trackway::SpanRecord) -> Json {
    let trace: Json = serde_json::from_str(&trackway_wire::opencensus::traces(&[record])).unwrap();
    trace["spans"][0]["attributes"].clone()
}

#[test]
fn test_format_attributes_json() {
    let record = recorded(|span| {
        span.attribute("key1", "test string").attribute("key2", true).attribute("key3", 100).attribute("key4", 123.456);
    });
    let expected = json!({"attributeMap": {
        "key1": {"string_value": {"value": "test string", "truncated_byte_count": 0}}, "key2": {"bool_value": true},
        "key3": {"int_value": 100}, "key4": {"double_value": 123.456},
    }});
    assert_eq!(written(record), expected);
}

#[test]
fn test_format_attributes_json_type_error() {
    // Kinds of values that their form has no word for were dropped; here they are texts.
    let record = recorded(|span| {
        span.attribute("list", vec![1, 2]);
    });
    let expected = json!({"list": {"string_value": {"value": "[1,2]", "truncated_byte_count": 0}}});
    assert_eq!(written(record)["attributeMap"], expected);
}
