//! What tracing holds on to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use trackway::export::{Batch, Exporter, Failure};
use trackway::{Context, Traced, Tracer, span};

use crate::kit::{Count, Program, SOON, assert_counted, block_on, resident};

pub(crate) const PROGRAMS: &[Program] = &[
    Program { name: "memory::ten_seconds_of_load_without_a_receiver", run: load, within: 60 },
    Program { name: "memory::contexts_attached_and_forgotten", run: forgotten_contexts, within: 30 },
    Program { name: "memory::scopes_left_out_of_order_around_forgotten_ones", run: ragged_scopes, within: 30 },
    Program { name: "memory::owned_spans_that_never_end", run: leaked_spans, within: 60 },
    Program { name: "memory::futures_that_never_end", run: leaked_futures, within: 60 },
    Program { name: "memory::guards_forgotten_by_short_threads", run: forgotten_guards, within: 30 },
];

/// Takes nothing.
struct Dead;

impl Exporter for Dead {
    fn export(&self, _batch: &Batch) -> Result<(), Failure> {
        Err(Failure::Later { reason: "nobody is there".into(), after: None })
    }
}

fn load() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let installed = Tracer::builder().queue_bytes(4 << 20).exporter(Dead).install();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            thread::spawn(|| {
                while !STOP.load(Ordering::Relaxed) {
                    for _ in 0..100 {
                        let outer = span!("outer", number = 1);
                        outer.event("half way").field("text", "some words that take room");
                        drop(span!("inner"));
                        block_on(async {}.in_span(trackway::tracer().span("owned").attribute("a", "b").start()));
                    }
                    thread::sleep(Duration::from_millis(1));
                }
            })
        })
        .collect();
    let start = Instant::now();
    let (mut least, mut most) = (usize::MAX, 0);
    while start.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(100));
        // By then the queue is full.
        if start.elapsed() > Duration::from_secs(3) {
            (least, most) = (least.min(resident()), most.max(resident()));
        }
    }
    STOP.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(!installed.tracer().shutdown(SOON));
    let stats = assert_counted(installed.tracer());
    assert!(stats.exporters[0].dropped.queue_full > 0 && stats.waiting == 0, "{stats:#?}");
    println!("{} spans, from {least} to {most} bytes", stats.emitted);
    // What may wait on a busy machine is bounded by 64 MiB; what is made in this time is far more.
    assert!(most - least < 80 << 20, "from {least} to {most} bytes");
}

fn grown(work: impl FnOnce()) -> usize {
    let before = resident();
    work();
    resident().saturating_sub(before)
}

fn forgotten_contexts() {
    let count = Count::default();
    let installed = Tracer::builder().exporter(count.clone()).install();
    let grown = thread::spawn(|| {
        drop(span!("before"));
        let span = trackway::tracer().span("owned").start();
        grown(|| {
            for _ in 0..100_000 {
                std::mem::forget(span.activate());
                drop(span!("inside"));
            }
        })
    });
    let grown = grown.join().unwrap();
    assert!(grown < 3 << 20, "{grown} bytes more");
    drop(span!("another thread"));
    assert!(installed.tracer().flush(SOON));
    let stats = assert_counted(installed.tracer());
    assert_eq!(stats.emitted, 100_003, "{stats:#?}");
}

fn ragged_scopes() {
    let installed = Tracer::builder().exporter(Count::default()).install();
    let grown = thread::spawn(|| {
        let (one, other) = (trackway::tracer().span("one").start(), trackway::tracer().span("other").start());
        grown(|| {
            for _ in 0..100_000 {
                let scope = one.activate();
                std::mem::forget(other.activate());
                drop(scope);
                let guard = span!("outer");
                std::mem::forget(span!("inner"));
                drop(guard);
            }
        })
    });
    let grown = grown.join().unwrap();
    assert!(grown < 3 << 20, "{grown} bytes more");
    assert!(installed.tracer().flush(SOON));
    assert_counted(installed.tracer());
}

fn leaked_spans() {
    let count = Count::default();
    let installed = Tracer::builder().exporter(count.clone()).install();
    let start = Instant::now();
    for _ in 0..50_000 {
        std::mem::forget(installed.tracer().span("leaked").start());
    }
    let (took, start) = (start.elapsed(), Instant::now());
    for _ in 0..50_000 {
        std::mem::forget(installed.tracer().span("leaked").start());
    }
    println!("50,000 leaked spans took {took:?}, and then {:?}", start.elapsed());
    let before = resident();
    for _ in 0..100_000 {
        installed.tracer().span("whole").start().finish();
    }
    assert!(installed.tracer().flush(SOON));
    assert_eq!(count.get(), 100_000);
    // The leaked ones are the program's own; what is kept of the others is bounded.
    let grown = resident().saturating_sub(before);
    assert!(grown < 96 << 20, "{grown} bytes more");
    assert_eq!(assert_counted(installed.tracer()).emitted, 100_000);
}

fn leaked_futures() {
    #[trackway::trace]
    async fn never() {
        std::future::pending::<()>().await;
    }
    #[trackway::trace]
    async fn at_once() {}

    let count = Count::default();
    let installed = Tracer::builder().exporter(count.clone()).install();
    for number in 0..150_000 {
        let mut work = Box::pin(never());
        let mut waker = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(work.as_mut().poll(&mut waker).is_pending());
        std::mem::forget(work);
        if number % 1000 == 0 {
            installed.tracer().flush(SOON);
        }
    }
    let before = resident();
    for _ in 0..100 {
        (0..1000).for_each(|_| block_on(at_once()));
        assert!(installed.tracer().flush(SOON));
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes more");
    let stats = assert_counted(installed.tracer());
    // As many are open as may be; each one more is counted, and nothing else breaks.
    assert_eq!((stats.emitted, stats.dropped.memory), (150_000, 150_000), "{stats:#?}");
    drop(span!("a guard"));
    assert!(installed.tracer().flush(SOON));
    assert_eq!(count.get(), 1);
}

fn forgotten_guards() {
    let count = Count::default();
    let installed = Tracer::builder().exporter(count.clone()).install();
    for _ in 0..50 {
        let work = || {
            std::mem::forget(span!("root"));
            std::mem::forget(span!("child"));
        };
        thread::spawn(work).join().unwrap();
    }
    assert!(installed.tracer().flush(SOON));
    assert_eq!(count.get(), 100, "they end with their thread");
    drop(Context::none());
    assert_counted(installed.tracer());
}
