//! The settings of a model call.

use trackway_model::{Attributes, Value};

use super::json;

/// Settings in their several spellings. A request or an answer as a whole has much beside them that is none.
const KNOWN: [&str; 45] = [
    "temperature",
    "top_p",
    "topP",
    "top_k",
    "topK",
    "max_tokens",
    "maxTokens",
    "max_output_tokens",
    "maxOutputTokens",
    "max_completion_tokens",
    "max_tool_calls",
    "frequency_penalty",
    "frequencyPenalty",
    "presence_penalty",
    "presencePenalty",
    "repetition_penalty",
    "logprobs",
    "top_logprobs",
    "seed",
    "stop",
    "stop_sequences",
    "stopSequences",
    "n",
    "candidateCount",
    "stream",
    "tool_choice",
    "toolChoice",
    "parallel_tool_calls",
    "reasoning_effort",
    "reasoning",
    "thinking",
    "thinkingConfig",
    "verbosity",
    "truncation",
    "service_tier",
    "store",
    "background",
    "modalities",
    "voice",
    "speed",
    "language",
    "dimensions",
    "encoding_format",
    "base_url",
    "timeout",
];

/// Returns the settings that are known as such, out of an object that may hold more.
pub(super) fn known(value: &Value) -> Attributes {
    let is_scalar = |value: &Value| !matches!(value, Value::Map(_) | Value::Array(_) | Value::Bytes(_));
    // What a model is to think costs money, and providers have an object for it.
    keep(value, |key, value| is_known(key) && (is_scalar(value) || key == "stop" || is_thinking(key)))
}

/// Returns true for the name of a setting.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// Returns all settings of an object that holds nothing else.
pub(super) fn all(value: &Value) -> Attributes {
    keep(value, |_, _| true)
}

fn is_thinking(key: &str) -> bool {
    matches!(key, "reasoning" | "thinking" | "thinkingConfig")
}

/// Returns the attributes below a prefix, named without it, except some.
pub(super) fn below(attributes: &Attributes, prefix: &str, except: &[&str]) -> Attributes {
    let names = attributes.0.iter().filter_map(|(key, value)| Some((key.strip_prefix(prefix)?, value)));
    let kept = names.filter(|(name, value)| !except.contains(name) && is_set(value));
    kept.map(|(name, value)| (name, value.clone())).collect()
}

fn keep(value: &Value, wanted: impl Fn(&str, &Value) -> bool) -> Attributes {
    let value = json::open(value);
    let Value::Map(map) = &*value else { return Attributes::default() };
    let kept = map.0.iter().filter(|(key, value)| wanted(key, value) && is_set(value));
    kept.map(|(key, value)| (key.clone(), set(value))).collect()
}

/// Returns true for a setting that is one: null and an object of nulls are none.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Empty => false,
        Value::Map(map) => map.0.iter().any(|(_, value)| is_set(value)),
        _ => true,
    }
}

/// Returns a setting without the parts of it that are null.
fn set(value: &Value) -> Value {
    let Value::Map(map) = value else { return value.clone() };
    Value::Map(Attributes(map.0.iter().filter(|(_, value)| is_set(value)).cloned().collect()))
}
