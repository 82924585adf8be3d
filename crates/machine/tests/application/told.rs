use std::time::Duration;

use insta::assert_snapshot;
use trackway_machine::{
    Durability, Error, Fault, Graph, State, Step, Wanted, action, never, state, tracker::Memory, when,
};

use crate::kit::{Gate, Notes, counter, poll_and_drop, zero};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn trackers_are_told_of_all_that_happens() {
    let notes = Notes::default();
    let tracker = notes.tracker();
    let mut app = counter().start(zero()).project("demo").app_id("a").tracker(tracker.clone()).build().unwrap();
    app.run(never()).blocking().unwrap();
    app.reset_to_entrypoint();
    app.update_state(state! { n: 7 }).unwrap();
    drop(app);
    assert!(tracker.flush(SOON));
    assert_snapshot!(notes.take(), @r#"
    opened Some("count")
    placed after None next Some("count") {"n":0}
    begun 0.0 count {} told Some(true)
    ended 0 done {"n":1} Some([Set("n", Number(Int(1)))]) next Some("count") [n < 3: Ok(true)]
    begun 1.0 count {} told Some(true)
    ended 1 done {"n":2} Some([Set("n", Number(Int(2)))]) next Some("count") [n < 3: Ok(true)]
    begun 2.0 count {} told Some(true)
    ended 2 done {"n":3} Some([Set("n", Number(Int(3)))]) next Some("done") [n < 3: Ok(false)] [default: Ok(true)]
    begun 3.0 done {} told Some(true)
    ended 3 gave 3 {"n":3} Some([]) next None
    placed after Some(3) next Some("count") {"n":3}
    placed after Some(3) next Some("count") {"n":7}
    closed
    "#);
}

#[test]
fn failed_and_cancelled_steps_are_told() {
    let notes = Notes::default();
    let tracker = notes.tracker();
    let gate = Gate::default();
    let fail = action("fail").inputs(["how"]).run(move |state: State, step: Step| {
        let work = gate.wait();
        async move {
            match &*step.input::<String>("how")? {
                "error" => Err(Fault::from("no model")),
                "panic" => panic!("no fuel"),
                "write" => Ok(state.set("other", 1)),
                _ => {
                    work.await;
                    Ok(state)
                }
            }
        }
    });
    let graph = Graph::new([fail]).entry("fail").build().unwrap();
    let mut app = graph.start(zero()).project("demo").tracker(tracker.clone()).build().unwrap();
    for how in ["error", "panic", "write"] {
        app.step().input("how", how).blocking().unwrap_err();
    }
    poll_and_drop(app.step().input("how", "wait").into_future());
    assert!(tracker.flush(SOON));
    assert_snapshot!(notes.take(), @r#"
    opened Some("fail")
    placed after None next Some("fail") {"n":0}
    begun 0.0 fail {"how": Text("error")} told Some(true)
    ended 0 failed: no model {"n":0} Some([])
    begun 1.0 fail {"how": Text("panic")} told Some(true)
    ended 1 failed: panicked: no fuel {"n":0} Some([])
    begun 2.0 fail {"how": Text("write")} told Some(true)
    ended 2 failed: action `fail` writes `other`, which is not among its writes; add it there {"n":0} Some([])
    begun 3.0 fail {"how": Text("wait")} told Some(true)
    ended 3 failed: cancelled {"n":0} Some([])
    "#);
}

#[test]
fn spans_that_no_tracer_records_are_told_to_trackers() {
    let notes = Notes::default();
    let tracker = notes.tracker();
    let work = action("work").run(|state: State, step: Step| async move {
        let load = step.span("load").start();
        let scope = load.activate();
        let read = step.span("read").attribute("rows", 3).start();
        read.record_error(&std::fmt::Error);
        drop((read, scope, load));
        step.attribute("model", "small");
        state
    });
    let graph = Graph::new([work]).entry("work").build().unwrap();
    let mut app = graph.start(State::default()).project("demo").tracker(tracker.clone()).build().unwrap();
    app.step().blocking().unwrap();
    assert!(tracker.flush(SOON));
    assert_snapshot!(notes.take(), @r#"
    opened Some("work")
    placed after None next Some("work") {}
    begun 0.0 work {} told Some(true)
    span 0:0.0 read Error an error occurred when formatting an argument
    span 0:0 load Unset 
    noted 0 model="small"
    ended 0 done {} Some([]) next None
    "#);
}

#[test]
fn what_cannot_be_decided_is_told() {
    let notes = Notes::default();
    let tracker = notes.tracker();
    let set = action("set").writes(["n"]).run_sync(|state: State, _| state.set("n", 1));
    let end = action("end").run_sync(|state: State, _| state);
    let graph = Graph::new([set, end]).edge_if("set", "end", when("limit").gt(0)).entry("set").build().unwrap();
    let builder = graph.start(State::default()).project("demo").tracker(tracker.clone());
    let mut app = builder.durability(Durability::Eventual).build().unwrap();
    app.step().blocking().unwrap_err();
    assert!(tracker.flush(SOON));
    assert_snapshot!(notes.take(), @r#"
    opened Some("set")
    placed after None next Some("set") {}
    begun 0.0 set {} told Some(true)
    ended 0 done {"n":1} Some([Set("n", Number(Int(1)))]) next None [limit > 0: Err("the state has no field `limit`")]
    "#);
}

#[test]
fn a_project_is_needed_where_runs_are_kept() {
    let error = counter().start(zero()).tracker(Notes::default().tracker()).build().unwrap_err();
    assert!(matches!(error, Error::NoProject));
}

#[test]
fn a_tracker_that_does_not_have_the_run_is_told_where_it_goes_on() {
    let (memory, notes, run) = (Memory::new(), Notes::default(), Wanted::new("demo", "a"));
    let mut app = counter().start(zero()).project("demo").app_id("a").tracker(memory.clone()).build().unwrap();
    app.step().blocking().unwrap();
    drop(app);
    let tracker = notes.tracker();
    let builder = counter().resume_from(&memory, &run).unwrap().tracker(tracker.clone()).tracker(memory.clone());
    drop(builder.build().unwrap());
    assert!(tracker.flush(SOON));
    assert_snapshot!(notes.take(), @r#"
    opened Some("count")
    placed after Some(0) next Some("count") {"n":1}
    closed
    "#);
    assert_eq!(memory.text(&run).matches("state").count(), 1);
}
