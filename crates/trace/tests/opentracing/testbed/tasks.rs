//! The scenarios on tokio's tasks: spans and contexts go with the futures.

use std::sync::Arc;

use tokio::task::{JoinSet, spawn, yield_now};
use trackway::Traced;

use super::*;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[test]
fn test_active_span_replacement() {
    let tracer = mock();
    let initial = tracer.span("initial").start();
    let theirs = tracer.clone();
    let task = async move {
        yield_now().in_span(initial).await;
        yield_now().in_span(theirs.span("subtask").start()).await;
    };
    run(async { spawn(task.in_span(tracer.span("task").start())).await.unwrap() });
    assert_active_span_replaced(&tracer.finished_spans());
}

#[test]
fn test_client_server() {
    let tracer = mock();
    let theirs = tracer.clone();
    run(async {
        let message = send(&tracer);
        spawn(async move { receive(&theirs, &message) }).await.unwrap();
    });
    assert_client_and_server(&tracer.finished_spans());
}

/// Begins a request in one task and ends it in another.
async fn request(handler: RequestHandler) {
    let span = spawn(async move { handler.before_request() }).await.unwrap();
    spawn(async move { RequestHandler::after_request(&span) }).await.unwrap();
}

#[test]
fn test_two_callbacks() {
    let tracer = mock();
    run(async {
        let requests = [(); 2].map(|()| spawn(request(RequestHandler::new(&tracer))));
        for request in requests {
            request.await.unwrap();
        }
    });
    assert_two_roots(&tracer.finished_spans());
}

#[test]
fn test_parent_not_picked() {
    let tracer = mock();
    let handler = RequestHandler::new(&tracer);
    let request = async { RequestHandler::after_request(&handler.before_request()) };
    run(request.in_span(tracer.span("parent").start()));
    let spans = tracer.finished_spans();
    assert_eq!(names(&spans), ["send", "parent"]);
    assert!(!is_parent(&spans[1], &spans[0]));
}

/// One context for all requests makes all of them children, also the ones that are none.
#[test]
fn test_bad_solution_to_set_parent() {
    let tracer = mock();
    let parent = tracer.span("parent").start();
    let context = parent.context().clone();
    run(async {
        request(RequestHandler::with_parent(&tracer, context.clone())).in_span(parent).await;
        request(RequestHandler::with_parent(&tracer, context)).await;
    });
    let spans = tracer.finished_spans();
    assert_eq!(names(&spans), ["send", "parent", "send"]);
    assert!(is_parent(&spans[1], &spans[0]) && is_parent(&spans[1], &spans[2]));
}

/// The context goes with the work, and with that work alone.
#[test]
fn test_good_solution_to_set_parent() {
    let tracer = mock();
    let request = async || {
        let handler = RequestHandler::in_active(&tracer);
        let work = async move { handler.before_request() };
        RequestHandler::after_request(&spawn(work.in_context(tracer.current())).await.unwrap());
    };
    run(async {
        request().in_span(tracer.span("parent").start()).await;
        request().await;
    });
    let spans = tracer.finished_spans();
    assert_eq!(names(&spans), ["send", "parent", "send"]);
    assert!(is_parent(&spans[1], &spans[0]) && is_root(&spans[2]));
}

#[test]
fn test_late_span_finish() {
    let tracer = mock();
    let parent = tracer.span("parent").start();
    run(async {
        for name in ["task1", "task2"] {
            let theirs = tracer.clone();
            let task = async move { yield_now().in_span(theirs.span(name).start()).await };
            spawn(task.in_context(parent.context().clone())).await.unwrap();
        }
    });
    assert!(parent.is_recording());
    parent.finish();
    assert_late_span_finish(&tracer.finished_spans());
}

#[test]
fn test_listener_per_request() {
    let tracer = mock();
    let listener = ResponseListener(tracer.span("send").kind(SpanKind::Client).start());
    let request = async {
        yield_now().await;
        listener.on_response();
        "message::response"
    };
    assert_eq!(run(async { spawn(request).await.unwrap() }), "message::response");
    let spans = tracer.finished_spans();
    assert_eq!((names(&spans), spans[0].kind), (vec!["send"], SpanKind::Client));
}

/// The span ends with the last one that has it, as the original's count of references does.
#[test]
fn test_multiple_callbacks() {
    let tracer = mock();
    run(async {
        let parent = Arc::new(tracer.span("parent").start());
        let mut tasks = JoinSet::new();
        for _ in 0..3 {
            let (theirs, parent) = (tracer.clone(), parent.clone());
            tasks.spawn(async move {
                let span = theirs.span("task").child_of(&parent).start();
                yield_now().in_span(span).await;
            });
        }
        drop(parent);
        while tasks.join_next().await.is_some() {}
    });
    assert_multiple_callbacks(&tracer.finished_spans());
}

#[test]
fn test_nested_callbacks() {
    let tracer = mock();
    let span = tracer.span("one").start();
    let first = async move {
        span.attribute("key1", "1");
        let second = async move {
            span.attribute("key2", "2");
            let third = async move { span.attribute("key3", "3").finish() };
            spawn(third).await.unwrap();
        };
        spawn(second).await.unwrap();
    };
    run(async { spawn(first).await.unwrap() });
    assert_nested_callbacks(&tracer.finished_spans());
}

#[test]
fn test_subtask_span_propagation() {
    let tracer = mock();
    let parent = async {
        let theirs = tracer.clone();
        let child = async move {
            let answer = async {
                yield_now().await;
                "message::response"
            };
            answer.in_span(theirs.span("child").start()).await
        };
        spawn(child.in_context(tracer.current())).await.unwrap()
    };
    assert_eq!(run(parent.in_span(tracer.span("parent").start())), "message::response");
    assert_subtask(&tracer.finished_spans());
}
