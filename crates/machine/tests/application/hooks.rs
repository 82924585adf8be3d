use std::sync::mpsc;

use insta::{allow_duplicates, assert_snapshot};
use tokio::runtime;
use trackway_machine::{
    Entry, Error, Event, Fault, Graph, Hook, Reaction, State, Step, action, after, never,
    tracker::{Lane, Sink},
};

use crate::kit::{Gate, Notes, Slow, counter, on_tokio, pause, poll_and_drop, told, zero};

fn spans() -> Graph {
    let work = action("work").writes(["n"]).inputs(["by"]).run(|state: State, step: Step| async move {
        let by: i64 = step.input("by")?;
        let load = step.span("load").attribute("rows", by).start();
        load.around(pause()).await;
        step.span("parse").depends_on(["load"]).start().finish();
        drop(load);
        step.attribute("model", "small");
        Ok::<_, Fault>((by, state.set("n", by)))
    });
    Graph::new([work]).entry("work").build().unwrap()
}

#[test]
fn every_hook_hears_of_everything_in_order() {
    let notes = Notes::default();
    let builder = spans().start(State::default()).project("demo").hook(notes.hook("1")).hook(notes.hook("2"));
    let mut app = builder.build().unwrap();
    app.run(never()).input("by", 3).blocking().unwrap();
    assert_snapshot!(notes.take(), @r#"
    1 created demo Some("work") {}
    2 created demo Some("work") {}
    1 before_call Run
    2 before_call Run
    1 before_step 0 work {"by": Number(Int(3))} {}
    2 before_step 0 work {"by": Number(Int(3))} {}
    1 span_started 0:0 load []
    2 span_started 0:0 load []
    1 attribute 0:0 rows=3
    2 attribute 0:0 rows=3
    1 span_started 0:1 parse ["load"]
    2 span_started 0:1 parse ["load"]
    1 span_ended 0:1
    2 span_ended 0:1
    1 span_ended 0:0
    2 span_ended 0:0
    1 attribute  model="small"
    2 attribute  model="small"
    1 after_step 0 {"n":3} Some("3") None None
    2 after_step 0 {"n":3} Some("3") None None
    1 after_call Run None
    2 after_call Run None
    "#);
}

#[test]
fn hooks_are_given_the_error_itself() {
    let notes = Notes::default();
    let fail = action("fail").run_sync(|_: State, _| Err::<State, Fault>(std::fmt::Error.into()));
    let heard = notes.clone();
    let hook = move |event: &Event<'_>| {
        if let Event::AfterStep { error: Some(Error::Action { source, .. }), .. } = event {
            heard.note(format!("{:?}", source.downcast_ref::<std::fmt::Error>()));
        }
    };
    let graph = Graph::new([fail]).entry("fail").build().unwrap();
    let mut app = graph.start(State::default()).hook(hook).hook(notes.hook("1")).build().unwrap();
    app.step().blocking().unwrap_err();
    assert_snapshot!(notes.take(), @r#"
    1 created default Some("fail") {}
    1 before_call Step
    1 before_step 0 fail {} {}
    Some(Error)
    1 after_step 0 {} None Some("fail failed in step 0: an error occurred when formatting an argument") None
    1 after_call Step Some("fail failed in step 0: an error occurred when formatting an argument")
    "#);
}

#[test]
fn what_hooks_do_later_is_done_before_the_application_goes_on() {
    allow_duplicates! {
        for runtime in [&mut runtime::Builder::new_current_thread(), &mut runtime::Builder::new_multi_thread()] {
            let notes = Notes::default();
            let builder = spans().start(State::default()).hook(notes.hook("now")).hook(Slow(notes.clone()));
            let mut app = builder.build().unwrap();
            on_tokio(runtime, async {
                tokio::spawn(async move { app.step().input("by", 3).await.unwrap() }).await.unwrap();
            });
            let text: Vec<String> =
                notes.take().lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
            assert_snapshot!(text.join("\n"), @r"
            now created
            later created
            now before_call
            later before_call
            now before_step
            later before_step
            now span_started
            later span_started
            now attribute
            later attribute
            now span_started
            later span_started
            now span_ended
            later span_ended
            now span_ended
            later span_ended
            now attribute
            later attribute
            now after_step
            later after_step
            now after_call
            later after_call
            ");
        }
    }
}

#[test]
fn hooks_may_use_the_runtime_that_the_application_runs_on() {
    struct Timed(Notes);
    impl Hook for Timed {
        fn on<'a>(&'a self, event: &'a Event<'a>) -> Reaction<'a> {
            Reaction::later(async move {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                self.0.note(event.name());
                Ok(())
            })
        }
    }
    let notes = Notes::default();
    let elsewhere = action("elsewhere").run(|state: State, step: Step| async move {
        std::thread::spawn(move || step.span("there").start().finish()).join().unwrap();
        state
    });
    let graph = Graph::new([elsewhere]).entry("elsewhere").build().unwrap();
    let mut app = graph.start(State::default()).hook(Timed(notes.clone())).build().unwrap();
    on_tokio(&mut runtime::Builder::new_current_thread(), async { app.step().await.unwrap() });
    assert_eq!(app.stats().hook_failures, 0);
    assert_snapshot!(notes.take(), @r"
    created
    before_call
    before_step
    span_started
    span_ended
    after_step
    after_call
    ");
}

fn failing(name: &'static str) -> impl Hook {
    move |event: &Event<'_>| if event.name() == name { Err("no disk") } else { Ok(()) }
}

fn panicking(event: &Event<'_>) {
    if event.name() != "created" {
        panic!("a hook's own business");
    }
}

struct PanickingLater;

impl Hook for PanickingLater {
    fn on<'a>(&'a self, event: &'a Event<'a>) -> Reaction<'a> {
        Reaction::later(async move { panic!("{} later", event.name()) })
    }
}

#[test]
fn failures_of_hooks_are_counted_and_reach_nobody() {
    let notes = Notes::default();
    let builder = spans().start(State::default()).hook(failing("span_started")).hook(panicking).hook(PanickingLater);
    let mut app = builder.hook(notes.hook("1")).build().unwrap();
    app.step().input("by", 3).blocking().unwrap();
    let heard = notes.take().lines().count();
    // Twice two spans, two attributes, the step and the call, and the creation.
    assert_eq!((heard, app.stats().hook_failures), (11, 2 + 10 + 11));
}

#[test]
fn strict_hooks_fail_the_step_or_the_call() {
    let run = |event| {
        let notes = Notes::default();
        let app = spans().start(State::default()).strict_hook(failing(event)).hook(notes.hook("1")).build();
        let error = match app {
            Err(error) => error,
            Ok(mut app) => app.step().input("by", 3).blocking().unwrap_err(),
        };
        let last: Vec<String> = notes.take().lines().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect();
        format!("{}\n{}", error.chain(), last.join(" "))
    };
    assert_snapshot!(run("created"), @r"
    a hook failed at created: no disk
    created
    ");
    assert_snapshot!(run("before_call"), @r"
    a hook failed at before_call: no disk
    created before_call after_call
    ");
    assert_snapshot!(run("before_step"), @r"
    a hook failed at before_step: no disk
    created before_call before_step after_step after_call
    ");
    assert_snapshot!(run("span_started"), @r"
    a hook failed at span_started: no disk
    created before_call before_step span_started attribute span_started span_ended span_ended attribute after_step after_call
    ");
    assert_snapshot!(run("attribute"), @r"
    a hook failed at attribute: no disk
    created before_call before_step span_started attribute span_started span_ended span_ended attribute after_step after_call
    ");
    assert_snapshot!(run("after_step"), @r"
    a hook failed at after_step: no disk
    created before_call before_step span_started attribute span_started span_ended span_ended attribute after_step after_call
    ");
    assert_snapshot!(run("after_call"), @r"
    a hook failed at after_call: no disk
    created before_call before_step span_started attribute span_started span_ended span_ended attribute after_step after_call
    ");
}

#[test]
fn a_strict_hook_after_a_step_does_not_undo_it() {
    let mut app = counter().start(zero()).strict_hook(failing("after_step")).build().unwrap();
    assert!(matches!(app.step().blocking(), Err(Error::Hook { event: "after_step", .. })));
    assert_eq!((app.state()["n"].as_i64(), app.stats().failed_steps), (Some(1), 0));
    let mut app = counter().start(zero()).strict_hook(failing("before_step")).build().unwrap();
    assert!(matches!(app.step().blocking(), Err(Error::Hook { event: "before_step", .. })));
    assert_eq!((app.state()["n"].as_i64(), app.stats().failed_steps, app.next_action()), (Some(0), 1, Some("count")));
}

#[test]
fn hooks_hear_of_a_step_that_was_dropped() {
    let notes = Notes::default();
    let gate = Gate::default();
    let wait = action("wait").run(move |state: State, step: Step| {
        let work = gate.wait();
        async move {
            let span = step.span("model").start();
            span.around(work).await;
            state
        }
    });
    let graph = Graph::new([wait]).entry("wait").build().unwrap();
    let mut app = graph.start(State::default()).hook(notes.hook("1")).build().unwrap();
    poll_and_drop(app.run(never()).into_future());
    assert_snapshot!(notes.take(), @r#"
    1 created default Some("wait") {}
    1 before_call Run
    1 before_step 0 wait {} {}
    1 span_started 0:0 model []
    1 span_ended 0:0
    1 after_step 0 {} None Some("wait was cancelled in step 0") None
    1 after_call Run Some("wait was cancelled in step 0")
    "#);
    assert_eq!(app.stats().failed_steps, 1);
}

#[test]
fn hooks_hear_of_a_step_that_was_done_when_its_call_was_dropped() {
    struct Held(mpsc::Receiver<()>);
    impl Sink for Held {
        fn write(&mut self, entries: Vec<Entry>) -> Vec<Result<(), Fault>> {
            let _ = self.0.recv(); // Until the test lets go.
            entries.iter().map(|_| Ok(())).collect()
        }
    }
    let notes = Notes::default();
    let (let_go, held) = mpsc::channel();
    let builder = counter().start(zero()).project("demo").tracker(Lane::new("held", Held(held)));
    let mut app = builder.hook(notes.hook("1")).build().unwrap();
    poll_and_drop(app.step().into_future());
    assert_eq!((app.sequence(), app.state()["n"].as_i64(), app.stats().failed_steps), (Some(0), Some(1), 0));
    assert_snapshot!(notes.take(), @r#"
    1 created demo Some("count") {"n":0}
    1 before_call Step
    1 before_step 0 count {} {"n":0}
    1 after_step 0 {"n":1} None None Some("count")
    1 after_call Step Some("count was cancelled in step 0")
    "#);
    drop(let_go);
}

#[test]
fn a_call_that_is_refused_has_not_begun() {
    let notes = Notes::default();
    let mut app = counter().start(zero()).hook(notes.hook("1")).build().unwrap();
    assert!(matches!(app.step().input("typo", 1).blocking(), Err(Error::UnknownInput { .. })));
    assert!(matches!(app.run(after("typo")).blocking(), Err(Error::UnknownAction { .. })));
    assert_snapshot!(notes.take(), @r#"1 created default Some("count") {"n":0}"#);
}

#[test]
fn a_call_that_is_given_up_between_steps_ends() {
    let notes = Notes::default();
    let mut app = counter().start(zero()).hook(notes.hook("1")).build().unwrap();
    let mut steps = app.iterate(after("done"));
    steps.next().blocking().unwrap();
    drop(steps);
    assert_snapshot!(notes.take(), @r#"
    1 created default Some("count") {"n":0}
    1 before_call Iterate
    1 before_step 0 count {} {"n":0}
    1 after_step 0 {"n":1} None None Some("count")
    1 after_call Iterate None
    "#);
}

#[test]
fn spans_are_told_where_they_happen() {
    let notes = Notes::default();
    let (heard, noted) = (notes.clone(), notes.clone());
    let work = action("work").run_sync(move |state: State, step: &Step| {
        heard.note("before");
        step.span("load").start().finish();
        heard.note("after");
        state
    });
    let hook = move |event: &Event<'_>| {
        if event.name().starts_with("span") {
            noted.note(told(event));
        }
    };
    let graph = Graph::new([work]).entry("work").build().unwrap();
    graph.start(State::default()).hook(hook).build().unwrap().step().blocking().unwrap();
    assert_snapshot!(notes.take(), @r"
    before
    span_started 0:0 load []
    span_ended 0:0
    after
    ");
}

#[test]
fn a_hook_may_record_attributes_itself() {
    let notes = Notes::default();
    let hook = |event: &Event<'_>| {
        if let Event::SpanStarted { step, span, .. } = event {
            step.attribute("begun", span.uid().to_string());
        }
    };
    let mut app = spans().start(State::default()).hook(hook).hook(notes.hook("1")).build().unwrap();
    app.step().input("by", 1).blocking().unwrap();
    let attributes: Vec<String> =
        notes.take().lines().filter(|line| line.contains("begun")).map(str::to_owned).collect();
    assert_snapshot!(attributes.join("\n"), @r#"
    1 attribute  begun="0:0"
    1 attribute  begun="0:1"
    "#);
}

#[test]
fn events_of_many_threads_are_all_heard_before_the_step_ends() {
    let notes = Notes::default();
    let work = action("work").run(|state: State, step: Step| async move {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..50).for_each(|_| step.span("part").start().finish()));
            }
        });
        pause().await;
        state
    });
    let graph = Graph::new([work]).entry("work").build().unwrap();
    let mut app = graph.start(State::default()).hook(notes.hook("now")).hook(Slow(notes.clone())).build().unwrap();
    app.step().blocking().unwrap();
    let text = notes.take();
    let heard = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!((heard("now span"), heard("later span"), app.stats().hook_failures), (400, 400, 0));
    let last_span = text.lines().position(|line| line.starts_with("now after_step")).unwrap();
    assert!(text.lines().skip(last_span).all(|line| !line.contains("span_")));
}
