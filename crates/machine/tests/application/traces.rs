use insta::{allow_duplicates, assert_snapshot};
use tokio::runtime;
use trackway::{Sampler, Traced, testing::Spans};
use trackway_machine::{Fault, Graph, State, Step, action, after, never};

use crate::kit::{Gate, counter, on_tokio, pause, poll_and_drop, zero};

/// Draws the spans without what says to which run they belong.
pub(crate) fn short(spans: &Spans) -> String {
    let hidden = ["trackway.project=", "trackway.app.id=", "trackway.step.attempt="];
    let mut text = String::new();
    for line in spans.tree().lines() {
        let indent: String = line.chars().take_while(|sign| *sign == ' ').collect();
        let words =
            line.split(' ').filter(|word| !word.is_empty() && !hidden.iter().any(|start| word.starts_with(start)));
        let words: Vec<String> = words.map(|word| word.replace("trackway.", "")).collect();
        text += &format!("{indent}{}\n", words.join(" "));
    }
    text
}

#[test]
fn a_call_and_its_steps_are_spans() {
    let (tracer, spans) = trackway::testing::tracer();
    let builder = counter().start(zero()).project("demo").app_id("a").partition("ada").tracer(tracer);
    builder.build().unwrap().run(never()).blocking().unwrap();
    assert_snapshot!(spans.tree(), @r"
    run demo 9s trackway.project=demo trackway.app.id=a trackway.app.partition=ada
      count 1s trackway.project=demo trackway.app.id=a trackway.app.partition=ada trackway.step.sequence=0 trackway.step.attempt=0
      count 1s trackway.project=demo trackway.app.id=a trackway.app.partition=ada trackway.step.sequence=1 trackway.step.attempt=0
      count 1s trackway.project=demo trackway.app.id=a trackway.app.partition=ada trackway.step.sequence=2 trackway.step.attempt=0
      done 1s trackway.project=demo trackway.app.id=a trackway.app.partition=ada trackway.step.sequence=3 trackway.step.attempt=0
    ");
}

#[test]
fn a_step_alone_is_a_trace_of_its_own() {
    let (tracer, spans) = trackway::testing::tracer();
    let mut app = counter().start(zero()).app_id("a").tracer(tracer).build().unwrap();
    app.step().blocking().unwrap();
    app.step().blocking().unwrap();
    assert_snapshot!(short(&spans), @r"
    count 1s step.sequence=0
    count 1s step.sequence=1
    ");
    let traces: Vec<_> = spans.finished().iter().map(|span| span.trace_id).collect();
    assert_ne!(traces[0], traces[1]);
}

#[test]
fn a_run_is_a_part_of_what_is_active() {
    let (tracer, spans) = trackway::testing::tracer();
    let mut app = counter().start(zero()).project("demo").tracer(tracer.clone()).build().unwrap();
    let request = tracer.span("POST /chat").start();
    let handled = async move { app.run(after("count")).await.unwrap() }.in_span(request);
    on_tokio(runtime::Builder::new_multi_thread().worker_threads(2), async { tokio::spawn(handled).await.unwrap() });
    assert_snapshot!(short(&spans), @r"
    POST /chat 5s
      run demo 3s
        count 1s step.sequence=0
    ");
}

fn branching() -> Graph {
    let work = action("work").run(|state: State, step: Step| async move {
        let load = step.span("load").start();
        let there = load.around(async { step.span("first").start().around(pause()).await });
        let here = load.around(async {
            let second = step.span("second").depends_on(["first"]).start();
            second.around(async { step.span("deep").start().finish() }).await;
        });
        tokio::join!(there, here);
        let task = step.clone();
        let spawned = async move { task.span("task").start().finish() }.in_context(load.context().clone());
        tokio::spawn(spawned).await?;
        let (thread, context) = (step.clone(), trackway::current());
        std::thread::spawn(move || context.run(|| thread.span("thread").start().finish())).join().unwrap();
        let lost = step.clone();
        std::thread::spawn(move || lost.span("without context").start().finish()).join().unwrap();
        load.attribute("rows", 3).event("read");
        step.attribute("model", "small");
        Ok::<_, Fault>(state)
    });
    Graph::new([work]).entry("work").build().unwrap()
}

#[test]
fn ordinals_follow_the_context_through_tasks_and_threads() {
    allow_duplicates! {
        for runtime in [&mut runtime::Builder::new_current_thread(), &mut runtime::Builder::new_multi_thread()] {
            let (tracer, spans) = trackway::testing::tracer();
            let mut app = branching().start(State::default()).app_id("a").first_sequence(3).tracer(tracer).build().unwrap();
            on_tokio(runtime, async { tokio::spawn(async move { app.step().await.unwrap() }).await.unwrap() });
            assert_snapshot!(short(&spans), @r"
            work 16s step.sequence=3 model=small
              load 14s span.ordinal=3:0 rows=3
                - read
                first 5s span.ordinal=3:0.0
                second 3s span.ordinal=3:0.1 span.dependencies=[first]
                  deep 1s span.ordinal=3:0.1.0
                task 1s span.ordinal=3:0.2
              thread 1s span.ordinal=3:1
              without context 1s span.ordinal=3:2
            ");
        }
    }
}

#[test]
fn ordinals_go_through_spans_that_are_not_the_steps_own() {
    let (tracer, spans) = trackway::testing::tracer();
    let own = tracer.clone();
    let work = action("work").run_sync(move |state: State, step: &Step| {
        let outer = step.span("outer").start();
        let _outer = outer.activate();
        let plain = own.span("plain").start();
        let _plain = plain.activate();
        let _guard = trackway::span!("guard");
        step.span("inner").start().finish();
        state
    });
    let graph = Graph::new([work]).entry("work").build().unwrap();
    graph.start(State::default()).tracer(tracer).build().unwrap().step().blocking().unwrap();
    assert_snapshot!(short(&spans), @r"
    work 9s step.sequence=0
      outer 7s span.ordinal=0:0
        plain 5s
          guard 3s
            inner 1s span.ordinal=0:0.0
    ");
}

#[test]
fn failures_are_on_the_spans_of_step_and_call() {
    let (tracer, spans) = trackway::testing::tracer();
    let fail = action("fail").run_sync(|_: State, step: &Step| {
        let span = step.span("model").start();
        span.record_error(&std::fmt::Error);
        Err::<State, Fault>("no model".into())
    });
    let graph = Graph::new([fail]).entry("fail").build().unwrap();
    let mut app = graph.start(State::default()).project("demo").tracer(tracer).build().unwrap();
    app.run(never()).blocking().unwrap_err();
    assert_snapshot!(short(&spans), @r#"
    run demo 7s ERROR fail failed in step 0: no model
      fail 4s step.sequence=0 ERROR no model
        - exception exception.message="no model"
        model 2s span.ordinal=0:0 ERROR an error occurred when formatting an argument
          - exception exception.type=core::fmt::Error exception.message="an error occurred when formatting an argument"
    "#);
}

#[test]
fn a_dropped_step_ends_its_spans() {
    let (tracer, spans) = trackway::testing::tracer();
    let gate = Gate::default();
    let wait = action("wait").run(move |state: State, step: Step| {
        let work = gate.wait();
        async move {
            step.span("model").start().around(work).await;
            state
        }
    });
    let graph = Graph::new([wait]).entry("wait").build().unwrap();
    let mut app = graph.start(State::default()).project("demo").tracer(tracer).build().unwrap();
    poll_and_drop(app.run(never()).into_future());
    assert_snapshot!(short(&spans), @r"
    run demo 7s ERROR cancelled
      - cancelled
      wait 3s step.sequence=0 ERROR cancelled
        - cancelled
        model 1s span.ordinal=0:0
    ");
}

#[test]
fn whoever_iterates_may_stop_between_two_steps() {
    let (tracer, spans) = trackway::testing::tracer();
    let mut app = counter().start(zero()).project("demo").tracer(tracer).build().unwrap();
    let mut steps = app.iterate(never());
    steps.next().blocking().unwrap();
    drop(steps);
    assert_snapshot!(short(&spans), @r"
    run demo 3s
      count 1s step.sequence=0
    ");
}

#[test]
fn an_unsampled_run_goes_on_without_spans() {
    let builder = trackway::Tracer::builder().sampler(Sampler::always_off());
    let (tracer, spans) = trackway::testing::tracer_of(builder);
    let work = action("work").writes(["uid"]).run_sync(|state: State, step: &Step| {
        let outer = step.span("outer").start();
        let _outer = outer.activate();
        state.set("uid", step.span("inner").start().uid().to_string())
    });
    let graph = Graph::new([work]).entry("work").build().unwrap();
    let mut app = graph.start(State::default()).tracer(tracer).build().unwrap();
    app.run(never()).blocking().unwrap();
    assert_eq!((app.state().get::<String>("uid").unwrap(), spans.tree()), ("0:0.0".to_owned(), String::new()));
}
