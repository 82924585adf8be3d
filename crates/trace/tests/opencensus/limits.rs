//! What a span may hold. OpenCensus has constants for it; here they are settings, and what is over them is left out and counted.

use trackway::{Context, Limits, Message, TraceFlags, testing};

/// OpenCensus's constants.
fn theirs() -> Limits {
    Limits::default().attributes(32).events(32).links(32)
}

#[test]
fn what_is_over_their_limits_is_counted_in_what_is_exported() {
    let (tracer, spans) = testing::tracer_of(trackway::builder().limits(theirs()));
    let span = tracer.span("full").start();
    let to = Context::remote("1".repeat(32).parse().unwrap(), "1".repeat(16).parse().unwrap(), TraceFlags::SAMPLED);
    for at in 0..40_u64 {
        span.attribute(&format!("k{at}"), at).link(&to);
        span.event("note");
        span.message(Message::sent(at));
    }
    span.finish();
    let record = spans.finished().remove(0);
    assert_eq!((record.attributes.len(), record.events.len(), record.links.len()), (32, 32, 32));
    let dropped = (record.dropped.attributes, record.dropped.events, record.dropped.links);
    assert_eq!(dropped, (8, 48, 8));
    let zipkin = trackway_wire::zipkin::spans(&[record]);
    assert!(zipkin.contains(r#""otel.dropped_events_count":"48""#), "{zipkin}");
}
