//! Baggage of spans: it goes to what begins later, inside, and nowhere else.

use trackway::testing::MockTracer;
use trackway::{Context, current, span};

fn entries(context: &Context) -> Vec<(&str, &str)> {
    context.baggage_entries().collect()
}

#[test]
fn children_that_began_before_do_not_have_it() {
    let tracer = MockTracer::new();
    let mut parent = tracer.span("parent").start();
    let before = parent.child("before").start();
    parent.set_baggage("tenant", "acme");
    let after = parent.child("after").start();
    let grandchild = after.child("grandchild").start();
    assert_eq!(before.baggage("tenant"), None);
    assert_eq!((after.baggage("tenant"), grandchild.baggage("tenant")), (Some("acme"), Some("acme")));
    let mut after = after;
    after.set_baggage("plan", "gold");
    assert_eq!(parent.baggage("plan"), None, "it never goes up");
}

#[test]
fn a_context_is_as_it_was_when_it_was_taken() {
    let tracer = MockTracer::new();
    let mut span = tracer.span("span").start();
    let old = span.context().clone();
    span.set_baggage("tenant", "acme");
    let child = tracer.span("child").child_of(&old).start();
    assert_eq!((entries(&old), entries(child.context())), (vec![], vec![]));
}

#[test]
fn what_is_active_has_it_for_owned_spans_for_macros_and_for_requests() {
    let tracer = MockTracer::new();
    let mut active = tracer.span("active").enter();
    active.set_baggage("tenant", "acme").set_baggage("tenant", "other");
    assert_eq!(entries(&current()), [("tenant", "other")]);
    assert_eq!(tracer.span("owned").start().baggage("tenant"), Some("other"));
    {
        let _guard = span!("guard");
        assert_eq!(entries(&current()), [("tenant", "other")]);
    }
    active.close();
    assert_eq!(entries(&current()), []);
}

#[test]
fn other_threads_in_which_the_span_is_active_learn_of_it() {
    let tracer = MockTracer::new();
    let mut span = tracer.span("span").start();
    let (asked, answer) = (std::sync::Barrier::new(2), span.context().clone());
    std::thread::scope(|threads| {
        let seen = threads.spawn(|| {
            let _scope = answer.attach();
            asked.wait();
            asked.wait();
            current().baggage("tenant").map(str::to_owned)
        });
        asked.wait();
        span.set_baggage("tenant", "acme");
        asked.wait();
        assert_eq!(seen.join().unwrap().as_deref(), Some("acme"));
    });
}

#[test]
fn a_span_that_is_not_recorded_carries_it_all_the_same() {
    let tracer = MockTracer::of(trackway::builder().sampler(trackway::Sampler::always_off()));
    let mut span = tracer.span("span").enter();
    span.set_baggage("tenant", "acme");
    assert_eq!(tracer.span("child").start().baggage("tenant"), Some("acme"));
    assert!(tracer.finished_spans().is_empty());
}
