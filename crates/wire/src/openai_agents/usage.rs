//! What work used of a model, in every form that the SDKs send.

use trackway_model::{Attributes, Usage, Value};

use super::fields::{as_map, last, map};

/// Reads a `usage`; `None` when it holds no number.
///
/// Model calls of Python have details in maps, turns and tasks have them beside the sums, and JavaScript has everything but
/// the two sums in `details`. Old SDKs speak of prompts and completions.
pub(super) fn usage(usage: &Attributes) -> Option<Usage> {
    let counts = Counts { usage, more: map(usage, "details") };
    let of_input = |name: &str| counts.detail(["input_tokens_details", "prompt_tokens_details"], name);
    let of_output = |name: &str| counts.detail(["output_tokens_details", "completion_tokens_details"], name);
    let mut read = Usage {
        input: counts.count("input_tokens").or_else(|| counts.count("prompt_tokens")),
        output: counts.count("output_tokens").or_else(|| counts.count("completion_tokens")),
        total: counts.count("total_tokens"),
        cache_read: of_input("cached_tokens")
            .or_else(|| counts.count("cached_input_tokens"))
            .or_else(|| counts.count("cache_read_input_tokens")),
        cache_write: of_input("cache_write_tokens")
            .or_else(|| of_input("cache_creation_tokens"))
            .or_else(|| counts.count("cache_write_input_tokens"))
            .or_else(|| counts.count("cache_creation_input_tokens")),
        reasoning: of_output("reasoning_tokens").or_else(|| counts.count("reasoning_tokens")),
        audio_input: of_input("audio_tokens"),
        audio_output: of_output("audio_tokens"),
        requests: counts.count("requests"),
    };
    include_the_cache(&mut read);
    (!read.is_empty()).then_some(read)
}

/// Adds the cached tokens to what went in where they cannot be a part of it.
fn include_the_cache(usage: &mut Usage) {
    let cached = usage.cache_read.unwrap_or_default().saturating_add(usage.cache_write.unwrap_or_default());
    if let Some(input) = usage.input.as_mut().filter(|input| **input < cached) {
        *input = input.saturating_add(cached);
    }
}

struct Counts<'a> {
    usage: &'a Attributes,
    more: Option<&'a Attributes>,
}

impl<'a> Counts<'a> {
    fn find(&self, name: &str) -> Option<&'a Value> {
        last(self.usage, name).or_else(|| last(self.more?, name))
    }

    fn count(&self, name: &str) -> Option<u64> {
        self.find(name).and_then(count)
    }

    /// A number of the details of one direction, the sum of them where there is one for each request.
    fn detail(&self, directions: [&str; 2], name: &str) -> Option<u64> {
        let details = directions.into_iter().find_map(|direction| self.find(direction))?;
        let of_one = |details: &Value| as_map(details).and_then(|details| last(details, name)).and_then(count);
        match details {
            Value::Array(requests) => requests.iter().filter_map(of_one).reduce(u64::saturating_add),
            one => of_one(one),
        }
    }
}

fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::Double(number) if *number >= 0.0 && number.fract() == 0.0 => Some(*number as u64),
        Value::Text(digits) => digits.parse().ok(),
        _ => None,
    }
}
