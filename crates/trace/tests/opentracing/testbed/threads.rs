//! The scenarios on threads.

use std::sync::{Arc, mpsc};
use std::thread;

use super::*;

#[test]
fn test_active_span_replacement() {
    let tracer = mock();
    let initial = tracer.span("initial").start();
    let theirs = tracer.clone();
    let task = move || {
        let _task = theirs.span("task").enter();
        initial.enter().close();
        theirs.span("subtask").enter().close();
    };
    thread::spawn(task).join().unwrap();
    assert_active_span_replaced(&tracer.finished_spans());
}

#[test]
fn test_client_server() {
    let tracer = mock();
    let (sender, messages) = mpsc::channel();
    let theirs = tracer.clone();
    let server = thread::spawn(move || receive(&theirs, &messages.recv().unwrap()));
    sender.send(send(&tracer)).unwrap();
    server.join().unwrap();
    assert_client_and_server(&tracer.finished_spans());
}

/// Begins a request on one thread and ends it on another.
fn request(handler: RequestHandler) {
    let span = thread::spawn(move || handler.before_request()).join().unwrap();
    thread::spawn(move || RequestHandler::after_request(&span)).join().unwrap();
}

#[test]
fn test_two_callbacks() {
    let tracer = mock();
    let requests = [(); 2].map(|()| {
        let handler = RequestHandler::new(&tracer);
        thread::spawn(move || request(handler))
    });
    for request in requests {
        request.join().unwrap();
    }
    assert_two_roots(&tracer.finished_spans());
}

#[test]
fn test_parent_not_picked() {
    let tracer = mock();
    let parent = tracer.span("parent").enter();
    RequestHandler::after_request(&RequestHandler::new(&tracer).before_request());
    parent.close();
    let spans = tracer.finished_spans();
    assert_eq!(names(&spans), ["send", "parent"]);
    assert!(!is_parent(&spans[1], &spans[0]));
}

/// One context for all requests makes all of them children, also the ones that are none.
#[test]
fn test_bad_solution_to_set_parent() {
    let tracer = mock();
    let parent = tracer.span("parent").enter();
    let context = parent.context().clone();
    request(RequestHandler::with_parent(&tracer, context.clone()));
    parent.close();
    request(RequestHandler::with_parent(&tracer, context));
    let spans = tracer.finished_spans();
    assert_eq!(names(&spans), ["send", "parent", "send"]);
    assert!(is_parent(&spans[1], &spans[0]) && is_parent(&spans[1], &spans[2]));
}

/// The context goes with the work, and with that work alone.
#[test]
fn test_good_solution_to_set_parent() {
    let tracer = mock();
    let request = |context: Context| {
        let handler = RequestHandler::in_active(&tracer);
        let work = context.wrap(move || handler.before_request());
        RequestHandler::after_request(&thread::spawn(work).join().unwrap());
    };
    let parent = tracer.span("parent").enter();
    request(tracer.current());
    parent.close();
    request(tracer.current());
    let spans = tracer.finished_spans();
    assert_eq!(names(&spans), ["send", "parent", "send"]);
    assert!(is_parent(&spans[1], &spans[0]) && is_root(&spans[2]));
}

#[test]
fn test_late_span_finish() {
    let tracer = mock();
    let parent = Arc::new(tracer.span("parent").start());
    for name in ["task1", "task2"] {
        let (tracer, parent) = (tracer.clone(), parent.clone());
        let task = move || {
            let _active = parent.activate(); // not finished with the scope
            tracer.span(name).enter().close();
        };
        thread::spawn(task).join().unwrap();
    }
    assert!(parent.is_recording());
    parent.finish();
    assert_late_span_finish(&tracer.finished_spans());
}

#[test]
fn test_listener_per_request() {
    let tracer = mock();
    let listener = ResponseListener(tracer.span("send").kind(SpanKind::Client).start());
    let request = || {
        listener.on_response();
        "message::response"
    };
    let response = thread::scope(|threads| threads.spawn(request).join().unwrap());
    assert_eq!(response, "message::response");
    let spans = tracer.finished_spans();
    assert_eq!((names(&spans), spans[0].kind), (vec!["send"], SpanKind::Client));
}

/// The span ends with the last one that has it, as the original's count of references does.
#[test]
fn test_multiple_callbacks() {
    let tracer = mock();
    let parent = Arc::new(tracer.span("parent").start());
    let tasks = [(); 3].map(|()| {
        let (tracer, parent) = (tracer.clone(), parent.clone());
        thread::spawn(move || {
            let _active = parent.activate();
            tracer.span("task").enter().close();
        })
    });
    drop(parent);
    for task in tasks {
        task.join().unwrap();
    }
    assert_multiple_callbacks(&tracer.finished_spans());
}

#[test]
fn test_nested_callbacks() {
    let tracer = mock();
    let span = tracer.span("one").start();
    let first = move || {
        span.attribute("key1", "1");
        let second = move || {
            span.attribute("key2", "2");
            let third = move || span.attribute("key3", "3").finish();
            thread::spawn(third).join().unwrap();
        };
        thread::spawn(second).join().unwrap();
    };
    thread::spawn(first).join().unwrap();
    assert_nested_callbacks(&tracer.finished_spans());
}

#[test]
fn test_subtask_span_propagation() {
    let tracer = mock();
    let parent = tracer.span("parent").enter();
    let theirs = tracer.clone();
    let child = tracer.current().wrap(move || theirs.span("child").run(|_| "message::response"));
    assert_eq!(thread::spawn(child).join().unwrap(), "message::response");
    parent.close();
    assert_subtask(&tracer.finished_spans());
}
