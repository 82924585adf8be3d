//! Writing JSON as text, in one pass, without a JSON library.
//!
//! Numbers that JSON does not have are written as protobuf's JSON writes them, `"NaN"` and `"Infinity"`; bytes as base64;
//! a value without content as `null`. What lies deeper than 64 levels is `null` as well.

use std::fmt::{Display, Write};

use trackway_model::Value;

/// How deep a value is written.
const DEEPEST: usize = 64;

/// An object that is being written.
///
/// ```
/// use trackway_wire::json_text::Object;
///
/// let mut text = String::new();
/// Object::write(&mut text, |object| {
///     object.text("name", "a \"b\"");
///     object.list("ids", |list| list.number(1));
/// });
/// assert_eq!(text, r#"{"name":"a \"b\"","ids":[1]}"#);
/// ```
#[derive(Debug)]
pub struct Object<'a> {
    out: &'a mut String,
    is_empty: bool,
}

/// A list that is being written.
#[derive(Debug)]
pub struct List<'a> {
    out: &'a mut String,
    is_empty: bool,
}

impl<'a> Object<'a> {
    /// Writes an object with what `fill` puts into it.
    pub fn write(out: &'a mut String, fill: impl FnOnce(&mut Object<'_>)) {
        out.push('{');
        let mut object = Object { out, is_empty: true };
        fill(&mut object);
        object.out.push('}');
    }

    /// Writes a text.
    pub fn text(&mut self, key: &str, value: &str) {
        text(self.at(key), value);
    }

    /// Writes a whole number.
    pub fn number(&mut self, key: &str, value: impl Into<i128>) {
        number(self.at(key), value.into());
    }

    /// Writes a truth value.
    pub fn flag(&mut self, key: &str, value: bool) {
        self.at(key).push_str(if value { "true" } else { "false" });
    }

    /// Writes any value.
    pub fn value(&mut self, key: &str, value: &Value) {
        self::value(self.at(key), value);
    }

    /// Writes an object in the object.
    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        Object::write(self.at(key), fill);
    }

    /// Writes a list in the object.
    pub fn list(&mut self, key: &str, fill: impl FnOnce(&mut List<'_>)) {
        List::write(self.at(key), fill);
    }

    fn at(&mut self, key: &str) -> &mut String {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(',');
        }
        text(self.out, key);
        self.out.push(':');
        self.out
    }
}

impl<'a> List<'a> {
    /// Writes a list with what `fill` puts into it.
    pub fn write(out: &'a mut String, fill: impl FnOnce(&mut List<'_>)) {
        out.push('[');
        let mut list = List { out, is_empty: true };
        fill(&mut list);
        list.out.push(']');
    }

    /// Writes a text.
    pub fn text(&mut self, value: &str) {
        text(self.next(), value);
    }

    /// Writes a whole number.
    pub fn number(&mut self, value: impl Into<i128>) {
        number(self.next(), value.into());
    }

    /// Writes any value.
    pub fn value(&mut self, value: &Value) {
        self::value(self.next(), value);
    }

    /// Writes an object in the list.
    pub fn object(&mut self, fill: impl FnOnce(&mut Object<'_>)) {
        Object::write(self.next(), fill);
    }

    fn next(&mut self) -> &mut String {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(',');
        }
        self.out
    }
}

/// Writes a value.
pub fn value(out: &mut String, value: &Value) {
    value_at(out, value, 0);
}

/// Writes a text between quotes.
pub fn text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Line separators are allowed in JSON, but not in all that JSON is pasted into.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                append(out, format_args!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn value_at(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Array(_) | Value::Map(_) if depth >= DEEPEST => out.push_str("null"),
        Value::Empty => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => number(out, i128::from(*value)),
        Value::Double(value) => double(out, *value),
        Value::Text(value) => text(out, value),
        Value::Bytes(bytes) => base64(out, bytes),
        Value::Array(values) => List::write(out, |list| {
            for value in values {
                value_at(list.next(), value, depth + 1);
            }
        }),
        Value::Map(values) => Object::write(out, |object| {
            for (key, value) in values.iter() {
                value_at(object.at(key), value, depth + 1);
            }
        }),
    }
}

fn number(out: &mut String, value: i128) {
    append(out, value);
}

/// Writes the shortest text that reads as the same number, and that shows that it is no whole one.
fn double(out: &mut String, value: f64) {
    if value.is_finite() {
        append(out, format_args!("{value:?}"));
    } else if value.is_nan() {
        out.push_str("\"NaN\"");
    } else {
        out.push_str(if value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
    }
}

/// Writes bytes as [RFC 4648](https://www.rfc-editor.org/rfc/rfc4648#section-4) has it, between quotes.
fn base64(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.push('"');
    for three in bytes.chunks(3) {
        let word = three.iter().chain(&[0; 2]).take(3).fold(0_usize, |word, byte| word << 8 | usize::from(*byte));
        for place in 0..4 {
            let digit = DIGITS.get(word >> (18 - 6 * place) & 63).copied().unwrap_or_default();
            out.push(if place > three.len() { '=' } else { char::from(digit) });
        }
    }
    out.push('"');
}

fn append(out: &mut String, what: impl Display) {
    let _ = write!(out, "{what}"); // A String takes whatever is written.
}

#[cfg(test)]
mod tests {
    use trackway_model::{Attributes, Text};

    use super::*;

    #[test]
    fn what_is_written_is_json_and_reads_as_the_same() {
        let map = Attributes(vec![
            (Text::from("a\u{1}\u{2028}\"\\\n"), Value::from("é☃")),
            ("n".into(), Value::Int(i64::MIN)),
            ("d".into(), Value::Array(vec![Value::Double(1.0), Value::Double(1e300), Value::Double(-0.1)])),
            ("odd".into(), Value::Array(vec![Value::Double(f64::NAN), Value::Double(f64::NEG_INFINITY)])),
            ("none".into(), Value::Empty),
            ("empty".into(), Value::Array(Vec::new())),
        ]);
        let mut out = String::new();
        value(&mut out, &Value::Map(map));
        let read: serde_json::Value = serde_json::from_str(&out).unwrap();
        let expected = serde_json::json!({
            "a\u{1}\u{2028}\"\\\n": "é☃", "n": i64::MIN, "d": [1.0, 1e300, -0.1], "odd": ["NaN", "-Infinity"],
            "none": null, "empty": [],
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn bytes_are_padded_as_the_standard_has_them() {
        for (bytes, expected) in
            [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (b"\xff\xfe\xfd\xfc", "//79/A==")]
        {
            let mut out = String::new();
            base64(&mut out, bytes);
            assert_eq!(out, format!("\"{expected}\""));
        }
    }

    #[test]
    fn what_is_too_deep_is_left_out() {
        let deep = (0..1000).fold(Value::Bool(true), |inner, _| Value::Array(vec![inner]));
        let mut out = String::new();
        value(&mut out, &deep);
        assert_eq!(out.matches('[').count(), DEEPEST);
        assert!(out.contains("null"));
    }
}
