//! Attribute values as JSON.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use trackway_model as model;
use utoipa::ToSchema;

/// A value with its type, and with its name where it has one: an element of an array has none.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Attribute {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(rename = "type")]
    kind: ValueType,
    value: Content,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ValueType {
    String,
    Bool,
    /// A 64-bit integer as a text of digits, since JSON readers lose those beyond 2^53.
    Int,
    /// A number, or `NaN`, `Infinity` or `-Infinity`.
    Double,
    /// Base64.
    Bytes,
    /// Values in order.
    Array,
    /// Named values in order.
    Map,
    /// A value that was sent without content.
    Empty,
}

/// What JSON has for a value.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
enum Content {
    Text(String),
    Bool(bool),
    Number(f64),
    #[schema(no_recursion)]
    Values(Vec<Attribute>),
    Null(()),
}

/// Writes named values in their order.
pub(super) fn attributes(list: &model::Attributes) -> Vec<Attribute> {
    list.iter().map(|(key, value)| attribute(Some(key), value)).collect()
}

fn attribute(key: Option<&str>, value: &model::Value) -> Attribute {
    let (kind, value) = match value {
        model::Value::Empty => (ValueType::Empty, Content::Null(())),
        model::Value::Bool(bool) => (ValueType::Bool, Content::Bool(*bool)),
        model::Value::Int(int) => (ValueType::Int, Content::Text(int.to_string())),
        model::Value::Double(double) => (ValueType::Double, self::double(*double)),
        model::Value::Text(text) => (ValueType::String, Content::Text(text.to_string())),
        model::Value::Bytes(bytes) => (ValueType::Bytes, Content::Text(STANDARD.encode(bytes))),
        model::Value::Array(values) => {
            (ValueType::Array, Content::Values(values.iter().map(|value| attribute(None, value)).collect()))
        }
        model::Value::Map(map) => (ValueType::Map, Content::Values(attributes(map))),
    };
    Attribute { key: key.map(str::to_owned), kind, value }
}

fn double(number: f64) -> Content {
    match number {
        n if n.is_nan() => Content::Text("NaN".into()),
        f64::INFINITY => Content::Text("Infinity".into()),
        f64::NEG_INFINITY => Content::Text("-Infinity".into()),
        n => Content::Number(n),
    }
}
