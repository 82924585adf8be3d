use insta::assert_snapshot;
use trackway_machine::{Halt, Why, after, before};

use crate::kit::{counter, zero};

fn halted(halt: Halt) -> String {
    let mut app = counter().start(zero()).build().unwrap();
    let halted = app.run(halt).blocking().unwrap();
    format!("{:?} {} {:?} {}", halted.why, halted.action, halted.result, halted.state.to_json())
}

#[test]
fn a_run_stops_after_and_before_actions_by_name_and_by_tag() {
    assert_snapshot!(halted(after("count")), @r#"After count None {"n":1}"#);
    assert_snapshot!(halted(before("done")), @r#"Before done None {"n":3}"#);
    assert_snapshot!(halted(after("@tag:work")), @r#"After count None {"n":1}"#);
    assert_snapshot!(halted(before("@tag:work")), @r#"Before count None {"n":1}"#);
    assert_snapshot!(halted(after(["done", "count"])), @r#"After count None {"n":1}"#);
}

#[test]
fn before_wins_over_after() {
    assert_snapshot!(halted(after("count").or(before("count"))), @r#"Before count None {"n":1}"#);
}

#[test]
fn at_least_one_step_is_taken() {
    let mut app = counter().start(zero()).build().unwrap();
    assert_eq!(app.run(before("count")).blocking().unwrap().why, Why::Before);
    assert_eq!(app.sequence(), Some(0));
}

#[test]
fn a_place_to_stop_that_is_nowhere_is_an_error() {
    let mut app = counter().start(zero()).build().unwrap();
    assert_snapshot!(app.run(after("cuont")).blocking().unwrap_err(), @"the graph has no `cuont`: it has count, done; did you mean `count`?");
    assert_snapshot!(app.run(before("@tag:human")).blocking().unwrap_err(), @"the graph has no `@tag:human`: it has count, done");
    assert_eq!(app.sequence(), None);
}
