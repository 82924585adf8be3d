//! Hooks that do not return, and tracers that come and go.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use trackway::export::Memory;
use trackway::{Processor, SpanRecord, Tracer, span};

use crate::kit::{Count, Program, SOON, assert_counted};

pub(crate) const PROGRAMS: &[Program] = &[
    Program { name: "hooks::nobody_waits_for_one_that_does_not_return", run: never_returns, within: 40 },
    Program { name: "tracers::installed_again_and_again", run: installs, within: 30 },
    Program { name: "tracers::more_than_there_may_be", run: too_many, within: 30 },
];

static LET_GO: AtomicBool = AtomicBool::new(false);

struct Hangs;

impl Processor for Hangs {
    fn on_end(&self, _span: &SpanRecord) {
        while !LET_GO.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn never_returns() {
    let other = Tracer::builder().exporter(Count::default()).build();
    let installed = Tracer::builder().processor(Hangs).exporter(Count::default()).install();
    let tracer = installed.tracer().clone();
    drop(span!("work"));
    thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    // One that waits for the timeline, for whoever asks what time it is to wait behind.
    let flushing = thread::spawn({
        let tracer = tracer.clone();
        move || tracer.flush(Duration::from_secs(1))
    });
    for _ in 0..10_000 {
        let _outer = span!("outer");
        tracer.span("owned").start().finish();
        let _ = tracer.stats();
    }
    assert!(!flushing.join().unwrap());
    assert!(!other.flush(Duration::from_millis(100)));
    drop(other);
    assert!(!tracer.shutdown(Duration::from_millis(100)));
    drop((installed, tracer));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    LET_GO.store(true, Ordering::Relaxed);
    // What could not be forgotten then is forgotten later.
    let start = Instant::now();
    while (0..60).map(|_| Tracer::builder().build()).filter(Tracer::is_enabled).count() < 60 {
        assert!(start.elapsed() < SOON);
    }
}

fn installs() {
    let counts: Vec<Count> = (0..5).map(|_| Count::default()).collect();
    let install = |number: usize| Tracer::builder().exporter(counts[number].clone()).install();
    let one = install(0);
    drop(span!("work"));
    let two = install(1);
    drop(span!("work"));
    drop(one);
    drop(span!("work"));
    drop(two);
    drop(span!("to nobody"));
    let three = install(2);
    drop(span!("work"));
    // Never shut down, it goes on when the next one takes its place.
    std::mem::forget(three);
    let four = install(3);
    let start = Instant::now();
    while counts[2].get() == 0 {
        assert!(start.elapsed() < SOON);
        thread::sleep(Duration::from_millis(5));
    }
    drop(span!("work"));
    assert!(four.tracer().flush(SOON));
    assert_counted(four.tracer());
    drop(four);
    trackway::tracer().span("to nobody").start().finish();
    assert_eq!(counts.iter().map(Count::get).collect::<Vec<_>>(), [1, 2, 1, 1, 0]);
}

fn too_many() {
    let tracers: Vec<_> = (0..80).map(|_| Tracer::builder().exporter(Memory::new()).build()).collect();
    tracers.iter().for_each(|tracer| tracer.span("work").start().finish());
    tracers.iter().for_each(|tracer| assert!(tracer.flush(SOON)));
    drop(tracers);
    for _ in 0..200 {
        let count = Count::default();
        let tracer = Tracer::builder().exporter(count.clone()).build();
        tracer.span("work").start().finish();
        drop(tracer);
        assert_eq!(count.get(), 1);
    }
}
