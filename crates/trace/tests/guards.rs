//! What guards promise where programs do unusual things.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use trackway::export::Memory;
use trackway::{
    Callsite, Context, InSpan, Key, Scope, SpanKind, SpanRecord, StatusCode, Traced, Tracer, active, current, span,
    step,
};

const SOON: Duration = Duration::from_secs(10);

fn tracer() -> (Tracer, Memory) {
    let memory = Memory::new();
    (Tracer::builder().exporter(memory.clone()).build(), memory)
}

fn told(tracer: &Tracer, memory: &Memory) -> String {
    assert!(tracer.flush(SOON));
    tree(&memory.spans())
}

/// The tree without its times, which are the clock's.
fn tree(spans: &[SpanRecord]) -> String {
    let mut spans = spans.to_vec();
    for span in &mut spans {
        span.end = Some(span.start);
        span.attributes.0.sort_by(|one, other| one.0.cmp(&other.0));
        span.events.sort_by_key(|event| event.time);
        for event in &mut span.events {
            event.attributes.0.retain(|(key, _)| &**key != "exception.stacktrace");
        }
    }
    trackway::tree(&spans).replace(" 0ns", "")
}

fn block_on<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[test]
fn what_is_added_inside_of_a_guards_context_is_the_guards() {
    let (tracer, memory) = tracer();
    let _scope = tracer.activate();
    {
        let request = span!("request", before = 1, twice = 1);
        let context = current();
        context.run(|| active().attribute("here", 1).attribute("twice", 2).fail("E", "boom", None).is_recording());
        let there = current();
        let work = move || there.run(|| active().attribute("there", 1).event("late").field("n", 1).is_recording());
        std::thread::spawn(work).join().unwrap();
        let back = current().wrap(|| _ = active().attribute("back", 1));
        block_on(async { active().attribute("task", 1).is_recording() }.in_context(current()));
        request.attribute("after", 1);
        drop(span!("inner"));
        std::thread::spawn(back).join().unwrap();
    }
    assert_eq!(
        told(&tracer, &memory),
        "\
request after=1 back=1 before=1 here=1 task=1 there=1 twice=2 ERROR boom
  - exception exception.type=E exception.message=boom
  - late n=1
  inner
"
    );
}

#[test]
fn what_a_thread_adds_arrives_in_whichever_order_the_rings_are_read() {
    for form in [Memory::new(), Memory::otlp()] {
        let tracer = Tracer::builder().exporter(form.clone()).build();
        // The other thread's ring is there first, and read first.
        let (jobs, job) = std::sync::mpsc::channel::<Box<dyn FnOnce() + Send>>();
        let (done, is_done) = std::sync::mpsc::channel();
        let given = tracer.clone();
        let other = std::thread::spawn(move || {
            let _scope = given.activate();
            drop(span!("first"));
            for job in job {
                job();
                done.send(()).unwrap();
            }
        });
        let _scope = tracer.activate();
        for _ in 0..50 {
            let _request = span!("request", a = 1);
            jobs.send(Box::new(current().wrap(|| _ = active().attribute("b", 1)))).unwrap();
            is_done.recv().unwrap();
        }
        drop(jobs);
        other.join().unwrap();
        assert!(tracer.flush(SOON));
        let kept = form.requests().concat().windows(3).filter(|bytes| bytes == b"\x0a\x01b").count();
        let records = form.spans().iter().filter(|span| span.attributes.get("b").is_some()).count();
        assert_eq!(kept.max(records), 50);
    }
}

#[test]
fn a_scope_held_across_an_await_leaves_the_futures_baggage_alone() {
    let (tracer, memory) = tracer();
    let seen = block_on(
        InSpan::new(&FUTURE, async {
            let held = Context::none().attach();
            tokio::task::yield_now().await;
            drop(held);
            tokio::task::yield_now().await;
            current().baggage("tenant").map(str::to_owned)
        })
        .in_context(tracer.span("around").start().context().with_baggage("tenant", "acme")),
    );
    assert_eq!(seen.as_deref(), Some("acme"));
    assert_eq!(told(&tracer, &memory), "around\n  future\n");
}

static FUTURE: Callsite = Callsite::new("future", SpanKind::Internal);

#[test]
fn what_a_refused_span_says_of_itself_is_not_said_of_its_parent() {
    let (tracer, memory) = tracer();
    let _scope = tracer.activate();
    {
        let mut deep: Vec<_> = (0..600).map(|_| span!("deep")).collect();
        {
            let _refused = span!("refused");
            active().attribute("refused", true).status(StatusCode::Error, "refused");
        }
        deep.truncate(500);
        active().attribute("recorded", true);
        while deep.pop().is_some() {}
    }
    assert!(tracer.flush(SOON));
    let spans = memory.spans();
    assert!(spans.iter().all(|span| span.attributes.get("refused").is_none() && span.status.code == StatusCode::Unset));
    assert_eq!(spans.iter().filter(|span| span.attributes.get("recorded").is_some()).count(), 1);
}

/// An allocator that makes spans, as one that samples does.
struct Sampling;

thread_local! {
    static SAMPLES: Cell<bool> = const { Cell::new(false) };
}

#[global_allocator]
static ALLOCATOR: Sampling = Sampling;

#[allow(unsafe_code)]
// SAFETY: all is the system's allocator's.
unsafe impl std::alloc::GlobalAlloc for Sampling {
    unsafe fn alloc(&self, layout: std::alloc::Layout) -> *mut u8 {
        if SAMPLES.replace(false) {
            drop(span!("allocate", bytes = layout.size()));
            SAMPLES.set(true);
        }
        // SAFETY: as above.
        unsafe { std::alloc::System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: std::alloc::Layout) {
        // SAFETY: as above.
        unsafe { std::alloc::System.dealloc(at, layout) }
    }
}

#[test]
fn an_allocator_may_make_spans() {
    let (tracer, _memory) = tracer();
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _scope = tracer.activate();
        SAMPLES.set(true);
        for _ in 0..200 {
            let site: &'static Callsite = Box::leak(Box::new(Callsite::new("new", SpanKind::Internal)));
            let key: &'static Key = Box::leak(Box::new(Key::new("key")));
            trackway::enter(site).attribute(key, 1);
        }
        SAMPLES.set(false);
        done.send(()).unwrap();
    });
    assert!(is_done.recv_timeout(SOON).is_ok());
}

#[test]
fn names_whose_marks_are_equal_are_two_names() {
    // FNV-1a has the same 64 bits for both.
    let [one, other] = ["8yn0iYCKYHlIj4-BwPqk", "GReLUrM4wMqfg9yzV3KQ"];
    let memory = Memory::otlp();
    let tracer = Tracer::builder().exporter(memory.clone()).build();
    let _scope = tracer.activate();
    _ = span!("x").attribute(one, "kept").attribute(other, 1).attribute(other, 2).attribute("list", 3);
    assert!(tracer.flush(SOON));
    let sent = memory.requests().concat();
    let count = |name: &str| sent.windows(name.len()).filter(|bytes| *bytes == name.as_bytes()).count();
    assert_eq!((count(one), count(other)), (1, 1));
}

#[test]
fn a_key_too_many_is_written_out() {
    let (tracer, memory) = tracer();
    let scope = tracer.activate();
    let first: &'static Key = Box::leak(Box::new(Key::new("password")));
    _ = span!("first").attribute(first, "-");
    let all: &'static [Key] = Vec::leak((0..1 << 24).map(|_| Key::new("dynamic")).collect());
    let fill = span!("fill");
    for (number, key) in all.iter().enumerate() {
        fill.attribute(key, true);
        if number % 20_000 == 0 {
            tracer.flush(SOON);
        }
    }
    drop(fill);
    _ = span!("late").attribute(all.last().unwrap(), 1);
    drop(scope);
    assert_eq!(told(&tracer, &memory), "first password=-\nfill dynamic=true\nlate dynamic=1\n");
}

fn inside(_scope: Scope, work: impl FnOnce()) {
    work();
}

#[test]
fn a_step_inside_of_which_a_span_is_open_records_nothing() {
    let steps = || {
        let mut step = span!("read");
        {
            let _inner = span!("inner");
            step!(step, "parse", rows = 3);
        }
        step!(step, "write", rows = 4);
    };
    let expected = "read\n  inner\nwrite rows=4\n";
    let (tracer, memory) = tracer();
    inside(tracer.activate(), steps);
    assert_eq!(told(&tracer, &memory), expected);
    let (tracer, spans) = trackway::testing::tracer();
    inside(tracer.activate(), steps);
    assert_eq!(tree(&spans.finished()), expected);
}

#[test]
fn the_context_of_a_future_that_is_not_sampled_is_its_parents() {
    let headers = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")];
    let headers: HashMap<String, String> = headers.map(|(key, value)| (key.into(), value.into())).into();
    let (tracer, _memory) = tracer();
    let _given = tracer.activate();
    let context = Context::extract(&headers).unwrap();
    let seen = block_on(InSpan::new(&FUTURE, async { current() }).in_context(context.clone()));
    assert_eq!((seen.span_id(), seen.is_remote()), (context.span_id(), true));
}

#[test]
fn a_panic_is_told_of_by_the_spans_that_it_passes_and_by_no_others() {
    let (tracer, memory) = tracer();
    let _scope = tracer.activate();
    struct Rollback;
    impl Drop for Rollback {
        fn drop(&mut self) {
            drop(span!("rollback"));
        }
    }
    let unwinds = |work: fn()| assert!(std::panic::catch_unwind(work).is_err());
    unwinds(|| {
        let _span = span!("first");
        panic!("one");
    });
    unwinds(|| {
        let _span = span!("second");
        std::panic::resume_unwind(Box::new("two"));
    });
    unwinds(|| {
        let _rollback = Rollback;
        panic!("three");
    });
    {
        let _root = span!("root");
        unwinds(|| {
            let _span = span!("third");
            panic!("four");
        });
        unwinds(|| {
            let _span = span!("fourth");
            std::panic::resume_unwind(Box::new("five"));
        });
        unwinds(|| {
            let _rollbacks = (Rollback, Rollback);
            panic!("six");
        });
    }
    assert!(tracer.flush(SOON));
    let told: Vec<_> =
        memory.spans().iter().map(|span| format!("{} {}", span.name, span.status.message.as_ref() as &str)).collect();
    assert_eq!(
        told,
        [
            "first one",
            "second panicked",
            "rollback ",
            "third four",
            "fourth panicked",
            "rollback ",
            "rollback ",
            "root "
        ]
    );
}

#[test]
fn a_guard_of_the_tracer_of_tests_knows_when_nothing_is_recorded() {
    let (tracer, spans) = trackway::testing::tracer_of(Tracer::builder().sampler(trackway::Sampler::always_off()));
    let _active = tracer.activate();
    {
        let mut outer = span!("outer");
        let inner = span!("inner");
        assert_eq!((outer.is_recording(), inner.is_recording()), (false, false));
        assert!(inner.context().is_none() && !current().is_sampled());
        drop(inner);
        step!(outer, "next");
        assert!(!outer.is_recording());
    }
    assert!(current().span_id().is_none() && spans.finished().is_empty());
    tracer.set_sampler(trackway::Sampler::always_on());
    assert!(span!("recorded").is_recording());
    assert_eq!(spans.tree(), "recorded 1s\n");
}
