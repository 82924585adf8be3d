//! What the library promises while everything around it fails: each span is counted, and nobody waits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use trackway::export::{Batch, Exporter, Failure, Memory};
use trackway::{Processor, SpanRecord, Stats, StatusCode, Text, Traced, Tracer, display, span};

const SOON: Duration = Duration::from_secs(10);

/// An exporter that does what it is told.
struct Acts<F>(F);

impl<F: Fn(&Batch) -> Result<(), Failure> + Send + Sync + 'static> Exporter for Acts<F> {
    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        (self.0)(batch)
    }
}

/// A processor that does what it is told at every end.
struct Hook<F>(F);

impl<F: Fn(&SpanRecord) + Send + Sync + 'static> Processor for Hook<F> {
    fn on_end(&self, span: &SpanRecord) {
        (self.0)(span);
    }
}

fn later() -> Result<(), Failure> {
    Err(Failure::Later { reason: "not now".into(), after: None })
}

fn assert_counted(tracer: &Tracer) -> Stats {
    let stats = tracer.stats();
    for exporter in &stats.exporters {
        let known =
            stats.dropped.total() + stats.waiting + exporter.exported + exporter.dropped.total() + exporter.waiting;
        assert_eq!(stats.emitted, known, "{stats:#?}");
    }
    stats
}

fn block_on<F: Future>(work: F) -> F::Output {
    let mut work = std::pin::pin!(work);
    let mut waker = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(output) = work.as_mut().poll(&mut waker) {
            return output;
        }
    }
}

#[trackway::trace]
async fn future() {
    drop(span!("in a future"));
}

const THREADS: u64 = 4;
const ROUNDS: u64 = 500;
/// What one round of [`produce`] makes.
const SPANS: u64 = 6;

/// Makes spans of every kind on several threads; returns how many.
fn produce(tracer: &Tracer) -> u64 {
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let _scope = tracer.activate();
                for round in 0..ROUNDS {
                    let outer = span!("outer", round = round);
                    drop(span!("inner"));
                    let owned = tracer.span("owned").start();
                    block_on(future());
                    block_on(async {}.in_span(tracer.span("in a span").start()));
                    drop(outer);
                    owned.finish();
                    if round % 64 == 0 {
                        thread::yield_now();
                    }
                }
            });
        }
    });
    THREADS * ROUNDS * SPANS
}

/// Has spans made and the tracer shut down; returns what became of them.
fn account(exporter: impl Exporter, within: Duration) -> Stats {
    let tracer = Tracer::builder().queue_bytes(4 << 20).exporter(exporter).exporter(Memory::otlp()).build();
    let made = produce(&tracer);
    tracer.shutdown(within);
    // Ends after the shutdown, which are counted as well.
    tracer.span("late").start().finish();
    // What the collector had not read by then, it reads soon.
    let start = Instant::now();
    while tracer.stats().waiting > 0 || tracer.stats().emitted < made {
        assert!(start.elapsed() < SOON, "{:#?}", tracer.stats());
        thread::sleep(Duration::from_millis(5));
    }
    let stats = assert_counted(&tracer);
    assert_eq!((stats.emitted, stats.waiting), (made, 0), "{stats:#?}");
    assert!(stats.exporters.iter().all(|exporter| exporter.waiting == 0), "{stats:#?}");
    stats
}

#[test]
fn every_span_is_counted_when_all_goes_well() {
    let stats = account(Acts(|_: &Batch| Ok(())), SOON);
    assert_eq!(stats.exporters[0].exported + stats.dropped.total(), stats.emitted);
}

#[test]
fn every_span_is_counted_when_the_receiver_refuses() {
    let stats = account(Acts(|_: &Batch| Err(Failure::Never { reason: "no".into() })), SOON);
    assert_eq!(stats.exporters[0].exported, 0);
    assert!(stats.exporters[0].dropped.failed > 0);
}

#[test]
fn every_span_is_counted_when_the_receiver_is_away() {
    let stats = account(Acts(|_: &Batch| later()), Duration::from_millis(500));
    assert_eq!(stats.exporters[0].exported, 0);
}

#[test]
fn every_span_is_counted_when_the_receiver_is_slow() {
    let slow = |_: &Batch| {
        thread::sleep(Duration::from_millis(50));
        Ok(())
    };
    let stats = account(Acts(slow), Duration::from_millis(60));
    assert_eq!(stats.exporters.len(), 2);
}

#[test]
fn every_span_is_counted_when_the_receiver_takes_a_part() {
    let stats = account(Acts(|_: &Batch| Err(Failure::Partly { rejected: 1, reason: "one of them".into() })), SOON);
    assert!(stats.exporters[0].dropped.rejected > 0);
}

#[test]
fn every_span_is_counted_when_the_receiver_recovers() {
    let tries = AtomicU64::new(0);
    // A second time in vain would be the last one of a lane that is shut down.
    let recovers = move |_: &Batch| if tries.fetch_add(1, Ordering::Relaxed) == 0 { later() } else { Ok(()) };
    let stats = account(Acts(recovers), SOON);
    let first = &stats.exporters[0];
    assert_eq!(first.exported + stats.dropped.total(), stats.emitted, "{stats:#?}");
    assert!(first.retries > 0);
}

#[test]
fn every_span_is_counted_when_the_exporter_panics() {
    let calls = AtomicU64::new(0);
    let panics = move |_: &Batch| {
        assert!(calls.fetch_add(1, Ordering::Relaxed) % 2 == 1, "on purpose");
        Ok(())
    };
    let stats = account(Acts(panics), SOON);
    assert!(stats.exporters[0].dropped.failed > 0);
    assert!(stats.exporters[0].last_error.as_ref().unwrap().contains("on purpose"));
}

/// An exporter that never returns, until it is let go.
fn blocked(let_go: &Arc<AtomicBool>) -> impl Exporter {
    let let_go = let_go.clone();
    Acts(move |_: &Batch| {
        while !let_go.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    })
}

#[test]
fn a_million_spans_end_while_the_exporter_never_returns() {
    let let_go = Arc::new(AtomicBool::new(false));
    let tracer = Tracer::builder().queue_bytes(1 << 20).exporter(blocked(&let_go)).build();
    let scope = tracer.activate();
    for _ in 0..450_000 {
        let _outer = span!("outer");
        drop(span!("inner"));
    }
    drop(scope);
    for _ in 0..100_000 {
        tracer.span("owned").start().finish();
    }
    assert!(!tracer.flush(Duration::from_millis(50)));
    let start = Instant::now();
    assert!(!tracer.shutdown(Duration::from_millis(200)));
    assert!(start.elapsed() < SOON);
    let stats = assert_counted(&tracer);
    assert_eq!((stats.emitted, stats.waiting, stats.exporters[0].exported), (1_000_000, 0, 0), "{stats:#?}");
    let_go.store(true, Ordering::Relaxed);
}

#[test]
fn hooks_that_panic_are_counted_and_what_they_touched_says_nothing() {
    let memory = Memory::new();
    let tracer = Tracer::builder()
        .processor(Hook(|span: &SpanRecord| assert!(&*span.name != "bad hook", "on purpose")))
        .redact(|span| {
            span.attributes.0.clear();
            assert!(!span.name.contains("secret"), "on purpose");
        })
        .exporter(memory.clone())
        .build();
    let scope = tracer.activate();
    drop(span!("bad hook"));
    let secret = span!("secret", key = "secret");
    secret.event("secret").field("secret", "secret");
    secret.status(StatusCode::Error, "secret");
    drop(secret);
    tracer.span("secret").start().finish();
    drop(scope);
    assert!(tracer.flush(SOON));
    let spans = memory.spans();
    assert_eq!(spans.len(), 3);
    assert!(!format!("{spans:?}").contains("secret"), "{spans:#?}");
    assert_eq!(assert_counted(&tracer).hooks_panicked, 3);
}

#[test]
fn a_tracer_switched_off_and_on_records_what_runs_to_its_end() {
    let memory = Memory::new();
    let tracer = Tracer::builder().exporter(memory.clone()).build();
    let scope = tracer.activate();
    let (root, owned) = (span!("root"), tracer.span("owned").start());
    tracer.disable();
    drop(span!("inside of what runs"));
    tracer.span("not begun").start().finish();
    drop((root, owned));
    drop(span!("not begun"));
    block_on(future());
    tracer.enable();
    drop(span!("begun again"));
    drop(scope);
    assert!(tracer.flush(SOON));
    let names: Vec<Text> = memory.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(!names.contains(&"not begun".into()), "{names:?}");
    assert_counted(&tracer);
}

#[test]
fn what_ends_after_the_shutdown_is_counted() {
    let memory = Memory::new();
    let tracer = Tracer::builder().exporter(memory.clone()).build();
    let scope = tracer.activate();
    let (root, owned) = (span!("root"), tracer.span("owned").start());
    assert!(tracer.shutdown(SOON));
    drop(span!("inside"));
    drop((root, owned));
    drop(span!("not begun"));
    block_on(future());
    tracer.enable();
    tracer.span("not begun").start().finish();
    drop(scope);
    tracer.flush(SOON);
    tracer.shutdown(SOON);
    let stats = assert_counted(&tracer);
    assert_eq!((stats.emitted, stats.dropped.shut_down, stats.waiting), (3, 3, 0), "{stats:#?}");
    assert!(memory.spans().is_empty());
}

/// Holds a tracer until it is told to let it go.
type Kept = Arc<Mutex<Option<Tracer>>>;

#[test]
fn the_last_tracer_may_be_dropped_inside_of_a_hook() {
    let (kept, done) = (Kept::default(), Arc::new(AtomicBool::new(false)));
    let hook = {
        let (kept, done) = (kept.clone(), done.clone());
        Hook(move |_: &SpanRecord| {
            let tracer = kept.lock().unwrap().take();
            drop(tracer);
            done.store(true, Ordering::Release);
        })
    };
    let tracer = Tracer::builder().processor(hook).exporter(Memory::new()).build();
    tracer.span("work").start().finish();
    *kept.lock().unwrap() = Some(tracer);
    wait_for(&done);
    alive();
}

#[test]
fn the_last_tracer_may_be_dropped_inside_of_an_exporter() {
    let (kept, done) = (Kept::default(), Arc::new(AtomicBool::new(false)));
    let exporter = {
        let (kept, done) = (kept.clone(), done.clone());
        Acts(move |_: &Batch| {
            let tracer = kept.lock().unwrap().take();
            drop(tracer);
            done.store(true, Ordering::Release);
            Ok(())
        })
    };
    let tracer = Tracer::builder().exporter(exporter).build();
    tracer.span("work").start().finish();
    *kept.lock().unwrap() = Some(tracer);
    wait_for(&done);
    alive();
}

#[test]
fn a_hook_may_own_a_tracer() {
    let memory = Memory::new();
    let inner = Tracer::builder().exporter(memory.clone()).build();
    let hook = Hook(move |span: &SpanRecord| inner.span(span.name.clone()).start().finish());
    let tracer = Tracer::builder().processor(hook).exporter(Memory::new()).build();
    tracer.span("work").start().finish();
    let start = Instant::now();
    drop(tracer);
    assert!(start.elapsed() < SOON);
    alive();
}

fn wait_for(done: &AtomicBool) {
    let start = Instant::now();
    while !done.load(Ordering::Acquire) {
        assert!(start.elapsed() < SOON, "it hangs");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Asserts that the collector goes on.
fn alive() {
    let memory = Memory::new();
    let tracer = Tracer::builder().exporter(memory.clone()).build();
    tracer.span("work").start().finish();
    assert!(tracer.flush(SOON));
    assert_eq!(memory.spans().len(), 1);
}

#[test]
fn flushes_and_shutdowns_inside_of_hooks_and_exporters_do_nothing_bad() {
    let kept = Kept::default();
    let said: Arc<Mutex<Vec<bool>>> = Arc::default();
    let hook = {
        let (kept, said) = (kept.clone(), said.clone());
        Hook(move |span: &SpanRecord| {
            let tracer = kept.lock().unwrap().clone().unwrap();
            let flushed = tracer.flush(SOON);
            said.lock().unwrap().push(flushed);
            // A tracer cannot be opened there; nor does it hang.
            Tracer::builder().build().span("in a hook").start().finish();
            tracer.span("of a hook").start();
            if &*span.name == "last" {
                tracer.shutdown(Duration::from_millis(100));
            }
        })
    };
    let exporter = {
        let (kept, said) = (kept.clone(), said.clone());
        Acts(move |_: &Batch| {
            let tracer = kept.lock().unwrap().clone().unwrap();
            let flushed = tracer.flush(Duration::from_millis(100));
            said.lock().unwrap().push(flushed);
            Ok(())
        })
    };
    let redact = |span: &mut SpanRecord| drop(span.attributes.0.pop());
    let tracer = Tracer::builder().processor(hook).redact(redact).exporter(exporter).build();
    *kept.lock().unwrap() = Some(tracer.clone());
    tracer.span("first").start().finish();
    assert!(tracer.flush(SOON));
    assert!(said.lock().unwrap().iter().all(|said| !said), "{said:?}");
    tracer.span("last").start().finish();
    tracer.flush(SOON);
    tracer.shutdown(SOON);
    assert_eq!(assert_counted(&tracer).waiting, 0);
    *kept.lock().unwrap() = None;
    drop(tracer);
    alive();
}

#[test]
fn two_tracers_know_nothing_of_each_other() {
    let (memories, tracers): (Vec<_>, Vec<_>) = (0..2)
        .map(|_| Memory::new())
        .map(|memory| (memory.clone(), Tracer::builder().exporter(memory).build()))
        .unzip();
    {
        let _one = tracers[0].activate();
        let _outer = span!("one");
        let _other = tracers[1].activate();
        let _inner = span!("other");
        tracers[0].span("one").start().finish();
        tracers[1].span("other").start().finish();
    }
    tracers[0].shutdown(SOON);
    tracers[1].span("other").start().finish();
    assert!(tracers[1].flush(SOON));
    for (memory, (name, spans)) in memories.iter().zip([("one", 2), ("other", 3)]) {
        let found = memory.spans();
        assert_eq!(found.len(), spans, "{found:#?}");
        assert!(found.iter().all(|span| &*span.name == name), "{found:#?}");
    }
    tracers.iter().for_each(|tracer| drop(assert_counted(tracer)));
}

struct Looks<'a>(&'a trackway::Span);

impl fmt::Display for Looks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.attribute("seen", true).event("seen").field("again", true);
        drop(span!("while it is written"));
        write!(f, "{:?}", self.0.record().map(|record| record.name))
    }
}

#[test]
fn a_value_may_look_at_the_span_that_it_is_written_into() {
    let memory = Memory::new();
    let tracer = Tracer::builder().exporter(memory.clone()).build();
    let span = tracer.span("owned").start();
    let scope = span.activate();
    span.attribute("value", display(&Looks(&span)));
    span.event("event").field("value", display(&Looks(&span)));
    trackway::active().attribute("active", display(&Looks(&span)));
    drop(scope);
    span.finish();
    assert!(tracer.flush(SOON));
    assert_eq!(memory.spans().len(), 4);
}

#[test]
fn times_beyond_all_bounds_are_waited_for_no_longer_than_needed() {
    let tracer = Tracer::builder().patience(Duration::MAX).exporter(Memory::new()).build();
    tracer.span("work").start().finish();
    assert!(tracer.flush(Duration::MAX));
    assert!(tracer.shutdown(Duration::MAX));
    let tracer = Tracer::builder().patience(Duration::MAX).exporter(Acts(|_: &Batch| later())).build();
    tracer.span("work").start().finish();
    assert!(!tracer.flush(Duration::from_millis(50)));
    assert!(!tracer.shutdown(Duration::ZERO));
    assert_eq!(assert_counted(&tracer).waiting, 0);
}
