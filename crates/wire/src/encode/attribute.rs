//! Attributes: the `KeyValue` and `AnyValue` of `opentelemetry/proto/common/v1/common.proto`.

use trackway_model::{Attributes, Value};

use crate::json_text;

use super::field::{bytes, bytes_len, fixed64, message, number, varint, varint_len};

/// The field of a `Span` that its attributes are.
pub const SPAN_ATTRIBUTES: u32 = 9;
/// The field of a `Span.Event` that its attributes are.
pub const EVENT_ATTRIBUTES: u32 = 3;
/// The field of a `Span.Link` that its attributes are.
pub const LINK_ATTRIBUTES: u32 = 4;
/// The field of a `Resource` that its attributes are.
pub const RESOURCE_ATTRIBUTES: u32 = 1;
/// The field of an `InstrumentationScope` that its attributes are.
pub const SCOPE_ATTRIBUTES: u32 = 3;

// The fields of an `AnyValue`, of which it has one.
const TEXT: u32 = 1;
const BOOL: u32 = 2;
const INT: u32 = 3;
const DOUBLE: u32 = 4;
const ARRAY: u32 = 5;
const MAP: u32 = 6;
const BYTES: u32 = 7;

// The fields of a `KeyValue`.
const KEY: u32 = 1;
const VALUE: u32 = 2;

/// The elements of an `ArrayValue` and the pairs of a `KeyValueList`.
const ELEMENTS: u32 = 1;

/// Appends a `KeyValue` up to where the `value_len` bytes of its `AnyValue` begin.
#[inline]
fn pair(out: &mut Vec<u8>, field: u32, key: &str, value_len: usize) {
    let length = bytes_len(key.as_bytes()) + 1 + varint_len(value_len as u64) + value_len;
    varint(out, u64::from(field) << 3 | 2);
    varint(out, length as u64);
    bytes(out, KEY, key.as_bytes());
    varint(out, u64::from(VALUE) << 3 | 2);
    varint(out, value_len as u64);
}

/// Appends an attribute that is text, as one `KeyValue` in the field `field` of its message.
///
/// `field` is the number under which the message around it lists its attributes, such as [`SPAN_ATTRIBUTES`].
#[inline]
pub fn attribute_text(out: &mut Vec<u8>, field: u32, key: &str, value: &str) {
    pair(out, field, key, bytes_len(value.as_bytes()));
    bytes(out, TEXT, value.as_bytes());
}

/// Appends an attribute that is a signed whole number, as one `KeyValue` in the field `field` of its message.
#[inline]
pub fn attribute_i64(out: &mut Vec<u8>, field: u32, key: &str, value: i64) {
    let value = value.cast_unsigned();
    pair(out, field, key, 1 + varint_len(value));
    number(out, INT, value);
}

/// Appends an attribute that is a double, bit for bit, as one `KeyValue` in the field `field` of its message.
#[inline]
pub fn attribute_f64(out: &mut Vec<u8>, field: u32, key: &str, value: f64) {
    pair(out, field, key, 9);
    fixed64(out, DOUBLE, value.to_bits());
}

/// Appends an attribute that is true or false, as one `KeyValue` in the field `field` of its message.
#[inline]
pub fn attribute_bool(out: &mut Vec<u8>, field: u32, key: &str, value: bool) {
    pair(out, field, key, 2);
    number(out, BOOL, u64::from(value));
}

/// Appends an attribute that is bytes, as one `KeyValue` in the field `field` of its message.
#[inline]
pub fn attribute_bytes(out: &mut Vec<u8>, field: u32, key: &str, value: &[u8]) {
    pair(out, field, key, bytes_len(value));
    bytes(out, BYTES, value);
}

/// Appends an attribute of any type, as one `KeyValue` in the field `field` of its message.
///
/// [`Value::Empty`] becomes an `AnyValue` without content. Arrays and maps may nest as deep as they like here; receivers
/// refuse more than 64 levels.
pub fn attribute_value(out: &mut Vec<u8>, field: u32, key: &str, value: &Value) {
    match value {
        Value::Empty => pair(out, field, key, 0),
        Value::Bool(value) => attribute_bool(out, field, key, *value),
        Value::Int(value) => attribute_i64(out, field, key, *value),
        Value::Double(value) => attribute_f64(out, field, key, *value),
        Value::Text(value) => attribute_text(out, field, key, value),
        Value::Bytes(value) => attribute_bytes(out, field, key, value),
        Value::Array(_) | Value::Map(_) => message(out, field, key.len(), |out| {
            bytes(out, KEY, key.as_bytes());
            any(out, VALUE, value);
        }),
    }
}

/// Appends every attribute of a list.
pub(super) fn attributes(out: &mut Vec<u8>, field: u32, list: &Attributes) {
    for (key, value) in list.iter() {
        attribute_value(out, field, key, value);
    }
}

/// Appends every attribute of a span. Messages of agents and the like become JSON, as OpenTelemetry's
/// [conventions](https://opentelemetry.io/docs/specs/semconv/gen-ai/) ask on spans: few receivers read objects there.
pub(super) fn span_attributes(out: &mut Vec<u8>, list: &Attributes) {
    for (key, value) in list.iter() {
        if has_objects(value) && key.starts_with("gen_ai.") {
            let mut json = String::new();
            json_text::value(&mut json, value);
            attribute_text(out, SPAN_ATTRIBUTES, key, &json);
        } else {
            attribute_value(out, SPAN_ATTRIBUTES, key, value);
        }
    }
}

fn has_objects(value: &Value) -> bool {
    match value {
        Value::Map(_) => true,
        // A list without anything in it is a list of objects, where a convention has such.
        Value::Array(values) => values.first().is_none_or(|first| matches!(first, Value::Map(_))),
        _ => false,
    }
}

/// Appends a value as an `AnyValue`.
fn any(out: &mut Vec<u8>, field: u32, value: &Value) {
    let expected = match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    message(out, field, expected, |out| match value {
        Value::Empty => {}
        Value::Bool(value) => number(out, BOOL, u64::from(*value)),
        Value::Int(value) => number(out, INT, value.cast_unsigned()),
        Value::Double(value) => fixed64(out, DOUBLE, value.to_bits()),
        Value::Text(value) => bytes(out, TEXT, value.as_bytes()),
        Value::Bytes(value) => bytes(out, BYTES, value),
        Value::Array(values) => message(out, ARRAY, 0, |out| {
            for value in values {
                any(out, ELEMENTS, value);
            }
        }),
        Value::Map(map) => message(out, MAP, 0, |out| attributes(out, ELEMENTS, map)),
    });
}
