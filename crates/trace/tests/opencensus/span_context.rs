//! `test_span_context.py` and `test_trace_options.py`: a place in a trace.

use trackway::{Context, IdError, SpanId, TraceFlags, TraceId};

use crate::tracer;

const TRACE: &str = "6e0c63257de34c92bf9efcd03927272e";
const SPAN: &str = "6e0c63257de34c92";

fn context() -> Context {
    Context::remote(TRACE.parse().unwrap(), SPAN.parse().unwrap(), TraceFlags::SAMPLED)
}

#[test]
fn test_constructor() {
    let context = context();
    assert_eq!(context.trace_id().unwrap().to_string(), TRACE);
    assert_eq!(context.span_id().unwrap().to_string(), SPAN);
    assert!(context.is_remote() && context.is_sampled() && context.trace_state().is_none());
}

#[test]
fn test__repr__() {
    assert_eq!(format!("{:?}", context()), format!("Context(00-{TRACE}-{SPAN}-01)"));
}

#[test]
fn test_check_span_id_none() {
    let (tracer, _spans) = tracer();
    assert_eq!(Context::none().span_id(), None);
    assert!(tracer.span("root").root().start().context().span_id().is_some());
}

#[test]
fn test_check_span_id_zero() {
    assert_eq!("0".repeat(16).parse::<SpanId>(), Err(IdError::Zero));
}

#[test]
fn test_check_span_id_not_str() {
    // What is no id has not the type of one.
    assert_eq!(SpanId::new([0; 8]), None);
}

#[test]
fn test_check_span_id_valid() {
    assert_eq!(SPAN.parse::<SpanId>().unwrap().to_string(), SPAN);
}

#[test]
fn test_check_span_id_invalid_format() {
    for text in ["", "6e0c63257de34c9", "6e0c63257de34c922", "6e0c63257de34c9x", " 6e0c63257de34c92"] {
        assert!(text.parse::<SpanId>().is_err(), "{text:?}");
    }
}

#[test]
fn test_check_trace_id_invalid() {
    assert_eq!("0".repeat(32).parse::<TraceId>(), Err(IdError::Zero));
}

#[test]
fn test_check_trace_id_invalid_format() {
    for text in ["", "6e0c63257de34c92", "6e0c63257de34c92bf9efcd03927272ef", "6e0c63257de34c92bf9efcd03927272x"] {
        assert!(text.parse::<TraceId>().is_err(), "{text:?}");
    }
}

#[test]
fn test_check_trace_id_valid_format() {
    assert_eq!(TRACE.parse::<TraceId>().unwrap().to_string(), TRACE);
}

mod trace_options {
    use super::*;

    #[test]
    fn test_constructor_default() {
        assert!(!TraceFlags::default().is_sampled());
    }

    #[test]
    fn test_constructor_explicit() {
        assert!(TraceFlags(1).is_sampled() && TraceFlags(255).is_sampled() && !TraceFlags(254).is_sampled());
    }

    #[test]
    fn test_set_enabled() {
        assert_eq!(TraceFlags(254).with_sampled(true), TraceFlags(255));
        assert_eq!(TraceFlags(255).with_sampled(false), TraceFlags(254));
        assert_eq!(TraceFlags(2).with_sampled(true), TraceFlags(3), "the other flags stay");
    }
}
