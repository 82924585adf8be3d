//! `test_tracer.py`.

use trackway::{Context, Sampler, TraceFlags, Tracer, active, current, testing};

use crate::tracer;

fn not_sampled() -> (Tracer, testing::Spans) {
    testing::tracer_of(trackway::builder().sampler(Sampler::always_off()))
}

fn incoming(flags: TraceFlags) -> Context {
    Context::remote("6".repeat(32).parse().unwrap(), "7".repeat(16).parse().unwrap(), flags)
}

#[test]
fn test_constructor_default() {
    let tracer = Tracer::builder().build();
    assert!(tracer.is_enabled() && tracer.span("span").start().is_recording(), "everything is recorded unless said");
}

#[test]
fn test_constructor_explicit() {
    let memory = trackway::export::Memory::new();
    let tracer = Tracer::builder().sampler(Sampler::always_on()).exporter(memory.clone()).build();
    tracer.span("span").start().finish();
    assert!(tracer.flush(std::time::Duration::from_secs(10)));
    assert_eq!(memory.spans().len(), 1);
}

#[test]
fn test_should_sample_force_not_trace() {
    let (tracer, _spans) = tracer();
    assert!(!tracer.span("span").child_of(incoming(TraceFlags(0))).start().is_recording());
}

#[test]
fn test_should_sample_sampled() {
    let (tracer, _spans) = tracer();
    let span = tracer.span("span").child_of(incoming(TraceFlags::SAMPLED)).start();
    assert!(span.is_recording() && span.context().is_sampled());
}

#[test]
fn test_should_sample_not_sampled() {
    let (tracer, _spans) = not_sampled();
    let span = tracer.span("span").child_of(incoming(TraceFlags::SAMPLED)).start();
    assert!(!span.is_recording() && !span.context().is_sampled());
}

#[test]
fn test_get_tracer_noop_tracer() {
    // Where nothing is recorded everything is silent, and whatever is asked for is there.
    let memory = trackway::export::Memory::new();
    let tracer = Tracer::builder().sampler(Sampler::always_off()).exporter(memory.clone()).build();
    let _scope = tracer.activate();
    let span = trackway::span!("work");
    span.attribute("key", 1);
    assert!(!span.is_recording());
    drop(span);
    assert!(tracer.flush(std::time::Duration::from_secs(10)) && memory.spans().is_empty());
}

#[test]
fn test_get_tracer_context_tracer() {
    let (tracer, spans) = tracer();
    let _scope = tracer.activate();
    drop(trackway::span!("work"));
    assert_eq!(spans.tree(), "work 1s\n");
}

#[test]
fn test_finish_not_sampled() {
    let (tracer, spans) = not_sampled();
    let mut stack = tracer.stack();
    stack.start("span");
    assert!(stack.finish(std::time::Duration::from_secs(1)) && spans.finished().is_empty());
}

#[test]
fn test_finish_sampled() {
    let (tracer, spans) = tracer();
    let mut stack = tracer.stack();
    stack.start("span");
    assert!(stack.finish(std::time::Duration::from_secs(1)));
    assert_eq!(spans.tree(), "span 1s\n");
}

#[test]
fn test_span_not_sampled() {
    let (tracer, spans) = not_sampled();
    tracer.span("span").run(|span| assert!(!span.is_recording()));
    assert!(spans.finished().is_empty());
}

#[test]
fn test_span_sampled() {
    let (tracer, spans) = tracer();
    tracer.span("span").run(|span| assert!(span.is_recording()));
    assert_eq!(spans.tree(), "span 1s\n");
}

#[test]
fn test_start_span_not_sampled() {
    let (tracer, _spans) = not_sampled();
    assert!(!tracer.stack().start("span").is_recording());
}

#[test]
fn test_start_span_sampled() {
    let (tracer, _spans) = tracer();
    assert!(tracer.stack().start("span").is_recording());
}

#[test]
fn test_end_span_not_sampled() {
    let (tracer, _spans) = not_sampled();
    let mut stack = tracer.stack();
    stack.start("span");
    assert!(stack.end());
    assert_eq!(current().span_id(), None);
}

#[test]
fn test_end_span_sampled() {
    let (tracer, spans) = tracer();
    let mut stack = tracer.stack();
    stack.start("span");
    assert!(stack.end());
    assert_eq!(spans.finished().len(), 1);
}

#[test]
fn test_current_span_not_sampled() {
    let (tracer, _spans) = not_sampled();
    let span = tracer.span("span").start();
    let _scope = span.activate();
    assert!(!active().is_recording());
}

#[test]
fn test_current_span_sampled() {
    let (tracer, _spans) = tracer();
    let span = tracer.span("span").start();
    let _scope = span.activate();
    assert!(active().is_recording());
    assert_eq!(current().span_id(), span.context().span_id());
}

#[test]
fn test_add_attribute_to_current_span_not_sampled() {
    let (tracer, spans) = not_sampled();
    tracer.span("span").run(|_| assert!(!active().attribute("key", "value").is_recording()));
    assert!(spans.finished().is_empty());
}

#[cfg(feature = "macros")]
#[trackway::trace]
fn decorated(value: u32) -> Result<u32, String> {
    if value == 0 { Err("nothing".to_owned()) } else { Ok(value * 2) }
}

#[cfg(feature = "macros")]
#[test]
fn test_trace_decorator() {
    let (tracer, spans) = tracer();
    let _scope = tracer.activate();
    assert_eq!(decorated(2), Ok(4));
    assert!(decorated(0).is_err());
    assert_eq!(spans.finished().len(), 2, "a span each, whether it failed or not");
    assert!(spans.tree().contains("ERROR nothing"), "{}", spans.tree());
    assert_eq!(current().span_id(), None, "what failed does not stay the active span");
}
