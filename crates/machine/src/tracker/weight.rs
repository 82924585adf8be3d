//! About how much memory a fact takes while it waits.

use crate::{Change, Entry, Fact, List, Map, Value};

/// How many values are looked at; the others are taken to be like the smallest.
const MOST_VALUES: usize = 64;

/// Returns about how many bytes an entry takes that nothing else holds: what it changes in a state, not the whole state.
pub(crate) fn weight(entry: &Entry) -> usize {
    let own = match &entry.fact {
        Fact::Opened(_) | Fact::Child(_) | Fact::Closed => 0,
        Fact::Placed(placed) => of_map(&placed.state.fields),
        Fact::Begun(begun) => of_map(&begun.inputs),
        Fact::Ended(ended) => {
            let of_changes = ended.changes.iter().flatten().map(of_change).sum::<usize>();
            let result = ended.outcome.as_ref().ok().and_then(Option::as_ref);
            let error = ended.outcome.as_ref().err().map_or(0, |failed| failed.text.len());
            512 + of_changes + result.map_or(0, of_value) + error
        }
        Fact::Noted(noted) => of_value(&noted.value),
        Fact::Span(span) => span.memory_bytes(),
    };
    size_of::<Entry>() + own
}

fn of_change(change: &Change) -> usize {
    match change {
        Change::Set(_, value) | Change::Append(_, value) => of_value(value),
        Change::Remove(_) => 0,
    }
}

fn of_map(map: &Map) -> usize {
    let mut left = MOST_VALUES;
    of_fields(map, &mut left)
}

fn of_value(value: &Value) -> usize {
    let mut left = MOST_VALUES;
    of(value, &mut left)
}

fn of(value: &Value, left: &mut usize) -> usize {
    *left = left.saturating_sub(1);
    let inside = match value {
        Value::Text(text) => text.heap_bytes(),
        Value::List(list) => of_items(list, left),
        Value::Map(map) => of_fields(map, left),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    size_of::<Value>() + inside
}

fn of_items(items: &List, left: &mut usize) -> usize {
    let mut bytes = 0;
    for (place, item) in items.iter().enumerate() {
        if *left == 0 {
            return bytes + (items.len() - place) * size_of::<Value>();
        }
        bytes += of(item, left);
    }
    bytes
}

fn of_fields(fields: &Map, left: &mut usize) -> usize {
    let mut bytes = 0;
    for (place, (name, value)) in fields.iter().enumerate() {
        if *left == 0 {
            return bytes + (fields.len() - place) * (size_of_val(name) + size_of::<Value>());
        }
        bytes += size_of_val(name) + name.heap_bytes() + of(value, left);
    }
    bytes
}
