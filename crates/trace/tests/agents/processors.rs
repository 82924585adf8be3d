//! Processors that come and go while the tracer works.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use trackway::export::Memory;
use trackway::{Processor, SpanRecord, Text, Tracer};

use crate::edges::Notes;

#[test]
fn add_trace_processor() {
    let (first, second) = (Notes::default(), Notes::default());
    let tracer = Tracer::builder().processor(first.clone()).exporter(Memory::new()).build();
    tracer.span("before").start().finish();
    assert!(tracer.flush(Duration::from_secs(10)));
    tracer.add_processor(second.clone());
    tracer.trace("t").run(|_| tracer.span("after").start().finish());
    assert!(tracer.flush(Duration::from_secs(10)));
    assert_eq!(first.all(), ["SS before", "SE before", "TS t", "SS after", "SE after", "TE t"]);
    assert_eq!(second.all(), ["TS t", "SS after", "SE after", "TE t"]);
}

#[test]
fn set_trace_processors() {
    let (first, second) = (Notes::default(), Notes::default());
    let tracer = Tracer::builder().processor(first.clone()).build();
    tracer.set_processors([Arc::new(second.clone()) as Arc<dyn Processor>]);
    tracer.span("s").start().finish();
    assert!(tracer.flush(Duration::from_secs(10)));
    tracer.set_processors([]);
    tracer.span("unseen").start().finish();
    assert!(tracer.flush(Duration::from_secs(10)));
    assert_eq!(first.all(), [""; 0]);
    assert_eq!(second.all(), ["SS s", "SE s"]);
}

#[test]
fn a_processor_that_comes_late_sees_guards_too() {
    let (notes, memory) = (Notes::default(), Memory::otlp());
    let tracer = Tracer::builder().exporter(memory.clone()).build();
    let _scope = tracer.activate();
    drop(trackway::span!("before"));
    assert!(tracer.flush(Duration::from_secs(10)));
    tracer.add_processor(notes.clone());
    drop(trackway::span!("after"));
    assert!(tracer.flush(Duration::from_secs(10)));
    assert_eq!(notes.all(), ["SS after", "SE after"]);
    assert_eq!(memory.requests().len(), 2);
}

#[test]
fn force_flush_and_shutdown_reach_every_processor() {
    #[derive(Default, Clone)]
    struct Counts(Arc<(AtomicU32, AtomicU32)>);
    impl Processor for Counts {
        fn on_end(&self, _: &SpanRecord) {}
        fn flush(&self, within: Duration) -> bool {
            self.0.0.fetch_add(1, Ordering::Relaxed);
            within > Duration::ZERO
        }
        fn shutdown(&self, _: Duration) {
            self.0.1.fetch_add(1, Ordering::Relaxed);
        }
    }
    struct Bad;
    impl Processor for Bad {
        fn on_end(&self, _: &SpanRecord) {}
        fn flush(&self, _: Duration) -> bool {
            panic!("a bad hook");
        }
    }
    let counts = Counts::default();
    let tracer = Tracer::builder().processor(Bad).processor(counts.clone()).build();
    assert!(!tracer.flush(Duration::from_secs(10)), "one was not done");
    tracer.shutdown(Duration::from_secs(10));
    assert_eq!(((counts.0).0.load(Ordering::Relaxed), (counts.0).1.load(Ordering::Relaxed)), (1, 1));
}

#[test]
fn what_is_told_of_a_trace_is_redacted() {
    let memory = Memory::new();
    let builder = Tracer::builder().exporter(memory.clone()).redact(|span| {
        span.name = Text::from(span.name.replace("ann@example.org", "somebody"));
        span.attributes.0.retain(|(key, _)| !key.ends_with("mail"));
    });
    let tracer = builder.build();
    let trace = tracer.trace("mail to ann@example.org").group("g").metadata("mail", "ann@example.org").metadata("n", 1);
    trace.start().finish();
    assert!(tracer.flush(Duration::from_secs(10)));
    let traces = memory.traces();
    assert_eq!((&*traces[0].name, traces[0].group.as_deref()), ("mail to somebody", Some("g")));
    assert_eq!(traces[0].metadata.iter().collect::<Vec<_>>().len(), 1);
    assert!(!format!("{traces:?}").contains("ann@example.org"));
}

#[test]
fn the_id_that_a_trace_was_given_is_redacted() {
    let told = |redact: fn(&mut trackway::SpanRecord)| {
        let memory = Memory::new();
        let tracer = Tracer::builder().exporter(memory.clone()).redact(redact).build();
        tracer.trace("support").original_id("ticket of ann@example.org").start().finish();
        assert!(tracer.flush(Duration::from_secs(10)));
        let trace = memory.traces().remove(0);
        (trace.original_id.to_string(), format!("trace_{}", trace.trace_id))
    };
    let (told_of, own) = told(|span| span.attributes.0.retain(|(_, value)| !format!("{value:?}").contains('@')));
    assert_eq!(told_of, own);
    let (told_of, own) = told(|_| panic!("the hook fails"));
    assert_eq!(told_of, own);
    assert_eq!(told(|_| {}).0, "ticket of ann@example.org");
}

#[test]
fn a_trace_that_tail_rules_leave_out_is_not_told_of() {
    let memory = Memory::new();
    let tail = trackway::Tail::new().keep_errors();
    let tracer = Tracer::builder().exporter(memory.clone()).tail(tail).build();
    for (name, code) in [("well", trackway::StatusCode::Ok), ("failed", trackway::StatusCode::Error)] {
        let trace = tracer.trace(name).start();
        tracer.span("work").child_of(&trace).start().status(code, "");
        trace.finish();
    }
    assert!(tracer.flush(Duration::from_secs(10)));
    let told: Vec<_> = memory.traces().into_iter().map(|trace| trace.name).collect();
    assert_eq!((told, memory.spans().len()), (vec!["failed".into()], 1));
}
