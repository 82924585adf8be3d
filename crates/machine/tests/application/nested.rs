use std::time::Duration;

use insta::assert_snapshot;
use trackway_machine::{Fault, Graph, State, Step, action, never};

use crate::kit::{Notes, counter, zero};

fn outer(tracker: trackway_machine::tracker::Lane) -> Graph {
    let delegate = action("delegate").writes(["total"]).run(move |state: State, step: Step| {
        let tracker = tracker.clone();
        async move {
            let around = step.span("around").start();
            let builder = counter().start(zero()).project("demo").app_id("child").tracker(tracker).spawned_by(&step);
            let mut child = builder.tracer(step.tracer().clone()).build()?;
            let halted = around.around(async { child.run(never()).await }).await?;
            step.span("after").start().finish();
            Ok::<_, Fault>(state.set("total", halted.result))
        }
    });
    Graph::new([delegate]).entry("delegate").build().unwrap()
}

#[test]
fn an_application_that_an_action_runs_is_its_child() {
    let notes = Notes::default();
    let tracker = notes.tracker();
    let (tracer, spans) = trackway::testing::tracer();
    let graph = outer(tracker.clone());
    let builder = graph.start(State::default()).project("demo").app_id("parent").tracker(tracker.clone());
    let mut app = builder.tracer(tracer).build().unwrap();
    app.step().blocking().unwrap();
    assert_eq!(app.state()["total"].as_i64(), Some(3));
    assert!(trackway_machine::tracker::Tracker::flush(&tracker, Duration::from_secs(20)));
    let children: Vec<String> =
        notes.take().lines().filter(|line| line.starts_with("child")).map(str::to_owned).collect();
    assert_eq!(children, ["child child of Some(0)"]);
    assert_snapshot!(crate::traces::short(&spans), @r"
    delegate 17s step.sequence=0
      around 15s span.ordinal=0:0
        run demo 9s
          count 1s step.sequence=0
          count 1s step.sequence=1
          count 1s step.sequence=2
          done 1s step.sequence=3
      after 1s span.ordinal=0:1
    ");
}
