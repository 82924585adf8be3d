//! States that no step made, and what was chosen after steps: each case holds for `Memory`, for `Embedded`, and for
//! `Embedded` opened anew before every question.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::sync::Arc;

use kit::{runs::*, *};
use trackway_model::*;
use trackway_store::*;

macro_rules! contract {
    ($($case:ident)*) => {
        mod memory { $(#[test] fn $case() { super::$case(&mut crate::RunWorld::memory()) })* }
        mod embedded { $(#[test] fn $case() { super::$case(&mut crate::RunWorld::embedded()) })* }
        mod reopened { $(#[test] fn $case() { super::$case(&mut crate::RunWorld::reopened()) })* }
    };
}

contract! {
    a_step_begins_with_what_was_set_before_it_or_else_with_what_the_last_one_left
    a_run_stands_where_its_last_step_left_it_or_where_it_was_set_since
    a_state_that_was_set_again_is_the_latest_and_what_changed_follows_it
    what_was_chosen_is_kept_as_it_was_told
    a_deleted_run_takes_the_states_along_that_no_step_made
}

fn placed(after: Option<i64>, next: Option<&str>, state: &str) -> RunFact {
    let (after, next, state) = (after.map(at), next.map(Into::into), Json(state.into()));
    RunFact::State(StateRecord { after, next, state, time: Some(Timestamp(7)) })
}

/// Steps 0, 1 (which died) and 2, with a first state and one that was set after step 0.
fn edited(world: &mut RunWorld) -> Arc<RunKey> {
    let run = run_key("edited");
    world.tell(&run, [placed(None, Some("a"), r#"{"n":0}"#), begin(0, "a", 1), end(0, "a", 2, r#"{"n":1}"#)]);
    world.tell(&run, [placed(Some(0), None, r#"{"n":1,"m":5}"#), begin(1, "b", 3)]);
    world.tell(&run, [begin(2, "b", 4), end(2, "b", 5, r#"{"n":2,"m":5}"#), begin(3, "c", 6)]);
    run
}

/// A line for each step: what it began with, what it changed, whether somebody set the state before it.
fn lines(world: &mut RunWorld, run: &RunKey) -> Vec<String> {
    let steps = world.store().steps(run, Order::Ascending, &all()).unwrap().items;
    let line = |step: Step| {
        let before = world.store().state_before(run, step.key).unwrap().map_or("?".into(), |state| state.0);
        format!("{} {before} {:?} {}", step.key.sequence, step.changed, step.is_edited)
    };
    steps.into_iter().map(line).collect()
}

fn a_step_begins_with_what_was_set_before_it_or_else_with_what_the_last_one_left(world: &mut RunWorld) {
    let run = edited(world);
    assert_eq!(
        lines(world, &run),
        [
            r#"0 {"n":0} ["n"] false"#,
            r#"1 {"n":1,"m":5} [] true"#,
            r#"2 {"n":1,"m":5} ["n"] false"#,
            r#"3 {"n":2,"m":5} [] false"#,
        ]
    );
    assert_eq!(world.store().first_state(&run).unwrap(), Some(Json(r#"{"n":0}"#.into())));
    let named: Vec<_> = world.store().run(&run).unwrap().unwrap().placements;
    assert_eq!(named[0], Placement { after: None, next: Some("a".into()), time: Some(Timestamp(7)) });
    assert_eq!((named.len(), named[1].after), (2, Some(at(0))));
    let bare = run_key("bare");
    world.tell(&bare, [end(0, "a", 2, r#"{"n":1}"#)]);
    assert_eq!(lines(world, &bare), [r#"0 ? ["n"] false"#]);
    assert_eq!(world.store().first_state(&bare).unwrap(), None);
}

fn a_run_stands_where_its_last_step_left_it_or_where_it_was_set_since(world: &mut RunWorld) {
    let run = run_key("standing");
    let stands = |world: &mut RunWorld, facts: Vec<RunFact>| {
        world.tell(&run, facts);
        let line = |it: StateRecord| format!("{:?} {:?} {}", it.after.map(|step| step.sequence), it.next, it.state.0);
        world.store().standing(&run).unwrap().map_or("nothing".into(), line)
    };
    assert_eq!(stands(world, vec![]), "nothing");
    assert_eq!(stands(world, vec![placed(None, Some("a"), r#"{"n":0}"#)]), r#"None Some("a") {"n":0}"#);
    assert_eq!(stands(world, vec![begin(0, "a", 1)]), r#"Some(0) None {"n":0}"#, "it has not ended");
    assert_eq!(stands(world, vec![end(0, "a", 2, r#"{"n":1}"#)]), r#"Some(0) None {"n":1}"#);
    assert_eq!(stands(world, vec![placed(Some(0), Some("b"), r#"{"n":5}"#)]), r#"Some(0) Some("b") {"n":5}"#);
    assert_eq!(stands(world, vec![begin(1, "b", 3)]), r#"Some(1) None {"n":5}"#, "it begins with what was set");
}

fn a_state_that_was_set_again_is_the_latest_and_what_changed_follows_it(world: &mut RunWorld) {
    let run = edited(world);
    let ack = world.tell(&run, [placed(Some(0), None, r#"{"n":1,"m":5}"#)]);
    assert_eq!((ack.changed.len(), ack.acked), (0, vec!["0.0:state".to_owned()]), "the same again");
    let ack = world.tell(&run, [placed(Some(0), Some("c"), r#"{"n":2}"#), placed(None, None, "{}")]);
    assert_eq!((ack.changed.len(), ack.acked[1].as_str()), (1, "state"));
    assert_eq!(
        lines(world, &run),
        [r#"0 {} ["n"] false"#, r#"1 {"n":2} [] true"#, r#"2 {"n":2} ["m"] false"#, r#"3 {"n":2,"m":5} [] false"#]
    );
    // A state that comes late, between steps that are there.
    world.tell(&run, [placed(Some(2), None, r#"{"late":true}"#)]);
    assert_eq!(lines(world, &run)[3], r#"3 {"late":true} [] true"#);
}

fn what_was_chosen_is_kept_as_it_was_told(world: &mut RunWorld) {
    let run = run_key("chosen");
    let tried = |held| Tried { to: "b".into(), condition: "n < 3".into(), held };
    let held = [Ok(true), Ok(false), Err("there is no field n".into())];
    let choice = Choice { next: Some("b".into()), tried: held.map(tried).into() };
    let end = |choice| RunFact::End(StepEnd { choice, ..end_of(at(0), "a", 1, "{}") });
    let chosen = |world: &mut RunWorld| world.store().step(&run, at(0)).unwrap().unwrap().step.choice;
    world.tell(&run, [end(Some(choice.clone()))]);
    assert_eq!(chosen(world), Some(choice.clone()));
    assert!(world.tell(&run, [end(Some(choice))]).changed.is_empty());
    assert_eq!(world.tell(&run, [end(Some(Choice::default()))]).changed.len(), 1);
    assert_eq!(chosen(world), Some(Choice::default()), "the machine ends");
    world.tell(&run, [end(None)]);
    assert_eq!(chosen(world), None);
}

fn a_deleted_run_takes_the_states_along_that_no_step_made(world: &mut RunWorld) {
    let run = edited(world);
    world.store().delete_run(&run).unwrap();
    world.tell(&run, [begin(0, "a", 1)]);
    assert_eq!(world.store().run(&run).unwrap().unwrap().placements, []);
    assert_eq!(lines(world, &run), ["0 ? [] false"]);
}

#[test]
fn a_file_of_the_version_before_is_read_and_takes_what_is_new() {
    let mut world = RunWorld::embedded();
    let run = run_key("old");
    world.tell(&run, [begin(0, "a", 1), end(0, "a", 2, r#"{"n":1}"#), end(1, "b", 3, r#"{"n":2}"#)]);
    let directory = world.directory.take().unwrap();
    drop(world);
    let file = rusqlite::Connection::open(directory.path().join("runs.db")).unwrap();
    file.execute_batch("DROP TABLE placements; ALTER TABLE steps DROP COLUMN choice; PRAGMA user_version = 2").unwrap();
    drop(file);

    let store = open_runs(directory.path(), &Hands::default());
    let step = store.step(&run, at(1)).unwrap().unwrap().step;
    assert_eq!((step.choice, step.changed, step.is_edited), (None, vec!["n".into()], false));
    record(&store, &run, [placed(Some(0), None, r#"{"n":2}"#)]).unwrap();
    let step = store.step(&run, at(1)).unwrap().unwrap().step;
    assert_eq!((step.changed, step.is_edited), (vec![], true));
    assert_eq!(store.state_before(&run, at(1)).unwrap(), Some(Json(r#"{"n":2}"#.into())));
}
