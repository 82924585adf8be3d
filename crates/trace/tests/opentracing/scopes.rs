//! `opentracing.harness.scope_check.ScopeCompatibilityCheckMixin`, for every manager: what is active where, and what closing
//! does.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use trackway::scopes::{Explicit, OnClose, PerFuture, PerTask, PerThread, ScopeManager, Scopes};
use trackway::testing::MockTracer;
use trackway::{Context, Span, builder};

tokio::task_local! {
    static OURS: Arc<Scopes>;
}

/// A manager as a program may write one: what tokio keeps for a task, and nothing outside of tasks that were given some.
struct TaskLocal;

impl ScopeManager for TaskLocal {
    fn here(&self) -> Option<Arc<Scopes>> {
        OURS.try_with(Arc::clone).ok()
    }
}

/// A place to run the checks in, and how a span is made active there.
struct Place {
    tracer: MockTracer,
}

/// A scope that is open; the span is in the hands of the scope alone.
struct Open {
    scope: Option<Box<dyn FnOnce()>>,
}

impl Open {
    fn close(mut self) {
        if let Some(close) = self.scope.take() {
            close();
        }
    }
}

impl Place {
    fn of(manager: impl ScopeManager) -> Self {
        Self { tracer: MockTracer::of(builder().scope_manager(manager)) }
    }

    /// The thread's own scopes, which the macros share.
    fn thread() -> Self {
        Self { tracer: MockTracer::new() }
    }

    fn active(&self) -> Option<Context> {
        match self.tracer.scope_manager() {
            Some(manager) => manager.active(),
            None => Some(trackway::current()).filter(|context| context.span_id().is_some()),
        }
    }

    fn span(&self, name: &'static str) -> Span {
        self.tracer.span(name).root().start()
    }

    /// Makes the span active; returns its place too.
    fn activate(&self, span: Span, on_close: OnClose) -> (Context, Open) {
        let context = span.context().clone();
        let close: Box<dyn FnOnce()> = match (self.tracer.scope_manager(), on_close) {
            (Some(manager), on_close) => {
                let activation = manager.activate(&context, on_close);
                std::mem::forget(span); // its own end is not to finish it
                Box::new(move || activation.close())
            }
            (None, OnClose::Finish) => {
                let entered = span.enter();
                Box::new(move || entered.close())
            }
            (None, OnClose::Keep) => {
                let scope = span.activate();
                std::mem::forget(span);
                Box::new(move || drop(scope))
            }
        };
        (context, Open { scope: Some(close) })
    }

    fn finished(&self) -> usize {
        self.tracer.finished_spans().len()
    }
}

fn missing_active(place: &Place) {
    assert_eq!(place.active(), None);
}

fn activate(place: &Place) {
    let (span, scope) = place.activate(place.span("span"), OnClose::Keep);
    assert_eq!(place.active(), Some(span));
    scope.close();
    assert_eq!((place.finished(), place.active()), (0, None));
}

fn activate_finish_on_close(place: &Place) {
    let (span, scope) = place.activate(place.span("span"), OnClose::Finish);
    assert_eq!(place.active(), Some(span));
    scope.close();
    assert_eq!((place.finished(), place.active()), (1, None));
}

fn activate_nested(place: &Place) {
    let (parent, around) = place.activate(place.span("parent"), OnClose::Finish);
    assert_eq!(place.active(), Some(parent.clone()));
    let (child, within) = place.activate(place.span("child"), OnClose::Finish);
    assert_eq!(place.active(), Some(child));
    within.close();
    assert_eq!((place.finished(), place.active()), (1, Some(parent)));
    around.close();
    assert_eq!((place.finished(), place.active()), (2, None));
}

fn activate_finish_on_close_nested(place: &Place) {
    let (parent, around) = place.activate(place.span("parent"), OnClose::Keep);
    let (_, within) = place.activate(place.span("child"), OnClose::Finish);
    within.close();
    assert_eq!((place.finished(), place.active()), (1, Some(parent)));
    around.close();
    assert_eq!((place.finished(), place.active()), (1, None));
}

/// In Python the outer scope comes back for good then; here it is left, and its span finished, with the inner one.
fn close_wrong_order(place: &Place) {
    let (_, around) = place.activate(place.span("parent"), OnClose::Finish);
    let (child, within) = place.activate(place.span("child"), OnClose::Finish);
    around.close();
    assert_eq!((place.finished(), place.active()), (0, Some(child)));
    within.close();
    assert_eq!(place.active(), None);
    let finished = place.tracer.finished_spans();
    assert_eq!(finished.iter().map(|span| &*span.name).collect::<Vec<_>>(), ["child", "parent"]);
}

type Check = fn(&Place);

const CHECKS: &[(&str, Check)] = &[
    ("missing_active", missing_active),
    ("activate", activate),
    ("activate_finish_on_close", activate_finish_on_close),
    ("activate_nested", activate_nested),
    ("activate_finish_on_close_nested", activate_finish_on_close_nested),
    ("close_wrong_order", close_wrong_order),
];

/// Runs the work as a task of tokio.
fn as_task<F: Future<Output = ()> + Send + 'static>(work: F) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { tokio::spawn(work).await.unwrap() });
}

/// The original's eight names, for a place that is made for each and a surrounding to run in; `external` is outside of it.
macro_rules! suite {
    ($($manager:ident: $place:expr, $inside:expr;)*) => {$(
        mod $manager {
            use super::*;

            #[test]
            fn test_missing_active_external() {
                missing_active(&$place);
            }

            #[test]
            fn test_missing_active() {
                $inside(|| missing_active(&$place));
            }

            #[test]
            fn test_activate() {
                $inside(|| activate(&$place));
            }

            #[test]
            fn test_activate_finish_on_close() {
                $inside(|| activate_finish_on_close(&$place));
            }

            #[test]
            fn test_activate_nested() {
                $inside(|| activate_nested(&$place));
            }

            #[test]
            fn test_activate_finish_on_close_nested() {
                $inside(|| activate_finish_on_close_nested(&$place));
            }

            #[test]
            fn test_close_wrong_order() {
                $inside(|| close_wrong_order(&$place));
            }
        }
    )*};
}

/// Outside of tasks and futures the thread keeps what is active.
macro_rules! external {
    ($($manager:ident: $place:expr;)*) => {$(
        mod $manager {
            use super::*;

            #[test]
            fn test_activate_external() {
                activate(&$place);
            }

            #[test]
            fn test_no_event_loop() {
                std::thread::spawn(|| missing_active(&$place)).join().unwrap();
            }
        }
    )*};
}

suite! {
    thread: Place::thread(), |check: fn()| check();
    per_thread: Place::of(PerThread::new()), |check: fn()| check();
    per_task: Place::of(PerTask::new(tokio::task::try_id)), |check: fn()| as_task(async move { check() });
    per_future: Place::of(PerFuture::new()),
        |check: fn()| as_task(PerFuture::carry(Arc::new(Scopes::new()), async move { check() }));
    task_local: Place::of(TaskLocal), |check: fn()| as_task(OURS.scope(Arc::new(Scopes::new()), async move { check() }));
}

mod external {
    use super::*;

    external! {
        thread: Place::thread();
        per_thread: Place::of(PerThread::new());
        per_task: Place::of(PerTask::new(tokio::task::try_id));
        per_future: Place::of(PerFuture::new());
    }
}

/// A manager that keeps nothing passes none of the checks but the first, so they can fail; its scopes still do what closing
/// them is to do.
#[test]
fn a_manager_that_keeps_nothing_fails_the_checks() {
    let passes = |check: Check| catch_unwind(AssertUnwindSafe(|| check(&Place::of(Explicit)))).is_ok();
    let passed: Vec<_> = CHECKS.iter().filter(|(_, check)| passes(*check)).map(|(name, _)| *name).collect();
    assert_eq!(passed, ["missing_active"]);

    let tracer = MockTracer::of(builder().scope_manager(Explicit));
    let span = tracer.span("work").start();
    let scope = tracer.scope_manager().unwrap().activate(span.context(), OnClose::Finish);
    assert!(tracer.span("other").start().record().unwrap().parent_id.is_none());
    scope.close();
    assert!(!span.is_recording());
}

#[test]
fn managers_of_two_tracers_do_not_see_each_other() {
    let (one, other) = (Place::of(PerThread::new()), Place::of(PerThread::new()));
    let (_, scope) = one.activate(one.span("work"), OnClose::Finish);
    assert_eq!(other.active(), None);
    assert!(!trackway::active().is_recording(), "nor does the thread");
    scope.close();
}

#[test]
fn scopes_of_tasks_are_apart_and_may_be_held_across_an_await() {
    let tracer = Arc::new(MockTracer::of(builder().scope_manager(PerTask::new(tokio::task::try_id))));
    let work = |name: &'static str, tracer: Arc<MockTracer>| async move {
        let span = tracer.span(name).start();
        let scope = tracer.scope_manager().unwrap().activate(span.context(), OnClose::Finish);
        tokio::task::yield_now().await;
        tracer.span("inner").start().finish();
        tokio::task::yield_now().await;
        scope.close();
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let tasks = ["one", "two"].map(|name| tokio::spawn(work(name, tracer.clone())));
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(tracer.spans().tree(), "one 6s\n  inner 1s\ntwo 6s\n  inner 1s\n");
}

/// A key that traces whenever it is hashed, compared or dropped, and whose hash tells nothing.
struct Traces(u32, Arc<OnceLock<Arc<MockTracer>>>);

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static TASK: Cell<u32> = const { Cell::new(0) };
}

impl Traces {
    fn trace(&self) {
        if !INSIDE.replace(true) {
            if let Some(tracer) = self.1.get() {
                let span = tracer.span("of the key").start();
                drop(span.activate());
            }
            INSIDE.set(false);
        }
    }
}

impl Hash for Traces {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.trace();
        0.hash(state);
    }
}

impl PartialEq for Traces {
    fn eq(&self, other: &Self) -> bool {
        self.trace();
        self.0 == other.0
    }
}

impl Eq for Traces {}

impl Drop for Traces {
    fn drop(&mut self) {
        self.trace();
    }
}

#[test]
fn a_key_of_tasks_may_trace_and_have_any_hash() {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let known = Arc::new(OnceLock::new());
        let given = known.clone();
        let tasks = PerTask::new(move || Some(Traces(TASK.get(), given.clone())));
        let tracer = Arc::new(MockTracer::of(builder().scope_manager(tasks)));
        assert!(known.set(tracer.clone()).is_ok());
        let manager = tracer.scope_manager().unwrap();
        let mut scopes = Vec::new();
        for task in 0..10 {
            TASK.set(task);
            let span = tracer.span("work").start();
            scopes.push((span.context().span_id(), manager.activate(span.context(), OnClose::Keep)));
        }
        for (task, (id, _)) in scopes.iter().enumerate() {
            TASK.set(task as u32);
            assert_eq!(manager.active().unwrap().span_id(), *id);
        }
        drop(scopes);
        done.send(()).unwrap();
    });
    assert!(is_done.recv_timeout(std::time::Duration::from_secs(10)).is_ok());
}

#[test]
fn a_scope_may_be_closed_on_another_thread() {
    let place = Place::of(PerThread::new());
    let span = place.span("work");
    let scope = place.tracer.scope_manager().unwrap().activate(span.context(), OnClose::Keep);
    std::thread::spawn(|| scope.close()).join().unwrap();
    assert_eq!(place.active(), None);
    assert!(span.is_recording());
}

#[test]
fn what_is_dropped_out_of_order_ends_from_the_inside_to_the_outside() {
    let tracer = MockTracer::new();
    let one = tracer.span("one").enter();
    let two = tracer.span("two").enter();
    let three = tracer.span("three").enter();
    drop(one);
    drop(two);
    assert_eq!(tracer.finished_spans().len(), 0);
    assert_eq!(&tracer.current(), three.context());
    drop(three);
    assert!(tracer.active_span().is_none());
    let finished = tracer.finished_spans();
    assert_eq!(finished.iter().map(|span| &*span.name).collect::<Vec<_>>(), ["three", "two", "one"]);
}

#[test]
fn a_thread_that_ends_with_scopes_out_of_order_ends_their_spans() {
    let tracer = Arc::new(MockTracer::new());
    let theirs = tracer.clone();
    let work = move || {
        let outer = theirs.span("outer").enter();
        let inner = theirs.span("inner").enter();
        drop(outer);
        std::mem::forget(inner);
    };
    std::thread::spawn(work).join().unwrap();
    assert!(tracer.spans().named("outer").is_some());
}

#[test]
fn what_is_inside_of_a_span_that_is_not_recorded_is_not_either() {
    let tracer = MockTracer::of(builder().scope_manager(PerThread::new()));
    let outer = tracer.span("outer").enter();
    let quiet = tracer.span("quiet").sampler(trackway::Sampler::always_off()).start().enter();
    assert!(!tracer.span("inner").start().is_recording());
    quiet.close();
    assert!(tracer.span("other").start().is_recording());
    outer.close();
}
