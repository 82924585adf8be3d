//! Threads that end.

use std::cell::RefCell;
use std::sync::{Arc, Barrier};
use std::thread;

use trackway::export::Memory;
use trackway::{Guard, Scope, Tracer, span};

use crate::kit::{Count, Program, SOON, assert_counted, resident};

pub(crate) const PROGRAMS: &[Program] = &[
    Program { name: "threads::spans_right_before_the_end_arrive", run: right_before_the_end, within: 30 },
    Program { name: "threads::the_last_destructors_are_traced", run: last_destructors, within: 30 },
    Program { name: "threads::guards_that_outlive_their_thread_disturb_no_other", run: late_guards, within: 30 },
    Program { name: "threads::the_last_tracer_may_go_with_a_thread", run: last_tracer, within: 30 },
    Program { name: "threads::a_thousand_one_after_another_share_rings", run: one_after_another, within: 30 },
    Program { name: "threads::more_at_once_than_rings_are_counted", run: more_than_rings, within: 60 },
];

fn right_before_the_end() {
    let count = Count::default();
    let installed = Tracer::builder().exporter(count.clone()).install();
    let threads: Vec<_> = (0..64)
        .map(|_| {
            thread::spawn(|| {
                for _ in 0..100 {
                    let _outer = span!("outer");
                    drop(span!("inner"));
                }
                trackway::tracer().span("owned").start().finish();
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(installed.tracer().flush(SOON));
    assert_eq!(count.get(), 64 * 201);
    assert_counted(installed.tracer());
}

struct AtEnd(&'static str);

impl Drop for AtEnd {
    fn drop(&mut self) {
        let outer = span!("at the end");
        outer.attribute("of", self.0);
        drop(span!("inside"));
        trackway::tracer().span("owned at the end").start().finish();
        let context = trackway::current();
        drop(outer);
        context.run(|| drop(span!("in a context")));
    }
}

thread_local! {
    static EARLY: AtEnd = const { AtEnd("a value older than the thread's spans") };
    static LATE: AtEnd = const { AtEnd("a value younger than them") };
    static GUARDS: RefCell<Vec<Guard>> = const { RefCell::new(Vec::new()) };
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

fn last_destructors() {
    let memory = Memory::new();
    let installed = Tracer::builder().exporter(memory.clone()).install();
    for _ in 0..20 {
        let work = || {
            EARLY.with(|_| ());
            drop(span!("work"));
            LATE.with(|_| ());
        };
        thread::spawn(work).join().unwrap();
    }
    assert!(installed.tracer().flush(SOON));
    let spans = memory.spans();
    let named = |name: &str| spans.iter().filter(|span| &*span.name == name).count();
    let found = ["work", "at the end", "inside", "owned at the end", "in a context"].map(named);
    assert_eq!(found, [20, 40, 40, 40, 40], "{:#?}", installed.tracer().stats());
    assert!(spans.iter().filter(|span| &*span.name == "inside").all(|span| span.parent_id.is_some()));
    assert_counted(installed.tracer());
}

/// The guards are dropped after the thread's ring was given back.
fn late_guards() {
    let memory = Memory::new();
    let installed = Tracer::builder().exporter(memory.clone()).install();
    let threads = || {
        (0..8).map(|_| {
            thread::spawn(|| {
                GUARDS.with(|_| ());
                SCOPES.with(|_| ());
                for _ in 0..50 {
                    let _outer = span!("work");
                    drop(span!("inside"));
                }
                let (root, child) = (span!("root"), span!("child"));
                root.attribute("kept", true);
                SCOPES.with_borrow_mut(|scopes| scopes.push(trackway::current().attach()));
                GUARDS.with_borrow_mut(|guards| guards.extend([child, root]));
            })
        })
    };
    for _ in 0..25 {
        threads().collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    }
    assert!(installed.tracer().flush(SOON));
    let spans = memory.spans();
    let named = |name: &str| spans.iter().filter(|span| &*span.name == name).count();
    assert_eq!(["work", "inside", "root", "child"].map(named), [10_000, 10_000, 200, 200]);
    for span in spans.iter().filter(|span| &*span.name == "inside") {
        let parent = spans.iter().find(|parent| Some(parent.span_id) == span.parent_id);
        assert_eq!(parent.map(|parent| &*parent.name), Some("work"));
    }
    assert_counted(installed.tracer());
}

fn last_tracer() {
    let count = Count::default();
    for _ in 0..10 {
        let tracer = Tracer::builder().exporter(count.clone()).build();
        let work = move || {
            SCOPES.with(|_| ());
            let scope = tracer.activate();
            drop(span!("work"));
            SCOPES.with_borrow_mut(|scopes| scopes.push(scope));
            tracer.span("owned").start().finish();
        };
        thread::spawn(work).join().unwrap();
    }
    assert_eq!(count.get(), 20, "the tracer's end exports what it has");
}

fn one_after_another() {
    let count = Count::default();
    let installed = Tracer::builder().exporter(count.clone()).install();
    let mut before = 0;
    for number in 0..1000 {
        thread::spawn(|| drop(span!("work"))).join().unwrap();
        if number == 100 {
            assert!(installed.tracer().flush(SOON));
            before = resident();
        }
    }
    assert!(installed.tracer().flush(SOON));
    let grown = resident().saturating_sub(before);
    // 900 rings would be 225 MiB.
    assert!(grown < 16 << 20, "{grown} bytes more");
    assert_eq!(count.get(), 1000);
}

fn more_than_rings() {
    const THREADS: u64 = 600;
    let count = Count::default();
    let installed = Tracer::builder().exporter(count.clone()).install();
    let all_have_begun = Arc::new(Barrier::new(THREADS as usize));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let all_have_begun = all_have_begun.clone();
            let work = move || {
                let outer = span!("outer");
                all_have_begun.wait();
                (0..10).for_each(|_| drop(span!("inner")));
                drop(outer);
            };
            thread::Builder::new().stack_size(128 << 10).spawn(work).unwrap()
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    thread::spawn(|| drop(span!("afterwards"))).join().unwrap();
    assert!(installed.tracer().flush(SOON));
    let stats = assert_counted(installed.tracer());
    assert_eq!(count.get(), 512 * 11 + 1);
    assert_eq!(stats.emitted, THREADS * 11 + 1, "{stats:#?}");
    assert_eq!(stats.dropped.total(), stats.dropped.no_ring, "{stats:#?}");
}
