//! Attribute values as JSON.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use trackway_model as model;
use utoipa::ToSchema;

/// A named value.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Attribute {
    key: String,
    #[serde(flatten)]
    value: Value,
}

/// A value with its type.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub(super) enum Value {
    /// Text.
    String(String),
    /// True or false.
    Bool(bool),
    /// A 64-bit integer as a text of digits, since JSON readers lose those beyond 2^53.
    Int(String),
    /// A number, or `NaN`, `Infinity` or `-Infinity`.
    Double(Double),
    /// Bytes in base64.
    Bytes(String),
    /// Values in order.
    #[schema(no_recursion)]
    Array(Vec<Value>),
    /// Named values in order.
    #[schema(no_recursion)]
    Map(Vec<Attribute>),
    /// A value that was sent without content.
    Empty(()),
}

/// A double-precision number.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Double {
    /// What JSON can write.
    Number(f64),
    /// What JSON cannot write.
    Text(&'static str),
}

/// Writes named values in their order.
pub(super) fn attributes(list: &model::Attributes) -> Vec<Attribute> {
    list.iter().map(|(key, content)| Attribute { key: key.to_owned(), value: value(content) }).collect()
}

fn value(content: &model::Value) -> Value {
    match content {
        model::Value::Empty => Value::Empty(()),
        model::Value::Bool(bool) => Value::Bool(*bool),
        model::Value::Int(int) => Value::Int(int.to_string()),
        model::Value::Double(double) => Value::Double(self::double(*double)),
        model::Value::Text(text) => Value::String(text.to_string()),
        model::Value::Bytes(bytes) => Value::Bytes(STANDARD.encode(bytes)),
        model::Value::Array(values) => Value::Array(values.iter().map(value).collect()),
        model::Value::Map(map) => Value::Map(attributes(map)),
    }
}

fn double(number: f64) -> Double {
    match number {
        n if n.is_nan() => Double::Text("NaN"),
        f64::INFINITY => Double::Text("Infinity"),
        f64::NEG_INFINITY => Double::Text("-Infinity"),
        n => Double::Number(n),
    }
}
