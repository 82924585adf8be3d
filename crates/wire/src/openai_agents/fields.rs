//! The fields of an item as its client may have meant them.

use trackway_model::{Attributes, Text, Value};

/// Takes the value of a key out of an item: the last one, where the key comes twice; empty when it does not come.
pub(super) fn take(fields: &mut Attributes, key: &str) -> Value {
    let mut found = Value::Empty;
    fields.0.retain_mut(|(name, value)| {
        let is_other = &**name != key;
        if !is_other {
            found = std::mem::take(value);
        }
        is_other
    });
    found
}

/// Returns the value of a key: the last one, where the key comes twice; `None` when there is none or it is `null`.
pub(super) fn last<'a>(fields: &'a Attributes, key: &str) -> Option<&'a Value> {
    let (_, value) = fields.0.iter().rfind(|(name, _)| &**name == key)?;
    (!matches!(value, Value::Empty)).then_some(value)
}

/// Returns the text of a key, unless it is empty.
pub(super) fn text(fields: &Attributes, key: &str) -> Option<Text> {
    last(fields, key).and_then(as_text)
}

/// Returns the map of a key.
pub(super) fn map<'a>(fields: &'a Attributes, key: &str) -> Option<&'a Attributes> {
    last(fields, key).and_then(as_map)
}

/// Returns the list of a key; an empty one when there is none.
pub(super) fn list<'a>(fields: &'a Attributes, key: &str) -> &'a [Value] {
    match last(fields, key) {
        Some(Value::Array(values)) => values,
        _ => &[],
    }
}

pub(super) fn as_map(value: &Value) -> Option<&Attributes> {
    match value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

/// Returns a value that is a text or a number as a text, unless it is empty.
pub(super) fn as_text(value: &Value) -> Option<Text> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(text.clone()),
        Value::Int(number) => Some(number.to_string().into()),
        Value::Double(number) => Some(number.to_string().into()),
        _ => None,
    }
}

/// Returns true for what says nothing: `null` and the empty text.
pub(super) fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Empty) || value.as_text() == Some("")
}

/// Says what sort of thing a value is.
pub(super) fn sort(value: &Value) -> &'static str {
    match value {
        Value::Empty => "null",
        Value::Bool(_) => "true or false",
        Value::Int(_) | Value::Double(_) => "a number",
        Value::Text(_) => "a text",
        Value::Bytes(_) => "bytes",
        Value::Array(_) => "a list",
        Value::Map(_) => "an object",
    }
}
