//! What the endpoint of OpenAI wants otherwise than everybody else.

use trackway_model::{Attributes, Text, Value};

/// How many bytes an input or an output may have as JSON.
const MOST_BYTES: usize = 100_000;

/// What stands after a text that was cut.
const CUT: &str = "... [truncated]";

/// Makes an object of a span such as OpenAI's own endpoint takes it: inputs and outputs of at most 100,000 bytes, and usage
/// of generations alone, as two sums with everything else in `details`.
pub fn fit(item: &mut Value) {
    let Value::Map(item) = item else { return };
    let Some(Value::Map(data)) = item.0.iter_mut().find(|(key, _)| &**key == "span_data").map(|(_, value)| value)
    else {
        return;
    };
    let is_generation = data.text("type") == Some("generation");
    for (key, value) in &mut data.0 {
        match &**key {
            "input" | "output" => shorten(value),
            "usage" if is_generation => summed(value),
            _ => {}
        }
    }
    if !is_generation {
        data.0.retain(|(key, _)| &**key != "usage");
    }
    if let Some(Value::Map(own)) = data.0.iter_mut().find(|(key, _)| &**key == "data").map(|(_, value)| value)
        && own.get("sdk_span_type").is_some()
    {
        own.0.retain(|(key, _)| &**key != "usage");
    }
}

/// Leaves the two sums where they are, and puts everything else that is known into `details`.
fn summed(usage: &mut Value) {
    let Value::Map(known) = usage else { return };
    let (mut sums, mut details) = (Attributes::default(), Attributes::default());
    for (key, value) in std::mem::take(&mut known.0) {
        match &*key {
            "input_tokens" | "output_tokens" => sums.push(key, value),
            _ => details.push(key, value),
        }
    }
    if !details.is_empty() {
        sums.push("details", Value::Map(details));
    }
    // The endpoint refuses a usage without both.
    *usage = if sums.get("input_tokens").is_some() && sums.get("output_tokens").is_some() {
        Value::Map(sums)
    } else {
        Value::Empty
    };
}

/// Cuts the longest text again and again until the whole is short enough.
fn shorten(value: &mut Value) {
    for _ in 0..64 {
        let over = bytes(value).saturating_sub(MOST_BYTES);
        if over == 0 {
            return;
        }
        let Some(text) = longest(value) else { break };
        // What a character takes as JSON is at least what it takes as text.
        let keep = text.len().saturating_sub(over + CUT.len());
        if keep < 1000.min(text.len()) && text.ends_with(CUT) {
            break;
        }
        let end = (0..=keep).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
        *text = format!("{}{CUT}", text.get(..end).unwrap_or_default()).into();
    }
    if bytes(value) > MOST_BYTES {
        *value = Value::from(CUT);
    }
}

fn bytes(value: &Value) -> usize {
    let mut out = String::new();
    crate::json_text::value(&mut out, value);
    out.len()
}

fn longest(value: &mut Value) -> Option<&mut Text> {
    match value {
        Value::Text(text) => Some(text),
        Value::Array(values) => values.iter_mut().filter_map(longest).max_by_key(|text| text.len()),
        Value::Map(map) => map.0.iter_mut().filter_map(|(_, value)| longest(value)).max_by_key(|text| text.len()),
        _ => None,
    }
}
