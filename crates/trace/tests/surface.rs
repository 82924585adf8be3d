//! What the types can do beside the tracing itself: which values are recorded how, and what contexts are made of.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::error::Error;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZero;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use trackway::export::Memory;
use trackway::{
    Active, Builder, Context, Corrupt, EventGuard, Field, Flaw, Getter, Guard, InContext, InSpan, Part, Scope, Setter,
    Span, SpanBuilder, SpanContext, SpanEvent, SpanId, Stats, TraceFlags, TraceId, Tracer, Value, span,
};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Returns what becomes of the value in a guard's span, whose thread writes it into its ring, after it is sure that an
/// owned span has the same.
fn recorded(field: impl Field) -> Option<Value> {
    let memory = Memory::new();
    let tracer = Tracer::builder().exporter(memory.clone()).build();
    tracer.span("owned").attribute("field", &field).start().finish();
    {
        let _scope = tracer.activate();
        span!("guard").attribute("field", &field);
    }
    tracer.flush(Duration::from_secs(5));
    let spans = memory.spans();
    let of = |name: &str| spans.iter().find(|span| &*span.name == name).unwrap().attributes.get("field").cloned();
    assert_eq!(of("owned"), of("guard"));
    of("guard")
}

fn text(field: impl Field) -> String {
    recorded(field).unwrap().as_text().unwrap().to_owned()
}

#[test]
fn what_the_standard_library_has_is_recorded_as_it_is() {
    assert_eq!(text('ü'), "ü");
    assert_eq!(recorded(Duration::from_millis(1500)), Some(Value::Double(1.5)));
    assert_eq!(text(IpAddr::from([127, 0, 0, 1])), "127.0.0.1");
    assert_eq!(text(Ipv6Addr::LOCALHOST), "::1");
    let longest = SocketAddr::V6(std::net::SocketAddrV6::new([0xfedc; 8].into(), u16::MAX, 0, u32::MAX));
    assert_eq!(text(longest), longest.to_string());
    assert_eq!(text(PathBuf::from("/tmp/x")), "/tmp/x");
    assert_eq!(text(Path::new("/tmp/x")), "/tmp/x");
    assert_eq!(recorded(NonZero::new(7u8)), Some(Value::Int(7)));
    assert_eq!(recorded(NonZero::new(0u8)), None);
    assert_eq!(text(NonZero::<u64>::MAX), u64::MAX.to_string());
    assert_eq!(recorded(Box::new(Rc::new(Arc::new(true)))), Some(Value::Bool(true)));
    assert_eq!(text(Rc::<str>::from("x")), "x");
    assert_eq!(text(format_args!("{}-{}", 1, 2)), "1-2");
    let trace: TraceId = "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap();
    assert_eq!(text(trace), "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[test]
fn lists_are_lists_and_bytes_are_bytes() {
    let numbers = Some(Value::from(vec![1, 2]));
    assert_eq!(recorded(vec![1i64, 2]), numbers);
    assert_eq!(recorded([1u32, 2]), numbers);
    assert_eq!(recorded(Arc::<[usize]>::from([1, 2])), numbers);
    assert_eq!(recorded(["a", "b"]), Some(Value::from(vec!["a", "b"])));
    assert_eq!(recorded(vec!["a".to_owned()]), Some(Value::from(vec!["a"])));
    assert_eq!(recorded(Vec::<f64>::new()), Some(Value::Array(Vec::new())));
    let bytes = Some(Value::Bytes([1, 2].into()));
    assert_eq!(recorded([1u8, 2]), bytes);
    assert_eq!(recorded(vec![1u8, 2]), bytes);
    assert_eq!(recorded(&[1u8, 2][..]), bytes);
}

#[test]
fn a_time_is_a_date_and_a_time_of_day() {
    let at = |seconds: i64, nanos: u32| {
        let (since, nanos) = (Duration::from_secs(seconds.unsigned_abs()), Duration::from_nanos(u64::from(nanos)));
        let epoch = SystemTime::UNIX_EPOCH;
        text(if seconds < 0 { epoch - since } else { epoch + since } + nanos)
    };
    assert_eq!(at(0, 0), "1970-01-01T00:00:00.000000000Z");
    assert_eq!(at(951_782_400, 1), "2000-02-29T00:00:00.000000001Z");
    assert_eq!(at(1_709_251_199, 999_999_999), "2024-02-29T23:59:59.999999999Z");
    assert_eq!(at(4_107_542_400, 0), "2100-03-01T00:00:00.000000000Z");
    assert_eq!(at(-1, 0), "1969-12-31T23:59:59.000000000Z");
    assert_eq!(at(-2_203_891_200, 0), "1900-03-01T00:00:00.000000000Z");
}

#[test]
fn a_context_is_made_of_ids_and_equals_what_is_read_of_its_headers() {
    let context = Context::extract(&vec![("traceparent", TRACEPARENT)]).unwrap();
    let (trace, span) = (context.trace_id().unwrap(), context.span_id().unwrap());
    assert_eq!(Context::remote(trace, span, TraceFlags::SAMPLED), context);
    assert_eq!(context.traceparent().as_deref(), Some(TRACEPARENT));
    assert_eq!(Context::from(context.span_context().unwrap()), context);
    assert_eq!((Context::none().traceparent(), Context::none().span_context()), (None, None));

    assert_ne!(context, Context::none());
    assert_ne!(context, context.with_baggage("tenant", "acme"));
    assert_eq!(context.with_baggage("tenant", "acme"), context.with_baggage("tenant", "acme"));
    assert_ne!(context, Context::remote(trace, SpanId::new([1; 8]).unwrap(), TraceFlags::SAMPLED));
    let with_state = vec![("traceparent", TRACEPARENT), ("tracestate", "a=1"), ("baggage", "tenant=acme")];
    let with_state = Context::extract(&with_state).unwrap();
    assert_eq!((with_state.trace_state(), with_state.baggage("tenant")), (Some("a=1"), Some("acme")));
    assert_eq!(Context::from(with_state.span_context().unwrap()).trace_state(), Some("a=1"));
}

#[test]
fn a_closure_carries_a_context() {
    let request = |name: &str| (name == "traceparent").then_some(TRACEPARENT);
    let context = Context::extract(&Getter::new(request)).unwrap();
    let mut sent = Vec::new();
    context.inject(&mut Setter::new(|name, text| sent.push((name.to_owned(), text))));
    assert_eq!(sent, [("traceparent".to_owned(), TRACEPARENT.to_owned())]);
}

#[cfg(feature = "http")]
#[test]
fn headers_of_the_crate_http_carry_a_context_and_no_header_they_cannot_hold() {
    let mut headers = http::HeaderMap::new();
    headers.append("baggage", "a=1".parse().unwrap());
    headers.append("baggage", http::HeaderValue::from_bytes(b"\xff=2").unwrap());
    headers.append("baggage", "b=2".parse().unwrap());
    let context = Context::extract(&headers).unwrap();
    assert_eq!(context.baggage_entries().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
    context.inject(&mut headers);
    assert_eq!(headers.get_all("baggage").iter().collect::<Vec<_>>(), ["a=1,b=2"]);
}

#[test]
fn a_header_that_cannot_be_read_says_what_is_wrong() {
    let flaw = |headers: &[&str]| {
        let carrier: Vec<_> = headers.iter().map(|header| ("traceparent", *header)).collect();
        Context::extract(&carrier).map_err(|corrupt: Corrupt| corrupt.flaw()).unwrap_err()
    };
    assert_eq!(flaw(&[TRACEPARENT, TRACEPARENT]), Flaw::Repeated);
    assert_eq!(flaw(&[""]), Flaw::Without(Part::Version));
    assert_eq!(flaw(&["00-0"]), Flaw::Without(Part::TraceId));
    assert_eq!(flaw(&[&TRACEPARENT.replace("00f067aa0ba902b7", "0000000000000000")]), Flaw::Without(Part::ParentId));
    assert_eq!(flaw(&[TRACEPARENT.trim_end_matches("-01")]), Flaw::Without(Part::Flags));
    assert_eq!(flaw(&[&TRACEPARENT.replacen("00", "ff", 1)]), Flaw::ForbiddenVersion);
    assert_eq!(flaw(&[&format!("{TRACEPARENT}-00")]), Flaw::TooLong);
    let corrupt = SpanContext::extract(&vec![("traceparent", "00-0")]).unwrap_err();
    assert_eq!(corrupt.header(), "00-0");
}

#[test]
fn every_kind_of_span_records_errors_boxed_ones_too() {
    let number = || "x".parse::<u8>().unwrap_err();
    let boxed: Box<dyn Error + Send + Sync> = "declined".into();
    let (tracer, spans) = trackway::testing::tracer();
    let _scope = tracer.activate();
    tracer.span("owned").start().record_error(&number()).record_error(&boxed).record_error(&*boxed).finish();
    span!("guard").record_error(&number()).record_error(&boxed);
    {
        let _span = span!("active");
        trackway::active().record_error(&number()).record_error(&boxed);
    }
    for name in ["owned", "guard", "active"] {
        let span = spans.named(name).unwrap();
        assert_eq!(&*span.status.message, "declined", "{name}");
        let types: Vec<_> = span.events.iter().map(|event| event.attributes.text("exception.type")).collect();
        // Of what is in a box nobody knows the type.
        assert_eq!(types[0], Some("core::num::error::ParseIntError"), "{name}");
        assert!(types[1..].iter().all(Option::is_none), "{name}: {types:?}");
        assert!(span.events.iter().all(|event| event.attributes.text("exception.message").is_some()), "{name}");
    }
}

#[test]
fn the_active_span_is_linked_and_renamed_whatever_made_it() {
    let memory = Memory::new();
    let tracer = Tracer::builder().exporter(memory.clone()).build();
    let there = Context::extract(&vec![("traceparent", TRACEPARENT)]).unwrap();
    let call = || _ = trackway::active().link(&there).rename("renamed");
    tracer.span("owned").run(|_| call());
    {
        let _scope = tracer.activate();
        let _span = span!("guard");
        call();
    }
    assert!(tracer.flush(Duration::from_secs(5)));
    for span in memory.spans() {
        assert_eq!((&*span.name, span.links.len(), span.links[0].trace_id), ("renamed", 1, there.trace_id()));
    }
    assert_eq!(memory.spans().len(), 2);
}

#[test]
fn a_guard_knows_its_place_while_it_is_the_innermost() {
    let memory = Memory::new();
    let tracer = Tracer::builder().exporter(memory.clone()).build();
    let _scope = tracer.activate();
    let span = span!("outer");
    let context = span.context().unwrap();
    assert_eq!(context, trackway::current());
    {
        let inner = span!("inner");
        assert_eq!((span.context(), inner.context()), (None, Some(trackway::current())));
        let _elsewhere = Context::none().attach();
        assert_eq!(inner.context(), None);
    }
    assert_eq!(span.context(), Some(context.clone()));
    drop(span);
    assert!(tracer.flush(Duration::from_secs(5)));
    let outer = memory.spans().into_iter().find(|span| &*span.name == "outer").unwrap();
    assert_eq!(Some(outer.span_id), context.span_id());
}

#[test]
fn what_may_leave_its_thread_can_and_no_panic_is_in_the_way() {
    fn everywhere<T: Send + Sync>() {}
    fn unwinds<T: UnwindSafe + RefUnwindSafe>() {}
    fn shows<T: std::fmt::Debug>() {}
    struct Silent;

    everywhere::<(Tracer, Builder, Span, SpanEvent<'_>, Context, Stats, trackway::testing::Spans)>();
    everywhere::<(InSpan<()>, InContext<()>)>();
    unwinds::<(Tracer, Span, Context, Guard, Scope, Active)>();
    shows::<(Guard, EventGuard<'_>, Active, Scope, Span, SpanBuilder<'_>, SpanEvent<'_>, Builder)>();
    shows::<(InSpan<Silent>, InContext<Silent>, trackway::testing::Spans)>();
}
