//! About how much memory a fact takes while it waits.

use crate::{Change, Entry, Fact, List, Map, Value};

/// How many values are looked at; the others are taken to be like those beside them.
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
            return bytes + rest(items.len() - place, place, bytes, size_of::<Value>());
        }
        bytes += of(item, left);
    }
    bytes
}

fn of_fields(fields: &Map, left: &mut usize) -> usize {
    let mut bytes = 0;
    for (place, (name, value)) in fields.iter().enumerate() {
        if *left == 0 {
            return bytes + rest(fields.len() - place, place, bytes, size_of_val(name) + size_of::<Value>());
        }
        bytes += size_of_val(name) + name.heap_bytes() + of(value, left);
    }
    bytes
}

/// Returns about how many bytes the others take, of values of which some were looked at.
fn rest(others: usize, looked_at: usize, bytes: usize, least: usize) -> usize {
    others.saturating_mul(bytes.checked_div(looked_at).unwrap_or_default().max(least))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use trackway_model::RunKey;

    use super::*;
    use crate::{Noted, Timestamp};

    #[test]
    fn a_long_list_weighs_about_what_it_takes() {
        let run = RunKey { project: "demo".into(), partition: None, app: "1".into() };
        let weight_of = |value: Value| {
            let step = trackway_model::StepKey { sequence: 0, attempt: 0 };
            let noted = Noted { step, span: None, key: "list".into(), value, time: Timestamp(0) };
            weight(&Entry { run: Arc::new(run.clone()), fact: Fact::Noted(noted) })
        };
        let texts = Value::from(vec!["x".repeat(1_000); 2_000]);
        assert!((2_000_000..2_500_000).contains(&weight_of(texts.clone())));
        let pages = Value::from(vec![texts; 100]);
        assert!((200_000_000..250_000_000).contains(&weight_of(pages)));
    }
}
