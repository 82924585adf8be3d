//! Recorded requests of the OpenAI Agents SDK against reviewed pictures of their traces.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write,
};

use insta::assert_snapshot;
use serde_json::value::RawValue;
use trackway_model::{Batch, SpanData, SpanId, SpanRecord, Text, Timestamp, TraceRecord, Usage, Value};
use trackway_wire::openai_agents::{SPAN_DATA, decode};

type Object = BTreeMap<String, Box<RawValue>>;

/// The bodies of every scenario of a recording, as they came.
fn recording(name: &str) -> Vec<(String, Vec<String>)> {
    let path = format!("{}/../../fixtures/openai-agents/native-python-{name}.json", env!("CARGO_MANIFEST_DIR"));
    let recording: Object = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let scenarios: BTreeMap<String, Vec<Object>> = serde_json::from_str(recording["scenarios"].get()).unwrap();
    let bodies = |requests: Vec<Object>| requests.iter().map(|request| request["body"].get().to_owned()).collect();
    scenarios.into_iter().map(|(name, requests)| (name, bodies(requests))).collect()
}

/// Decodes the bodies of a scenario; nothing of them may be lost.
fn batch(bodies: &[String]) -> Batch {
    let mut all = Batch::default();
    for body in bodies {
        // Where the recording was shortened, it says so in an item.
        let shortened = body.matches(r#""_elided""#).count() as u64;
        let decoded = decode(body.as_bytes(), None, Timestamp(0), &mut |_| true).unwrap();
        assert_eq!(decoded.rejected.count, shortened, "{:?}", decoded.rejected.reasons);
        all.spans.extend(decoded.batch.spans);
        all.traces.extend(decoded.batch.traces);
    }
    all
}

/// Draws every scenario of a recording: its traces, and their spans under each other in the order in which they began.
fn picture(name: &str) -> String {
    let mut out = String::new();
    for (scenario, bodies) in recording(name) {
        writeln!(out, "# {scenario}").unwrap();
        let Batch { mut spans, traces, .. } = batch(&bodies);
        spans.sort_by_key(|span| span.start);
        let known: HashSet<SpanId> = spans.iter().map(|span| span.span_id).collect();
        traces.iter().for_each(|trace| draw_trace(&mut out, trace));
        for root in spans.iter().filter(|span| span.parent_id.is_none_or(|parent| !known.contains(&parent))) {
            draw(&mut out, root, &spans, 1);
        }
    }
    out
}

fn draw_trace(out: &mut String, trace: &TraceRecord) {
    write!(out, "trace {:?} {}", trace.name, trace.original_id).unwrap();
    trace.group.iter().for_each(|group| write!(out, " group={group}").unwrap());
    trace.metadata.iter().for_each(|(key, value)| write!(out, " {key}={}", shown(value)).unwrap());
    out.push('\n');
}

fn draw(out: &mut String, span: &SpanRecord, all: &[SpanRecord], depth: usize) {
    let data = span.data.as_ref().unwrap();
    write!(out, "{:indent$}{:?} {:?}", "", data.kind, span.name, indent = depth * 2).unwrap();
    draw_data(out, data);
    match span.duration() {
        Some(duration) => write!(out, " {}us", duration.0 / 1000).unwrap(),
        None => out.push_str(" open"),
    }
    if span.is_error() {
        write!(out, " ERROR {:?}", span.status.message).unwrap();
    }
    for (key, value) in span.attributes.iter().filter(|(key, _)| *key != SPAN_DATA) {
        write!(out, " {key}={}", shown(value)).unwrap();
    }
    if let Some(parent) = span.foreign.as_ref().unwrap().parent_id.as_ref().filter(|_| depth == 1) {
        let elsewhere = all.iter().find(|other| other.foreign.as_ref().unwrap().id == *parent);
        let named = elsewhere.map_or("nowhere", |other| &other.foreign.as_ref().unwrap().trace_id);
        write!(out, " under {parent} in {named}").unwrap();
    }
    out.push('\n');
    for child in all.iter().filter(|other| other.parent_id == Some(span.span_id)) {
        draw(out, child, all, depth + 1);
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Int(number) => number.to_string(),
        Value::Map(map) => {
            let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key}: {}", shown(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        other => format!("{other:?}"),
    }
}

fn draw_data(out: &mut String, data: &SpanData) {
    let texts: [(&str, &Option<Text>); 7] = [
        ("subject", &data.subject),
        ("agent", &data.agent),
        ("provider", &data.provider),
        ("asked", &data.request_model),
        ("answered", &data.response_model),
        ("response", &data.response_id),
        ("server", &data.server),
    ];
    for (name, text) in texts {
        text.iter().for_each(|text| write!(out, " {name}={text}").unwrap());
    }
    if !data.finish_reasons.is_empty() {
        write!(out, " finish={:?}", data.finish_reasons).unwrap();
    }
    data.handoff.iter().for_each(|it| write!(out, " from={:?} to={:?}", it.from, it.to).unwrap());
    data.triggered.iter().for_each(|triggered| write!(out, " triggered={triggered}").unwrap());
    data.first_token.iter().for_each(|first| write!(out, " first={}us", first.0 / 1000).unwrap());
    data.usage.iter().for_each(|usage| draw_usage(out, usage));
}

fn draw_usage(out: &mut String, usage: &Usage) {
    let numbers = [
        ("in", usage.input),
        ("out", usage.output),
        ("total", usage.total),
        ("cached", usage.cache_read),
        ("written", usage.cache_write),
        ("thought", usage.reasoning),
        ("requests", usage.requests),
    ];
    let sent = numbers.iter().filter_map(|(name, number)| Some(format!("{name} {}", (*number)?)));
    write!(out, " [{}]", sent.collect::<Vec<_>>().join(", ")).unwrap();
}

#[test]
fn runs_of_the_responses_api() {
    assert_snapshot!("agents_responses", picture("responses"));
}

#[test]
fn runs_of_the_chat_api() {
    assert_snapshot!("agents_chat", picture("chat"));
}

#[test]
fn every_kind_of_span_and_odd_ids() {
    assert_snapshot!("agents_helpers", picture("helpers"));
}

#[test]
fn requests_that_are_sent_again() {
    assert_snapshot!("agents_http_behaviour", picture("http-behaviour"));
}

#[test]
fn a_batch_that_is_sent_again_is_the_same_records() {
    let scenarios = recording("http-behaviour");
    let (_, bodies) = scenarios.iter().find(|(name, _)| name == "retry_500_then_204").unwrap();
    assert_eq!(batch(&bodies[..1]), batch(&bodies[2..]));
}

#[test]
fn items_split_over_two_bodies_are_the_same_records_as_in_one() {
    let scenarios = recording("responses");
    let (_, bodies) = scenarios.iter().find(|(name, _)| name == "handoff_tools").unwrap();
    let whole: BTreeMap<String, Vec<Box<RawValue>>> = serde_json::from_str(&bodies[0]).unwrap();
    let body = |items: &[Box<RawValue>]| {
        let items: Vec<&str> = items.iter().map(|item| item.get()).collect();
        format!(r#"{{"data":[{}]}}"#, items.join(","))
    };
    let items = &whole["data"];
    for at in 0..=items.len() {
        assert_eq!(batch(&[body(&items[..at]), body(&items[at..])]), batch(bodies), "split at {at}");
    }
}
