//! How deep and how wide the attributes of an item may be.

use trackway_model::{Link, SpanRecord};

use super::{DEEPEST, MOST_VALUES, Malformed};

/// How many JSON levels an attribute value of depth 0 lies deep in its item: the item, `events`, an event, its
/// `attributes`, an attribute, its `value`.
const JSON_FRAME: usize = 6;
/// How many JSON levels each level of a value adds: `{"kvlistValue":{"values":[{"value":`.
const JSON_LEVEL: usize = 4;

/// How many brackets and commas a value has at least: `{},`.
const JSON_VALUE: usize = 2;

/// Checks that the JSON text of an item stays within what [`DEEPEST`] levels and [`MOST_VALUES`] values can need.
///
/// The exact depth is checked once more when the values are built; this bounds the stack that building needs. Returns
/// about how many bytes of memory the record takes that the item becomes.
pub(super) fn check_json(text: &str) -> Result<usize, Malformed> {
    let mut levels = 0usize;
    let mut values = 0usize;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                levels += 1;
                values += 1;
                within(levels.saturating_sub(JSON_FRAME).div_ceil(JSON_LEVEL), values / JSON_VALUE)?;
            }
            b'}' | b']' => levels = levels.saturating_sub(1),
            b',' => {
                values += 1;
                within(0, values / JSON_VALUE)?;
            }
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    // An event or a link is the largest thing that a pair of brackets can become.
    Ok(size_of::<SpanRecord>() + text.len() + values / JSON_VALUE * size_of::<Link>())
}

fn skip_string(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

/// Refuses more than the limits allow.
pub(super) fn within(depth: usize, values: usize) -> Result<(), Malformed> {
    if depth > DEEPEST {
        return Err(Malformed(format!("arrays and maps nest deeper than {DEEPEST} levels")));
    }
    if values > MOST_VALUES {
        return Err(Malformed(format!("there are more than {MOST_VALUES} attribute values in one item")));
    }
    Ok(())
}
