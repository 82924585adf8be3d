//! `test_span.py`.

use std::sync::{Arc, Mutex};

use trackway::canonical::{Code, Status};
use trackway::{
    Message, Processor, Relation, Sampler, Span, SpanKind, SpanRecord, StatusCode, Timestamp, Traced, Value, testing,
};

use crate::{recorded, tracer};

#[test]
fn test_constructor_defaults() {
    let record = recorded(|_| {});
    assert_eq!((&*record.name, record.kind, record.parent_id), ("span", SpanKind::Internal, None));
    assert!(record.attributes.is_empty() && record.events.is_empty() && record.links.is_empty());
    assert_eq!(record.status.code, StatusCode::Unset);
}

#[test]
fn test_constructor_explicit() {
    let (tracer, spans) = tracer();
    let parent = tracer.span("parent").start();
    let span = tracer
        .span("call")
        .child_of(&parent)
        .kind(SpanKind::Client)
        .attribute("http.status_code", "200")
        .link_with(&parent, Relation::new())
        .starting_at(Timestamp(5_000))
        .same_process_as_parent(true)
        .start();
    span.message(Message::sent(1)).outcome(&Status::from(Code::Ok));
    span.event("note");
    span.finish_at(Timestamp(9_000));
    let record = spans.finished().remove(0);
    assert_eq!((record.start, record.end, record.kind), (Timestamp(5_000), Some(Timestamp(9_000)), SpanKind::Client));
    assert_eq!((record.parent_id, record.parent_is_remote()), (parent.context().span_id(), Some(false)));
    assert_eq!((record.attributes.len(), record.events.len(), record.links.len()), (1, 2, 1));
}

#[test]
fn same_process_as_parent_is_what_is_said_and_else_how_the_context_came() {
    let (tracer, spans) = tracer();
    let here = tracer.span("here").start();
    let (trace, span) = (here.context().trace_id().unwrap(), here.context().span_id().unwrap());
    let remote = trackway::Context::remote(trace, span, trackway::TraceFlags::SAMPLED);
    tracer.span("of remote").child_of(&remote).start().finish();
    tracer.span("of local").child_of(&here).start().finish();
    tracer.span("said same").child_of(&remote).same_process_as_parent(true).start().finish();
    tracer.span("said other").child_of(&here).same_process_as_parent(false).start().finish();
    let remote = |name: &str| spans.named(name).unwrap().parent_is_remote();
    assert_eq!((remote("of remote"), remote("of local")), (Some(true), Some(false)));
    assert_eq!((remote("said same"), remote("said other")), (Some(false), Some(true)));
    let json = trackway_wire::opencensus::traces(&[spans.named("said same").unwrap()]);
    assert!(json.contains(r#""sameProcessAsParentSpan":true"#), "{json}");
}

#[test]
fn test_span() {
    let (tracer, spans) = tracer();
    let root = tracer.span("root").start();
    tracer.span("child").child_of(&root).start().finish();
    root.finish();
    assert_eq!(spans.tree(), "root 3s\n  child 1s\n");
}

#[test]
fn test_add_attribute() {
    let record = recorded(|span| {
        span.attribute("key", "value");
    });
    assert_eq!(record.attributes.text("key"), Some("value"));
}

#[test]
fn test_add_message_event() {
    let record = recorded(|span| {
        span.message(Message::sent(1));
    });
    assert_eq!(record.events[0].attributes.text("rpc.message.type"), Some("SENT"));
}

#[test]
fn test_add_annotation() {
    let record = recorded(|span| {
        span.event("This is a test").field("name", "blah");
    });
    assert_eq!((&*record.events[0].name, record.events[0].attributes.text("name")), ("This is a test", Some("blah")));
    assert_eq!(record.events[0].time.0, record.start.0 + 1_000_000_000);
}

#[test]
fn test_add_link() {
    let (tracer, spans) = tracer();
    let other = tracer.span("other").start();
    tracer.span("span").root().start().link_with(&other, Relation::child()).finish();
    let link = &spans.finished()[0].links[0];
    assert_eq!((link.span_id, link.attributes.len()), (other.context().span_id(), 1));
}

#[test]
fn test_set_status() {
    let record = recorded(|span| {
        span.outcome(&Status::from(Code::InvalidArgument).message("bad"));
    });
    assert_eq!((record.status.code, &*record.status.message), (StatusCode::Error, "bad"));
    assert_eq!(record.attributes.get("status.code"), Some(&Value::from(3)));
}

#[test]
fn test_start() {
    let (tracer, _spans) = tracer();
    let before = tracer.now();
    let span = tracer.span("span").start();
    assert!(span.record().unwrap().start > before && span.record().unwrap().end.is_none());
}

#[test]
fn test_finish_without_context_tracer() {
    // The span has its tracer with it, on whichever thread it ends.
    let (tracer, spans) = tracer();
    let span = tracer.span("span").start();
    drop(tracer);
    std::thread::spawn(move || span.finish()).join().unwrap();
    assert_eq!(spans.finished().len(), 1);
}

#[test]
fn test_finish() {
    let (tracer, spans) = tracer();
    let span = tracer.span("span").start();
    span.finish();
    span.attribute("late", true).finish();
    assert_eq!(spans.tree(), "span 1s\n", "what is finished stays as it is, and is exported once");
}

struct Created(Arc<Mutex<Vec<String>>>);

impl Processor for Created {
    fn on_start(&self, span: &SpanRecord) {
        self.0.lock().unwrap().push(span.name.to_string());
    }

    fn on_end(&self, _: &SpanRecord) {}
}

#[test]
fn test_on_create() {
    let created = Arc::default();
    let (tracer, _spans) = testing::tracer_of(trackway::builder().processor(Created(Arc::clone(&created))));
    tracer.span("one").start().finish();
    tracer.span("two").start().finish();
    assert_eq!(*created.lock().unwrap(), ["one", "two"]);
}

#[test]
fn test___iter__() {
    let (tracer, spans) = tracer();
    tracer.span("root").run(|_| {
        tracer.span("child1").run(|_| tracer.span("child1-1").run(|_| {}));
        tracer.span("child2").run(|_| {});
    });
    let names: Vec<String> = spans.finished().iter().map(|span| span.name.to_string()).collect();
    assert_eq!(names, ["child1-1", "child1", "child2", "root"], "children first, then their parent");
}

#[test]
fn test_exception_in_span() {
    let (tracer, spans) = tracer();
    let inside = |_: &Span| panic!("error");
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tracer.span("span").run(inside)));
    assert!(caught.is_err());
    let record = spans.finished().remove(0);
    assert_eq!((record.status.code, &*record.status.message), (StatusCode::Error, "error"));
    let place = record.events[0].attributes.text("exception.stacktrace").unwrap();
    assert!(place.contains("span.rs"), "{place}");
}

#[test]
fn a_span_that_follows_a_future_ends_with_it() {
    let (tracer, spans) = tracer();
    let work =
        async { trackway::active().attribute("inside", true).is_recording() }.in_span(tracer.span("task").start());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(runtime.block_on(work));
    assert_eq!(spans.tree(), "task 1s inside=true\n");
}

#[test]
fn a_sampler_may_decide_about_one_span() {
    let (tracer, spans) = tracer();
    tracer.span("poll").sampler(Sampler::always_off()).start().finish();
    assert!(spans.finished().is_empty());
}
