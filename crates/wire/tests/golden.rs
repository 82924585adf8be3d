//! Recorded requests of real clients against reviewed pictures of their records.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
use insta::assert_snapshot;
use trackway_model::{Attributes, SpanRecord, Value};
use trackway_wire::otlp::{Decoded, Encoding, count_metrics, decode_logs, decode_traces};

/// Reads a recording of `fixtures/wire` and decodes its only request.
fn recording(name: &str) -> Decoded {
    let path = format!("{}/../../fixtures/wire/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let recording: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let request = &recording["requests"][0];
    let base64 = request["body_base64"].as_str().or(request["message_base64"].as_str()).unwrap();
    let mut body = STANDARD.decode(base64).unwrap();
    if body.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut GzDecoder::new(body.as_slice()), &mut plain).unwrap();
        body = plain;
    }
    let encoding = if body.starts_with(b"{") { Encoding::Json } else { Encoding::Protobuf };
    decode_traces(encoding, &body, None, &mut |_| true).unwrap()
}

/// Draws what was decoded, with the ids and times that differ from recording to recording left out.
fn picture(decoded: &Decoded) -> String {
    let mut out = String::new();
    for span in &decoded.batch.spans {
        draw(&mut out, span, &decoded.batch.spans).unwrap();
    }
    let _ = write!(out, "rejected {} ignored {}", decoded.rejected.count, decoded.ignored); // a String takes every write
    out
}

fn draw(out: &mut String, span: &SpanRecord, all: &[SpanRecord]) -> std::fmt::Result {
    let parent = match span.parent_id {
        None => "root".into(),
        Some(id) => all
            .iter()
            .find(|other| other.span_id == id)
            .map_or_else(|| format!("outside {id}"), |other| format!("{:?}", other.name)),
    };
    writeln!(out, "{:?} {:?} of {} under {parent}", span.name, span.kind, span.service())?;
    writeln!(
        out,
        "  trace {} state {:?} flags {:#x} project {}",
        span.trace_id, span.trace_state, span.flags, span.project
    )?;
    writeln!(out, "  status {:?} {:?} dropped {:?}", span.status.code, span.status.message, span.dropped)?;
    writeln!(out, "  ends after it starts: {:?}", span.duration().map(|d| d.0 >= 0))?;
    list(out, "  ", &span.attributes)?;
    for event in &span.events {
        writeln!(out, "  event {:?} dropped {}", event.name, event.dropped_attributes)?;
        list(out, "    ", &event.attributes)?;
    }
    for link in &span.links {
        writeln!(out, "  link {:?} {:?} flags {:#x}", link.trace_id, link.span_id, link.flags)?;
        list(out, "    ", &link.attributes)?;
    }
    writeln!(out, "  scope {} {} {}", span.scope.name, span.scope.version, span.scope.schema_url)?;
    writeln!(out, "  resource {} attributes {}", span.resource.attributes.len(), span.resource.schema_url)
}

fn list(out: &mut String, indent: &str, attributes: &Attributes) -> std::fmt::Result {
    for (key, value) in attributes.iter() {
        match value {
            Value::Text(text) => writeln!(out, "{indent}{key} = {text:?}")?,
            other => writeln!(out, "{indent}{key} = {other:?}")?,
        }
    }
    Ok(())
}

#[test]
fn every_encoding_of_the_python_sdk_gives_the_same_records() {
    let protobuf = picture(&recording("otlp-http-protobuf-none"));
    assert_snapshot!("otlp_python", protobuf);
    for other in
        ["otlp-http-protobuf-gzip", "otlp-grpc-none", "otlp-grpc-gzip", "otlp-http-json-none", "otlp-http-json-gzip"]
    {
        assert_eq!(picture(&recording(other)), protobuf, "{other}");
    }
}

/// The requests of a client that exports all three signals, as path and protobuf body.
fn all_signals() -> Vec<(String, Vec<u8>)> {
    let path = format!("{}/../../fixtures/openai-agents/otlp-openai-v2.json", env!("CARGO_MANIFEST_DIR"));
    let recording: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let requests = recording["scenarios"]["latest"].as_array().unwrap().iter();
    let read = |request: &serde_json::Value| {
        let path = request["request"]["path"].as_str().unwrap().to_owned();
        (path, STANDARD.decode(request["body_base64"].as_str().unwrap()).unwrap())
    };
    requests.map(read).collect()
}

#[test]
fn a_client_with_all_signals_on_gives_spans_and_events_and_counted_metrics() {
    let mut out = String::new();
    for (path, body) in all_signals() {
        writeln!(out, "{path}").unwrap();
        match path.as_str() {
            "/v1/traces" => {
                writeln!(out, "{}", picture(&decode_traces(Encoding::Protobuf, &body, None, &mut |_| true).unwrap()))
            }
            "/v1/logs" => {
                let decoded = decode_logs(Encoding::Protobuf, &body, &mut |_| true).unwrap();
                for late in &decoded.batch.events {
                    writeln!(out, "event {:?} of span {}", late.event.name, late.span_id).unwrap();
                    list(&mut out, "  ", &late.event.attributes).unwrap();
                }
                writeln!(out, "rejected {} ignored {}", decoded.rejected.count, decoded.ignored)
            }
            _ => writeln!(out, "{} metrics", count_metrics(Encoding::Protobuf, &body).unwrap()),
        }
        .unwrap();
    }
    assert_snapshot!("all_signals", out);
}
