//! Public examples that are not ours to copy: read where `TRACKWAY_CONFORMANCE` says, and skipped, by name, where it is unset.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{path::PathBuf, process::ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

type Case = fn(&[u8]) -> Result<(), Failed>;

/// The examples of OpenTelemetry's own repositories, and what must come of them.
const CASES: [(&str, Case); 8] = [
    ("otlp-examples/trace.json", one_trace),
    ("otlp-examples/logs.json", accepted_logs),
    ("otlp-examples/events.json", accepted_logs),
    ("otlp-examples/metrics.json", accepted_metrics),
    ("otlp-examples/otel-rust-expected/traces.json", traces),
    ("otlp-examples/otel-rust-expected/failed_traces.json", traces),
    ("otlp-examples/otel-rust-expected/serialized_traces.json", traces),
    ("otlp-examples/otel-rust-expected/logs.json", accepted_logs),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let directory = std::env::var_os("TRACKWAY_CONFORMANCE").map(PathBuf::from);
    let trials = CASES.map(|(name, case)| {
        let path = directory.as_ref().map(|directory| directory.join(name));
        Trial::test(name, move || case(&std::fs::read(path.ok_or("TRACKWAY_CONFORMANCE is not set")?)?))
            .with_ignored_flag(directory.is_none())
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

/// Posts an example, which must be accepted whole, and returns the server.
fn accepted(path: &str, body: &[u8]) -> Result<(tempfile::TempDir, support::Trackway), Failed> {
    let directory = tempfile::tempdir()?;
    let server = support::start(directory.path());
    let (status, answer) = server.post(path, &[("content-type".into(), "application/json".into())], body);
    if (status, answer.as_slice()) != (200, b"{}") {
        return Err(format!("{status} {}", String::from_utf8_lossy(&answer)).into());
    }
    Ok((directory, server))
}

/// The official example: one span, whose values must come back.
fn one_trace(body: &[u8]) -> Result<(), Failed> {
    let (_directory, server) = accepted("/v1/traces", body)?;
    let trace = server.get("/api/v1/traces/5b8efff798038103d269b633813fc60c");
    let span = &trace["spans"][0];
    assert_eq!(span["span_id"], "eee19b7ec3c1b174");
    assert_eq!(span["parent_id"], "eee19b7ec3c1b173");
    assert_eq!((span["name"].as_str(), span["service"].as_str()), (Some("I'm a server span"), Some("my.service")));
    assert_eq!((span["kind"].as_str(), span["duration_ns"].as_i64()), (Some("server"), Some(1_000_000_000)));
    Ok(())
}

/// What the Rust SDK's test expects a collector to have received: as many spans as the file holds.
fn traces(body: &[u8]) -> Result<(), Failed> {
    let (_directory, server) = accepted("/v1/traces", body)?;
    let example: serde_json::Value = serde_json::from_slice(body)?;
    let spans: usize = example["resourceSpans"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|group| group["scopeSpans"].as_array().into_iter().flatten())
        .map(|group| group["spans"].as_array().map_or(0, Vec::len))
        .sum();
    let stored: u64 = server.get("/api/v1/projects")["projects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["span_count"].as_u64().unwrap())
        .sum();
    assert!(spans > 0);
    assert_eq!(stored, spans as u64);
    Ok(())
}

fn accepted_logs(body: &[u8]) -> Result<(), Failed> {
    accepted("/v1/logs", body).map(|_| ())
}

fn accepted_metrics(body: &[u8]) -> Result<(), Failed> {
    accepted("/v1/metrics", body).map(|_| ())
}
