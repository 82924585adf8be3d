//! Attribute values in one line.

use std::fmt;

use trackway_model::{Attributes, Value};

use crate::export::escape::{escaped, steers};

/// How deep a value is shown.
const DEEPEST: usize = 16;

/// Attributes as ` key=value key=value`.
pub(super) struct Fields<'a>(pub(super) &'a Attributes);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(key, value)| write!(f, " {}={}", escaped(key), Shown(value, 0)))
    }
}

/// A value and how deep it lies.
struct Shown<'a>(&'a Value, usize);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value, depth) = self;
        match value {
            Value::Array(_) | Value::Map(_) if *depth >= DEEPEST => f.write_str("…"),
            Value::Empty => f.write_str("()"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Double(value) => write!(f, "{value:?}"),
            Value::Text(text) => write_text(f, text),
            Value::Bytes(bytes) => {
                f.write_str("0x")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Value::Array(values) => {
                f.write_str("[")?;
                for (place, value) in values.iter().enumerate() {
                    write!(f, "{}{}", if place > 0 { "," } else { "" }, Shown(value, depth + 1))?;
                }
                f.write_str("]")
            }
            Value::Map(map) => {
                f.write_str("{")?;
                for (place, (key, value)) in map.iter().enumerate() {
                    write!(f, "{}{}={}", if place > 0 { "," } else { "" }, escaped(key), Shown(value, depth + 1))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Writes a word as it is, and anything else between quotes.
fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let is_word = !text.is_empty()
        && text
            .chars()
            .all(|c| !steers(c) && !c.is_whitespace() && !matches!(c, '"' | '\\' | ',' | '[' | ']' | '{' | '}'));
    if is_word {
        return f.write_str(text);
    }
    write!(f, "\"{}\"", escaped(&text.replace('\\', "\\\\").replace('"', "\\\"")))
}
