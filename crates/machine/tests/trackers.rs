//! What every tracker and loader does, whichever way it keeps runs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "trackers/contract.rs"]
mod contract;
#[cfg(feature = "http")]
#[path = "trackers/server.rs"]
mod server;

use trackway_machine::{
    Graph, state,
    testing::script,
    tracker::{Directory, Memory},
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
