//! What Python's `contextvars` do by themselves, for nested callbacks and tasks: what is spawned takes the context along in which
//! it is spawned, and is a child of the span there although that may have ended.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;

use tokio::task::{JoinHandle, yield_now};
use trackway::{Traced, current};

use super::*;

type Callback<'a> = Box<dyn FnOnce() + 'a>;

/// Callbacks that run when the work at hand is done, each in the context in which it was put here.
#[derive(Default)]
struct Loop<'a>(RefCell<VecDeque<Callback<'a>>>);

impl<'a> Loop<'a> {
    fn call_soon(&self, callback: impl FnOnce() + 'a) {
        self.0.borrow_mut().push_back(Box::new(current().wrap(callback)));
    }

    fn run(&self) {
        let callbacks = std::mem::take(&mut *self.0.borrow_mut());
        callbacks.into_iter().for_each(|callback| callback());
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// Spawns a task in the context that is active here.
fn create_task<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(work.in_context(current()))
}

async fn work(tracer: Arc<MockTracer>, name: &'static str) {
    yield_now().in_span(tracer.span(name).start()).await;
}

/// Has these spans, each with the name of its parent, in any order, and with nothing that they were not given.
fn assert_tree(tracer: &MockTracer, expected: &[(&str, Option<&str>)]) {
    let spans = tracer.finished_spans();
    let parent_of = |span: &SpanRecord| spans.iter().find(|parent| is_parent(parent, span));
    let name_of_parent = |span: &SpanRecord| parent_of(span).map(|parent| parent.name.to_string());
    let mut seen: Vec<_> = spans.iter().map(|span| (span.name.to_string(), name_of_parent(span))).collect();
    let expected = expected.iter().map(|(name, parent)| ((*name).to_owned(), parent.map(str::to_owned)));
    let mut expected: Vec<_> = expected.collect();
    seen.sort_unstable();
    expected.sort_unstable();
    assert_eq!(seen, expected);
    assert!(spans.iter().all(|span| is_root(span) == parent_of(span).is_none()));
    assert!(spans.iter().all(|span| span.attributes.is_empty() && span.events.is_empty()), "{spans:?}");
}

#[test]
fn test_schedule_callbacks() {
    let tracer = mock();
    let callbacks = Loop::default();
    let parent = tracer.span("parent").enter();
    callbacks.call_soon(|| tracer.span("callback1").enter().close());
    callbacks.call_soon(|| tracer.span("callback2").enter().close());
    parent.close();
    callbacks.run();
    assert_tree(&tracer, &[("parent", None), ("callback1", Some("parent")), ("callback2", Some("parent"))]);
}

#[test]
fn test_coroutines_schedule_callbacks() {
    let tracer = mock();
    let callbacks = Loop::default();
    let coroutine = |parent: &'static str, child: &'static str| {
        let (tracer, callbacks) = (&tracer, &callbacks);
        let schedule = async move { callbacks.call_soon(move || tracer.span(child).enter().close()) };
        schedule.in_span(tracer.span(parent).start())
    };
    block_on(async {
        coroutine("parent1", "callback1").await;
        coroutine("parent2", "callback2").await;
    });
    callbacks.run();
    let callbacks = [("callback1", Some("parent1")), ("callback2", Some("parent2"))];
    assert_tree(&tracer, &[("parent1", None), ("parent2", None), callbacks[0], callbacks[1]]);
}

#[test]
fn test_coroutines_scheduling_task() {
    let tracer = mock();
    block_on(async {
        let mut tasks = Vec::new();
        for (parent, child) in [("parent1", "task1"), ("parent2", "task2")] {
            tasks.push(tracer.span(parent).run(|_| create_task(work(tracer.clone(), child))));
        }
        assert_eq!(names(&tracer.finished_spans()), ["parent1", "parent2"], "they end before their children begin");
        for task in tasks {
            task.await.unwrap();
        }
    });
    let tasks = [("task1", Some("parent1")), ("task2", Some("parent2"))];
    assert_tree(&tracer, &[("parent1", None), ("parent2", None), tasks[0], tasks[1]]);
}

const COUNTDOWN: [&str; 4] = ["0", "1", "2", "3"];

/// A span that spawns the next one as a task and ends; some begin traces of their own.
fn count(tracer: Arc<MockTracer>, at: usize, roots: &'static [usize]) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let Some(name) = COUNTDOWN.get(at) else { return };
        let span = tracer.span(*name);
        let span = if roots.contains(&at) { span.root() } else { span };
        let next = count(tracer.clone(), at + 1, roots);
        let spawned = span.run(|_| create_task(next));
        spawned.await.unwrap();
    })
}

#[test]
fn test_recursive_scheduling_task() {
    let tracer = mock();
    block_on(count(tracer.clone(), 0, &[]));
    assert_tree(&tracer, &[("0", None), ("1", Some("0")), ("2", Some("1")), ("3", Some("2"))]);
}

#[test]
fn test_recursive_scheduling_with_ignoring_active_span() {
    let tracer = mock();
    block_on(count(tracer.clone(), 0, &[2, 3]));
    assert_tree(&tracer, &[("0", None), ("1", Some("0")), ("2", None), ("3", None)]);
}

const MIDDLE_IS_ROOT: [(&str, Option<&str>); 4] =
    [("parent", None), ("1", Some("parent")), ("2", None), ("3", Some("parent"))];

#[test]
fn test_tasks_with_no_parent_scope() {
    let tracer = mock();
    let tasks = async {
        let one = create_task(work(tracer.clone(), "1"));
        let two = Context::none().run(|| create_task(work(tracer.clone(), "2")));
        let three = create_task(work(tracer.clone(), "3"));
        for task in [one, two, three] {
            task.await.unwrap();
        }
    };
    block_on(tasks.in_span(tracer.span("parent").start()));
    assert_tree(&tracer, &MIDDLE_IS_ROOT);
}

#[test]
fn test_callbacks_with_no_parent_scope() {
    let tracer = mock();
    let callbacks = Loop::default();
    let parent = tracer.span("parent").enter();
    callbacks.call_soon(|| tracer.span("1").enter().close());
    {
        let _nothing = Context::none().attach();
        callbacks.call_soon(|| tracer.span("2").enter().close());
    }
    callbacks.call_soon(|| tracer.span("3").enter().close());
    parent.close();
    callbacks.run();
    assert_tree(&tracer, &MIDDLE_IS_ROOT);
}

#[test]
fn test_await_with_no_parent_scope() {
    let tracer = mock();
    let awaits = async {
        work(tracer.clone(), "1").await;
        work(tracer.clone(), "2").in_context(Context::none()).await;
        work(tracer.clone(), "3").await;
    };
    block_on(awaits.in_span(tracer.span("parent").start()));
    assert_tree(&tracer, &MIDDLE_IS_ROOT);
}
