//! The content of every span of every recording, against reviewed pictures.

use std::{collections::BTreeMap, fmt::Write, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use insta::assert_snapshot;
use serde_json::value::RawValue;
use trackway_model::{SpanRecord, Timestamp};
use trackway_wire::{
    genai::{content, recognise},
    openai_agents,
    otlp::{Encoding, decode_logs, decode_traces},
};

use crate::picture::picture;

type Object = BTreeMap<String, Box<RawValue>>;

/// Reads the scenarios of a recording, and its requests as they came.
fn scenarios(file: &str) -> BTreeMap<String, Vec<Object>> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../fixtures", &format!("{file}.json")].iter().collect();
    let recording: Object = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    serde_json::from_str(recording["scenarios"].get()).unwrap()
}

/// Returns the spans of each scenario of a recording of the Agents SDK, in the order in which they began.
pub(crate) fn native(file: &str) -> BTreeMap<String, Vec<SpanRecord>> {
    let decode = |request: &Object| {
        let body = request["body"].get().as_bytes();
        openai_agents::decode(body, None, Timestamp(0), &mut |_| true).unwrap().batch.spans
    };
    let spans = |requests: Vec<Object>| ordered(requests.iter().flat_map(decode).collect());
    scenarios(file).into_iter().map(|(name, requests)| (name, spans(requests))).collect()
}

/// Returns the spans of each scenario of a recording of OTLP, in the order in which they began, with the log records
/// that came for them.
pub(crate) fn otlp(file: &str) -> BTreeMap<String, Vec<SpanRecord>> {
    let read = |requests: Vec<Object>| {
        let (mut spans, mut events) = (Vec::new(), Vec::new());
        for request in requests {
            let base64: String = serde_json::from_str(request["body_base64"].get()).unwrap();
            let body = STANDARD.decode(base64).unwrap();
            let about: Object = serde_json::from_str(request["request"].get()).unwrap();
            match about["path"].get().trim_matches('"').rsplit('/').next().unwrap() {
                "traces" => {
                    spans.extend(decode_traces(Encoding::Protobuf, &body, None, &mut |_| true).unwrap().batch.spans)
                }
                "logs" => events.extend(decode_logs(Encoding::Protobuf, &body, &mut |_| true).unwrap().batch.events),
                _ => {}
            }
        }
        for event in events {
            let of = spans.iter_mut().find(|span| span.span_id == event.span_id).unwrap();
            of.events.push(event.event);
        }
        spans.iter_mut().for_each(recognise);
        ordered(spans)
    };
    scenarios(file).into_iter().map(|(name, requests)| (name, read(requests))).collect()
}

fn ordered(mut spans: Vec<SpanRecord>) -> Vec<SpanRecord> {
    spans.sort_by_key(|span| span.start);
    spans
}

/// Draws what was said in each span that says something.
fn said(recording: BTreeMap<String, Vec<SpanRecord>>) -> String {
    let mut out = String::new();
    for (scenario, spans) in recording {
        writeln!(out, "# {scenario}").unwrap();
        for span in &spans {
            let said = picture(&content(span));
            if !said.is_empty() {
                let kind = span.data.as_ref().map(|data| data.kind);
                write!(out, "{} ({:?})\n{said}", span.name, kind.unwrap()).unwrap();
            }
        }
    }
    out
}

#[test]
fn the_agents_sdk_says_everything_of_chat_completions() {
    assert_snapshot!("native_chat", said(native("openai-agents/native-python-chat")));
}

#[test]
fn the_agents_sdk_says_only_the_id_of_a_response() {
    assert_snapshot!("native_responses", said(native("openai-agents/native-python-responses")));
}

#[test]
fn every_kind_of_span_of_the_agents_sdk_says_what_it_holds() {
    assert_snapshot!("native_helpers", said(native("openai-agents/native-python-helpers")));
}

#[test]
fn the_agents_sdk_for_javascript_sends_whole_answers() {
    assert_snapshot!("native_js", said(native("openai-agents/native-js")));
}

#[test]
fn openinference_flattens_messages() {
    assert_snapshot!("openinference", said(otlp("openai-agents/otlp-openinference")));
}

#[test]
fn logfire_writes_requests_and_answers_as_json() {
    assert_snapshot!("logfire", said(otlp("openai-agents/otlp-logfire")));
}

#[test]
fn logfire_says_of_an_announced_span_what_is_known_by_then() {
    assert_snapshot!("logfire_pending", said(otlp("genai/logfire-pending")));
}

#[test]
fn opentelemetry_has_messages_in_attributes_or_in_log_records() {
    assert_snapshot!("openai_v2", said(otlp("openai-agents/otlp-openai-v2")));
}

#[test]
fn openllmetry_flattens_messages_its_own_way() {
    assert_snapshot!("openllmetry", said(otlp("genai/openllmetry")));
}

#[test]
fn langfuse_has_one_input_and_one_output() {
    assert_snapshot!("langfuse", said(otlp("genai/langfuse")));
}

#[test]
fn vercel_has_an_attribute_for_each_thing_that_was_said() {
    assert_snapshot!("vercel", said(otlp("genai/vercel")));
}
