//! Values as clients send them, whose types differ from client to client: a number as text, a map as JSON.

use serde_json::Value as Json;
use trackway_model::{Text, Value};

/// Reads a text that says something: an empty one is none.
pub(super) fn text(value: &Value) -> Option<Text> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// Reads a count, whatever type it came as; `None` for what is negative, no number, or beyond 64 bits.
pub(super) fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::Double(number) => whole(*number),
        Value::Text(text) => text.trim().parse().ok().or_else(|| whole(text.trim().parse().ok()?)),
        _ => None,
    }
}

/// Reads a number, whatever type it came as.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Double(number) => Some(*number),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// Reads a count out of JSON, whatever type it came as.
pub(super) fn json_count(json: &Json) -> Option<u64> {
    match json {
        Json::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Reads what was sent as JSON in a text, or as arrays and maps; `None` when it is neither.
pub(super) fn json(value: &Value) -> Option<Json> {
    match value {
        Value::Text(text) => json_text(text),
        Value::Array(_) | Value::Map(_) => Some(to_json(value)),
        _ => None,
    }
}

/// Reads a text that is a JSON array or object; `None` for other texts.
pub(super) fn json_text(text: &str) -> Option<Json> {
    let looks_like_json = matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'['));
    looks_like_json.then(|| serde_json::from_str(text).ok()).flatten()
}

/// Writes a value as JSON; bytes and numbers that JSON has no words for become null.
pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Empty | Value::Bytes(_) => Json::Null,
        Value::Bool(bool) => Json::Bool(*bool),
        Value::Int(number) => Json::from(*number),
        Value::Double(number) => Json::from(*number),
        Value::Text(text) => Json::from(&**text),
        Value::Array(values) => Json::Array(values.iter().map(to_json).collect()),
        Value::Map(map) => Json::Object(map.iter().map(|(key, value)| (key.to_owned(), to_json(value))).collect()),
    }
}

/// Reads a whole number that is not negative.
fn whole(number: f64) -> Option<u64> {
    (number >= 0.0 && number.fract() == 0.0 && number < 9e15).then_some(number as u64)
}
