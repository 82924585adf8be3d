//! What a span refers to: several spans at once, none at all, and by which type.

use trackway::testing::MockTracer;
use trackway::{Context, Span, TraceFlags};

fn types(span: &trackway::SpanRecord) -> Vec<Option<&str>> {
    span.links.iter().map(|link| link.attributes.text("opentracing.ref_type")).collect()
}

#[test]
fn references_to_nothing_are_left_out() {
    let tracer = MockTracer::new();
    let (nobody, no_span): (Option<Context>, Option<&Span>) = (None, None);
    tracer.span("work").child_of(&nobody).child_of(no_span).follows_from(nobody).link(no_span).start().finish();
    let span = &tracer.finished_spans()[0];
    assert_eq!((span.parent_id, span.links.len()), (None, 0));
}

#[test]
fn a_reference_to_nothing_leaves_the_active_span_the_parent() {
    let tracer = MockTracer::new();
    let active = tracer.span("active").enter();
    tracer.span("work").child_of(None::<Context>).start().finish();
    assert_eq!(tracer.spans().named("work").unwrap().parent_id, active.context().span_id());
}

#[test]
fn all_references_are_kept_with_their_types() {
    let tracer = MockTracer::new();
    let [first, second, third] = ["first", "second", "third"].map(|name| tracer.span(name).start());
    let builder = tracer.span("work").child_of(&first).child_of(Some(&second)).follows_from(&third);
    builder.link(second.context()).start().finish();
    let span = &tracer.finished_spans()[0];
    assert_eq!(span.parent_id, first.context().span_id());
    assert_eq!(types(span), [Some("child_of"), Some("follows_from"), None]);
    assert_eq!(span.links[0].span_id, second.context().span_id());
}

#[test]
fn what_is_extracted_is_a_parent_or_none() {
    let tracer = MockTracer::new();
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(), "00f067aa0ba902b7".parse().unwrap());
    let remote = Context::remote(trace, parent, TraceFlags::SAMPLED);
    tracer.span("request").child_of(remote).start().finish();
    tracer.span("stray").child_of(Context::extract(&Vec::<(&str, &str)>::new()).ok()).start().finish();
    let spans = tracer.finished_spans();
    assert_eq!((spans[0].trace_id, spans[0].parent_id), (trace, Some(parent)));
    assert_eq!(spans[1].parent_id, None);
}
