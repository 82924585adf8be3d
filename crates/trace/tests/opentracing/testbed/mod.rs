//! OpenTracing's testbed: eight ways in which programs hand spans on, on threads and on tokio, and the eight more of
//! `contextvars`, where what is spawned is inside of what spawns it.

mod contextvars;
mod tasks;
mod threads;

use std::collections::HashMap;
use std::sync::Arc;

use trackway::testing::MockTracer;
use trackway::{Context, Span, SpanKind, SpanRecord, tags};

use crate::kit::{is_parent, is_root, names};

type Headers = HashMap<String, String>;

fn mock() -> Arc<MockTracer> {
    Arc::new(MockTracer::new())
}

/// Hooks around a request, which a library of HTTP calls, not always on one thread.
struct RequestHandler {
    tracer: Arc<MockTracer>,
    parent: Option<Context>,
    ignores_active: bool,
}

impl RequestHandler {
    /// Begins a trace for every request, whatever is active.
    fn new(tracer: &Arc<MockTracer>) -> Self {
        Self { tracer: tracer.clone(), parent: None, ignores_active: true }
    }

    /// Has one parent for all requests.
    fn with_parent(tracer: &Arc<MockTracer>, parent: Context) -> Self {
        Self { parent: Some(parent), ..Self::new(tracer) }
    }

    /// Begins spans inside of what is active.
    fn in_active(tracer: &Arc<MockTracer>) -> Self {
        Self { ignores_active: false, ..Self::new(tracer) }
    }

    fn before_request(&self) -> Span {
        let span = self.tracer.span("send").kind(SpanKind::Client);
        let span = if self.ignores_active { span.root() } else { span };
        span.child_of(&self.parent).start()
    }

    fn after_request(span: &Span) {
        span.event("response");
        span.finish();
    }
}

/// Hears when the response is there, on whatever thread.
struct ResponseListener(Span);

impl ResponseListener {
    fn on_response(self) {
        self.0.finish();
    }
}

fn assert_active_span_replaced(spans: &[SpanRecord]) {
    let [initial, subtask, task] = spans else { panic!("{:?}", names(spans)) };
    assert_eq!(names(spans), ["initial", "subtask", "task"]);
    assert!(is_parent(task, subtask));
    assert_ne!(initial.trace_id, task.trace_id);
    assert!(is_root(initial) && is_root(task));
}

fn assert_client_and_server(spans: &[SpanRecord]) {
    let of = |kind| spans.iter().filter(|span| span.kind == kind).collect::<Vec<_>>();
    let (clients, servers) = (of(SpanKind::Client), of(SpanKind::Server));
    assert_eq!((spans.len(), clients.len(), servers.len()), (2, 1, 1));
    assert!(is_parent(clients[0], servers[0]), "the original does not look, but it is so");
}

fn assert_late_span_finish(spans: &[SpanRecord]) {
    let [task1, task2, parent] = spans else { panic!("{:?}", names(spans)) };
    assert_eq!(names(spans), ["task1", "task2", "parent"]);
    for task in [task1, task2] {
        assert!(is_parent(parent, task) && task.end <= parent.end);
    }
}

fn assert_multiple_callbacks(spans: &[SpanRecord]) {
    let (parent, tasks) = spans.split_last().unwrap();
    assert_eq!((&*parent.name, tasks.len()), ("parent", 3));
    assert!(tasks.iter().all(|task| &*task.name == "task" && is_parent(parent, task)));
}

fn assert_nested_callbacks(spans: &[SpanRecord]) {
    assert_eq!(names(spans), ["one"]);
    let attributes = &spans[0].attributes;
    assert_eq!(["key1", "key2", "key3"].map(|key| attributes.text(key)), [Some("1"), Some("2"), Some("3")]);
}

fn assert_subtask(spans: &[SpanRecord]) {
    assert_eq!(names(spans), ["child", "parent"]);
    assert!(is_parent(&spans[1], &spans[0]));
}

fn assert_two_roots(spans: &[SpanRecord]) {
    assert_eq!(spans.len(), 2);
    assert!(spans.iter().all(|span| is_root(span) && span.kind == SpanKind::Client));
    assert_ne!(spans[0].trace_id, spans[1].trace_id);
}

/// What the receiver of a message does with it.
fn receive(tracer: &MockTracer, message: &Headers) {
    let sender = Context::extract(message).unwrap();
    let span = tracer.span("receive").kind(SpanKind::Server).child_of(sender);
    span.attribute(tags::COMPONENT, "example-server").start().finish();
}

/// What the sender writes into a message.
fn send(tracer: &MockTracer) -> Headers {
    let span = tracer.span("send").kind(SpanKind::Client).attribute(tags::COMPONENT, "example-client").enter();
    let mut message = Headers::new();
    span.context().inject(&mut message);
    message
}
