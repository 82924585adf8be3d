//! `test_status.py` and `test_exceptions_status.py`.

use serde_json::{Value as Json, json};
use trackway::canonical::{Code, Status};
use trackway::{Attributes, StatusCode, Value};

use crate::recorded;

fn json(status: &Status) -> Json {
    serde_json::from_str(&status.to_json()).unwrap()
}

fn details() -> Attributes {
    let mut fields = Attributes::default();
    fields.push("@type", "string");
    fields.push("field1", "value");
    fields
}

#[test]
fn test_constructor() {
    let status = Status::from(Code::DataLoss).message("test message").detail(details());
    assert_eq!((status.code.number(), status.code.name()), (15, "DATA_LOSS"));
    assert_eq!(status.message.as_deref(), Some("test message"));
    assert_eq!(status.details, [Value::Map(details())]);
}

#[test]
fn test_format_status_json_without_message() {
    assert_eq!(json(&Status::from(Code::DataLoss)), json!({"code": 15}));
}

#[test]
fn test_format_status_json_with_details() {
    let status = Status::from(Code::DataLoss).message("test message").detail(details());
    let expected = json!({"code": 15, "message": "test message", "details": [{"@type": "string", "field1": "value"}]});
    assert_eq!(json(&status), expected);
}

#[test]
fn test_format_status_json_without_details() {
    assert_eq!(json(&Status::from(Code::DataLoss).message("m")), json!({"code": 15, "message": "m"}));
}

#[test]
fn test_is_ok() {
    assert!(Status::ok().is_ok());
    for code in &Code::ALL[1..] {
        assert!(!Status::from(*code).is_ok(), "{code}");
        assert_eq!(Code::from_number(code.number()), Some(*code));
    }
    assert_eq!((Code::from_number(17), Code::from_number(-1)), (None, None));
}

#[test]
fn test_create_from_exception() {
    let error: Box<dyn std::error::Error + Send + Sync> = "test message".into();
    assert_eq!(json(&Status::from_error(&error)), json!({"code": 2, "message": "test message"}));
}

#[test]
fn test_create_as_ok() {
    assert_eq!((Status::ok().code, Status::ok().message), (Code::Ok, None));
}

#[test]
fn test_cancelled() {
    assert_eq!(json(&Status::cancelled()), json!({"code": 1}));
}

#[test]
fn test_invalid_url() {
    assert_eq!(json(&Status::invalid_url()), json!({"code": 3, "message": "invalid URL"}));
}

#[test]
fn test_timeout() {
    assert_eq!(json(&Status::timeout()), json!({"code": 4, "message": "request timed out"}));
}

#[test]
fn test_unknown() {
    let error = std::fmt::Error;
    assert_eq!(json(&Status::from_error(&error)), json!({"code": 2, "message": error.to_string()}));
}

#[test]
fn what_is_recorded_of_an_outcome() {
    let record = recorded(|span| {
        span.outcome(&Status::from(Code::NotFound).detail(details())).outcome(&Status::timeout());
    });
    assert_eq!(record.status.code, StatusCode::Error);
    assert_eq!(&*record.status.message, "request timed out");
    assert_eq!(record.attributes.get("status.code"), Some(&Value::from(4)));
    assert_eq!(record.attributes.len(), 1, "what the later outcome does not say is gone");
    let record = recorded(|span| {
        span.outcome(&Status::ok()).outcome(&Status::cancelled());
    });
    assert_eq!((record.status.code, record.attributes.len()), (StatusCode::Ok, 0), "what went well stays so");
}

#[test]
fn an_outcome_of_the_active_span_is_recorded_on_the_quick_path_too() {
    let memory = trackway::export::Memory::new();
    let tracer = trackway::builder().exporter(memory.clone()).build();
    let scope = tracer.activate();
    let call = trackway::span!("call");
    trackway::active().outcome(&Status::from(Code::Unavailable).message("later").detail(details()));
    drop(call);
    drop(scope);
    assert!(tracer.flush(std::time::Duration::from_secs(10)));
    let record = memory.spans().remove(0);
    assert_eq!((record.status.code, &*record.status.message), (StatusCode::Error, "later"));
    assert_eq!(record.attributes.get("status.code"), Some(&Value::from(14)));
    assert_eq!(record.attributes.text("status.details"), Some(r#"[{"@type":"string","field1":"value"}]"#));
}
