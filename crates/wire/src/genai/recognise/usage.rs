//! What was used and what it cost.

use serde_json::Value as Json;
use trackway_model::{Cost, Dialect, Dollars, Text, Usage, Value};

use super::table::{Fact, Facts};
use crate::genai::read;

/// The names of the numbers in a map of usage, the best first. Maps inside it are joined by a dot.
const NAMES: &[(Number, &[&str])] = &[
    (Number::Input, &["input_tokens", "prompt_tokens", "input", "inputTokens", "promptTokens"]),
    (Number::Output, &["output_tokens", "completion_tokens", "output", "outputTokens", "completionTokens"]),
    (Number::Total, &["total_tokens", "total", "totalTokens"]),
    (
        Number::CacheRead,
        &[
            "input_tokens_details.cached_tokens",
            "prompt_tokens_details.cached_tokens",
            "input_token_details.cache_read",
            "cached_input_tokens",
            "cache_read_input_tokens",
            "input_cached_tokens",
            "input_cache_read",
            "cache_read",
        ],
    ),
    (
        Number::CacheWrite,
        &[
            "input_tokens_details.cache_write_tokens",
            "prompt_tokens_details.cache_write_tokens",
            "input_token_details.cache_creation",
            "cache_write_input_tokens",
            "cache_creation_input_tokens",
            "input_cache_creation",
            "input_cache_write",
            "cache_creation",
            "cache_write",
        ],
    ),
    (
        Number::Reasoning,
        &[
            "output_tokens_details.reasoning_tokens",
            "completion_tokens_details.reasoning_tokens",
            "output_token_details.reasoning",
            "output_reasoning_tokens",
            "output_reasoning",
            "reasoning_tokens",
            "reasoning",
        ],
    ),
    (
        Number::AudioInput,
        &[
            "input_tokens_details.audio_tokens",
            "prompt_tokens_details.audio_tokens",
            "input_token_details.audio",
            "input_audio_tokens",
            "input_audio",
        ],
    ),
    (
        Number::AudioOutput,
        &[
            "output_tokens_details.audio_tokens",
            "completion_tokens_details.audio_tokens",
            "output_token_details.audio",
            "output_audio_tokens",
            "output_audio",
        ],
    ),
    (Number::Requests, &["requests"]),
];

/// A number of [`Usage`].
#[derive(Debug, Clone, Copy)]
enum Number {
    Input,
    Output,
    Total,
    CacheRead,
    CacheWrite,
    Reasoning,
    AudioInput,
    AudioOutput,
    Requests,
}

/// Reads what was used; what its own attribute says goes before what a map says.
pub(super) fn usage(facts: &Facts<'_>, dialect: Dialect) -> Option<Usage> {
    let map = facts.get(Fact::UsageMap).and_then(read::json).unwrap_or_default();
    let in_map = |number| in_map(&map, number);
    let usage = Usage {
        input: facts.count(Fact::InputTokens).or_else(|| in_map(Number::Input)),
        output: facts.count(Fact::OutputTokens).or_else(|| in_map(Number::Output)),
        total: facts.count(Fact::TotalTokens).or_else(|| in_map(Number::Total)),
        cache_read: facts.count(Fact::CacheReadTokens).or_else(|| in_map(Number::CacheRead)),
        cache_write: facts.count(Fact::CacheWriteTokens).or_else(|| in_map(Number::CacheWrite)),
        reasoning: facts.count(Fact::ReasoningTokens).or_else(|| in_map(Number::Reasoning)),
        audio_input: facts.count(Fact::AudioInputTokens).or_else(|| in_map(Number::AudioInput)),
        audio_output: facts.count(Fact::AudioOutputTokens).or_else(|| in_map(Number::AudioOutput)),
        requests: facts.count(Fact::Requests).or_else(|| in_map(Number::Requests)),
    };
    let is_apart = cache_is_apart(&usage, facts, &map, dialect);
    let usage = if is_apart { with_cache_in_input(usage) } else { usage };
    (!usage.is_empty()).then_some(usage)
}

/// Finds a number in a map of usage.
fn in_map(map: &Json, number: Number) -> Option<u64> {
    let (_, names) = NAMES.get(number as usize)?;
    names.iter().find_map(|name| {
        let found = match name.split_once('.') {
            Some((outer, inner)) => map.get(outer)?.get(inner)?,
            None => map.get(name)?,
        };
        read::json_count(found)
    })
}

/// Returns true when the client counts as input only what did not go through the cache, as Anthropic's API does.
fn cache_is_apart(usage: &Usage, facts: &Facts<'_>, map: &Json, dialect: Dialect) -> bool {
    let cached = usage.cache_read.unwrap_or_default().saturating_add(usage.cache_write.unwrap_or_default());
    let input = usage.input.unwrap_or_default();
    if cached == 0 || facts.has(Fact::FreshInputTokens) {
        return false;
    }
    let said = input.saturating_add(usage.output.unwrap_or_default());
    let total_tells = usage.total.and_then(|total| match total {
        _ if total == said => Some(false),
        _ if total == said.saturating_add(cached) => Some(true),
        _ => None,
    });
    let is_anthropic =
        || facts.word(Fact::Provider).is_some_and(|name| name.to_ascii_lowercase().starts_with("anthropic"));
    let by_custom = match dialect {
        Dialect::Vercel => is_anthropic(),
        // The names that Langfuse prices each on its own are parts that do not overlap.
        Dialect::Langfuse => map.get("input").is_some(),
        _ => false,
    };
    cached > input || total_tells.unwrap_or(by_custom)
}

/// Counts what went through the cache as input.
fn with_cache_in_input(mut usage: Usage) -> Usage {
    let parts = [usage.input, usage.cache_read, usage.cache_write];
    usage.input = Some(parts.into_iter().flatten().fold(0, u64::saturating_add));
    if let Some(total) = usage.total {
        usage.total = Some(total.max(usage.input.unwrap_or_default().saturating_add(usage.output.unwrap_or_default())));
    }
    usage
}

/// Reads what the client itself says the work cost.
pub(super) fn cost(facts: &Facts<'_>) -> Option<Cost> {
    let map = facts.get(Fact::CostMap).and_then(read::json).unwrap_or_default();
    let dollars = |fact, name: &str| {
        let in_map = || map.get(name).and_then(Json::as_f64);
        Dollars::from_f64(facts.number(fact).or_else(in_map)?)
    };
    let (input, output) = (dollars(Fact::CostInput, "input"), dollars(Fact::CostOutput, "output"));
    let sum = || match (input, output) {
        (None, None) => None,
        (input, output) => Some(input.unwrap_or_default().plus(output.unwrap_or_default())),
    };
    let total = dollars(Fact::CostTotal, "total").or_else(sum)?;
    Some(Cost { total, input, output, source: Text::literal("client") })
}

/// Reads why the model stopped, once for each choice: a list, a list as JSON, or a word.
pub(super) fn finish_reasons(value: &Value) -> Vec<Text> {
    match value {
        Value::Array(values) => values.iter().filter_map(read::text).collect(),
        Value::Text(text) => match serde_json::from_str(text) {
            Ok(Json::Array(values)) => values.iter().filter_map(Json::as_str).map(Text::from).collect(),
            Ok(Json::String(word)) => vec![word.into()],
            _ => vec![text.clone()],
        },
        _ => Vec::new(),
    }
}
