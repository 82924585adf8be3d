//! `test_context_tracer.py`: spans that are begun and ended by calls.

use std::time::Duration;

use trackway::{Context, TraceFlags, active, current};

use crate::tracer;

const SOON: Duration = Duration::from_secs(10);

#[test]
fn test_constructor_defaults() {
    let (tracer, _spans) = tracer();
    let stack = tracer.stack();
    assert!(stack.current().is_none() && stack.open().next().is_none());
}

#[test]
fn test_constructor_explicit() {
    let (tracer, spans) = tracer();
    let remote = Context::remote("4".repeat(32).parse().unwrap(), "5".repeat(16).parse().unwrap(), TraceFlags::SAMPLED);
    {
        let mut stack = tracer.stack_in(&remote);
        assert_eq!(current().span_id(), remote.span_id());
        stack.start("request");
    }
    assert_eq!(current().span_id(), None);
    let record = spans.finished().remove(0);
    assert_eq!((Some(record.trace_id), record.parent_id), (remote.trace_id(), remote.span_id()));
    assert_eq!(record.parent_is_remote(), Some(true));
}

#[test]
fn test_finish_without_spans() {
    let (tracer, spans) = tracer();
    assert!(tracer.stack().finish(SOON));
    assert!(spans.finished().is_empty());
}

#[test]
fn test_finish_with_spans() {
    let (tracer, spans) = tracer();
    let mut stack = tracer.stack();
    stack.start("span");
    assert!(stack.finish(SOON));
    assert_eq!(spans.tree(), "span 1s\n");
    assert_eq!(current(), Context::none());
}

#[test]
fn test_finish_with_tracer_subspans() {
    let (tracer, spans) = tracer();
    let mut stack = tracer.stack();
    let parent = stack.start("parent").context().span_id();
    stack.start("child");
    stack.finish(SOON);
    let finished = spans.finished();
    assert_eq!(finished.iter().map(|span| &*span.name).collect::<Vec<_>>(), ["child", "parent"], "the newest first");
    assert_eq!((finished[0].parent_id, finished[1].parent_id), (parent, None));
}

#[test]
fn test_finish_with_span_subspans() {
    // A child that is not made the active one: it is exported when it ends, with its parent or without.
    let (tracer, spans) = tracer();
    let mut stack = tracer.stack();
    let parent = stack.start("parent").context().clone();
    let child = tracer.span("child").child_of(&parent).start();
    assert_eq!(current().span_id(), parent.span_id());
    stack.finish(SOON);
    child.finish();
    assert_eq!(spans.finished()[1].parent_id, parent.span_id());
}

#[test]
fn test_end_leftover_spans() {
    let (tracer, spans) = tracer();
    {
        let mut stack = tracer.stack();
        stack.start("outer");
        stack.start("inner");
    }
    assert_eq!(spans.tree(), "outer 3s\n  inner 1s\n", "what is left open ends when the stack goes");
}

#[test]
fn test_start_span() {
    let (tracer, spans) = tracer();
    let around = tracer.span("around").start();
    let _scope = around.activate();
    let mut stack = tracer.stack();
    let id = stack.start("test_span").context().span_id();
    assert_eq!(current().span_id(), id);
    assert_eq!(stack.open().count(), 1);
    stack.end();
    assert_eq!(spans.finished()[0].parent_id, around.context().span_id());
}

#[test]
fn test_span() {
    let (tracer, spans) = tracer();
    let mut stack = tracer.stack();
    stack.start("outer");
    stack.push(tracer.span("call").kind(trackway::SpanKind::Client).start());
    assert_eq!(stack.open().count(), 2);
    drop(stack);
    assert_eq!(spans.tree(), "outer 3s\n  call 1s\n");
}

#[test]
fn test_end_span_no_active_span() {
    let (tracer, spans) = tracer();
    let mut stack = tracer.stack();
    assert!(!stack.end());
    assert!(stack.current().is_none() && spans.finished().is_empty());
}

#[test]
fn test_end_span_active() {
    let (tracer, spans) = tracer();
    let mut stack = tracer.stack();
    let outer = stack.start("outer").context().span_id();
    stack.start("inner");
    assert!(stack.end());
    assert_eq!((current().span_id(), spans.finished().len()), (outer, 1), "exported when it ended");
}

#[test]
fn test_end_span_without_parent() {
    let (tracer, _spans) = tracer();
    let mut stack = tracer.stack();
    stack.start("root");
    stack.end();
    assert!(!active().is_recording() && current().span_id().is_none());
}

#[test]
fn test_end_span_batch_export() {
    let memory = trackway::export::Memory::new();
    let tracer = trackway::builder().exporter(memory.clone()).build();
    let mut stack = tracer.stack();
    stack.start("outer");
    stack.start("inner");
    assert!(stack.finish(SOON), "whoever finishes waits for the export");
    assert_eq!(memory.spans().len(), 2);
}

#[test]
fn test_list_collected_spans() {
    let (tracer, _spans) = tracer();
    let mut stack = tracer.stack();
    stack.start("one");
    stack.start("two");
    let names: Vec<_> = stack.open().map(|span| span.record().unwrap().name.to_string()).collect();
    assert_eq!(names, ["one", "two"]);
}

#[test]
fn test_add_attribute_to_current_span() {
    let (tracer, spans) = tracer();
    let mut stack = tracer.stack();
    stack.start("request");
    active().attribute("key", "value");
    stack.end();
    active().attribute("after", "nobody is there to take it");
    assert_eq!(spans.tree(), "request 1s key=value\n");
}

#[test]
fn spans_that_are_not_recorded_are_begun_and_ended_as_well() {
    let (tracer, spans) = tracer();
    tracer.disable();
    let mut stack = tracer.stack();
    assert!(!stack.start("one").is_recording());
    assert!(stack.end() && !stack.end());
    assert!(spans.finished().is_empty());
}
