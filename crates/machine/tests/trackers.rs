//! What every tracker and loader does, whichever way it keeps runs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "trackers/contract.rs"]
mod contract;
#[cfg(feature = "http")]
#[path = "trackers/server.rs"]
mod server;

use trackway_machine::tracker::{Directory, Memory};

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
