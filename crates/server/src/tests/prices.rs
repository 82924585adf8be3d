//! What model calls cost, through the door.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use trackway_model::Dollars;

use super::{configured, span};
use crate::{Config, Price};

/// The cost of a call that OpenTelemetry's conventions describe so.
async fn cost(config: Config, attributes: &[(&str, &str)], numbers: &[(&str, u64)]) -> Json {
    let server = configured(config);
    let texts = attributes.iter().map(|(key, text)| json!({"key": key, "value": {"stringValue": text}}));
    let numbers = numbers.iter().map(|(key, number)| json!({"key": key, "value": {"intValue": number.to_string()}}));
    let mut all = vec![json!({"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}})];
    all.extend(texts.chain(numbers));
    let answer = server.post(&span(1, 1, &format!(",\"attributes\":{}", Json::from(all)))).await;
    assert_eq!(answer.text(), "{}");
    let found = server.get(&format!("/api/v1/traces/{:032x}/spans/{:016x}", 1, 1)).await.json();
    let data = &found["spans"][0]["data"];
    assert_eq!(data["kind"], "generation", "{found}");
    data["cost"].clone()
}

const USED: [(&str, u64); 2] = [("gen_ai.usage.input_tokens", 1_000_000), ("gen_ai.usage.output_tokens", 100_000)];

/// The cost of a million tokens in and a tenth of that out, by the built-in list.
async fn listed(provider: &str, model: &str) -> Option<f64> {
    let named = [("gen_ai.provider.name", provider), ("gen_ai.request.model", model)];
    let attributes = named.into_iter().filter(|(_, text)| !text.is_empty()).collect::<Vec<_>>();
    let cost = cost(Config::default(), &attributes, &USED).await;
    (!cost.is_null()).then(|| {
        assert_eq!(cost["source"], "genai-prices 0.2.1");
        cost["total_usd"].as_f64().unwrap()
    })
}

#[test]
fn the_source_of_prices_is_named_as_it_was_built() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock")).unwrap();
    let version = crate::prices::LIST.strip_prefix("genai-prices ").unwrap();
    assert!(lock.contains(&format!("name = \"genai-prices\"\nversion = \"{version}\"\n")), "{version}");
}

#[tokio::test]
async fn known_models_are_priced_however_their_provider_is_spelt() {
    for provider in ["openai", "OpenAI", "openai.chat", "azure.ai.openai", ""] {
        assert_eq!(listed(provider, "gpt-4.1").await, Some(2.8), "{provider}");
    }
    assert_eq!(listed("openai", "gpt-4.1-2025-04-14").await, Some(2.8));
    for provider in ["anthropic", "anthropic.messages", ""] {
        assert_eq!(
            listed(provider, "claude-sonnet-4-5-20250929").await,
            listed("anthropic", "claude-sonnet-4-5").await
        );
    }
    let others = [
        ("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("gcp.gemini", "gemini-2.5-flash"),
        ("gcp.vertex_ai", "publishers/google/models/gemini-2.5-pro"),
        ("openai", "o4-mini-high"),
        ("mistral_ai", "mistral-large-latest"),
        ("groq", "llama-3.3-70b-versatile"),
        ("x_ai", "grok-4.5"),
        ("deepseek", "deepseek-chat"),
        ("cohere", "command-r-plus"),
        ("perplexity", "sonar-pro"),
        ("openrouter", "openai/gpt-4.1"),
        ("", "anthropic/claude-sonnet-4-5"),
        ("anthropic", "litellm/anthropic/claude-sonnet-4-5"),
        ("litellm", "gemini/gemini-2.5-flash"),
    ];
    for (provider, model) in others {
        assert!(listed(provider, model).await > Some(0.0), "{provider} {model}");
    }
}

#[tokio::test]
async fn what_is_not_known_beyond_doubt_has_no_price() {
    let unknown = [
        ("openai", "my-llama"),
        ("", "my-llama"),
        ("", "llama-3.3-70b"),
        ("openai", "my-moderation-model"),
        ("openai", "llama-3.3-70b-versatile"),
        ("my-openai-proxy", "gpt-4.1"),
        ("ollama", "gpt-oss:20b"),
        ("", "deepseek-r1"),
        ("", "deepseek-r1:70b"),
        ("", "mistral-nemo"),
        ("", "gpt-oss-20b"),
        ("", "ollama/gpt-4.1"),
        ("openai", "anthropic/claude-sonnet-4-5"),
        ("deepseek", "deepseek-r1-distill-llama-70b"),
        ("anthropic", "claude-haiku-4-5-ours"),
        ("", "gpt-4.1-ours"),
        ("openai", "whisper-1"),
    ];
    for (provider, model) in unknown {
        assert_eq!(listed(provider, model).await, None, "{provider} {model}");
    }
}

#[tokio::test]
async fn the_cache_and_the_tier_of_service_count() {
    let model = [("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4.1")];
    let cached = [&USED[..], &[("gen_ai.usage.cache_read.input_tokens", 1_000_000)]].concat();
    let cost_of = async |attributes: &[(&str, &str)], numbers: &[(&str, u64)]| {
        cost(Config::default(), attributes, numbers).await["total_usd"].as_f64()
    };
    assert_eq!(cost_of(&model, &cached).await, Some(1.3), "half a dollar in, eight tenths out");
    let more_than_went_in = [&USED[..], &[("gen_ai.usage.cache_read.input_tokens", 1_000_001)]].concat();
    let half = [("gen_ai.usage.input_tokens", 1_000_000)];
    let tier = |name| [&model[..], &[("openai.response.service_tier", name)]].concat();
    assert_eq!(cost_of(&tier("default"), &USED).await, Some(2.8));
    assert_eq!(cost_of(&tier("scale"), &USED).await, None, "nobody knows what that was bought for");
    assert_eq!(cost_of(&model, &half).await, None, "half a usage is no price");
    assert_ne!(cost_of(&model, &more_than_went_in).await, Some(1.3));
}

#[tokio::test]
async fn a_model_that_is_free_costs_nothing_and_not_null() {
    assert_eq!(listed("openrouter", "openai/gpt-oss-20b:free").await, Some(0.0));
}

fn price(model: &str, provider: Option<&str>) -> Price {
    Price {
        model: model.into(),
        provider: provider.map(Into::into),
        input: Dollars::from_f64(0.5).unwrap(),
        output: Dollars::from_f64(1.5).unwrap(),
        cache_read: Dollars::from_f64(0.1),
        cache_write: None,
    }
}

#[tokio::test]
async fn prices_of_the_settings_come_first() {
    let config = |prices: Vec<Price>| Config { prices, ..Config::default() };
    let cached = [&USED[..], &[("gen_ai.usage.cache_read.input_tokens", 500_000)]].concat();
    let own = cost(config(vec![price("My-Model*", None)]), &[("gen_ai.request.model", "my-model-7b")], &cached).await;
    assert_eq!(own, json!({"total_usd": 0.45, "input_usd": 0.3, "output_usd": 0.15, "source": "settings"}));
    let model = [("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4.1")];
    let over = async |prices| cost(config(prices), &model, &USED).await["source"].clone();
    assert_eq!(over(vec![price("gpt-4.1", Some("openai"))]).await, "settings");
    assert_eq!(over(vec![price("gpt-4.1", Some("azure.ai.openai")), price("gpt-4", None)]).await, "genai-prices 0.2.1");
    let deployed = [("gen_ai.request.model", "ours"), ("gen_ai.response.model", "gpt-4.1")];
    assert_eq!(cost(config(vec![price("ours", None)]), &deployed, &USED).await["source"], "settings");
    let free = Price { input: Dollars(0), output: Dollars(0), ..price("llama*", None) };
    let free = cost(config(vec![free]), &[("gen_ai.request.model", "llama3:8b")], &USED).await;
    assert_eq!(free["total_usd"], 0.0);
}

#[tokio::test]
async fn an_agents_model_may_come_from_the_settings_where_its_calls_name_none() {
    let agent_models = BTreeMap::from([("Triage agent".to_owned(), "gpt-4.1".to_owned())]);
    let config = || Config { agent_models: agent_models.clone(), ..Config::default() };
    let triage = ("gen_ai.agent.name", "Triage agent");
    let estimated = cost(config(), &[triage], &USED).await;
    assert_eq!((&estimated["total_usd"], &estimated["source"]), (&json!(2.8), &json!("settings: agent model")));
    let named = cost(config(), &[triage, ("gen_ai.request.model", "my-llama")], &USED).await;
    assert_eq!(named, Json::Null, "the call says what it called");
    assert_eq!(cost(config(), &[("gen_ai.agent.name", "Other")], &USED).await, Json::Null);
}
