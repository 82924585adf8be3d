//! `test_span_data.py`: what exporters are given, and the JSON of theirs.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;
use trackway::export::{CensusJson, Memory};
use trackway::{SpanKind, testing};

use crate::tracer;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn test_create_span_data() {
    let memory = Memory::new();
    let (tracer, _spans) = testing::tracer_of(trackway::builder().exporter(memory.clone()));
    tracer.span("root").kind(SpanKind::Server).start().finish();
    assert_eq!((&*memory.spans()[0].name, memory.spans()[0].kind), ("root", SpanKind::Server));
}

#[test]
fn test_span_data_immutable() {
    let (tracer, spans) = tracer();
    let span = tracer.span("root").start();
    let taken = span.record().unwrap();
    span.attribute("later", true).rename("other");
    assert_eq!((&*taken.name, taken.attributes.len()), ("root", 0), "a record is a copy");
    span.finish();
    assert_eq!(&*spans.finished()[0].name, "other");
}

#[test]
fn test_format_legacy_trace_json() {
    let out = Written::default();
    let (tracer, _spans) = testing::tracer_of(trackway::builder().exporter(CensusJson::to(out.clone())));
    let root = tracer.span("root").kind(SpanKind::Server).start();
    tracer.span("child").child_of(&root).start().finish();
    root.finish();
    let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [child, root] = [&lines[0]["spans"][0], &lines[1]["spans"][0]];
    assert_eq!(lines[0]["traceId"], lines[1]["traceId"]);
    assert_eq!((&child["parentSpanId"], &child["sameProcessAsParentSpan"]), (&root["spanId"], &Json::from(true)));
    assert_eq!((&root["kind"], &root["displayName"]["value"]), (&Json::from(1), &Json::from("root")));
    assert!(root["parentSpanId"].is_null() && root["startTime"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_line_is_one_trace_and_counts_the_children_in_it() {
    let (tracer, spans) = tracer();
    for name in ["one", "two"] {
        tracer.span(name).run(|_| tracer.span("child").run(|_| {}));
    }
    let text = trackway_wire::opencensus::traces(&spans.finished());
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_ne!(lines[0]["traceId"], lines[1]["traceId"]);
    let counts = |line: &Json| [0, 1].map(|at| line["spans"][at]["childSpanCount"].as_u64().unwrap());
    assert_eq!((counts(&lines[0]), counts(&lines[1])), ([0, 1], [0, 1]));
}

#[test]
fn a_file_is_added_to() {
    let path = std::env::temp_dir().join(format!("trackway-census-{}.json", std::process::id()));
    for name in ["one", "two"] {
        let (tracer, _spans) = testing::tracer_of(trackway::builder().exporter(CensusJson::file(&path).unwrap()));
        tracer.span(name).start().finish();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
}
