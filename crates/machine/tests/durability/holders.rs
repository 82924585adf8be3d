//! A run has one writer at a time.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use trackway_machine::{
    Builder, Error, Graph, Loader, State, Wanted, action, state,
    tracker::{Directory, Memory},
};

use crate::process::{self, start};

fn graph() -> Graph {
    let count = action("count").writes(["n"]).run_sync(|state: State, _| state.increment("n", 1));
    Graph::new([count]).edge("count", "count").entry("count").build().unwrap()
}

fn begin(directory: &Directory) -> Builder {
    graph().start(state! { n: 0 }).project("demo").app_id("1").tracker(directory.clone())
}

fn resume(directory: &Directory) -> Builder {
    graph().resume_from(directory, &Wanted::new("demo", "1")).unwrap()
}

fn refused(builder: Builder) -> String {
    let Error::InUse { run, what, .. } = builder.build().unwrap_err() else { panic!("it is told as something else") };
    assert_eq!((&*run.project, &*run.app), ("demo", "1"));
    what.to_string()
}

/// Who holds the run, as whoever cannot have it is told.
fn holder(builder: Builder) -> Option<String> {
    let Error::InUse { holder, .. } = builder.build().unwrap_err() else { panic!("it is told as something else") };
    holder.map(|holder| holder.to_string())
}

/// The child: holds a run until it is killed, or told to end.
#[test]
fn program() {
    let Some(root) = process::root() else { return };
    let mut app = begin(&Directory::at(root)).build().unwrap();
    app.step().blocking().unwrap();
    println!("\nready");
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn of_two_handles_in_a_process_the_second_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::at(root.path().join("projects"));
    let mut app = begin(&directory).build().unwrap();
    app.step().blocking().unwrap();
    let since = Instant::now();
    let is_held = "1 of demo is written by this process: end that application first";
    assert_eq!(refused(resume(&directory)), is_held);
    assert_eq!(refused(begin(&directory)), is_held);
    assert_eq!(holder(resume(&directory)).as_deref(), Some("this process"));
    assert!(since.elapsed() < Duration::from_secs(4), "nobody waits for what goes on");
    app.step().blocking().unwrap();
    drop(app);
    let path = root.path().join("projects/demo/1");
    let is_there =
        format!("1 of demo is there already, in {}: resume it, fork it, or take another app id", path.display());
    assert_eq!(refused(begin(&directory)), is_there);
    // The one that was dropped may still be on its way to the disk: it is waited for.
    let mut app = resume(&directory).build().unwrap();
    app.step().blocking().unwrap();
    assert_eq!((app.sequence(), app.state()), (Some(2), &state! { n: 3 }));
}

#[test]
fn a_run_that_went_on_since_it_was_loaded_is_not_written_over() {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::at(root.path().join("projects"));
    begin(&directory).build().unwrap().step().blocking().unwrap();
    let (first, late, later) = (resume(&directory), resume(&directory), resume(&directory));
    first.build().unwrap().step().blocking().unwrap();
    let went_on = "1 of demo went on since it was loaded: resume it again";
    assert_eq!(refused(late), went_on);
    assert_eq!(holder(begin(&directory)), None, "nobody writes it now");
    // Said to be kept there, or not said: it is the same.
    assert_eq!(refused(later.tracker(directory.clone())), went_on);
    let mut app = resume(&directory).build().unwrap();
    app.step().blocking().unwrap();
    assert_eq!((app.sequence(), app.state()), (Some(2), &state! { n: 3 }));

    let memory = Memory::new();
    let start = graph().start(state! { n: 0 }).project("demo").app_id("1").tracker(memory.clone());
    start.build().unwrap();
    let resume = || graph().resume_from(&memory, &Wanted::new("demo", "1")).unwrap();
    let late = resume();
    resume().build().unwrap().step().blocking().unwrap();
    assert!(
        late.build().unwrap_err().chain().ends_with("the run 1 of demo went on since it was loaded: resume it again")
    );
}

#[test]
fn of_two_processes_the_second_is_refused_until_the_first_is_gone() {
    for is_killed in [true, false] {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().join("projects");
        let (mut child, said) = start("holders::program", &root, "");
        assert!(said.iter().any(|line| line == "ready"));
        let directory = Directory::at(&root);
        let is_held = format!("1 of demo is written by process {}: end that application first", child.id());
        assert_eq!(refused(resume(&directory)), is_held);
        assert_eq!(holder(resume(&directory)), Some(format!("process {}", child.id())));
        assert_eq!(refused(begin(&directory)), is_held);
        // Whoever only reads is not kept out, and may fork.
        assert_eq!(directory.load(&Wanted::new("demo", "1"), 0.into()).unwrap().unwrap().state, state! { n: 1 });
        let fork = graph().fork_from(&directory, &Wanted::new("demo", "1"), 0).unwrap();
        fork.app_id("2").build().unwrap().step().blocking().unwrap();
        if is_killed {
            child.kill().unwrap();
        } else {
            child.stdin.take();
        }
        child.wait().unwrap();
        let mut app = resume(&directory).build().unwrap();
        app.step().blocking().unwrap();
        assert_eq!((app.sequence(), app.state()), (Some(1), &state! { n: 2 }));
    }
}
