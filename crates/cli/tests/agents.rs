//! Every recording of agents through the public door, and the stories that REST tells of them then.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "agents/dialects.rs"]
mod dialects;
#[path = "agents/picture.rs"]
mod picture;
mod support;

use insta::assert_snapshot;
use picture::picture;
use serde_json::Value as Json;
use support::Trackway;

/// The most traces of a scenario that are pictured.
const MOST_TRACES: usize = 4;

/// The recording of a directory below `fixtures`, as its scenarios with their requests, by name.
fn scenarios(recording: &str) -> Vec<(String, Vec<Json>)> {
    let path = format!("{}/../../fixtures/{recording}.json", env!("CARGO_MANIFEST_DIR"));
    let recording: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let scenarios = recording["scenarios"].as_object().unwrap().iter();
    let mut scenarios: Vec<_> =
        scenarios.map(|(name, requests)| (name.clone(), requests.as_array().unwrap().clone())).collect();
    scenarios.sort_by(|(a, _), (b, _)| a.cmp(b));
    scenarios
}

/// Sends what was recorded of a scenario, and returns the story of each trace that came of it, the first to start first.
fn stories(server: &Trackway, scenario: &str, requests: &[Json]) -> Vec<Json> {
    for request in requests {
        let recorded = support::agents(request, scenario);
        let (status, answer) = server.post(&recorded.path, &recorded.headers, &recorded.body);
        assert!(matches!(status, 200 | 204), "{scenario}: {status} {}", String::from_utf8_lossy(&answer));
    }
    let traces = server.get(&format!("/api/v1/traces?project={scenario}&limit=1000"));
    let traces = traces["traces"].as_array().unwrap().iter().rev();
    traces.map(|trace| server.get(&format!("/api/v1/traces/{}/story", trace["trace_id"].as_str().unwrap()))).collect()
}

/// What is told of every scenario of a recording.
fn told(recording: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let server = support::start(directory.path());
    let mut lines = Vec::new();
    for (scenario, requests) in scenarios(recording) {
        let stories = stories(&server, &scenario, &requests);
        lines.push(format!("## {scenario}: {} traces", stories.len()));
        lines.extend(stories.iter().take(MOST_TRACES).map(picture));
    }
    lines.join("\n\n")
}

macro_rules! recordings {
    ($($test:ident: $directory:literal $recording:literal,)*) => {
        $(#[test]
        fn $test() {
            assert_snapshot!($recording, told(concat!($directory, "/", $recording)));
        })*
    };
}

recordings! {
    the_agents_sdk_with_responses: "openai-agents" "native-python-responses",
    the_agents_sdk_with_chat_completions: "openai-agents" "native-python-chat",
    the_agents_sdk_for_javascript: "openai-agents" "native-js",
    every_helper_of_the_agents_sdk: "openai-agents" "native-python-helpers",
    the_agents_sdk_when_servers_decline: "openai-agents" "native-python-http-behaviour",
    openinference: "openai-agents" "otlp-openinference",
    logfire: "openai-agents" "otlp-logfire",
    opentelemetry_of_openai: "openai-agents" "otlp-openai-v2",
    openllmetry: "genai" "openllmetry",
    logfire_that_announces_spans: "genai" "logfire-pending",
    langfuse: "genai" "langfuse",
    vercel: "genai" "vercel",
}
