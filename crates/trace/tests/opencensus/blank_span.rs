//! `test_blank_span.py`.

use trackway::canonical::Status;
use trackway::{Message, Relation, Span, StackTrace, testing};

#[test]
fn test_do_not_crash() {
    let blank = Span::none();
    blank.attribute("key", "value").link_with(&blank, Relation::new()).message(Message::sent(1));
    blank.outcome(&Status::cancelled()).stack_trace(&StackTrace::new()).rename("other");
    blank.event("note").field("key", "value");
    let _scope = blank.activate();
    assert!(blank.record().is_none() && !blank.is_recording() && blank.context().trace_id().is_none());
}

#[test]
fn test_finish() {
    let blank = Span::none();
    blank.finish();
    blank.finish();
    assert!(!blank.is_recording());
}

#[test]
fn test_context_manager() {
    let (tracer, spans) = testing::tracer_of(trackway::builder().sampler(trackway::Sampler::always_off()));
    let answer = tracer.span("blank").run(|blank| {
        tracer.span("inside").run(|inside| assert!(!inside.is_recording()));
        blank.is_recording()
    });
    assert!(!answer && spans.finished().is_empty());
}
