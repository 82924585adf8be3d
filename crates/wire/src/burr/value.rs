//! What an action logged, as the value of an attribute.

use trackway_model::Value;

use super::fields;
use crate::{
    decoded::{DEEPEST, MOST_VALUES},
    json::{self, Wide},
    repair::repaired,
};

/// Reads the value of an attribute, and how many values it holds; what is too deep or too large is a text of its JSON.
pub(super) fn value(json: &str) -> (Value, usize) {
    if json.starts_with('"') {
        return (Value::Text(fields::text(json)), 1);
    }
    let as_it_came = || (Value::Text(json.into()), 1);
    if json.bytes().filter(|byte| *byte == b',').count() > MOST_VALUES {
        return as_it_came();
    }
    let read = json::read(json.as_bytes(), Wide::Refuse);
    let Ok(value) = read.or_else(|_| json::read(repaired(json.as_bytes()).as_bytes(), Wide::Round)) else {
        return as_it_came();
    };
    let mut values = 0;
    let levels = levels(&value, &mut values);
    if levels <= DEEPEST { (value, values) } else { as_it_came() }
}

/// How many arrays and maps lie in each other; counts every value on the way.
fn levels(value: &Value, values: &mut usize) -> usize {
    *values += 1;
    match value {
        Value::Array(list) => 1 + list.iter().map(|value| levels(value, values)).max().unwrap_or(0),
        Value::Map(map) => 1 + map.iter().map(|(_, value)| levels(value, values)).max().unwrap_or(0),
        _ => 0,
    }
}
