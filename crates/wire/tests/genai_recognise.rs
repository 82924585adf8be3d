//! Recordings of what agents send over OTLP against reviewed pictures of what is read from them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use insta::assert_snapshot;
use trackway_model::{Cost, SpanData, SpanRecord, Usage};
use trackway_wire::{
    genai::recognise,
    otlp::{Encoding, decode_traces},
};

#[test]
fn openinference() {
    assert_snapshot!(picture("openai-agents/otlp-openinference"));
}

#[test]
fn logfire() {
    assert_snapshot!(picture("openai-agents/otlp-logfire"));
}

#[test]
fn opentelemetry() {
    assert_snapshot!(picture("openai-agents/otlp-openai-v2"));
}

#[test]
fn openllmetry() {
    assert_snapshot!(picture("genai/openllmetry"));
}

#[test]
fn langfuse() {
    assert_snapshot!(picture("genai/langfuse"));
}

#[test]
fn vercel() {
    assert_snapshot!(picture("genai/vercel"));
}

#[test]
fn spans_that_logfire_announces_make_the_tree_before_they_end() {
    let spans = scenarios("genai/logfire-pending").remove(0).1;
    let (announced, ended): (Vec<_>, Vec<_>) = spans.into_iter().partition(|span| span.end.is_none());
    assert_snapshot!(tree(&announced));
    for span in &ended {
        let same = announced.iter().find(|open| open.span_id == span.span_id).unwrap();
        assert_eq!((same.parent_id, same.start), (span.parent_id, span.start), "{}", span.name);
    }
    let mut ids: Vec<_> = ended.iter().map(|span| span.span_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(announced.len(), ids.len(), "each is announced once");
}

/// Draws every scenario of a recording.
fn picture(recording: &str) -> String {
    let mut out = String::new();
    for (scenario, spans) in scenarios(recording) {
        write!(out, "# {scenario}\n{}", tree(&spans)).unwrap();
    }
    out
}

/// Decodes a recording's requests of spans, and reads what these say of themselves.
fn scenarios(recording: &str) -> Vec<(String, Vec<SpanRecord>)> {
    let path = format!("{}/../../fixtures/{recording}.json", env!("CARGO_MANIFEST_DIR"));
    let recording: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let spans = |requests: &serde_json::Value| {
        let requests = requests.as_array().unwrap().iter();
        requests.filter(is_of_spans).flat_map(spans_of).collect()
    };
    let scenarios = recording["scenarios"].as_object().unwrap().iter();
    scenarios.map(|(name, requests)| (name.clone(), spans(requests))).collect()
}

fn is_of_spans(request: &&serde_json::Value) -> bool {
    request["request"]["path"].as_str().unwrap().ends_with("/v1/traces")
}

fn spans_of(request: &serde_json::Value) -> Vec<SpanRecord> {
    let body = STANDARD.decode(request["body_base64"].as_str().unwrap()).unwrap();
    let mut spans = decode_traces(Encoding::Protobuf, &body, None, &mut |_| true).unwrap().batch.spans;
    for span in &mut spans {
        let attributes = span.attributes.clone();
        recognise(span);
        assert_eq!(span.attributes, attributes, "they stay as they came");
    }
    spans
}

/// Draws spans below their parents, in the order of their starts.
fn tree(spans: &[SpanRecord]) -> String {
    let mut spans: Vec<_> = spans.iter().collect();
    spans.sort_by_key(|span| span.start);
    let is_known = |id| spans.iter().any(|span| Some(span.span_id) == id);
    let mut out = String::new();
    for root in spans.iter().filter(|span| !is_known(span.parent_id)) {
        branch(&mut out, root, &spans, 0);
    }
    out
}

fn branch(out: &mut String, span: &SpanRecord, spans: &[&SpanRecord], depth: usize) {
    let failed = if span.is_error() { format!(" FAILED {:?}", span.status.message) } else { String::new() };
    let text = span.data.as_ref().map_or_else(|| format!("- {:?}", span.name), |data| line(&span.name, data));
    writeln!(out, "{}{text}{failed}", "  ".repeat(depth)).unwrap();
    for child in spans.iter().filter(|child| child.parent_id == Some(span.span_id)) {
        branch(out, child, spans, depth + 1);
    }
}

/// Writes what is known of a span, leaving out what is not.
fn line(name: &str, data: &SpanData) -> String {
    let mut out = format!("{:?} {:?}", data.kind, data.title.as_deref().unwrap_or(name));
    let facts = [
        ("of", &data.subject),
        ("by", &data.agent),
        ("at", &data.provider),
        ("asked", &data.request_model),
        ("answered", &data.response_model),
        ("id", &data.response_id),
        ("call", &data.call_id),
        ("server", &data.server),
        ("in", &data.conversation),
        ("for", &data.user),
    ];
    for (word, fact) in facts {
        fact.iter().for_each(|fact| write!(out, " {word} {fact:?}").unwrap());
    }
    data.turn.iter().for_each(|turn| write!(out, " turn {turn}").unwrap());
    data.handoff.iter().for_each(|ends| write!(out, " {:?} → {:?}", ends.from, ends.to).unwrap());
    data.triggered.iter().for_each(|triggered| write!(out, " triggered {triggered}").unwrap());
    data.usage.iter().for_each(|used| write!(out, " used {}", usage(used)).unwrap());
    data.cost.iter().for_each(|Cost { total, source, .. }| write!(out, " cost {total:?} by {source}").unwrap());
    data.first_token.iter().for_each(|_| out.push_str(" streamed"));
    if !data.finish_reasons.is_empty() {
        write!(out, " stopped by {:?}", data.finish_reasons).unwrap();
    }
    out
}

fn usage(usage: &Usage) -> String {
    let numbers = [
        ("", usage.input),
        ("→", usage.output),
        ("=", usage.total),
        ("read ", usage.cache_read),
        ("written ", usage.cache_write),
        ("thought ", usage.reasoning),
        ("requests ", usage.requests),
    ];
    let numbers = numbers.iter().filter_map(|(word, number)| Some(format!("{word}{}", (*number)?)));
    numbers.collect::<Vec<_>>().join(" ")
}
