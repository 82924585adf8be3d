//! Runs that come of other runs: resumed, forked, spawned.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{fs, path::Path};

use insta::assert_snapshot;
use trackway_machine::{
    Application, At, ChildEvent, Fault, Graph, Loader, RunKey, RunPointer, SpanId, State, Step, TraceId, Wanted,
    action, after, never, state,
    testing::script,
    tracker::{Directory, Memory, Tracker},
    when,
};
use trackway_model::{RunFact, RunRecord, SpanRecord};
use trackway_wire::records::{Follower, Item};

fn counter() -> Graph {
    let count = action("count").reads(["n"]).writes(["n"]).run_sync(|state: State, _| state.increment("n", 1));
    Graph::new([count]).edge("count", "count").entry("count").build().unwrap()
}

fn begin(tracker: impl Tracker, app: &str) -> Application {
    counter().start(state! { n: 0 }).project("demo").app_id(app).tracker(tracker).build().unwrap()
}

/// Reads a log as everybody does who follows it: the facts and the spans that it tells.
fn read(root: &Path, app: &str) -> (Vec<RunFact>, Vec<SpanRecord>) {
    let run = RunKey { project: "demo".into(), partition: None, app: app.into() };
    let mut follower = Follower::new(run);
    let text = fs::read_to_string(root.join("demo").join(app).join("log.ndjson")).unwrap();
    let (mut facts, mut spans) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        for item in follower.line(number, line.as_bytes()) {
            match item {
                Item::Fact(RunRecord { fact, .. }) => facts.push(fact),
                Item::Span(span) => spans.push(*span),
            }
        }
    }
    (facts, spans)
}

fn name(span: &SpanRecord) -> (TraceId, SpanId) {
    (span.trace_id, span.span_id)
}

fn links(span: &SpanRecord) -> Vec<(TraceId, SpanId)> {
    span.links.iter().map(|link| (link.trace_id.unwrap(), link.span_id.unwrap())).collect()
}

/// A run of three steps under a tracer, and the spans of its steps.
fn three_steps(memory: &Memory) -> (trackway::Tracer, trackway::testing::Spans, Vec<SpanRecord>) {
    let (tracer, spans) = trackway::testing::tracer();
    let start = counter().start(state! { n: 0 }).project("demo").app_id("1").tracker(memory.clone());
    let mut app = start.tracer(tracer.clone()).build().unwrap();
    for _ in 0..3 {
        app.step().blocking().unwrap();
    }
    let steps = spans.finished();
    (tracer, spans, steps)
}

#[test]
fn the_first_span_of_what_goes_on_is_linked_to_the_step_before() {
    let wanted = Wanted::new("demo", "1");
    let memory = Memory::new();
    let (tracer, spans, steps) = three_steps(&memory);
    let resumed = counter().resume_from(&memory, &wanted).unwrap().tracer(tracer.clone());
    let forked = counter().fork_from(&memory, &wanted, 1).unwrap().tracer(tracer);
    for (builder, of) in [(resumed, &steps[2]), (forked, &steps[1])] {
        let before = spans.finished().len();
        let mut app = builder.build().unwrap();
        app.run(after("count")).blocking().unwrap();
        app.run(after("count")).blocking().unwrap();
        // A span is finished after those in it: the step, the call, the step, the call.
        let found: Vec<_> = spans.finished()[before..].iter().map(links).collect();
        assert_eq!(found, [vec![], vec![name(of)], vec![], vec![]]);
    }
}

#[test]
fn a_step_that_is_taken_alone_has_the_link_itself() {
    let memory = Memory::new();
    let (tracer, spans, steps) = three_steps(&memory);
    let resumed = counter().resume_from(&memory, &Wanted::new("demo", "1")).unwrap();
    let mut app = resumed.tracer(tracer).build().unwrap();
    app.step().blocking().unwrap();
    app.step().blocking().unwrap();
    let found: Vec<_> = spans.finished()[3..].iter().map(links).collect();
    assert_eq!(found, [vec![name(&steps[2])], vec![]]);
}

#[test]
fn a_log_tells_the_link_where_no_tracer_does() {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::at(root.path());
    let mut app = begin(directory.clone(), "1");
    app.step().blocking().unwrap();
    app.step().blocking().unwrap();
    drop(app);
    let fork = counter().fork_from(&directory, &Wanted::new("demo", "1"), 0).unwrap();
    let mut fork = fork.app_id("2").build().unwrap();
    fork.run(after("count")).blocking().unwrap();
    fork.step().blocking().unwrap();
    drop(fork);
    let mut app = counter().resume_from(&directory, &Wanted::new("demo", "1")).unwrap().build().unwrap();
    app.step().blocking().unwrap();
    drop(app);

    // Each step is told twice: open when it begins, and whole when it ends.
    let told = |app: &str| read(root.path(), app).1;
    let ended: Vec<_> = told("1").into_iter().filter(|span| span.end.is_some()).collect();
    let found: Vec<_> = told("1").iter().map(links).collect();
    let last = vec![name(&ended[1])];
    assert_eq!(found, [vec![], vec![], vec![], vec![], last.clone(), last]);
    let first = vec![name(&ended[0])];
    assert_eq!(told("2").iter().map(links).collect::<Vec<_>>(), [first.clone(), first, vec![], vec![]]);
}

#[test]
fn a_run_that_a_step_spawns_is_known_to_both() {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::at(root.path());
    let tracker = directory.clone();
    let spawn = action("spawn").run(move |state: State, step: Step| {
        let child = counter().start(state! { n: 0 }).project("demo").app_id("child").partition("ada");
        let child = child.tracker(tracker.clone()).spawned_by(&step).build();
        async move {
            child?.run(after("count")).await?;
            Ok::<_, Fault>(state)
        }
    });
    let ask = action("ask").run_sync(|state: State, _| state);
    let graph = Graph::new([ask, spawn]).edge("ask", "spawn").entry("ask").build().unwrap();
    let start = graph.start(state! {}).project("demo").app_id("parent").tracker(directory.clone());
    start.build().unwrap().run(never()).blocking().unwrap();

    let child = directory.load(&Wanted::new("demo", "child"), At::Latest).unwrap().unwrap();
    let parent = RunPointer { app: "parent".into(), partition: None, sequence: Some(1) };
    assert_eq!(child.record.spawned_by, Some(parent));
    let (facts, spans) = read(root.path(), "parent");
    let mut children = facts.into_iter().filter_map(|fact| match fact {
        RunFact::Child(child) => Some((child.sequence, child.event, child.child)),
        _ => None,
    });
    let pointer = RunPointer { app: "child".into(), partition: Some("ada".into()), sequence: None };
    assert_eq!(children.next(), Some((Some(1), ChildEvent::Spawn, pointer)));
    assert_eq!(children.next(), None);

    // The child's steps are in the trace of the step, below it.
    let (facts, steps) = read(root.path(), "child~ada");
    assert!(matches!(&facts[0], RunFact::App(record) if record.spawned_by.is_some()));
    let spawner = spans.iter().find(|span| &*span.name == "spawn").unwrap();
    assert_eq!((steps[0].trace_id, steps[0].parent_id), (spawner.trace_id, Some(spawner.span_id)));
}

fn refused(memory: &Memory, wanted: &Wanted, at: impl Into<At>) -> String {
    counter().fork_from(memory, wanted, at).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_forked_says_what_there_is() {
    let memory = Memory::new();
    let mut app = begin(memory.clone(), "1");
    let wanted = Wanted::new("demo", "1");
    assert_snapshot!(refused(&memory, &wanted, 0), @"the run 1 of demo has no step 0: it has not taken any, and -1 stands for what it begins with");
    app.step().blocking().unwrap();
    app.step().blocking().unwrap();
    drop(app);
    assert_snapshot!(refused(&memory, &wanted, 12), @"the run 1 of demo has no step 12: its last one is 1");
    assert_snapshot!(refused(&memory, &wanted.clone().in_partition("ada"), 1), @"demo has no run 1 of the partition ada in memory: there is one without a partition");
    assert_snapshot!(refused(&memory, &Wanted::new("demo", "2"), 1), @"demo has no run 2 in memory");
    let fork = counter().fork_from(&memory, &wanted, 1).unwrap().app_id("3").build().unwrap();
    drop(fork);
    assert_snapshot!(refused(&memory, &Wanted::new("demo", "3"), 1), @"the run 3 of demo has no step 1: it has not taken any, and -1 stands for what it begins with");
    for partition in ["bob", "eve"] {
        let start = counter().start(state! { n: 0 }).project("demo").app_id("4").partition(partition);
        start.tracker(memory.clone()).build().unwrap();
    }
    assert_snapshot!(refused(&memory, &Wanted::new("demo", "4"), At::Latest), @"demo has a run 4 in several partitions: name one of bob, eve");
    assert_snapshot!(refused(&memory, &Wanted::new("demo", "4").in_partition("ada"), At::Latest), @"demo has no run 4 of the partition ada in memory: there is one of the partition bob, one of the partition eve");
}

#[test]
fn a_run_that_never_began_and_a_step_that_failed_can_be_forked() {
    let memory = Memory::new();
    let ask = script("ask").writes(["n"]).fails("no model").gives(state! { n: 1 });
    let graph = Graph::new([ask]).entry("ask").build().unwrap();
    let start = graph.start(state! { n: 0 }).project("demo").app_id("1").tracker(memory.clone());
    let mut app = start.build().unwrap();
    let wanted = Wanted::new("demo", "1");
    for at in [At::Latest, At::Step(-1)] {
        let fork = graph.fork_from(&memory, &wanted, at).unwrap().build().unwrap();
        assert_eq!((fork.next_action(), fork.state()), (Some("ask"), &state! { n: 0 }));
    }
    app.step().blocking().unwrap_err();
    // The fork of a failed step tries it again, under the next number.
    let mut fork = graph.fork_from(&memory, &wanted, 0).unwrap().app_id("2").build().unwrap();
    fork.step().blocking().unwrap();
    assert_eq!((fork.sequence(), fork.state()), (Some(1), &state! { n: 1 }));
    let parent = memory.load(&Wanted::new("demo", "2"), At::Latest).unwrap().unwrap().record.parent;
    assert_eq!(parent, Some(RunPointer { app: "1".into(), partition: None, sequence: Some(0) }));
}

#[test]
fn what_comes_next_is_as_free_after_a_resume_as_before() {
    let memory = Memory::new();
    let graph = || {
        let count = action("count").writes(["n"]).run_sync(|state: State, _| state.increment("n", 1));
        let [low, high] = ["low", "high"].map(|name| action(name).run_sync(|state: State, _| state));
        let graph = Graph::new([count, low, high]).edge_if("count", "low", when("n").lt(5)).otherwise("count", "high");
        graph.entry("count").build().unwrap()
    };
    let start = graph().start(state! { n: 0 }).project("demo").app_id("1").tracker(memory.clone());
    let mut app = start.build().unwrap();
    app.step().blocking().unwrap();
    app.update_state(state! { n: 7 }).unwrap();
    assert_eq!(app.next_action(), Some("high"));
    drop(app);
    let resume = || graph().resume_from(&memory, &Wanted::new("demo", "1")).unwrap().build().unwrap();
    let mut app = resume();
    assert_eq!(app.next_action(), Some("high"));
    app.update_state(state! { n: 1 }).unwrap();
    assert_eq!(app.next_action(), Some("low"));
    drop(app);
    let mut fork = graph().fork_from(&memory, &Wanted::new("demo", "1"), 0).unwrap().build().unwrap();
    for (n, next) in [(7, "high"), (1, "low")] {
        fork.update_state(state! { n: n }).unwrap();
        assert_eq!(fork.next_action(), Some(next));
    }
    let mut app = resume();
    app.reset_to_entrypoint();
    drop(app);
    let mut app = resume();
    app.update_state(state! { n: 8 }).unwrap();
    assert_eq!(app.next_action(), Some("count"), "somebody said so");
}
