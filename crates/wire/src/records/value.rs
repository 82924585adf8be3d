//! Named values in a line, each with its type.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use trackway_model::{Attributes, Text, Value};

/// A named value.
#[derive(Serialize, Deserialize)]
pub(super) struct Attribute {
    key: String,
    #[serde(flatten)]
    value: Typed,
}

/// A value with its type: a number that counts and one that measures are not the same, even where JSON writes them so.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
enum Typed {
    Empty,
    Bool(bool),
    Int(i64),
    Double(Double),
    String(String),
    Bytes(String),
    Array(Vec<Typed>),
    Map(Vec<Attribute>),
}

/// A number, or the name of one that JSON cannot hold.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Double {
    Number(f64),
    Name(String),
}

/// Returns named values as a line holds them.
pub(super) fn list(attributes: &[(Text, Value)]) -> Vec<Attribute> {
    attributes.iter().map(|(key, value)| Attribute { key: key.to_string(), value: Typed::of(value) }).collect()
}

/// Returns the named values of a line.
///
/// # Errors
/// What is wrong with one, as a sentence.
pub(super) fn attributes(list: Vec<Attribute>) -> Result<Attributes, String> {
    let pairs = list.into_iter().map(|Attribute { key, value }| {
        let value = value.value().map_err(|what| format!("the attribute {key:?} {what}"))?;
        Ok((key.into(), value))
    });
    pairs.collect::<Result<Vec<_>, String>>().map(Attributes)
}

/// Counts values, those inside arrays and maps included.
pub(super) fn count(attributes: &Attributes) -> usize {
    fn all(value: &Value) -> usize {
        match value {
            Value::Array(values) => 1 + values.iter().map(all).sum::<usize>(),
            Value::Map(map) => 1 + count(map),
            _ => 1,
        }
    }
    attributes.iter().map(|(_, value)| all(value)).sum()
}

impl Typed {
    fn of(value: &Value) -> Self {
        match value {
            Value::Empty => Self::Empty,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Int(number) => Self::Int(*number),
            Value::Double(number) if number.is_finite() => Self::Double(Double::Number(*number)),
            Value::Double(number) => Self::Double(Double::Name(name(*number).into())),
            Value::Text(text) => Self::String(text.to_string()),
            Value::Bytes(bytes) => Self::Bytes(STANDARD.encode(bytes)),
            Value::Array(values) => Self::Array(values.iter().map(Self::of).collect()),
            Value::Map(map) => Self::Map(list(&map.0)),
        }
    }

    fn value(self) -> Result<Value, String> {
        Ok(match self {
            Self::Empty => Value::Empty,
            Self::Bool(bool) => Value::Bool(bool),
            Self::Int(number) => Value::Int(number),
            Self::Double(Double::Number(number)) => Value::Double(number),
            Self::Double(Double::Name(name)) => Value::Double(named(&name)?),
            Self::String(text) => Value::Text(text.into()),
            Self::Bytes(text) => {
                let bytes = STANDARD.decode(&text).map_err(|error| format!("is no base64: {error}"))?;
                Value::Bytes(bytes.into())
            }
            Self::Array(values) => Value::Array(values.into_iter().map(Self::value).collect::<Result<_, _>>()?),
            Self::Map(list) => Value::Map(attributes(list)?),
        })
    }
}

fn name(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

fn named(name: &str) -> Result<f64, String> {
    match name {
        "NaN" => Ok(f64::NAN),
        "Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        other => Err(format!("is a double, and {other:?} is none")),
    }
}
