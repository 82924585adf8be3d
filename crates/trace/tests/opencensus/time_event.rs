//! `test_time_event.py`.

use serde_json::{Value as Json, json};
use trackway::{Message, SpanRecord, Timestamp, Value};

use crate::recorded;

/// 2 January 2024, 03:04:05.678901.
const TIME: Timestamp = Timestamp(1_704_164_645_678_901_000);

fn written(record: SpanRecord) -> Json {
    let trace: Json = serde_json::from_str(&trackway_wire::opencensus::traces(&[record])).unwrap();
    trace["spans"][0]["timeEvents"]["timeEvent"][0].clone()
}

mod annotation {
    use super::*;

    #[test]
    fn test_constructor() {
        let record = recorded(|span| {
            span.event_at("test", TIME).field("key", "value");
        });
        let event = &record.events[0];
        assert_eq!((event.time, &*event.name, event.attributes.text("key")), (TIME, "test", Some("value")));
    }

    #[test]
    fn test_format_annotation_json_with_attributes() {
        let record = recorded(|span| {
            span.event_at("test", TIME).field("key", "value");
        });
        let value = json!({"string_value": {"value": "value", "truncated_byte_count": 0}});
        let expected = json!({"time": "2024-01-02T03:04:05.678901Z", "annotation": {
            "description": {"value": "test", "truncated_byte_count": 0}, "attributes": {"attributeMap": {"key": value}},
        }});
        assert_eq!(written(record), expected);
    }

    #[test]
    fn test_format_annotation_json_without_attributes() {
        let record = recorded(|span| {
            span.event_at("test", TIME);
        });
        assert_eq!(written(record)["annotation"], json!({"description": {"value": "test", "truncated_byte_count": 0}}));
    }
}

mod message_event {
    use super::*;

    #[test]
    fn test_constructor_default() {
        let record = recorded(|span| {
            span.message(Message::new(1234));
        });
        let event = &record.events[0];
        assert_eq!((&*event.name, event.attributes.get("rpc.message.id")), ("rpc.message", Some(&Value::from(1234))));
        assert_eq!((event.attributes.len(), event.time), (1, Timestamp(record.start.0 + 1_000_000_000)));
    }

    #[test]
    fn test_constructor_explicit() {
        let record = recorded(|span| {
            span.message(Message::sent(1).bytes(64).compressed(32).at(TIME));
        });
        let event = &record.events[0];
        let pairs: Vec<(&str, &Value)> = event.attributes.iter().collect();
        let expected = [
            ("rpc.message.type", &Value::from("SENT")),
            ("rpc.message.id", &Value::from(1)),
            ("rpc.message.uncompressed_size", &Value::from(64)),
            ("rpc.message.compressed_size", &Value::from(32)),
        ];
        assert_eq!((pairs, event.time), (expected.to_vec(), TIME));
    }

    #[test]
    fn test_format_message_event_json() {
        let record = recorded(|span| {
            span.message(Message::received(1).bytes(50).at(TIME));
        });
        let sizes = json!({"id": 1, "type": 2, "uncompressed_size_bytes": 50, "compressed_size_bytes": 50});
        assert_eq!(written(record), json!({"time": "2024-01-02T03:04:05.678901Z", "message_event": sizes}));
    }

    #[test]
    fn test_format_message_event_json_no_size() {
        let record = recorded(|span| {
            span.message(Message::sent(7));
        });
        assert_eq!(written(record)["message_event"], json!({"id": 7, "type": 1}));
    }
}
