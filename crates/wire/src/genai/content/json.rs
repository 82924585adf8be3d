//! JSON in texts and OpenTelemetry's values, read as one thing.
//!
//! What was sent as JSON becomes a [`Value`], with its fields in their order, so that the readers of messages know one type.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use trackway_model::{Attributes, Text, Value};

use crate::{
    json::{Wide, read},
    repair::repaired,
};

/// Reads a text that is a JSON array or object; `None` for other texts, and for JSON that is broken.
pub(super) fn parse(text: &str) -> Option<Value> {
    let looks_like_json = matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'['));
    looks_like_json.then(|| any(text)).flatten()
}

/// Reads a text that is JSON of any type, or would be if JSON had a place for what Python writes.
pub(super) fn any(text: &str) -> Option<Value> {
    let bytes = text.as_bytes();
    read(bytes, Wide::Refuse).or_else(|_| read(repaired(bytes).as_bytes(), Wide::Round)).ok()
}

/// Returns what a text says in JSON, and any other value as it is.
pub(super) fn open(value: &Value) -> Cow<'_, Value> {
    match value {
        Value::Text(text) => parse(text).map_or(Cow::Borrowed(value), Cow::Owned),
        _ => Cow::Borrowed(value),
    }
}

/// Writes a value for a reader: a text as it is, anything else as JSON.
pub(super) fn written(value: &Value) -> Text {
    match value {
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) if str::from_utf8(bytes).is_ok() => String::from_utf8_lossy(bytes).into_owned().into(),
        // Every key is a text, so there is nothing that JSON could refuse.
        other => serde_json::to_string(&Written(other)).unwrap_or_default().into(),
    }
}

/// Writes a value unless it is absent or empty.
pub(super) fn said(value: Option<&Value>) -> Option<Text> {
    match value? {
        Value::Empty => None,
        Value::Text(text) if text.is_empty() => None,
        other => Some(written(other)),
    }
}

/// Returns the first of several attributes that is there.
pub(super) fn attribute<'a>(attributes: &'a Attributes, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().filter_map(|key| attributes.get(key)).find(|value| !matches!(value, Value::Empty))
}

/// Returns a field of an object; null is absent.
pub(super) fn field<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Map(map) => map.get(key).filter(|value| !matches!(value, Value::Empty)),
        _ => None,
    }
}

/// Returns the first of several spellings of a field that is there.
pub(super) fn first<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().find_map(|key| field(value, key))
}

/// Returns the first of several spellings of a field that says something, as a text.
pub(super) fn text(value: &Value, keys: &[&str]) -> Option<Text> {
    keys.iter().find_map(|key| said(field(value, key)))
}

/// Returns a field if it is a text.
pub(super) fn word<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    field(value, key)?.as_text()
}

/// Returns the values of a field that is a list; of any other none.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    field(value, key).map_or(&[], items)
}

/// Returns the values of a list; of anything else none.
pub(super) fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        _ => &[],
    }
}

/// Returns an object without some of its fields, and without those that are null.
pub(super) fn without(value: &Value, keys: &[&str]) -> Attributes {
    let Value::Map(map) = value else { return Attributes::default() };
    let kept = map.0.iter().filter(|(key, value)| !keys.contains(&&**key) && !matches!(value, Value::Empty));
    Attributes(kept.cloned().collect())
}

/// A value on its way to JSON; bytes and numbers that JSON has no words for become null.
struct Written<'a>(&'a Value);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Empty | Value::Bytes(_) => to.serialize_unit(),
            Value::Bool(value) => to.serialize_bool(*value),
            Value::Int(value) => to.serialize_i64(*value),
            Value::Double(value) => to.serialize_f64(*value),
            Value::Text(text) => to.serialize_str(text),
            Value::Array(values) => to.collect_seq(values.iter().map(Written)),
            Value::Map(map) => to.collect_map(map.iter().map(|(key, value)| (key, Written(value)))),
        }
    }
}
