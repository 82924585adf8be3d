//! `test_stack_trace.py`.

use std::backtrace::Backtrace;

use serde_json::{Value as Json, json};
use trackway::{StackFrame, StackTrace};

use crate::{recorded, tracer};

fn frame() -> StackFrame {
    StackFrame::new("func")
        .original_function("orig")
        .at("file.rs", 3)
        .column(5)
        .module("shop", "b1")
        .source_version("v1")
}

fn many(frames: usize) -> StackTrace {
    (0..frames).map(|at| StackFrame::new(format!("f{at}"))).collect()
}

fn cut(text: &str) -> Json {
    json!({"value": text, "truncated_byte_count": 0})
}

fn written() -> Json {
    json!({
        "function_name": cut("func"), "original_function_name": cut("orig"), "file_name": cut("file.rs"),
        "line_number": 3, "column_number": 5, "load_module": {"module": cut("shop"), "build_id": cut("b1")},
        "source_version": cut("v1"),
    })
}

#[test]
fn test_constructor() {
    let frame = frame();
    assert_eq!((&*frame.function, frame.original_function.as_deref()), ("func", Some("orig")));
    assert_eq!((frame.file.as_deref(), frame.line, frame.column), (Some("file.rs"), 3, 5));
    assert_eq!((frame.module.as_deref(), frame.build_id.as_deref()), (Some("shop"), Some("b1")));
    assert_eq!(frame.source_version.as_deref(), Some("v1"));
}

#[test]
fn test_format_stack_frame_json() {
    assert_eq!(serde_json::from_str::<Json>(&frame().to_json()).unwrap(), written());
}

#[test]
fn test_constructor_default() {
    let stack = StackTrace::new();
    assert!(stack.frames().is_empty() && stack.dropped_frames() == 0 && stack.hash_id() != 0);
}

#[test]
fn test_constructor_explicit() {
    let stack: StackTrace = [frame()].into_iter().collect();
    assert_eq!(stack.frames(), [frame()]);
    assert_eq!(stack.hash_id(), stack.clone().hash_id());
    assert_ne!(stack.hash_id(), many(1).hash_id());
}

#[test]
fn test_constructor_max_frames() {
    let stack = many(StackTrace::MOST_FRAMES + 1);
    assert_eq!((stack.frames().len(), stack.dropped_frames()), (128, 1));
    assert_eq!(stack.frames()[0].function, "f0", "what is nearest to the failure stays");
}

#[test]
fn test_add_stack_frame() {
    let mut stack = StackTrace::new();
    stack.push(frame());
    assert_eq!(stack.frames(), [frame()]);
}

#[test]
fn test_format_stack_trace_json_with_stack_frame() {
    let stack: StackTrace = [frame()].into_iter().collect();
    let expected = json!({
        "stack_frames": {"frame": [written()], "dropped_frames_count": 0}, "stack_trace_hash_id": stack.hash_id(),
    });
    assert_eq!(serde_json::from_str::<Json>(&stack.to_json()).unwrap(), expected);
}

#[test]
fn test_format_stack_trace_json_without_stack_frame() {
    let stack = StackTrace::new();
    let expected = json!({"stack_trace_hash_id": stack.hash_id()});
    assert_eq!(serde_json::from_str::<Json>(&stack.to_json()).unwrap(), expected);
}

#[test]
fn test_create_from_traceback() {
    let stack = StackTrace::from(&Backtrace::force_capture());
    let here = stack.frames().iter().find(|frame| frame.function.contains("test_create_from_traceback")).unwrap();
    assert!(here.file.as_deref().unwrap().ends_with("stack_trace.rs") && here.line > 0);
    assert!(StackTrace::from(&Backtrace::disabled()).frames().is_empty());
}

#[test]
fn test_dropped_frames() {
    let mut stack = many(StackTrace::MOST_FRAMES);
    stack.push(frame());
    stack.push(frame());
    assert_eq!((stack.dropped_frames(), stack.frames().len()), (2, 128));
    assert!(stack.to_json().contains(r#""dropped_frames_count":2"#));
}

#[test]
fn a_trace_carries_a_stack_once_and_its_hash_wherever_it_was() {
    let (tracer, spans) = tracer();
    // The ids of this tracer count from 1, and others of this process have had the trace 1.
    let trace = "7c6f2a4be01d4a6f8d1c3f5e9b7a2d40".parse().unwrap();
    let flags = trackway::TraceFlags::SAMPLED;
    let around = trackway::Context::remote(trace, "0123456789abcdef".parse().unwrap(), flags);
    for (name, stack) in [("first", many(2)), ("again", many(2)), ("other", many(3))] {
        tracer.span(name).child_of(&around).start().stack_trace(&stack).finish();
    }
    let text = |name: &str| spans.named(name).unwrap().attributes.text("code.stacktrace").map(str::to_owned);
    let hash = |name: &str| spans.named(name).unwrap().attributes.text("code.stacktrace.hash").unwrap().to_owned();
    assert_eq!((text("first").as_deref(), text("again")), (Some("f0\nf1\n"), None));
    assert!(text("other").is_some());
    assert_eq!(hash("first"), hash("again"));
    assert_eq!(hash("first"), format!("{:016x}", many(2).hash_id()));
    assert_ne!(hash("first"), hash("other"));
}

#[test]
fn a_stack_trace_goes_into_their_json() {
    let record = recorded(|span| {
        span.stack_trace(&[frame()].into_iter().collect());
    });
    let trace: Json = serde_json::from_str(&trackway_wire::opencensus::traces(&[record])).unwrap();
    let stack = &trace["spans"][0]["stackTrace"];
    assert_eq!(stack["stack_frames"]["frame"][0]["file_name"], cut("file.rs"));
    assert_eq!(trace["spans"][0]["attributes"], Json::Null);
}
