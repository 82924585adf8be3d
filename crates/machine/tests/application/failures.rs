use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use insta::assert_snapshot;
use trackway_machine::{Application, Error, Fault, Graph, Node, Panicked, State, action, check, never, state, when};

use crate::kit::{Gate, poll_and_drop};

fn alone(node: Node, state: State) -> Application {
    let name = node.name().clone();
    Graph::new([node]).entry(name).build().unwrap().start(state).app_id("a").build().unwrap()
}

fn failure(node: Node, state: State) -> String {
    alone(node, state).step().blocking().unwrap_err().chain()
}

#[test]
fn a_failed_step_leaves_the_state_and_can_be_tried_again() {
    let tries = Arc::new(AtomicU32::new(0));
    let flaky = action("flaky").writes(["n"]).run(move |state: State, _| {
        let tries = tries.clone();
        async move {
            let state = state.set("n", 1);
            if tries.fetch_add(1, Ordering::Relaxed) < 2 { Err(Fault::from("no model")) } else { Ok(state) }
        }
    });
    let mut app = alone(flaky, state! { n: 0 });
    for sequence in 0..2 {
        let error = app.step().blocking().unwrap_err();
        assert!(matches!(&error, Error::Action { step, .. } if step.sequence == sequence));
        assert_eq!((app.state(), app.next_action(), app.sequence()), (&state! { n: 0 }, Some("flaky"), Some(sequence)));
    }
    assert_eq!(app.step().blocking().unwrap().unwrap().step.sequence, 2);
    assert_eq!(app.state(), &state! { n: 1 });
    assert_eq!((app.stats().steps, app.stats().failed_steps), (3, 2));
}

#[test]
fn a_panic_is_the_actions_failure() {
    let now = action("now").run_sync(|state: State, _| if state.is_empty() { panic!("no {}", "fuel") } else { state });
    let mut app = alone(now, State::default());
    let error = app.step().blocking().unwrap_err();
    assert_snapshot!(error.chain(), @"now failed in step 0: panicked: no fuel");
    let Error::Action { source, .. } = error else { unreachable!() };
    assert_eq!(source.downcast_ref::<Panicked>().unwrap().0, "no fuel".into());
    assert_eq!((app.next_action(), app.sequence()), (Some("now"), Some(0)));

    let later = action("later").run(|state: State, _| async move {
        crate::kit::pause().await;
        if state.is_empty() { panic!("no fuel") } else { state }
    });
    assert_snapshot!(failure(later, State::default()), @"later failed in step 0: panicked: no fuel");
}

#[test]
fn a_panic_when_the_work_is_given_up_is_the_actions_failure() {
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            panic!("loud");
        }
    }
    let loud = action("loud").run(|state: State, _| async move {
        let _loud = Loud;
        state
    });
    assert_snapshot!(failure(loud, State::default()), @"loud failed in step 0: panicked: loud");
}

#[test]
fn a_step_that_is_dropped_has_failed_and_can_be_taken_again() {
    let gate = Gate::default();
    let wait = action("wait").writes(["n"]).run({
        let gate = gate.clone();
        move |state: State, _| {
            let gate = gate.clone();
            async move {
                gate.wait().await;
                state.set("n", 1)
            }
        }
    });
    let mut app = alone(wait, state! { n: 0 });
    poll_and_drop(app.step().into_future());
    assert_eq!((app.sequence(), app.next_action(), app.state()), (Some(0), Some("wait"), &state! { n: 0 }));
    poll_and_drop(app.run(never()).into_future());
    assert_eq!((app.sequence(), app.stats().failed_steps), (Some(1), 2));
    gate.open();
    assert_eq!(app.step().blocking().unwrap().unwrap().step.sequence, 2);
    assert_eq!(app.state(), &state! { n: 1 });
}

#[test]
fn undeclared_reads_and_writes_fail_the_step() {
    let read = action("read").run_sync(|state: State, _| state.get::<i64>("secret").map(|_| state));
    assert_snapshot!(failure(read, state! { secret: 1 }), @"read failed in step 0: action `read` reads `secret`, which is not among its reads; add it there");
    let peek = action("peek").run_sync(|state: State, _| {
        let _ = state.value("secret");
        state
    });
    assert_snapshot!(failure(peek, state! { secret: 1 }), @"peek failed in step 0: action `peek` reads `secret`, which is not among its reads; add it there");
    let write = action("write").run_sync(|state: State, _| state.set("other", 1));
    assert_snapshot!(failure(write, State::default()), @"write failed in step 0: action `write` writes `other`, which is not among its writes; add it there");
    let forget = action("forget").writes(["answer"]).run_sync(|state: State, _| state);
    assert_snapshot!(failure(forget, State::default()), @"forget failed in step 0: action `forget` declares that it writes `answer`, and the state that it returned has no such field");
}

#[test]
fn a_condition_that_fails_leaves_the_step_done_and_is_asked_again() {
    let set = action("set").writes(["n"]).run_sync(|state: State, _| state.set("n", 1));
    let end = action("end").run_sync(|state: State, _| state);
    let graph = Graph::new([set, end]).edge_if("set", "end", when("limit").gt(0)).entry("set").build().unwrap();
    let mut app = graph.start(State::default()).app_id("a").build().unwrap();
    let error = app.step().blocking().unwrap_err();
    assert!(matches!(error, Error::Condition { .. }));
    assert_snapshot!(error, @"cannot tell what follows set: limit > 0: the state has no field `limit`");
    assert_eq!((app.state(), app.sequence(), app.next_action()), (&state! { n: 1 }, Some(0), None));
    assert_eq!(app.stats().failed_steps, 0);
    assert!(matches!(app.step().blocking(), Err(Error::Condition { .. })));
    app.update_state(app.state().set("limit", 5)).unwrap();
    assert_eq!(&*app.step().blocking().unwrap().unwrap().action, "end");
}

#[test]
fn a_check_that_panics_or_fails_is_a_condition_that_fails() {
    let set = action("set").run_sync(|state: State, _| state);
    let end = action("end").run_sync(|state: State, _| state);
    let ask = check("asks", [] as [&str; 0], |_: &State| Err::<bool, Fault>("offline".into()));
    let graph = Graph::new([set, end]).edge_if("set", "end", ask).entry("set").build().unwrap();
    let error = graph.start(State::default()).build().unwrap().step().blocking().unwrap_err();
    assert_snapshot!(error, @"cannot tell what follows set: asks: offline");
}
