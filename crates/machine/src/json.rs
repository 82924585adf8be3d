//! Values as JSON text.

use serde_json::ser::{CompactFormatter, Formatter};
use trackway_model::Text;

use crate::{Number, Value, ValueError};

mod reader;

/// Deeper than this no value goes, in JSON or elsewhere, so that walking through one needs little stack.
pub(crate) const DEEPEST: usize = 512;

/// Reads one JSON value that fills the text.
pub(crate) fn read(text: &str) -> Result<Value, ValueError> {
    reader::read(text)
}

/// Writes a value as compact JSON.
pub(crate) fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(number, out),
        Value::Text(text) => write_text(text, out),
        Value::List(list) => {
            out.push(b'[');
            for (at, item) in list.iter().enumerate() {
                separate(at, out);
                write(item, out);
            }
            out.push(b']');
        }
        Value::Map(map) => write_fields(map.iter(), out),
    }
}

/// Writes named values as a compact JSON object.
pub(crate) fn write_fields<'a>(fields: impl Iterator<Item = (&'a Text, &'a Value)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, value)) in fields.enumerate() {
        separate(at, out);
        write_text(name, out);
        out.push(b':');
        write(value, out);
    }
    out.push(b'}');
}

fn separate(at: usize, out: &mut Vec<u8>) {
    if at > 0 {
        out.push(b',');
    }
}

/// Writes a number; what is not finite is `null`.
pub(crate) fn write_number(number: &Number, out: &mut Vec<u8>) {
    let mut formatter = CompactFormatter;
    let written = match number {
        Number::Int(whole) => formatter.write_i64(out, *whole),
        Number::Uint(whole) => formatter.write_u64(out, *whole),
        Number::Float(float) if float.is_finite() => formatter.write_f64(out, *float),
        Number::Float(_) => formatter.write_null(out),
        Number::Big(digits) => formatter.write_number_str(out, digits),
    };
    debug_assert!(written.is_ok(), "memory takes whatever is written");
}

/// Returns the double that is written as a single is: the single's own double has more digits.
pub(crate) fn nearest_double(single: f32) -> f64 {
    let mut digits = Vec::new();
    let written = CompactFormatter.write_f32(&mut digits, single).is_ok() && single.is_finite();
    let double = std::str::from_utf8(&digits).ok().filter(|_| written).and_then(|digits| digits.parse().ok());
    double.unwrap_or(f64::from(single))
}

/// Writes a text between quotes.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = escaped_at(rest) {
        let (plain, behind) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        let Some((escaped, behind)) = behind.split_at_checked(1) else { break };
        escaped.bytes().for_each(|byte| write_escaped(byte, out));
        rest = behind;
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
}

/// Returns where the first byte is that cannot stand in a JSON text as it is.
fn escaped_at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (words, _) = bytes.as_chunks::<8>();
    let plain = words.iter().take_while(|word| !holds_escaped(u64::from_le_bytes(**word))).count() * 8;
    let rest = bytes.get(plain..)?;
    rest.iter().position(|byte| is_escaped(*byte)).map(|at| plain + at)
}

/// Returns true when one of eight bytes cannot stand as it is.
fn holds_escaped(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    // A byte's highest bit is set where it was below the limit: the subtraction borrowed, and the byte itself had none.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & (ONES << 7);
    let quote = word ^ (ONES * u64::from(b'"'));
    let backslash = word ^ (ONES * u64::from(b'\\'));
    below(word, 0x20) | below(quote, 1) | below(backslash, 1) != 0
}

/// Returns true for what cannot stand in a JSON text as it is.
fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn write_escaped(byte: u8, out: &mut Vec<u8>) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0A => b'n',
        0x0C => b'f',
        0x0D => b'r',
        _ => {
            let hex = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// Returns written JSON as text.
pub(crate) fn text(json: Vec<u8>) -> String {
    String::from_utf8(json).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
