//! The fast path, from guards to exported spans.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use trackway::export::Memory;
use trackway::{Context, SpanRecord, StatusCode, Traced, Tracer, Value, span, step};

const SOON: Duration = Duration::from_secs(10);

fn tracer() -> (Tracer, Memory) {
    let memory = Memory::new();
    (Tracer::builder().service("test").exporter(memory.clone()).build(), memory)
}

fn finished(tracer: &Tracer, memory: &Memory) -> Vec<SpanRecord> {
    assert!(tracer.flush(SOON));
    memory.spans()
}

fn named<'a>(spans: &'a [SpanRecord], name: &str) -> &'a SpanRecord {
    spans.iter().find(|span| &*span.name == name).unwrap_or_else(|| panic!("no span {name} in {spans:#?}"))
}

#[test]
fn guards_nest_and_carry_what_was_recorded() {
    let (tracer, memory) = tracer();
    let scope = tracer.activate();
    {
        let root = span!("root", count = 3, name = "ada", ratio = 0.5, ok = true, "odd key" = %1.5);
        let child = span!("child", kind: Client);
        child.event("retry").field("attempt", 2).field("why", "slow");
        child.status(StatusCode::Error, "declined");
        root.attribute("late", 1_u64).attribute("count", 4);
    }
    drop(scope);
    let spans = finished(&tracer, &memory);
    assert_eq!(spans.len(), 2);
    let (root, child) = (named(&spans, "root"), named(&spans, "child"));
    assert_eq!(child.parent_id, Some(root.span_id));
    assert_eq!(child.trace_id, root.trace_id);
    assert_eq!(root.parent_id, None);
    assert_eq!(root.attributes.get("count"), Some(&Value::from(4)));
    assert_eq!(root.attributes.get("name"), Some(&Value::from("ada")));
    assert_eq!(root.attributes.get("odd key"), Some(&Value::from("1.5")));
    assert_eq!(root.attributes.get("late"), Some(&Value::from(1)));
    assert_eq!(root.attributes.len(), 6);
    assert_eq!(child.events[0].attributes.text("why"), Some("slow"));
    assert_eq!(child.status.message, "declined".into());
    assert!(root.start <= child.start && child.end <= root.end);
}

#[test]
fn steps_share_their_borders() {
    let (tracer, memory) = tracer();
    let _scope = tracer.activate();
    {
        let _root = span!("root");
        let mut at = span!("one");
        step!(at, "two", rows = 2);
        step!(at, "three");
    }
    let spans = finished(&tracer, &memory);
    let (one, two, three) = (named(&spans, "one"), named(&spans, "two"), named(&spans, "three"));
    assert_eq!(one.end, Some(two.start));
    assert_eq!(two.end, Some(three.start));
    assert_eq!(one.parent_id, three.parent_id);
    assert_eq!(two.attributes.get("rows"), Some(&Value::from(2)));
}

#[test]
fn guards_that_end_out_of_order_do_no_harm() {
    let (tracer, memory) = tracer();
    let _scope = tracer.activate();
    let root = span!("root");
    let inner = span!("inner");
    let innermost = span!("innermost");
    drop(root);
    let after = span!("after");
    drop(inner);
    drop(after);
    drop(innermost);
    drop(span!("next trace"));
    let spans = finished(&tracer, &memory);
    assert_eq!(spans.len(), 5);
    let root = named(&spans, "root");
    assert_eq!(named(&spans, "after").parent_id, Some(named(&spans, "innermost").span_id));
    assert_eq!(named(&spans, "innermost").trace_id, root.trace_id);
    let next = named(&spans, "next trace");
    assert!(next.trace_id != root.trace_id && next.parent_id.is_none());
}

#[test]
fn owned_spans_guards_and_threads_make_one_tree() {
    let (tracer, memory) = tracer();
    let request = tracer.span("request").attribute("n", 1).start();
    {
        let _scope = request.activate();
        let _parse = span!("parse");
        let context = trackway::current();
        std::thread::spawn(move || context.run(|| drop(span!("far work")))).join().unwrap();
        trackway::active().attribute("of", "parse");
    }
    request.context().run(|| {
        trackway::active().attribute("of", "request");
    });
    request.finish();
    let spans = finished(&tracer, &memory);
    let (request, parse, far) = (named(&spans, "request"), named(&spans, "parse"), named(&spans, "far work"));
    assert_eq!(parse.parent_id, Some(request.span_id));
    assert_eq!(far.parent_id, Some(parse.span_id));
    assert_eq!(parse.attributes.text("of"), Some("parse"));
    assert_eq!(request.attributes.text("of"), Some("request"));
    assert!(request.start <= parse.start, "{:?} {:?}", request.start, parse.start);
    assert!(request.end >= parse.end);
}

#[test]
fn a_panic_is_recorded_in_every_span_it_passes() {
    let (tracer, memory) = tracer();
    let caught = std::panic::catch_unwind(|| {
        let _scope = tracer.activate();
        let _root = span!("root");
        let _child = span!("child");
        panic!("no such order");
    });
    assert!(caught.is_err());
    let spans = finished(&tracer, &memory);
    for name in ["root", "child"] {
        let span = named(&spans, name);
        assert_eq!(span.status.code, StatusCode::Error);
        assert_eq!(&*span.events[0].name, "exception");
    }
}

#[test]
fn a_remote_parent_is_continued_and_told_on() {
    let (tracer, memory) = tracer();
    let headers = vec![
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("tracestate", "a=1"),
        ("baggage", "user=ada"),
    ];
    let context = Context::extract(&headers).unwrap();
    let _tracer = tracer.activate();
    let mut out: Vec<(String, String)> = Vec::new();
    {
        let _remote = context.attach();
        let _server = span!("server");
        let _inner = span!("inner");
        trackway::current().inject(&mut out);
    }
    let spans = finished(&tracer, &memory);
    let (server, inner) = (named(&spans, "server"), named(&spans, "inner"));
    assert_eq!(server.parent_id.unwrap().to_string(), "00f067aa0ba902b7");
    assert_eq!(server.parent_is_remote(), Some(true));
    assert_eq!(inner.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(&*inner.trace_state, "a=1");
    assert_eq!(inner.parent_is_remote(), Some(false));
    let nothing_active = trackway::current();
    assert!(nothing_active.trace_id().is_none());
    let header = |name: &str| out.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    assert_eq!(header("traceparent").unwrap(), format!("00-{}-{}-01", inner.trace_id, inner.span_id));
    assert_eq!(header("tracestate").unwrap(), "a=1");
    assert_eq!(header("baggage").unwrap(), "user=ada");
}

#[test]
fn futures_carry_their_span_from_poll_to_poll() {
    use std::future::Future;
    use std::task::{Context as Waker, Poll, Waker as NoWaker};
    struct Twice(bool);
    impl Future for Twice {
        type Output = ();
        fn poll(mut self: std::pin::Pin<&mut Self>, _: &mut Waker<'_>) -> Poll<()> {
            drop(span!("polled"));
            if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
        }
    }
    let (tracer, memory) = tracer();
    let mut work = Box::pin(Twice(false).in_span(tracer.span("task").start()));
    let mut waker = Waker::from_waker(NoWaker::noop());
    assert!(work.as_mut().poll(&mut waker).is_pending());
    let done = std::thread::spawn(move || {
        let mut waker = Waker::from_waker(NoWaker::noop());
        work.as_mut().poll(&mut waker).is_ready()
    });
    assert!(done.join().unwrap());
    let spans = finished(&tracer, &memory);
    let task = named(&spans, "task").span_id;
    let polled: Vec<_> = spans.iter().filter(|span| &*span.name == "polled").collect();
    assert_eq!(polled.len(), 2);
    assert!(polled.iter().all(|span| span.parent_id == Some(task)));
}

#[test]
fn a_span_that_is_refused_leaves_the_one_around_it_alone() {
    use std::future::Future;
    use std::task::{Context as Waker, Waker as NoWaker};
    #[trackway::trace]
    async fn refused() {
        trackway::active().attribute("of", "refused");
    }
    fn deep(levels: u32) {
        let _span = span!("level");
        if levels > 0 {
            return deep(levels - 1);
        }
        let refused = std::pin::pin!(refused());
        assert!(refused.poll(&mut Waker::from_waker(NoWaker::noop())).is_ready());
    }
    let (tracer, memory) = tracer();
    {
        let _scope = tracer.activate();
        deep(600);
    }
    let spans = finished(&tracer, &memory);
    assert!(spans.iter().all(|span| &*span.name == "refused" || span.attributes.get("of").is_none()), "{spans:#?}");
    let stats = tracer.stats();
    assert_eq!(stats.emitted, 602);
    assert_eq!(stats.emitted, stats.dropped.total() + stats.exporters[0].exported);
}

#[test]
fn tracers_for_tests_do_not_know_of_each_other() {
    let (outer, _) = trackway::testing::tracer();
    let (inner, spans) = trackway::testing::tracer();
    let outer = outer.span("outer").start();
    let _scope = outer.activate();
    inner.span("inner").start().finish();
    assert_eq!(spans.finished()[0].parent_id, None);
}

#[test]
fn only_the_process_that_made_a_trace_id_says_that_it_is_random() {
    let (tracer, memory) = tracer();
    let headers = vec![("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    let remote = Context::extract(&headers).unwrap();
    let _scope = tracer.activate();
    remote.run(|| drop(span!("guard")));
    remote.run(|| tracer.span("owned").start().finish());
    drop(span!("own trace"));
    let spans = finished(&tracer, &memory);
    let flags = |name| named(&spans, name).flags & 0xff;
    assert_eq!((flags("guard"), flags("owned"), flags("own trace")), (1, 1, 3));
}
