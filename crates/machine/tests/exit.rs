//! A program has told its trackers what it did, whichever way it ends.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{env, path::PathBuf, process::Command};

use trackway_machine::{At, Durability, Graph, Loader, Wanted, action, state, tracker::Directory};

const ROOT: &str = "TRACKWAY_TEST_ROOT";
const END: &str = "TRACKWAY_TEST_END";
const STEPS: i64 = 1_000;

/// Runs as a program of its own, started by the test below; by itself it does nothing.
#[test]
fn program() {
    let Some(root) = env::var_os(ROOT) else { return };
    let count = action("count").writes(["n"]).run_sync(|state, _| state.increment("n", 1));
    let graph = Graph::new([count]).edge("count", "count").entry("count").build().unwrap();
    let start = graph.start(state! { n: 0 }).project("demo").app_id("1").durability(Durability::Eventual);
    let mut app = start.tracker(Directory::at(PathBuf::from(root))).build().unwrap();
    for _ in 0..STEPS {
        app.step().blocking().unwrap();
    }
    match env::var(END).unwrap().as_str() {
        "exit" => std::process::exit(0),
        "panic" => panic!("as it was asked to"),
        _ => {}
    }
}

#[test]
fn nothing_that_was_told_is_lost_at_the_end() {
    for end in ["exit", "panic", "return"] {
        let root = tempfile::tempdir().unwrap();
        let mut program = Command::new(env::current_exe().unwrap());
        let output = program.args(["--exact", "program"]).env(ROOT, root.path()).env(END, end).output().unwrap();
        assert_eq!(output.status.success(), end != "panic", "{output:?}");
        let saved = Directory::at(root.path()).load(&Wanted::new("demo", "1"), At::Latest).unwrap().unwrap();
        assert_eq!(saved.state["n"], STEPS, "{end}");
    }
}
