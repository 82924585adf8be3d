//! Every OTLP recording through the public door, and what REST answers then.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use insta::assert_snapshot;
use serde_json::Value as Json;

/// What REST says of a trace, in short: without the ids and times that differ between recordings.
fn picture(trace: &Json) -> String {
    let summary = &trace["trace"];
    let mut lines = vec![format!(
        "{} {} of {}: {} spans, {} errors, {}, services {}",
        summary["trace_id"],
        summary["root_name"],
        summary["service"],
        summary["span_count"],
        summary["error_count"],
        summary["status"],
        summary["services"]
    )];
    let spans = trace["spans"].as_array().unwrap();
    let mut spans: Vec<_> = spans.iter().collect();
    spans.sort_by_key(|span| span["name"].as_str());
    let name =
        |id: &Json| spans.iter().find(|span| span["span_id"] == *id).map_or(Json::Null, |span| span["name"].clone());
    for span in &spans {
        lines.push(format!(
            "{} {} {} under {}",
            span["name"],
            span["kind"],
            span["category"],
            name(&span["parent_id"])
        ));
        lines.push(format!(
            "  status {} remote {} flags {} state {}",
            span["status"], span["parent_is_remote"], span["flags"], span["trace_state"]
        ));
        lines.push(format!("  attributes {}", span["attributes"]));
        for event in span["events"].as_array().unwrap() {
            lines.push(format!("  event {} {}", event["name"], event["attributes"]));
        }
        for link in span["links"].as_array().unwrap() {
            lines.push(format!("  link {} {} {}", link["trace_id"], link["span_id"], link["attributes"]));
        }
        lines.push(format!(
            "  scope {} {} dropped {}",
            span["scope"]["name"], span["scope"]["version"], span["dropped"]
        ));
    }
    lines.join("\n")
}

#[test]
fn every_otlp_recording_is_answered_as_reviewed() {
    let names =
        ["grpc-gzip", "grpc-none", "http-json-gzip", "http-json-none", "http-protobuf-gzip", "http-protobuf-none"];
    let pictures = names.map(|name| {
        let directory = tempfile::tempdir().unwrap();
        let server = support::start(directory.path());
        for request in support::recording(&format!("otlp-{name}")) {
            let (status, answer) = server.post(&request.path, &request.headers, &request.body);
            assert_eq!(status, 200, "{name}: {}", String::from_utf8_lossy(&answer));
        }
        let traces = server.get("/api/v1/traces");
        let id = traces["traces"][0]["trace_id"].as_str().unwrap().to_owned();
        picture(&server.get(&format!("/api/v1/traces/{id}")))
    });
    let [first, others @ ..] = &pictures;
    assert_snapshot!("otlp", first);
    for other in others {
        assert_eq!(other, first, "one run recorded through six transports is one trace");
    }
}
