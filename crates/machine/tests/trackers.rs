//! What every tracker and loader does, whichever way it keeps runs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "trackers/contract.rs"]
#[cfg_attr(not(feature = "sqlite"), allow(dead_code))]
mod contract;
#[cfg(feature = "http")]
#[path = "trackers/server.rs"]
mod server;

use trackway_machine::{
    Durability, Entry, Fault, Graph, state,
    testing::script,
    tracker::{Directory, Lane, Memory, Sink},
};

#[test]
fn memory_keeps_the_contract() {
    contract::all(&Memory::new);
}

#[test]
fn a_directory_keeps_the_contract() {
    let root = tempfile::tempdir().unwrap();
    let mut number = 0;
    let next = || {
        number += 1;
        Directory::at(root.path().join(number.to_string()))
    };
    let next = std::cell::RefCell::new(next);
    contract::all(&|| (next.borrow_mut())());
}

#[cfg(feature = "sqlite")]
#[test]
fn a_file_of_states_keeps_what_it_can_of_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    contract::states(&|| {
        number.set(number.get() + 1);
        trackway_machine::persister::Sqlite::open(directory.path().join(format!("{}.db", number.get()))).unwrap()
    });
}

#[test]
fn an_application_that_one_tracker_refuses_leaves_its_run_to_the_next() {
    let roots = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, other] = roots.each_ref().map(|root| Directory::at(root.path()));
    let graph = Graph::new([script("ask")]).entry("ask").build().unwrap();
    let start = || graph.start(state! {}).project("demo").app_id("1");
    let holder = start().tracker(other.clone()).build().unwrap();
    start().tracker(one.clone()).tracker(other.clone()).build().unwrap_err();
    start().tracker(one).build().unwrap();
    drop(holder);
}

#[test]
fn what_was_told_so_far_is_durable_when_that_was_waited_for() {
    let root = tempfile::tempdir().unwrap();
    let graph = Graph::new([script("ask")]).entry("ask").build().unwrap();
    let start = graph.start(state! {}).project("demo").app_id("1").durability(Durability::Eventual);
    let mut app = start.tracker(Directory::at(root.path())).build().unwrap();
    app.update_state(app.state().set("mood", "good")).unwrap();
    app.settle().blocking().unwrap();
    // The bytes themselves: a loader here would ask the writer to hurry.
    let log = std::fs::read_to_string(root.path().join("demo/1/log.ndjson")).unwrap();
    assert!(log.lines().last().unwrap().contains(r#""state":{"mood":"good"}"#), "{log}");
}

#[test]
fn who_waits_for_a_tracker_that_failed_is_told() {
    struct Broken;
    impl Sink for Broken {
        fn write(&mut self, entries: Vec<Entry>) -> Vec<Result<(), Fault>> {
            entries.iter().map(|_| Err("the disk is gone".into())).collect()
        }
    }
    let graph = Graph::new([script("ask")]).entry("ask").build().unwrap();
    let start = graph.start(state! {}).project("demo").durability(Durability::Eventual);
    let mut app = start.tracker(Lane::new("a broken one", Broken)).build().unwrap();
    app.update_state(state! { n: 1 }).unwrap();
    let error = app.settle().blocking().unwrap_err().to_string();
    assert!(error.contains("a broken one"), "{error}");
}
