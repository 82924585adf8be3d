//! What guards promise where programs do unusual things.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use trackway::export::Memory;
use trackway::{SpanRecord, Traced, Tracer, active, current, span};

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
