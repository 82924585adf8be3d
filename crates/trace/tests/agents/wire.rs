//! The same work through OpenTelemetry's conventions and through the SDK's form: Trackway reads the same of both.

use trackway::agents::Capture;
use trackway::testing::{tracer, tracer_of};
use trackway::{SpanRecord, Timestamp, Tracer};
use trackway_model::{DataKind, SpanData};
use trackway_wire::{encode, genai, openai_agents, otlp};

use crate::spans::all;

fn over_otlp(spans: &[SpanRecord]) -> Vec<SpanRecord> {
    let body = encode::records(spans);
    let decoded = otlp::decode_traces(otlp::Encoding::Protobuf, &body, None, &mut |_| true).unwrap();
    let mut spans = decoded.batch.spans;
    spans.iter_mut().for_each(genai::recognise);
    spans
}

fn over_ingest(spans: &[SpanRecord]) -> Vec<SpanRecord> {
    let items: Vec<String> = spans.iter().map(trackway::agents::export).collect();
    let body = format!(r#"{{"data":[{}]}}"#, items.join(","));
    openai_agents::decode(body.as_bytes(), None, Timestamp(1), &mut |_| true).unwrap().batch.spans
}

/// Returns what a tree shows of a span.
fn shown(span: &SpanRecord) -> (DataKind, String) {
    let SpanData { kind, title, .. } = &**span.data.as_ref().unwrap();
    (*kind, title.as_ref().unwrap_or(&span.name).to_string())
}

#[test]
fn both_ways_show_the_same_tree() {
    let (tracer, spans) = tracer();
    tracer.trace("t").group("g").run(|_| all(&tracer));
    let finished = spans.finished();
    let (ours, theirs) = (over_otlp(&finished), over_ingest(&finished));
    assert_eq!(ours.len(), 14);
    for (one, other) in ours.iter().zip(&theirs) {
        assert_eq!(shown(one), shown(other));
        assert_eq!((one.trace_id, one.span_id, one.parent_id), (other.trace_id, other.span_id, other.parent_id));
        assert_eq!(one.status, other.status);
        // The SDK does not say that a question to a server leaves the process.
        assert!(one.kind == other.kind || shown(one).0 == DataKind::McpTools);
        let (a, b) = (one.data.as_ref().unwrap(), other.data.as_ref().unwrap());
        assert_eq!((&a.subject, &a.agent, &a.handoff), (&b.subject, &b.agent, &b.handoff), "{:?}", a.kind);
        assert_eq!((a.triggered, a.turn, &a.server), (b.triggered, b.turn, &b.server));
        assert_eq!((&a.request_model, &a.response_id), (&b.request_model, &b.response_id));
        assert_eq!(a.usage.map(|usage| usage.input), b.usage.map(|usage| usage.input));
    }
}

#[test]
fn both_ways_say_the_same() {
    let (tracer, spans) = tracer();
    all(&tracer);
    let finished = spans.finished();
    for (one, other) in over_otlp(&finished).iter().zip(&over_ingest(&finished)) {
        let (a, b) = (genai::content(one), genai::content(other));
        match one.data.as_ref().unwrap().kind {
            DataKind::Generation => assert_eq!((a.input, a.output, a.parameters), (b.input, b.output, b.parameters)),
            DataKind::Function => assert_eq!((a.arguments, a.result), (b.arguments, b.result)),
            DataKind::Agent | DataKind::McpTools => assert_eq!(a.tools, b.tools),
            _ => {}
        }
    }
}

#[test]
fn the_roots_tell_of_the_trace() {
    let (tracer, spans) = tracer();
    let trace = tracer.trace("support").group("g").metadata("customer", "ACME").original_id("my trace id").start();
    let told = trace.record().unwrap().clone();
    let root = tracer.span("root").child_of(&trace).start();
    tracer.span("inside").child_of(&root).start().finish();
    drop((root, trace));
    let read: Vec<_> = over_otlp(&spans.finished()).iter().filter_map(genai::trace).collect();
    assert_eq!(read, [told]);
}

#[test]
fn sound_is_left_out_where_it_is_not_wanted() {
    let (tracer, spans) = tracer_of(Tracer::builder().capture(Capture::NoAudio));
    all(&tracer);
    let all = format!("{:?}", spans.finished());
    assert!(!all.contains("UENN") && all.contains("say hi"));
}
