//! `#[trace]` inside of steps: what Burr's `@trace` offers, and what it crashes on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::pin::Pin;

use trackway::{SpanRecord, StatusCode, Value};
use trackway_machine::{Fact, Fault, Graph, Node, State, Step, action, state, trace, tracker::Memory};

/// Runs one step; returns the spans that trackers are told of, in the order of their ends.
fn told(node: Node) -> Vec<SpanRecord> {
    let memory = Memory::default();
    let graph = Graph::new([node]).build().unwrap();
    let mut app = graph.start(state! {}).project("demo").tracker(memory.clone()).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _ = runtime.block_on(async { app.step().await }); // Some of them fail.
    let spans = memory.entries().into_iter().filter_map(|entry| match entry.fact {
        Fact::Span(span) => Some(*span),
        _ => None,
    });
    spans.collect()
}

fn sync(work: impl Fn() + Send + Sync + 'static) -> Vec<SpanRecord> {
    told(action("work").run_sync(move |state: State, _: &Step| {
        work();
        state
    }))
}

/// Draws a span without what every span has.
fn drawn(span: &SpanRecord) -> String {
    let place = span.attributes.text("trackway.span.ordinal").unwrap_or("-");
    let own = span.attributes.0.iter().filter(|(key, _)| !key.starts_with("trackway."));
    let own: Vec<String> = own
        .map(|(key, value)| match value {
            Value::Text(text) => format!(" {key}={text}"),
            value => format!(" {key}={value:?}"),
        })
        .collect();
    format!("{place} {}{}", span.name, own.concat())
}

#[trace]
fn leaf() {}

#[trace(args, ret)]
fn sum(a: u8, b: u8) -> u8 {
    leaf();
    a + b
}

/// `@trace()`: inputs and outputs are captured, and nested calls are children.
#[test]
fn inputs_and_outputs_are_captured_and_calls_are_nested() {
    let spans = sync(|| {
        sum(1, 2);
        leaf();
    });
    let drawn: Vec<String> = spans.iter().map(drawn).collect();
    assert_eq!(drawn, ["0:0.0 leaf", "0:0 sum a=1 b=2 return=3", "0:1 leaf"]);
}

#[trace(skip(password), name = "log in")]
fn login(user: &str, password: &str, _unused: u8) -> bool {
    user.len() < password.len()
}

#[trace(args(user))]
fn greet(user: &str, mood: &str) -> usize {
    user.len() + mood.len()
}

/// `input_filterlist`, `capture_inputs=False`, `capture_outputs=False` and `span_name`.
#[test]
fn arguments_are_chosen() {
    let spans = sync(|| {
        login("ada", "secret", 7);
        greet("ada", "well");
    });
    let drawn: Vec<String> = spans.iter().map(drawn).collect();
    assert_eq!(drawn, ["0:0 log in user=\"ada\"", "0:1 greet user=\"ada\""]);
}

struct Model {
    size: u32,
}

impl Model {
    #[trace(args, ret)]
    fn complete(&self, prompt: &str) -> u32 {
        self.size + u32::try_from(prompt.len()).unwrap()
    }

    #[trace(args, fields(size = self.size))]
    async fn complete_later(self, prompt: String) -> usize {
        tokio::task::yield_now().await;
        leaf();
        prompt.len()
    }
}

/// Methods: `self` is no attribute, where `@trace` raises a TypeError.
#[test]
fn methods_are_traced() {
    let spans = sync(|| assert_eq!(Model { size: 3 }.complete("why?"), 7));
    assert_eq!(drawn(&spans[0]), "0:0 complete prompt=\"why?\" return=7");
}

/// Coroutines: `@trace` uses a plain `with`; here the span is active whenever the future is polled, and only then.
#[test]
fn futures_are_traced_while_they_are_polled() {
    let spans = told(action("work").run(|state: State, _: Step| async move {
        let (first, second) =
            (Model { size: 1 }.complete_later("a".into()), Model { size: 2 }.complete_later("bc".into()));
        tokio::join!(first, second);
        Ok::<_, Fault>(state)
    }));
    let mut drawn: Vec<String> = spans.iter().map(drawn).collect();
    drawn.sort_unstable();
    let expected = [
        "0:0 complete_later prompt=\"a\" size=Int(1)",
        "0:0.0 leaf",
        "0:1 complete_later prompt=\"bc\" size=Int(2)",
        "0:1.0 leaf",
    ];
    assert_eq!(drawn, expected);
}

#[trace]
fn boxed(number: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> {
    Box::pin(async move { number })
}

#[trace]
fn fails() -> Result<(), std::num::ParseIntError> {
    "x".parse::<u8>().map(drop)
}

#[trace]
async fn fails_later() -> Result<(), String> {
    tokio::task::yield_now().await;
    Err("no answer".to_owned())
}

/// Errors are on the span, which those of Burr never are.
#[test]
fn an_error_is_on_the_span() {
    let spans = told(action("work").run(|state: State, _: Step| async move {
        assert_eq!(boxed(7).await, 7);
        fails().unwrap_err();
        fails_later().await.unwrap_err();
        Ok::<_, Fault>(state)
    }));
    let statuses: Vec<(&str, StatusCode, &str)> =
        spans.iter().map(|span| (&*span.name, span.status.code, &*span.status.message)).collect();
    let expected = [
        ("boxed", StatusCode::Unset, ""),
        ("fails", StatusCode::Error, "invalid digit found in string"),
        ("fails_later", StatusCode::Error, "no answer"),
    ];
    assert_eq!(statuses, expected);
    let event = &spans[1].events[0];
    assert_eq!(event.attributes.text("exception.type"), Some("core::num::error::ParseIntError"));
}

#[trace]
fn panics() {
    panic!("broken");
}

#[trace]
async fn panics_later() {
    tokio::task::yield_now().await;
    panic!("broken");
}

/// An exception ends the span there without a trace of it.
#[test]
fn a_panic_ends_the_span_and_is_on_it() {
    let spans = sync(panics);
    assert_eq!((&*spans[0].name, spans[0].status.code), ("panics", StatusCode::Error));
    let spans = told(action("work").run(|state: State, _: Step| async move {
        panics_later().await;
        Ok::<_, Fault>(state)
    }));
    assert_eq!((&*spans[0].name, spans[0].status.code), ("panics_later", StatusCode::Error));
}

/// Outside of a step `@trace` does nothing; here it is a span like any other.
#[test]
fn outside_of_steps_it_is_a_span_like_any_other() {
    let (tracer, spans) = trackway::testing::tracer();
    let _active = tracer.activate();
    assert_eq!(sum(1, 2), 3);
    fails().unwrap_err();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(fails_later()).unwrap_err();
    let names: Vec<String> =
        spans.finished().iter().map(|span| format!("{} {:?}", drawn(span), span.status.code)).collect();
    let expected = ["- leaf Unset", "- sum a=1 b=2 return=3 Unset", "- fails Error", "- fails_later Error"];
    assert_eq!(names, expected);
}

/// With a tracer the spans are those of the trace, with their places in the run.
#[test]
fn with_a_tracer_they_are_spans_of_the_trace() {
    let (tracer, spans) = trackway::testing::tracer();
    let work = action("work").run_sync(|state: State, _: &Step| {
        sum(1, 2);
        state
    });
    let graph = Graph::new([work]).build().unwrap();
    graph.start(state! {}).app_id("a").tracer(tracer).build().unwrap().step().blocking().unwrap();
    let finished = spans.finished();
    let drawn: Vec<String> = finished.iter().map(drawn).collect();
    assert_eq!(drawn, ["0:0.0 leaf", "0:0 sum a=1 b=2 return=3", "- work"]);
    assert_eq!(finished[1].parent_id, Some(finished[2].span_id));
}
