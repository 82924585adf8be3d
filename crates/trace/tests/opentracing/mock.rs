//! `opentracing.mocktracer`: its counter, its list of finished spans, and what is there before a span ends.

use std::collections::BTreeMap;
use std::time::Duration;

use trackway::propagation::{
    Corrupt, Extract, Format, Inject, OpenTracingText, PropagationError, Propagator, W3cTraceContext,
};
use trackway::testing::MockTracer;
use trackway::{Context, Sampler, SpanRecord, Timestamp, Value, builder, tags};

fn ids(span: &SpanRecord) -> (u64, u128, Option<u64>) {
    let parent = span.parent_id.map(|parent| u64::from_be_bytes(parent.bytes()));
    (u64::from_be_bytes(span.span_id.bytes()), u128::from_be_bytes(span.trace_id.bytes()), parent)
}

#[test]
fn one_counter_makes_the_ids_of_spans_and_traces() {
    let tracer = MockTracer::new();
    let root = tracer.span("root").start();
    root.child("child").start().finish();
    root.finish();
    tracer.span("next").start().finish();
    let ids: Vec<_> = tracer.finished_spans().iter().map(ids).collect();
    assert_eq!(ids, [(3, 2, Some(1)), (1, 2, None), (4, 5, None)]);
}

#[test]
fn a_reset_forgets_what_is_finished_and_nothing_else() {
    let tracer = MockTracer::new();
    let open = tracer.span("open").start();
    tracer.span("finished").start().finish();
    let before = tracer.finished_spans();
    tracer.reset();
    assert_eq!((before.len(), tracer.finished_spans().len()), (1, 0));
    open.finish();
    tracer.span("next").start().finish();
    let spans = tracer.finished_spans();
    assert_eq!(spans.iter().map(|span| &*span.name).collect::<Vec<_>>(), ["open", "next"]);
    assert_eq!(ids(&spans[1]), (5, 6, None), "the counter goes on");
}

#[test]
fn a_second_finish_and_what_comes_after_it_do_nothing() {
    let tracer = MockTracer::new();
    let span = tracer.span("once").start();
    span.finish_at(Timestamp(u64::MAX - 1));
    span.attribute("late", 1).finish_at(Timestamp(u64::MAX));
    let spans = tracer.finished_spans();
    assert_eq!((spans.len(), spans[0].end), (1, Some(Timestamp(u64::MAX - 1))));
    assert!(spans[0].attributes.is_empty());
}

#[test]
fn times_are_those_that_are_given() {
    let tracer = MockTracer::new();
    let span = tracer.span("work").starting_at(Timestamp(7_000_000_000)).start();
    span.event_at("two seconds on", Timestamp(9_000_000_000));
    assert_eq!(span.record().unwrap().end, None);
    span.finish_at(Timestamp(11_500_000_000));
    let span = &tracer.finished_spans()[0];
    assert_eq!((span.start, span.end), (Timestamp(7_000_000_000), Some(Timestamp(11_500_000_000))));
    assert_eq!(span.events[0].time, Timestamp(9_000_000_000));
}

#[test]
fn of_an_attribute_that_is_set_twice_the_last_value_stays() {
    let tracer = MockTracer::new();
    tracer.span("work").attribute("key", 1).start().attribute("key", "two").finish();
    assert_eq!(tracer.finished_spans()[0].attributes.0, [("key".into(), Value::from("two"))]);
}

#[test]
fn an_error_is_recorded_with_its_kind_and_message() {
    let tracer = MockTracer::new();
    let error = "x".parse::<u8>().unwrap_err();
    tracer.span("parse").start().record_error(&error).finish();
    tracer.span("log").start().event("error").field(tags::fields::MESSAGE, "not a failure");
    let spans = tracer.finished_spans();
    assert_eq!(spans[0].status.code, trackway::StatusCode::Error);
    assert_eq!(spans[0].events[0].attributes.text("exception.message"), Some("invalid digit found in string"));
    assert_eq!(spans[1].status.code, trackway::StatusCode::Unset, "a log of an error is no failure");
}

#[test]
fn the_global_tracer_is_set_asked_for_and_taken_back() {
    assert!(!trackway::is_installed());
    assert!(!trackway::tracer().is_enabled(), "without one nothing is recorded");
    let (first, second) = (MockTracer::new(), MockTracer::new());
    let installed = first.install();
    assert!(trackway::is_installed());
    let replaced = second.install();
    trackway::tracer().span("work").start().finish();
    assert_eq!((first.finished_spans().len(), second.finished_spans().len()), (0, 1));
    drop(replaced);
    trackway::tracer().span("work").start().finish();
    assert_eq!(first.finished_spans().len(), 1);
    drop(installed);
    assert!(!trackway::is_installed());

    let kept = MockTracer::new();
    kept.install().keep();
    assert!(trackway::is_installed() && trackway::tracer().is_enabled());
    assert!(kept.shutdown(Duration::ZERO));
    assert!(!trackway::is_installed());
}
#[test]
fn the_sampling_priority_overrides_the_sampler() {
    let of = |sampler: Sampler, priority: i64| {
        let tracer = MockTracer::of(builder().sampler(sampler));
        let span = tracer.span("work").attribute(tags::SAMPLING_PRIORITY, priority).start();
        (span.is_recording(), span.child("child").start().is_recording())
    };
    assert_eq!(of(Sampler::always_off(), 1), (true, true));
    assert_eq!(of(Sampler::always_on(), 0), (false, false));
    let tracer = MockTracer::of(builder().sampler(Sampler::always_off()));
    assert!(!tracer.span("work").start().is_recording(), "the sampler decides without one");
}

#[test]
fn the_sampling_priority_counts_inside_of_a_trace_too() {
    let tracer = MockTracer::new();
    let request = tracer.span("request").enter();
    let poll = tracer.span("poll").attribute(tags::SAMPLING_PRIORITY, 0).enter();
    assert!(!tracer.span("inner").start().is_recording());
    poll.close();
    assert!(tracer.span("other").start().is_recording());
    request.close();
}

#[test]
fn contexts_are_carried_as_opentracings_tracers_have_them() {
    let tracer = MockTracer::new();
    let mut span = tracer.span("work").start();
    span.set_baggage("tenant", "acme");
    for format in [Format::TEXT_MAP, Format::HTTP_HEADERS] {
        let mut carrier = BTreeMap::new();
        tracer.inject(span.context(), format, &mut carrier).unwrap();
        let names: Vec<_> = carrier.keys().map(String::as_str).collect();
        assert_eq!(names, ["ot-baggage-tenant", "ot-tracer-sampled", "ot-tracer-spanid", "ot-tracer-traceid"]);
    }
    let mut bytes = vec![7];
    tracer.inject(span.context(), Format::BINARY, &mut bytes).unwrap();
    assert_eq!(bytes[0], 7, "what was in the carrier stays");
    let there = tracer.extract(Format::BINARY, &bytes[1..]).unwrap().unwrap();
    assert_eq!((there.span_id(), there.baggage("tenant")), (span.context().span_id(), Some("acme")));
}

/// Carries the place under one name, upside down.
struct Upside;

impl Propagator for Upside {
    fn fields(&self) -> Vec<&'static str> {
        vec!["upside"]
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        let text = context.traceparent().unwrap_or_default();
        carrier.put("upside", text.chars().rev().collect());
    }

    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        let mut headers = Vec::new();
        carrier.each("upside", &mut |text| headers.push(("traceparent", text.chars().rev().collect::<String>())));
        W3cTraceContext.extract(&headers)
    }
}

#[test]
fn a_propagator_is_registered_for_a_format_of_any_name() {
    let tracer = MockTracer::new();
    let span = tracer.span("work").start();
    let mut carrier = BTreeMap::new();
    let unknown = tracer.inject(span.context(), "upside", &mut carrier);
    assert!(matches!(unknown, Err(PropagationError::UnsupportedFormat(_))));
    tracer.register_propagator("upside", Upside);
    tracer.inject(span.context(), "upside", &mut carrier).unwrap();
    let there = tracer.extract("upside", &carrier).unwrap().unwrap();
    assert_eq!(there.span_id(), span.context().span_id());

    tracer.register_propagator("upside", OpenTracingText);
    assert_eq!(tracer.extract("upside", &carrier).unwrap(), None, "the last one counts");
}
