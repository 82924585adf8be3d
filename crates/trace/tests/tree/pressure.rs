//! What gives way under pressure, and what does not: many threads that come and go, full rings, deep nesting.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Waker, Poll, Waker as NoWaker};

use trackway::export::Memory;
use trackway::{Callsite, InSpan, Processor, Sampler, SpanKind, SpanRecord, Tracer, span, step};

use crate::SOON;

static TASK: Callsite = Callsite::new("task", SpanKind::Internal);

fn traced() -> (Tracer, Memory) {
    let memory = Memory::new();
    (Tracer::builder().service("test").exporter(memory.clone()).build(), memory)
}

fn balance(tracer: &Tracer) {
    let stats = tracer.stats();
    for exporter in &stats.exporters {
        let settled = exporter.exported + exporter.dropped.total() + exporter.waiting;
        assert_eq!(stats.emitted, stats.dropped.total() + stats.waiting + settled, "{stats:#?}");
    }
}

/// Every parent came too, and no span ends before it begins.
fn is_whole(spans: &[SpanRecord]) {
    let ids: BTreeSet<_> = spans.iter().map(|span| span.span_id).collect();
    assert_eq!(ids.len(), spans.len(), "every span once");
    for span in spans {
        assert!(span.parent_id.is_none_or(|parent| ids.contains(&parent)), "{span:#?}");
        assert!(span.end.is_some_and(|end| end >= span.start), "{span:#?}");
    }
}

/// Is ready at its third poll, each of which may be on another thread.
struct Thrice(u8);

impl Future for Thrice {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Waker<'_>) -> Poll<()> {
        trackway::active().attribute("poll", u64::from(self.0));
        drop(span!("inside"));
        self.0 += 1;
        if self.0 == 3 { Poll::Ready(()) } else { Poll::Pending }
    }
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

#[test]
fn threads_that_come_and_go_lose_nothing() {
    const THREADS: u64 = 8;
    let generations: u64 = if cfg!(miri) { 2 } else { 40 };
    let (tracer, memory) = traced();
    let polls = Arc::new(Mutex::new(Vec::<Task>::new()));
    let workers: Vec<_> = (0..THREADS)
        .map(|_| {
            let (tracer, polls) = (tracer.clone(), polls.clone());
            std::thread::spawn(move || {
                for generation in 0..generations {
                    let (its_own, polls) = (tracer.clone(), polls.clone());
                    let one = std::thread::spawn(move || one_life(&its_own, &polls));
                    if generation % 8 == 0 {
                        assert!(tracer.flush(SOON));
                    }
                    one.join().unwrap();
                }
            })
        })
        .collect();
    for _ in 0..20 {
        assert!(tracer.flush(SOON));
    }
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    drop(polls);
    assert!(tracer.flush(SOON));
    let spans = memory.spans();
    is_whole(&spans);
    balance(&tracer);
    let stats = tracer.stats();
    assert_eq!((stats.dropped.total(), stats.fields_lost), (0, 0), "{stats:#?}");
    let count = |name: &str| spans.iter().filter(|span| &*span.name == name).count() as u64;
    let lives = THREADS * generations;
    assert_eq!((count("life"), count("task"), count("second")), (lives, lives, lives * 20));
    for task in spans.iter().filter(|span| &*span.name == "task") {
        let inside = spans.iter().filter(|span| span.parent_id == Some(task.span_id)).count();
        assert_eq!(task.attributes.len(), usize::from(inside > 0), "{task:#?}");
    }
}

/// What a thread does from its start to its end: spans, steps, texts beside the ring, and a poll of another's work.
fn one_life(tracer: &Tracer, polls: &Mutex<Vec<Task>>) {
    let _scope = tracer.activate();
    let life = span!("life");
    for number in 0..20_i64 {
        let mut at = span!("first", number = number);
        at.event("half").field("n", number);
        step!(at, "second");
        if number == 7 {
            at.attribute("long", "x".repeat(5000));
        }
    }
    let mut work: Vec<Task> = vec![Box::pin(InSpan::new(&TASK, Thrice(0)))];
    let mut waker = Waker::from_waker(NoWaker::noop());
    assert!(work[0].as_mut().poll(&mut waker).is_pending());
    let mut others = polls.lock().unwrap_or_else(PoisonError::into_inner);
    work.extend(others.pop());
    others.extend(work.drain(..1));
    drop(others);
    for mut task in work {
        if task.as_mut().poll(&mut waker).is_pending() {
            polls.lock().unwrap_or_else(PoisonError::into_inner).push(task);
        }
    }
    drop(life);
}

/// Holds the collector up at the first span that it is shown, until it is told to go on.
struct Gate(Arc<Mutex<()>>);

impl Processor for Gate {
    fn on_end(&self, _: &SpanRecord) {
        drop(self.0.lock());
    }
}

#[test]
fn a_ring_that_is_full_loses_spans_and_no_end() {
    let gate = Arc::new(Mutex::new(()));
    let memory = Memory::new();
    let tracer = Tracer::builder().service("test").processor(Gate(gate.clone())).exporter(memory.clone()).build();
    let held = gate.lock().unwrap();
    let outer = 100_000_u64;
    let mut recorded = 0;
    {
        let _scope = tracer.activate();
        let _root = span!("root");
        for _ in 0..outer {
            let one = span!("one");
            let two = span!("two");
            recorded += u64::from(one.is_recording()) + u64::from(two.is_recording());
        }
    }
    drop(held);
    assert!(tracer.flush(SOON));
    let stats = tracer.stats();
    assert!(stats.dropped.ring_full > 0, "{stats:#?}");
    assert_eq!(stats.emitted, 2 * outer + 1, "{stats:#?}");
    assert_eq!(stats.dropped.total(), 2 * outer - recorded, "{stats:#?}");
    balance(&tracer);
    is_whole(&memory.spans());
    memory.clear();
    {
        let _scope = tracer.activate();
        let _next = span!("next");
        drop(span!("inner"));
    }
    assert!(tracer.flush(SOON));
    assert_eq!(memory.spans().len(), 2);
    is_whole(&memory.spans());
}

fn nest(left: usize) {
    if left > 0 {
        let _deeper = span!("deeper");
        nest(left - 1);
    }
}

#[test]
fn what_is_nested_too_deep_is_refused_and_counted() {
    let (tracer, memory) = traced();
    let _scope = tracer.activate();
    for _ in 0..3 {
        nest(700);
    }
    assert!(tracer.flush(SOON));
    let stats = tracer.stats();
    let spans = memory.spans();
    is_whole(&spans);
    balance(&tracer);
    assert_eq!((stats.emitted, spans.len() as u64), (2100, 2100 - stats.dropped.too_deep), "{stats:#?}");
    assert_eq!(stats.dropped.total(), stats.dropped.too_deep, "{stats:#?}");
    assert!((500..=512).contains(&(spans.len() / 3)), "{}", spans.len());
    memory.clear();
    nest(3);
    assert!(tracer.flush(SOON));
    assert_eq!(memory.spans().len(), 3);
    is_whole(&memory.spans());
}

#[test]
fn what_is_off_or_not_sampled_records_nothing_and_gets_in_nobodys_way() {
    let memory = Memory::new();
    let silent = Tracer::builder().sampler(Sampler::always_off()).exporter(memory.clone()).build();
    let (tracer, others) = traced();
    {
        let _scope = silent.activate();
        let root = span!("root");
        assert!(!root.is_recording());
        nest(3);
        assert!(!silent.span("owned").start().is_recording());
    }
    {
        let _scope = tracer.activate();
        tracer.disable();
        nest(3);
        tracer.enable();
        nest(3);
    }
    assert!(silent.flush(SOON) && tracer.flush(SOON));
    assert_eq!((memory.spans().len(), silent.stats().emitted), (0, 0));
    assert_eq!(others.spans().len(), 3);
    is_whole(&others.spans());
}

#[test]
fn a_context_handed_to_a_thread_that_outlives_its_span() {
    let (tracer, memory) = traced();
    let (send, contexts) = channel::<trackway::Context>();
    let late = std::thread::spawn(move || contexts.iter().for_each(|context| context.run(|| nest(2))));
    {
        let _scope = tracer.activate();
        for _ in 0..50 {
            let _root = span!("root");
            send.send(trackway::current()).unwrap();
        }
    }
    drop(send);
    late.join().unwrap();
    assert!(tracer.flush(SOON));
    assert_eq!(memory.spans().len(), 150);
    is_whole(&memory.spans());
}
