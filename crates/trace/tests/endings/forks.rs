//! Programs that fork.
//!
//! `fork` has no safe form, and nothing else does what it does: this file may call it.
#![allow(unsafe_code)]

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use trackway::export::Memory;
use trackway::{Processor, SpanRecord, Traced, Tracer, span};

use crate::kit::{Line, Lines, Program, SOON, block_on};

pub(crate) const PROGRAMS: &[Program] = &[
    Program { name: "forks::a_child_continues_the_trace_and_sends_what_is_its_own", run: child_continues, within: 30 },
    Program { name: "forks::a_child_of_a_child", run: grandchild, within: 30 },
    Program { name: "forks::a_child_with_owned_spans_alone", run: owned_spans_alone, within: 30 },
    Program { name: "forks::two_hundred_times_while_others_trace_and_flush", run: while_busy, within: 120 },
    Program { name: "forks::while_threads_come_and_go", run: while_threads_come_and_go, within: 60 },
    Program { name: "forks::inside_of_a_hook", run: inside_of_a_hook, within: 30 },
    Program { name: "forks::while_a_hook_does_not_return", run: while_a_hook_hangs, within: 30 },
];

/// Runs `work` in a child of this process, which ends after it without another word; returns the child.
fn fork(work: impl FnOnce()) -> libc::pid_t {
    // SAFETY: the child calls what is not async-signal-safe, which POSIX leaves undefined after a fork of a process with
    // several threads. The C libraries that these tests run on keep their allocator usable there, and that tracing is
    // usable there too is what is to be shown.
    match unsafe { libc::fork() } {
        -1 => panic!("cannot fork"),
        0 => {
            let is_well = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_ok();
            // SAFETY: ends the process, at once.
            unsafe { libc::_exit(i32::from(!is_well)) }
        }
        child => child,
    }
}

/// Waits for the child, which must end well and in time.
fn wait(child: libc::pid_t) {
    let start = Instant::now();
    loop {
        let mut status = 0;
        // SAFETY: `status` is a place for the one number that is written there.
        match unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) } {
            0 if start.elapsed() > SOON => {
                // SAFETY: the child was not waited for, so the number is still its own.
                unsafe { libc::kill(child, libc::SIGKILL) };
                panic!("the child hangs");
            }
            0 => thread::sleep(Duration::from_millis(1)),
            _ => return assert_eq!(status, 0, "the child failed"),
        }
    }
}

fn only<'a>(lines: &'a [Line], name: &str) -> &'a Line {
    let found: Vec<_> = lines.iter().filter(|line| line.name == name).collect();
    assert_eq!(found.len(), 1, "{name}: {found:#?}");
    found[0]
}

fn install(name: &str) -> (trackway::Installed, PathBuf) {
    let lines = Lines::new(name);
    let path = lines.0.clone();
    (Tracer::builder().exporter(lines).install(), path)
}

fn child_continues() {
    let (installed, path) = install("child");
    let tracer = installed.tracer().clone();
    (0..50).for_each(|_| drop(span!("pending")));
    (0..50).for_each(|_| tracer.span("pending").start().finish());
    let open = tracer.span("open").start();
    let mut far = Box::pin(async { std::future::pending::<()>().await }.in_span(tracer.span("far").start()));
    let mut waker = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(far.as_mut().poll(&mut waker).is_pending());
    let request = span!("request");
    let mut inside = Some(span!("inside"));
    let child = {
        let (mut request, mut open, mut far) = (Some(request), Some(open), Some(far));
        let child = fork(|| {
            drop(span!("in the child"));
            tracer.span("owned in the child").start().finish();
            thread::spawn(|| drop(span!("on a thread of the child"))).join().unwrap();
            block_on(async {}.in_span(tracer.span("future in the child").start()));
            drop((open.take(), far.take(), inside.take(), request.take()));
            drop(span!("afterwards"));
            assert!(tracer.flush(SOON));
            assert_eq!(tracer.stats().emitted, 5);
        });
        drop((open, far, inside));
        drop(request);
        child
    };
    wait(child);
    drop(installed);
    let lines = Lines::take(&path);
    let (own, childs): (Vec<Line>, Vec<Line>) = lines.iter().cloned().partition(|line| line.pid == std::process::id());
    assert_eq!(own.iter().filter(|line| line.name == "pending").count(), 100);
    assert_eq!((own.len(), childs.len()), (104, 5), "{lines:#?}");
    assert!(lines.iter().all(|line| line.is_own), "{lines:#?}");
    let inside = only(&own, "inside");
    assert_eq!(inside.parent, only(&own, "request").span);
    for name in ["in the child", "owned in the child", "future in the child"] {
        let line = only(&childs, name);
        assert_eq!((&line.trace, &line.parent), (&inside.trace, &inside.span), "{name}");
    }
    for name in ["afterwards", "on a thread of the child"] {
        let line = only(&childs, name);
        assert!(line.parent == "-" && own.iter().all(|own| own.trace != line.trace), "{name}");
    }
    let mut ids: Vec<_> = lines.iter().map(|line| &line.span).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), lines.len());
    only(&own, "open");
    only(&own, "far");
}

fn grandchild() {
    let (installed, path) = install("grandchild");
    let request = span!("request");
    let child = fork(|| {
        let outer = span!("child");
        let grandchild = fork(|| {
            drop(span!("grandchild"));
            // As a program that ends by itself.
            std::process::exit(0);
        });
        wait(grandchild);
        drop(outer);
        assert!(trackway::tracer().flush(SOON));
    });
    wait(child);
    drop(request);
    drop(installed);
    let lines = Lines::take(&path);
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let (request, child, grandchild) = (only(&lines, "request"), only(&lines, "child"), only(&lines, "grandchild"));
    assert_eq!((&child.parent, &grandchild.parent), (&request.span, &child.span));
    assert_eq!(request.trace, grandchild.trace);
    assert!(request.pid != child.pid && child.pid != grandchild.pid);
    assert!(lines.iter().all(|line| line.is_own), "{lines:#?}");
}

fn owned_spans_alone() {
    let (installed, path) = install("owned");
    let child = fork(|| {
        installed.tracer().span("owned").start().finish();
        let start = Instant::now();
        while installed.tracer().stats().exporters[0].exported == 0 {
            assert!(start.elapsed() < SOON, "the collector was not started");
            thread::sleep(Duration::from_millis(5));
        }
    });
    wait(child);
    assert_eq!(Lines::take(&path).len(), 1);
}

/// The standard library has a lock of its own for threads that start and end: whoever forks meanwhile gets a child whose
/// threads may never start. No thread starts here but in the child, where all is well then.
fn while_busy() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let (installed, path) = install("busy");
    let tracer = installed.tracer().clone();
    let busy: Vec<_> = (0..3)
        .map(|_| {
            let tracer = tracer.clone();
            thread::spawn(move || {
                while !STOP.load(Ordering::Relaxed) {
                    let _outer = span!("busy", text = "some");
                    tracer.span("busy").start().finish();
                    block_on(async {}.in_span(tracer.span("busy").start()));
                    trackway::tracer().is_enabled();
                    // The two cores are the children's too.
                    thread::sleep(Duration::from_micros(200));
                }
            })
        })
        .collect();
    let flushing = {
        let tracer = tracer.clone();
        thread::spawn(move || {
            while !STOP.load(Ordering::Relaxed) {
                tracer.flush(Duration::from_secs(1));
                let _ = tracer.stats();
                thread::sleep(Duration::from_micros(200));
            }
        })
    };
    for _ in 0..200 {
        let root = span!("root");
        let child = fork(|| {
            drop(span!("child"));
            thread::spawn(|| drop(span!("child"))).join().unwrap();
            tracer.span("child").start().finish();
            assert!(tracer.is_enabled());
            assert!(tracer.flush(SOON / 2));
        });
        drop(root);
        wait(child);
    }
    STOP.store(true, Ordering::Relaxed);
    busy.into_iter().for_each(|thread| thread.join().unwrap());
    flushing.join().unwrap();
    drop(installed);
    let stats = tracer.stats();
    let lines = Lines::take(&path);
    let here = std::process::id();
    let childs: Vec<_> = lines.iter().filter(|line| line.name == "child").collect();
    assert_eq!(childs.len(), 600);
    assert!(childs.iter().all(|line| line.pid != here));
    let own = lines.iter().filter(|line| line.pid == here).count() as u64;
    assert_eq!((own, stats.waiting), (stats.exporters[0].exported, 0), "{stats:#?}");
    assert_eq!(stats.emitted, own + stats.dropped.total(), "{stats:#?}");
    assert_eq!(lines.len() as u64, own + 600);
    let mut ids: Vec<_> = lines.iter().map(|line| &line.span).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), lines.len(), "nothing came twice");
}

/// As above, with threads that start and end all the time: what the child records may stay in it, and nothing waits.
fn while_threads_come_and_go() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let (installed, path) = install("threads");
    let tracer = installed.tracer().clone();
    let busy = || {
        while !STOP.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_micros(200));
            thread::spawn(|| drop(span!("busy"))).join().unwrap();
            let another = Tracer::builder().exporter(Memory::new()).build();
            another.span("other").start().finish();
        }
    };
    let busy = [thread::spawn(busy), thread::spawn(busy)];
    for _ in 0..50 {
        let root = span!("root");
        let child = fork(|| {
            drop(span!("child"));
            tracer.span("child").start().finish();
            tracer.flush(Duration::from_millis(200));
            tracer.shutdown(Duration::from_millis(200));
        });
        drop(root);
        wait(child);
    }
    STOP.store(true, Ordering::Relaxed);
    busy.into_iter().for_each(|thread| thread.join().unwrap());
    drop(installed);
    let lines = Lines::take(&path);
    let own = lines.iter().filter(|line| line.pid == std::process::id()).count() as u64;
    assert_eq!(own, tracer.stats().emitted);
    assert!(lines.iter().filter(|line| line.name == "child").count() <= 100);
}

/// What a hook's child does with tracing is nothing, and without harm.
fn trace_in_vain() {
    let start = Instant::now();
    drop(span!("child"));
    thread::spawn(|| drop(span!("child"))).join().unwrap();
    let tracer = trackway::tracer();
    tracer.span("child").start().finish();
    assert!(!tracer.flush(Duration::from_secs(1)));
    let another = Tracer::builder().exporter(Memory::new()).build();
    another.span("child").start().finish();
    drop(another);
    tracer.shutdown(Duration::from_secs(1));
    assert!(start.elapsed() < SOON);
}

struct Forks;

impl Processor for Forks {
    fn on_end(&self, span: &SpanRecord) {
        if &*span.name == "fork" {
            wait(fork(trace_in_vain));
        }
    }
}

fn inside_of_a_hook() {
    let lines = Lines::new("hook");
    let path = lines.0.clone();
    let installed = Tracer::builder().processor(Forks).exporter(lines).install();
    drop(span!("before"));
    drop(span!("fork"));
    drop(span!("afterwards"));
    assert!(installed.tracer().flush(SOON));
    drop(installed);
    let lines = Lines::take(&path);
    assert!(lines.iter().all(|line| line.pid == std::process::id()), "{lines:#?}");
    assert_eq!(lines.len(), 3, "{lines:#?}");
}

struct Hangs;

impl Processor for Hangs {
    fn on_end(&self, span: &SpanRecord) {
        if &*span.name == "hang" {
            loop {
                thread::park();
            }
        }
    }
}

/// The hook hangs in the parent.
fn trace_as_usual() {
    drop(span!("child"));
    thread::spawn(|| drop(span!("child"))).join().unwrap();
    assert!(trackway::tracer().flush(SOON));
}

fn while_a_hook_hangs() {
    let lines = Lines::new("hang");
    let path = lines.0.clone();
    let installed = Tracer::builder().processor(Hangs).exporter(lines).install();
    drop(span!("hang"));
    thread::sleep(Duration::from_millis(300));
    wait(fork(trace_as_usual));
    wait(fork(|| wait(fork(trace_as_usual))));
    assert!(!installed.tracer().shutdown(Duration::from_millis(100)));
    assert_eq!(Lines::take(&path).len(), 4);
}
