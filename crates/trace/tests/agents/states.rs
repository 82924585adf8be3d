//! Traces that are left and come back to.

use trackway::agents::{Capture, Generation, TraceState, new_trace_id};
use trackway::export::Memory;
use trackway::testing::{tracer, tracer_of};
use trackway::{SpanError, Tracer, Value};

use crate::edges::Notes;

#[test]
fn trace_state_to_json_keys() {
    let (tracer, _spans) = tracer();
    let trace = tracer.trace("wf").group("g").metadata("a", 1).api_key("sk-1").start();
    let state = trace.state().unwrap();
    let keys = |text: &str| {
        let read: serde_json::Value = serde_json::from_str(text).unwrap();
        read.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    const PLAIN: [&str; 6] = ["group_id", "id", "metadata", "object", "tracing_api_key_hash", "workflow_name"];
    assert_eq!(keys(&state.to_json()), PLAIN);
    assert!(!state.to_json().contains("sk-1") && !format!("{state:?}").contains("sk-1"));
    assert!(keys(&state.to_json_with_key()).contains(&"tracing_api_key".to_owned()));
    // SHA-256 of sk-1, as any other tool works it out.
    assert!(state.api_key_hash.as_deref().unwrap().starts_with("0f2c10bf"), "{:?}", state.api_key_hash);
    assert_eq!(TraceState::from_json(&state.to_json_with_key()).unwrap(), state);
    assert!(TraceState::from_json("[]").is_err() && TraceState::from_json(r#"{"id":"x"}"#).is_err());
}

#[test]
fn a_trace_that_began_here_is_not_told_of_again() {
    let notes = Notes::default();
    let (tracer, spans) = tracer_of(Tracer::builder().processor(notes.clone()));
    let state = tracer.trace("wf").group("g").api_key("sk-1").start().state().unwrap();
    let state = TraceState::from_json(&state.to_json()).unwrap();
    let again = tracer.resume(&state);
    tracer.span("s").child_of(&again).start().finish();
    drop(again);
    assert_eq!(notes.all(), ["TS wf", "TE wf", "SS s", "SE s"]);
    assert_eq!(format!("trace_{}", spans.finished()[0].trace_id), &*state.id);

    tracer.resume(&TraceState { group: Some("other".into()), ..state.clone() });
    assert_eq!(notes.all()[4..], ["TS wf", "TE wf"], "what is told of it has changed");
    tracer.resume(&TraceState { api_key_hash: None, ..state });
    assert_eq!(notes.all()[6..], ["TS wf", "TE wf"], "so has whose it is");
}

#[test]
fn a_trace_of_another_process_begins_again_under_its_id() {
    let memory = Memory::new();
    let kept = tracer().0.trace("wf").original_id("my trace id").start().state().unwrap().to_json();
    let (tracer, _spans) = tracer_of(Tracer::builder().exporter(memory.clone()));
    let again = tracer.resume(&TraceState::from_json(&kept).unwrap());
    assert_eq!((&*again.original_id(), memory.traces().len()), ("my trace id", 1));
    assert_eq!(memory.traces()[0].trace_id.to_string(), "c84380eb8e9926865543dd7559dde60d", "as the server has it");
}

#[test]
fn ids_that_the_program_gives_are_kept() {
    let (tracer, spans) = tracer();
    let id = new_trace_id();
    let trace = tracer.trace("wf").original_id(id.clone()).start();
    let parent = tracer.span("p").original_id("my-own-id").child_of(&trace).start();
    let child = tracer.span("c").child_of(&parent).start();
    assert_eq!(&*parent.original_id(), "my-own-id");
    assert!(child.original_id().starts_with("span_00000000"));
    drop(child);
    let record = &spans.finished()[0];
    let foreign = record.foreign.as_deref().unwrap();
    assert_eq!((foreign.parent_id.as_deref(), &foreign.trace_id), (Some("my-own-id"), &id));
    assert_eq!(&format!("trace_{}", record.trace_id), &*id);
}

#[test]
fn a_trace_is_joined_or_begun() {
    let notes = Notes::default();
    let (tracer, _spans) = tracer_of(Tracer::builder().processor(notes.clone()));
    tracer.trace("outer").run(|outer| {
        assert_eq!(tracer.trace("inner").join().original_id(), outer.original_id());
        // Whoever wants nothing recorded masks what is around.
        let masked = tracer.trace("inner").disabled(true).join();
        let _scope = masked.activate();
        assert!(!tracer.span("s").start().is_recording());
    });
    drop(tracer.trace("own").join());
    assert_eq!(notes.all(), ["TS outer", "TE outer", "TS own", "TE own"]);
}

#[test]
fn trace_include_sensitive_data() {
    let said = |tracer: &Tracer, capture: Option<Capture>| {
        let trace = tracer.trace("t");
        let trace = capture.map_or_else(|| tracer.trace("t"), |capture| trace.capture(capture)).start();
        let mut call = tracer.span_of(Generation::new("m").input("secret")).child_of(&trace).start();
        call.data_mut().output("secret too");
        call.set_error(SpanError::new("secret failure").with("detail", "secret"));
        let record = call.record().unwrap();
        (format!("{record:?}").contains("secret"), record.status.message.to_string(), record.name.to_string())
    };
    let (open, _spans) = tracer();
    let (closed, _spans) = tracer_of(Tracer::builder().capture(Capture::Nothing));
    assert_eq!(said(&open, None), (true, "secret failure".into(), "chat m".into()));
    assert_eq!(said(&closed, None), (false, "Error details are redacted.".into(), "chat m".into()));
    assert!(!said(&open, Some(Capture::Nothing)).0, "a trace knows better than its tracer");
    assert!(said(&closed, Some(Capture::Everything)).0);
}

#[test]
fn set_error_and_times_are_readable() {
    let (tracer, spans) = tracer();
    let span = tracer.span("s").start();
    assert_eq!((span.error(), span.ended_at()), (None, None));
    span.set_error("first").set_error(SpanError::new("last").with("turn", 3));
    let started = span.started_at().unwrap();
    span.finish();
    let error = span.error().unwrap();
    assert_eq!((&*error.message, error.data.unwrap().get("turn").cloned()), ("last", Some(Value::Int(3))));
    assert!(span.ended_at().unwrap() > started);
    assert!(trackway::agents::export(&spans.finished()[0]).contains(r#""error":{"message":"last","data":{"turn":3}}"#));
    assert_eq!(trackway::Span::none().started_at(), None);
}
