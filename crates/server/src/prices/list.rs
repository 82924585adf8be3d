//! The built-in list of prices, and which of its models a client means.

use std::{
    collections::{HashMap, HashSet},
    sync::{PoisonError, RwLock},
    time::{Duration, UNIX_EPOCH},
};

use genai_prices::{Calculator, PriceRequest, ProviderInfo, UsageKey};
use trackway_model::{Cost, DataKind, Dollars, Text, Usage};

use super::Call;

/// The list, by the version that this program is built with; a test compares it with what Cargo took.
pub(crate) const SOURCE: &str = "genai-prices 0.2.1";

/// The providers as clients call them, and as the list does. What is not here must be the list's own name.
const PROVIDERS: [(&str, &str); 36] = [
    ("openai", "openai"),
    ("azure", "azure"),
    ("azure.ai.openai", "azure"),
    ("azure.ai.inference", "azure"),
    ("azure-openai", "azure"),
    ("azure_openai", "azure"),
    ("az.ai.openai", "azure"),
    ("az.ai.inference", "azure"),
    ("anthropic", "anthropic"),
    ("aws.bedrock", "aws"),
    ("aws_bedrock", "aws"),
    ("amazon-bedrock", "aws"),
    ("bedrock", "aws"),
    ("gcp.gemini", "google"),
    ("gcp.vertex_ai", "google"),
    ("gcp.gen_ai", "google"),
    ("gemini", "google"),
    ("google", "google"),
    ("google-gla", "google"),
    ("google-vertex", "google"),
    ("google_genai", "google"),
    ("google.generative-ai", "google"),
    ("google.vertex", "google"),
    ("vertex_ai", "google"),
    ("mistral", "mistral"),
    ("mistral_ai", "mistral"),
    ("mistralai", "mistral"),
    ("x_ai", "x-ai"),
    ("xai", "x-ai"),
    ("together", "together"),
    ("together_ai", "together"),
    ("togetherai", "together"),
    ("fireworks_ai", "fireworks"),
    ("moonshot_ai", "moonshotai"),
    ("moonshot", "moonshotai"),
    ("z_ai", "zai"),
];

/// How models are called that only their maker and its partners run, for calls that do not say who does. What anybody
/// can run at home is not among them.
const FAMILIES: [(&str, &str); 11] = [
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("ft:gpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("text-embedding-", "openai"),
    ("claude-", "anthropic"),
    ("gemini-", "google"),
    ("grok-", "x-ai"),
    ("voyage-", "voyageai"),
];

/// A model of a family above that anybody can run.
const OPEN: &str = "gpt-oss";

/// What Google's interfaces put before the name of a model.
const GOOGLE_PATHS: [&str; 3] = ["models/", "publishers/google/models/", "publishers/anthropic/models/"];

/// What stands between a client and the provider, and runs no model.
const GATEWAYS: [&str; 4] = ["litellm", "any-llm", "any_llm", "langchain"];

/// Parts of names that say where or how a model runs, and not which it is.
const NEUTRAL: [&str; 28] = [
    "accounts",
    "ai",
    "amazon",
    "anthropic",
    "apac",
    "au",
    "beta",
    "eu",
    "exp",
    "fast",
    "fireworks",
    "global",
    "gov",
    "high",
    "in",
    "jp",
    "latest",
    "low",
    "max",
    "models",
    "open",
    "preview",
    "routers",
    "system",
    "text",
    "thinking",
    "us",
    "xhigh",
];

/// The tiers of service that every call is in that is in no other.
const STANDARD_TIERS: [&str; 2] = ["default", "standard"];
/// How many names are remembered.
const MOST_NAMES: usize = 4_096;

/// The list, and which names were found in it.
#[derive(Default)]
pub(super) struct List {
    found: RwLock<HashMap<Named, Option<Entry>>>,
}

/// The provider and the model as a client names them.
type Named = (Option<Text>, Text);

/// What is known of a model that is in the list.
#[derive(Debug, Clone)]
struct Entry {
    /// Who runs it, by the list's name.
    provider: &'static str,
    /// What to ask the list for.
    model: Text,
    /// Whether its price is nothing, and not only unknown.
    is_free: bool,
}

impl List {
    /// Returns the cost by the list.
    pub(super) fn cost(&self, call: &Call<'_>) -> Option<Cost> {
        let entry = self.entry(call.provider, call.model)?;
        let usage = tokens(call.usage);
        let start = UNIX_EPOCH + Duration::from_nanos(call.start.0);
        let request = PriceRequest::new(&entry.model, &usage).with_provider_id(entry.provider).with_timestamp(start);
        let mut price = Calculator::bundled().calculate(&request).ok()?;
        if let Some(tier) = call.service_tier.filter(|tier| !STANDARD_TIERS.contains(tier)) {
            let tiered = Calculator::bundled().calculate(&request.with_price_context("service_tier", tier)).ok()?;
            // The list answers with the standard price where it does not know that of the tier.
            if tiered.total_price == price.total_price && !entry.is_free {
                return None;
            }
            price = tiered;
        }
        if !entry.is_free && leaves_out(call, price.input_price, price.output_price) {
            return None;
        }
        Some(Cost {
            total: Dollars::from_f64(price.total_price)?,
            input: Dollars::from_f64(price.input_price),
            output: Dollars::from_f64(price.output_price),
            source: Text::literal(SOURCE),
        })
    }

    fn entry(&self, provider: Option<&str>, model: &str) -> Option<Entry> {
        let key = (provider.map(Text::from), Text::from(model));
        let known = self.found.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(entry) = known {
            return entry;
        }
        let entry = find(provider, model);
        let mut found = self.found.write().unwrap_or_else(PoisonError::into_inner);
        // Names come from outside; what does not fit any more is looked up each time.
        if found.len() < MOST_NAMES {
            found.insert(key, entry.clone());
        }
        entry
    }
}

/// Whether tokens were used that the price has nothing for: the model is priced by pages, seconds or not at all.
fn leaves_out(call: &Call<'_>, input: f64, output: f64) -> bool {
    let has = |tokens: Option<u64>| tokens.is_some_and(|tokens| tokens > 0);
    let has_output = has(call.usage.output) && !matches!(call.kind, DataKind::Embedding | DataKind::Rerank);
    (has(call.usage.input) && input == 0.0) || (has_output && output == 0.0)
}

/// What was used, in the list's words.
fn tokens(usage: &Usage) -> genai_prices::Usage {
    let numbers = [
        (UsageKey::INPUT_TOKENS, usage.input),
        (UsageKey::OUTPUT_TOKENS, usage.output),
        (UsageKey::CACHE_READ_TOKENS, usage.cache_read),
        (UsageKey::CACHE_WRITE_TOKENS, usage.cache_write),
        (UsageKey::OUTPUT_REASONING_TOKENS, usage.reasoning),
        (UsageKey::INPUT_AUDIO_TOKENS, usage.audio_input),
        (UsageKey::OUTPUT_AUDIO_TOKENS, usage.audio_output),
    ];
    numbers.into_iter().filter_map(|(key, number)| Some((key, number? as f64))).collect()
}

/// Finds the model that is meant.
fn find(provider: Option<&str>, model: &str) -> Option<Entry> {
    let (provider, model) = meant(provider, model)?;
    let nothing = genai_prices::Usage::new();
    let request = PriceRequest::new(model, &nothing).with_provider_id(provider.id());
    let matched = Calculator::bundled().calculate(&request).ok()?;
    let is_same = matched.model_id.eq_ignore_ascii_case(model) || is_of_known_words(provider, &matched.model_id, model);
    let is_free = matched.model_id.ends_with(":free");
    is_same.then(|| Entry { provider: provider.id(), model: model.into(), is_free })
}

/// Who runs the model, and the model's name without what gateways put before it: `litellm/anthropic/claude-...`.
fn meant<'a>(provider: Option<&str>, model: &'a str) -> Option<(ProviderInfo<'static>, &'a str)> {
    let is_gateway = |name: &str| GATEWAYS.contains(&name);
    let model = model.split_once('/').filter(|(begin, _)| is_gateway(begin)).map_or(model, |(_, rest)| rest);
    let model = GOOGLE_PATHS.iter().find_map(|path| model.strip_prefix(path)).unwrap_or(model);
    let before_slash = model.split_once('/').and_then(|(begin, rest)| Some((named(begin)?, rest)));
    match (provider.filter(|name| !is_gateway(name)), before_slash) {
        (None, Some(both)) => Some(both),
        (None, None) => Some((of_family(model)?, model)),
        (Some(name), before_slash) => {
            let provider = named(name)?;
            let is_told_twice = |(again, _): &(ProviderInfo<'_>, &str)| again.id() == provider.id();
            Some((provider, before_slash.filter(is_told_twice).map_or(model, |(_, rest)| rest)))
        }
    }
}

/// The provider that a client means.
fn named(name: &str) -> Option<ProviderInfo<'static>> {
    let name = name.to_ascii_lowercase();
    let alias = |name: &str| PROVIDERS.iter().find(|(known, _)| *known == name).map(|(_, id)| *id);
    let exactly = |name: &str| known(alias(name).unwrap_or(name));
    // Some clients add which of the provider's interfaces it was: `openai.responses`.
    exactly(&name).or_else(|| exactly(name.split_once('.')?.0))
}

/// The provider whose family a model is of.
fn of_family(model: &str) -> Option<ProviderInfo<'static>> {
    let model = model.to_ascii_lowercase();
    let is_open = model.starts_with(OPEN);
    FAMILIES.iter().find(|(family, _)| !is_open && model.starts_with(family)).and_then(|(_, id)| known(id))
}

/// The provider that the list has under exactly this name; the list's own search would take `my-openai-proxy` for OpenAI.
fn known(id: &str) -> Option<ProviderInfo<'static>> {
    Calculator::bundled().providers().find(|provider| provider.id() == id)
}

/// Whether a name consists of numbers and of words that the provider's models have, so that `gpt-4o-2024-08-06` is
/// believed to be `gpt-4o`, and `deepseek-r1-distill-llama:70b` is nothing that DeepSeek sells.
fn is_of_known_words(provider: ProviderInfo<'_>, matched: &str, model: &str) -> bool {
    // A fine-tuned model has a name of its owner's behind that of its base.
    if model.starts_with("ft:") && matched.starts_with("ft:") {
        return true;
    }
    let mut words: HashSet<String> = NEUTRAL.iter().map(ToString::to_string).collect();
    for id in provider.models().map(|model| model.id()).chain([matched]) {
        words.extend(self::words(id).map(str::to_ascii_lowercase));
    }
    self::words(model).all(|word| is_number(word) || words.contains(&word.to_ascii_lowercase()))
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '_', '.', ':', '/', '@', ' ']).filter(|word| !word.is_empty())
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('v').unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
