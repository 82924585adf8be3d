//! `opentracing.harness.api_check.APICompatibilityCheckMixin`: what every tracer has to do.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use trackway::propagation::{Format, Incoming, Outgoing, PropagationError};
use trackway::{Context, SpanKind, Timestamp, Value, tags};

use crate::kit::{Subject, is_parent, is_root};

/// Has every check run on every subject, as a test of the original's name.
macro_rules! checks {
    ($($check:ident)*) => {
        const CHECKS: &[(&str, fn(&Subject))] = &[$((stringify!($check), $check)),*];
        mod mock {
            $(#[test] fn $check() { super::$check(&crate::kit::Subject::mock()); })*
        }
        mod collected {
            $(#[test] fn $check() { super::$check(&crate::kit::Subject::collected()); })*
        }
        mod per_thread {
            use trackway::scopes::PerThread;
            $(#[test] fn $check() { super::$check(&crate::kit::Subject::managed(PerThread::new())); })*
        }
        mod per_future {
            use trackway::scopes::PerFuture;
            $(#[test] fn $check() { super::$check(&crate::kit::Subject::managed(PerFuture::new())); })*
        }
    };
}

checks! {
    test_active_span
    test_start_active_span
    test_start_active_span_parent
    test_start_active_span_ignore_active_span
    test_start_active_span_not_finish_on_close
    test_start_active_span_finish_on_close
    test_start_active_span_default_finish_on_close
    test_start_span
    test_start_span_propagation
    test_start_span_propagation_ignore_active_span
    test_start_span_with_parent
    test_start_child_span
    test_set_operation_name
    test_span_as_context_manager
    test_span_tag_value_types
    test_span_tags_with_chaining
    test_span_logs
    test_span_baggage
    test_context_baggage
    test_text_propagation
    test_binary_propagation
    test_mandatory_formats
    test_unknown_format
    test_tracer_start_active_span_scope
    test_tracer_start_span_scope
}

fn test_active_span(subject: &Subject) {
    let tracer = &subject.tracer;
    let span = tracer.span("Fry").start();
    assert!(tracer.active_span().is_none(), "to start a span does not make it active");
    let context = span.context().clone();
    let scope = span.enter();
    assert_eq!(tracer.current(), context);
    tracer.active_span().unwrap().attribute("is.active", true);
    drop(scope);
    assert!(tracer.active_span().is_none());
    assert_eq!(subject.named("Fry").attributes.get("is.active"), Some(&Value::Bool(true)));
}

fn test_start_active_span(subject: &Subject) {
    let scope = subject.tracer.span("Fry").enter();
    assert!(scope.is_recording());
    scope.close();
    assert!(is_root(&subject.named("Fry")));
}

fn test_start_active_span_parent(subject: &Subject) {
    let parent = subject.tracer.span("Fry").enter();
    subject.tracer.span("Farnsworth").enter().close();
    parent.close();
    assert!(is_parent(&subject.named("Fry"), &subject.named("Farnsworth")));
}

fn test_start_active_span_ignore_active_span(subject: &Subject) {
    let parent = subject.tracer.span("Fry").enter();
    subject.tracer.span("Farnsworth").root().enter().close();
    parent.close();
    let (parent, child) = (subject.named("Fry"), subject.named("Farnsworth"));
    assert!(is_root(&child) && child.trace_id != parent.trace_id);
}

fn test_start_active_span_not_finish_on_close(subject: &Subject) {
    let span = subject.tracer.span("Fry").start();
    drop(span.activate());
    assert!(span.is_recording());
    assert_eq!(subject.finished().len(), 0);
}

fn test_start_active_span_finish_on_close(subject: &Subject) {
    let scope = subject.tracer.span("Fry").start().enter();
    assert_eq!(subject.finished().len(), 0);
    scope.close();
    assert_eq!(subject.finished().len(), 1);
}

fn test_start_active_span_default_finish_on_close(subject: &Subject) {
    drop(subject.tracer.span("Fry").enter());
    assert_eq!(subject.finished().len(), 1);
}

fn test_start_span(subject: &Subject) {
    let tracer = &subject.tracer;
    tracer.span("Fry").start().finish();
    let span = tracer.span("Fry").attribute("hospital", "vogon").start();
    span.event("birth").field("payload", "boy");
    drop(span);
    let span = &subject.finished()[1];
    assert_eq!(span.attributes.text("hospital"), Some("vogon"));
    assert_eq!((&*span.events[0].name, span.events[0].attributes.text("payload")), ("birth", Some("boy")));
}

fn test_start_span_propagation(subject: &Subject) {
    let parent = subject.tracer.span("Fry").enter();
    subject.tracer.span("Farnsworth").start().finish();
    parent.close();
    assert!(is_parent(&subject.named("Fry"), &subject.named("Farnsworth")));
}

fn test_start_span_propagation_ignore_active_span(subject: &Subject) {
    let parent = subject.tracer.span("Fry").enter();
    subject.tracer.span("Farnsworth").root().start().finish();
    parent.close();
    assert!(!is_parent(&subject.named("Fry"), &subject.named("Farnsworth")));
}

fn test_start_span_with_parent(subject: &Subject) {
    let parent = subject.tracer.span("parent").start();
    subject.tracer.span("Leela").child_of(&parent).start().finish();
    let builder = subject.tracer.span("Bender").follows_from(parent.context());
    builder.attribute("birthplace", "sewers").start().finish();
    parent.finish();
    let (parent, bender) = (subject.named("parent"), subject.named("Bender"));
    assert!(is_parent(&parent, &subject.named("Leela")));
    assert_eq!(bender.attributes.text("birthplace"), Some("sewers"));
    let link = &bender.links[0];
    assert_eq!(link.span_id, Some(parent.span_id));
    assert_eq!(link.attributes.text("opentracing.ref_type"), Some("follows_from"));
}

fn test_start_child_span(subject: &Subject) {
    let parent = subject.tracer.span("parent").start();
    parent.child("Leela").start().finish();
    parent.finish();
    assert!(is_parent(&subject.named("parent"), &subject.named("Leela")));
}

fn test_set_operation_name(subject: &Subject) {
    subject.tracer.span("").start().rename("Farnsworth").finish();
    subject.named("Farnsworth");
}

fn test_span_as_context_manager(subject: &Subject) {
    let tracer = &subject.tracer;
    tracer.span("antiquing").run(|_| ());
    subject.named("antiquing");
    let failed = tracer.span("selling").try_run(|_| "one".parse::<u8>());
    assert!(failed.is_err(), "the error is passed on");
    assert_eq!(&*subject.named("selling").status.message, "invalid digit found in string");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _span = tracer.span("exploring").enter();
        panic!("Zoidberg");
    }));
    assert!(panicked.is_err(), "the panic goes on");
    let span = subject.named("exploring");
    assert_eq!(&*span.status.message, "Zoidberg");
    assert!(tracer.active_span().is_none());
}

fn test_span_tag_value_types(subject: &Subject) {
    let span = subject.tracer.span("ManyTypes").start();
    span.attribute("an_int", 9).attribute("a_bool", true).attribute("a_string", "aoeuidhtns").finish();
    let span = subject.named("ManyTypes");
    assert_eq!(span.attributes.get("an_int"), Some(&Value::Int(9)));
    assert_eq!(span.attributes.get("a_bool"), Some(&Value::Bool(true)));
    assert_eq!(span.attributes.text("a_string"), Some("aoeuidhtns"));
}

fn test_span_tags_with_chaining(subject: &Subject) {
    let span = subject.tracer.span("Farnsworth").start();
    span.attribute("birthday", "9 April, 2841").attribute("loves", "different lengths of wires");
    span.attribute("unicode_val", "non-ascii: \u{200b}").attribute("unicode_key_\u{200b}", "ascii val");
    span.finish();
    let attributes = subject.named("Farnsworth").attributes;
    assert_eq!(attributes.text("loves"), Some("different lengths of wires"));
    assert_eq!(attributes.text("unicode_val"), Some("non-ascii: \u{200b}"));
    assert_eq!(attributes.text("unicode_key_\u{200b}"), Some("ascii val"));
}

fn test_span_logs(subject: &Subject) {
    let span = subject.tracer.span("Fry").start();
    span.event("frozen").field("year", 1999).field("place", "Cryogenics Labs");
    span.event_at("defrosted", Timestamp(946_684_799_000_000_000)).field("year", 2999);
    span.event("became his own grandfather").field("payload", Value::from(vec![1, 2]));
    span.event("payload only").field(tags::fields::MESSAGE, 1947);
    span.finish();
    let events = subject.named("Fry").events;
    assert_eq!(events.len(), 4);
    assert_eq!(events[0].attributes.get("year"), Some(&Value::Int(1999)));
    assert_eq!(events[1].time, Timestamp(946_684_799_000_000_000));
    assert_eq!(events[2].attributes.get("payload"), Some(&Value::from(vec![1, 2])));
}

fn test_span_baggage(subject: &Subject) {
    let mut span = subject.tracer.span("Fry").enter();
    assert_eq!(span.context().baggage_entries().count(), 0);
    span.set_baggage("Kiff-loves", "Amy").set_baggage("Fry-loves", "Leela");
    assert_eq!((span.baggage("Kiff-loves"), span.baggage("Nobody")), (Some("Amy"), None));
    let child = subject.tracer.span("Bender").start();
    assert_eq!((child.baggage("Kiff-loves"), child.baggage("Fry-loves")), (Some("Amy"), Some("Leela")));
    assert!(child.is_recording());
}

fn test_context_baggage(subject: &Subject) {
    let mut span = subject.tracer.span("Fry").start();
    assert_eq!(span.context().baggage_entries().count(), 0);
    span.set_baggage("Kiff-loves", "Amy").finish();
    assert_eq!(span.context().baggage_entries().collect::<Vec<_>>(), [("Kiff-loves", "Amy")]);
}

/// Has the context of a span of one tracer read by another, with a carrier of that kind.
fn propagation<C>(subject: &Subject, format: Format, carrier: C)
where
    for<'a> &'a mut C: Into<Outgoing<'a>>,
    for<'a> &'a C: Into<Incoming<'a>>,
{
    let mut carrier = carrier;
    let span = subject.tracer.span("Bender").start();
    subject.tracer.inject(span.context(), &format, &mut carrier).unwrap();
    let extracted = subject.tracer.extract(&format, &carrier).unwrap().unwrap();
    assert_eq!(extracted.baggage_entries().count(), 0);
    let other = Subject::mock();
    other.tracer.span("Flexo").kind(SpanKind::Server).child_of(&extracted).start().finish();
    span.finish();
    assert_eq!(other.named("Flexo").parent_id, Some(subject.named("Bender").span_id));
}

fn test_text_propagation(subject: &Subject) {
    propagation(subject, Format::TEXT_MAP, HashMap::<String, String>::new());
}

fn test_binary_propagation(subject: &Subject) {
    propagation(subject, Format::BINARY, Vec::<u8>::new());
}

fn test_mandatory_formats(subject: &Subject) {
    let span = subject.tracer.span("Bender").start();
    for format in [Format::TEXT_MAP, Format::HTTP_HEADERS] {
        let mut carrier = HashMap::new();
        subject.tracer.inject(span.context(), &format, &mut carrier).unwrap();
        assert_eq!(subject.tracer.extract(&format, &carrier).unwrap().unwrap().span_id(), span.context().span_id());
    }
    let mut bytes = Vec::<u8>::new();
    subject.tracer.inject(span.context(), Format::BINARY, &mut bytes).unwrap();
    let extracted = subject.tracer.extract(Format::BINARY, &bytes).unwrap().unwrap();
    assert_eq!(extracted.span_id(), span.context().span_id());
}

fn test_unknown_format(subject: &Subject) {
    let span = subject.tracer.span("Bender").start();
    let mut carrier = HashMap::new();
    let injected = subject.tracer.inject(span.context(), "kiss my shiny metal ...", &mut carrier);
    let extracted = subject.tracer.extract("kiss my shiny metal ...", &carrier);
    assert!(matches!(injected, Err(PropagationError::UnsupportedFormat(_))));
    assert!(matches!(extracted, Err(PropagationError::UnsupportedFormat(_))));
}

fn test_tracer_start_active_span_scope(subject: &Subject) {
    let scope = subject.tracer.span("Fry").enter();
    assert_eq!(&subject.tracer.current(), scope.context());
    assert!(scope.is_recording());
    scope.close();
    assert_eq!(subject.tracer.current(), Context::none());
}

fn test_tracer_start_span_scope(subject: &Subject) {
    let span = subject.tracer.span("Fry").start();
    assert!(span.is_recording() && subject.tracer.active_span().is_none());
}

/// A check that holds of a tracer that does nothing would prove nothing: these do not.
#[test]
fn a_tracer_that_does_nothing_fails_the_checks() {
    let passes = |check: fn(&Subject)| catch_unwind(|| check(&Subject::noop())).is_ok();
    let passed: Vec<_> = CHECKS.iter().filter(|(_, check)| passes(*check)).map(|(name, _)| *name).collect();
    // Baggage is part of no trace and goes on without one, and an unknown format is unknown to all.
    assert_eq!(passed, ["test_context_baggage", "test_unknown_format"]);
}
