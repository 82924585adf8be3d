//! Usage, in the three forms that the SDK has it.

use trackway_model::{Attributes, Value};

use super::map;

fn number(all: &Attributes, name: &str) -> Option<Value> {
    all.get(&format!("gen_ai.usage.{name}")).cloned()
}

fn is_known(all: &Attributes) -> bool {
    all.has_prefix("gen_ai.usage.")
}

/// Adds those numbers that are known.
fn put(usage: &mut Attributes, all: &Attributes, names: &[(&'static str, &str)]) {
    for (key, name) in names {
        if let Some(number) = number(all, name) {
            usage.push(*key, number);
        }
    }
}

/// Returns what a model call used; `None` where nobody said.
pub(super) fn of_call(all: &Attributes) -> Option<Value> {
    if !is_known(all) {
        return None;
    }
    let mut usage = Attributes::default();
    put(
        &mut usage,
        all,
        &[("requests", "requests"), ("input_tokens", "input_tokens"), ("output_tokens", "output_tokens")],
    );
    put(&mut usage, all, &[("total_tokens", "total_tokens")]);
    let details = |names: &[(&'static str, &str)]| {
        let mut details = Attributes::default();
        put(&mut details, all, names);
        (!details.is_empty()).then_some(Value::Map(details))
    };
    let of_input = details(&[
        ("cached_tokens", "cache_read.input_tokens"),
        ("cache_write_tokens", "cache_creation.input_tokens"),
        ("audio_tokens", "audio.input_tokens"),
    ]);
    let of_output =
        details(&[("reasoning_tokens", "reasoning.output_tokens"), ("audio_tokens", "audio.output_tokens")]);
    for (key, details) in [("input_tokens_details", of_input), ("output_tokens_details", of_output)] {
        if let Some(details) = details {
            usage.push(key, details);
        }
    }
    Some(Value::Map(usage))
}

/// Returns what the model calls of a turn used; `None` where nobody said.
pub(super) fn of_turn(all: &Attributes) -> Option<Value> {
    let count = |name: &str| number(all, name).unwrap_or(Value::Int(0));
    is_known(all).then(|| {
        map([
            ("input_tokens", count("input_tokens")),
            ("output_tokens", count("output_tokens")),
            ("cached_input_tokens", count("cache_read.input_tokens")),
            ("cache_write_input_tokens", count("cache_creation.input_tokens")),
        ])
    })
}

/// Returns what the model calls of a task used; `None` where nobody said.
pub(super) fn of_task(all: &Attributes) -> Option<Value> {
    let Some(Value::Map(mut usage)) = of_turn(all) else { return None };
    put(&mut usage, all, &[("requests", "requests"), ("total_tokens", "total_tokens")]);
    Some(Value::Map(usage))
}
