//! Trackers that fail in the middle of a run.

use std::{fs, net::TcpListener, path::Path, time::Duration};

use trackway_machine::{
    Application, At, Builder, Durability, Graph, Loader, State, Wanted, action, state,
    tracker::{Directory, Memory, Server},
};

use crate::{
    log::Log,
    process::{self, start},
};

const STEPS: u64 = 60;

/// Says a thousand letters in each step.
fn chat(app: &str) -> Builder {
    let say = action("say").writes(["chat"]).run_sync(|state: State, _| state.append("chat", "x".repeat(1_000)));
    let graph = Graph::new([say]).edge("say", "say").entry("say").build().unwrap();
    graph.start(state! { chat: [""; 0] }).project("demo").app_id(app)
}

fn steps(app: &mut Application, count: u64) {
    for _ in 0..count {
        app.step().blocking().unwrap();
    }
}

/// Returns how many steps a loader has of a run, and how long its chat is there.
fn kept(loader: &dyn Loader, app: &str) -> (i64, usize) {
    let saved = loader.load(&Wanted::new("demo", app), At::Latest).unwrap().unwrap();
    (saved.step.unwrap().sequence + 1, saved.state.get::<Vec<String>>("chat").unwrap().len())
}

/// The child, whose files are soon as long as they may be.
#[test]
fn program_with_a_full_disk() {
    let Some(root) = process::root() else { return };
    let (directory, memory) = (Directory::at(root), Memory::new());
    let mut app = chat("lenient").tracker(directory.clone()).tracker(memory.clone()).build().unwrap();
    steps(&mut app, STEPS);
    let stats = app.stats();
    println!("\nreported: {}", stats.trackers[0].failure.as_ref().unwrap());
    println!("\nmissed: {}", stats.trackers[0].missed_steps);
    assert_eq!((stats.trackers[1].failure.as_ref(), stats.failed_steps), (None, 0));
    assert_eq!(kept(&memory, "lenient"), (STEPS as i64, STEPS as usize));

    let mut app = chat("strict").tracker(directory).strict_trackers().build().unwrap();
    let error = (0..STEPS).find_map(|_| app.step().blocking().err()).unwrap();
    println!("\nrefused: {}", error.chain());
    assert_eq!(app.stats().failed_steps, 0, "the step itself was done");
}

#[test]
fn a_full_disk_is_reported_and_each_step_that_is_missing_counted() {
    let root = tempfile::tempdir().unwrap();
    // In blocks of 512 bytes; the signal would end the program.
    let (mut child, said) = start("failures::program_with_a_full_disk", root.path(), "trap '' XFSZ; ulimit -f 64;");
    let said: Vec<String> = said.into_iter().collect();
    assert!(child.wait().unwrap().success(), "{said:#?}");
    let found = |start: &str| said.iter().find_map(|line| line.strip_prefix(start)).unwrap();
    let missed: usize = found("missed: ").parse().unwrap();
    assert!(missed > 0 && found("reported: ").contains("cannot write to"), "{said:#?}");
    assert!(found("refused: ").contains("the tracker directory") && found("refused: ").contains("cannot write to"));
    let log = Log::read(root.path(), "lenient");
    log.assert_whole(0);
    assert_eq!(log.ended.len() + missed, STEPS as usize);
}

/// The child, which may have few files open.
#[test]
fn program_with_few_open_files() {
    let Some(root) = process::root() else { return };
    let directory = Directory::at(root);
    let failure = |app: &Application| app.stats().trackers[0].failure.clone();
    let mut apps = Vec::new();
    let first = (0..200).find_map(|number| {
        apps.push(chat(&number.to_string()).tracker(directory.clone()).build().unwrap());
        apps.last().and_then(failure)
    });
    println!("\nreported: {}", first.unwrap());
}

#[test]
fn who_has_too_many_files_open_is_told_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let (mut child, said) = start("failures::program_with_few_open_files", root.path(), "ulimit -n 64;");
    let said: Vec<String> = said.into_iter().collect();
    assert!(child.wait().unwrap().success(), "{said:#?}");
    let reported = said.iter().find_map(|line| line.strip_prefix("reported: ")).unwrap();
    assert!(reported.contains("drop those that are done, or raise `ulimit -n`"), "{reported}");
}

#[test]
fn a_directory_that_cannot_be_made_is_reported_or_refuses_the_application() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("demo"), "a file").unwrap();
    let start = |app: &str| chat(app).tracker(Directory::at(root.path()));
    let mut app = start("1").build().unwrap();
    steps(&mut app, 3);
    let report = app.stats().trackers.remove(0);
    let failure = report.failure.unwrap();
    assert!(failure.starts_with("cannot make ") && failure.contains("demo"), "{failure}");
    assert_eq!(report.missed_steps, 3);
    let error = start("2").strict_trackers().build().unwrap_err().chain();
    assert!(error.contains("cannot make "), "{error}");
}

/// Returns the address of a server that is not there.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn with_both(root: &Path, durability: Durability) -> Application {
    let builder = chat("1").tracker(Server::at(&nowhere())).tracker(Directory::at(root)).durability(durability);
    builder.deadline(Duration::from_millis(50)).build().unwrap()
}

#[test]
fn a_server_that_is_gone_takes_nothing_from_the_directory_beside_it() {
    for durability in [Durability::Step, Durability::Eventual] {
        let root = tempfile::tempdir().unwrap();
        let mut app = with_both(root.path(), durability);
        steps(&mut app, 5);
        assert_eq!(kept(&Directory::at(root.path()), "1"), (5, 5));
        if durability == Durability::Step {
            let [server, directory] = &*app.stats().trackers else { panic!("there are two") };
            assert!(server.failure.is_some() && server.missed_steps == 5, "{server:?}");
            assert_eq!((directory.failure.as_ref(), directory.missed_steps), (None, 0));
        }
        drop(app);
        let log = Log::read(root.path(), "1");
        log.assert_whole(0);
        assert_eq!(log.ended.len(), 5);
    }
}
