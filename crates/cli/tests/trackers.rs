//! State machines that send their steps to the real server, and go on from what it has.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[allow(dead_code)]
#[path = "../../machine/tests/trackers/contract.rs"]
mod contract;
mod support;

use std::{
    cell::RefCell,
    env,
    path::Path,
    process::{self, Command},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::{Value as Json, json};
use support::Trackway;
use trackway_machine::{
    At, Durability, Fault, Graph, Loader, State, Step, Wanted, action, after, state,
    testing::{Case, script},
    tracker::{Server, Tracker},
};

const STEPS: i64 = 300;

fn counter() -> Graph {
    let count = action("count").writes(["n"]).run_sync(|state: State, _: &Step| state.increment("n", 1));
    Graph::new([count]).edge("count", "count").entry("count").build().unwrap()
}

/// The steps of a run as the server lists them: numbers, attempts and how they stand.
fn steps(server: &Trackway, app: &str) -> Vec<(i64, i64, String)> {
    let steps = server.get(&format!("/api/v1/projects/demo/apps/{app}/steps?limit=1000"));
    let step = |step: &Json| {
        let state = step["state"].as_str().unwrap().to_owned();
        (step["sequence"].as_i64().unwrap(), step["attempt"].as_i64().unwrap(), state)
    };
    steps["steps"].as_array().unwrap_or_else(|| panic!("{steps}")).iter().map(step).collect()
}

fn done(count: i64) -> Vec<(i64, i64, String)> {
    (0..count).map(|sequence| (sequence, 0, "done".into())).collect()
}

#[test]
fn a_server_keeps_the_contract() {
    let servers = RefCell::new(Vec::new());
    contract::keeping(&|| {
        let data = tempfile::tempdir().unwrap();
        let server = support::start(data.path());
        let tracker = Server::at(&server.ui);
        servers.borrow_mut().push((server, data));
        tracker
    });
}

#[test]
fn no_step_is_lost_or_doubled_when_the_server_is_killed_and_started_again() {
    let data = tempfile::tempdir().unwrap();
    let mut server = support::start(data.path());
    let (ui, listen) = (server.ui.clone(), server.ui.trim_start_matches("http://").to_owned());
    let (told, heard) = mpsc::channel();
    let program = thread::spawn(move || {
        let start = counter().start(state! { n: 0 }).project("demo").app_id("1").tracker(Server::at(&ui));
        let mut app = start.deadline(Duration::from_secs(60)).build().unwrap();
        for n in 0..STEPS {
            app.step().blocking().unwrap();
            told.send(n).unwrap();
        }
        app.stats().trackers[0].clone()
    });
    for part in 1..5 {
        while heard.recv().unwrap() < part * STEPS / 5 {}
        server.kill();
        server = support::start_at(data.path(), &listen);
        assert!(heard.try_iter().count() <= 2, "a step is not done before it is durable");
    }
    let report = program.join().unwrap();
    assert_eq!((report.failure, report.missed_steps), (None, 0));
    assert_eq!(steps(&server, "1"), done(STEPS));
    let last = server.get(&format!("/api/v1/projects/demo/apps/1/state?seq={}", STEPS - 1));
    assert_eq!(last["state"], json!({"n": STEPS}));
}

/// Text that cannot be packed, another one for each number.
fn noise(mut number: u64) -> String {
    let mut letter = || {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'!' + (number >> 33) as u8 % 90)
    };
    (0..450_000).map(|_| letter()).collect()
}

#[test]
fn a_server_that_has_no_room_is_left_and_the_application_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let server = support::start_with(data.path(), &["--max-run-bytes", "1048576"]);
    let turns = (1..=5).map(|number| state! { text: noise(number) });
    let write = turns.fold(script("write").writes(["text"]), |script, turn| script.gives(turn));
    let graph = Graph::new([write]).edge("write", "write").entry("write").build().unwrap();
    let start = graph.start(state! {}).project("demo").app_id("1").tracker(Server::at(&server.ui));
    let mut app = start.deadline(Duration::from_secs(60)).build().unwrap();
    for _ in 0..5 {
        app.step().blocking().unwrap();
    }
    let report = &app.stats().trackers[0];
    let failure = report.failure.as_deref().unwrap();
    assert!(failure.contains("answered 503 Service Unavailable: ") && failure.contains("full"), "{failure}");
    let kept = steps(&server, "1").iter().filter(|(_, _, state)| state == "done").count() as u64;
    assert!(kept > 0, "it had room for some");
    assert_eq!((app.sequence(), kept + report.missed_steps), (Some(4), 5));
}

#[test]
fn a_state_that_was_set_by_hand_is_where_the_next_process_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let server = support::start(data.path());
    let tracker = Server::at(&server.ui);
    let start = counter().start(state! { n: 0 }).project("demo").app_id("1").tracker(tracker.clone());
    let mut app = start.build().unwrap();
    app.step().blocking().unwrap();
    let long = "long ".repeat(20_000);
    app.update_state(state! { n: 41, text: long.clone() }).unwrap();
    drop(app);
    assert!(tracker.flush(Duration::from_secs(60)), "as a program does when it ends");
    let mut app = counter().resume_from(&Server::at(&server.ui), &Wanted::new("demo", "1")).unwrap().build().unwrap();
    assert_eq!(app.state()["text"], *long);
    app.step().blocking().unwrap();
    assert_eq!((app.sequence(), &app.state()["n"]), (Some(1), &42.into()));
    assert_eq!(steps(&server, "1"), done(2));
    assert_eq!(server.get("/api/v1/projects/demo/apps/1/steps/1")["edited"], true);
}

/// Nobody tells a run of the forks that are made of it, maybe years later: each names where it is from, and the store does the rest.
#[test]
fn forks_and_spawned_runs_are_the_children_of_the_run_that_they_come_from() {
    let data = tempfile::tempdir().unwrap();
    let server = support::start(data.path());
    let tracker = Server::at(&server.ui);
    let spawn = action("spawn").writes(["n"]).run_sync({
        let tracker = tracker.clone();
        move |state: State, step: &Step| {
            let start = counter().start(state! { n: 0 }).project("demo").app_id("child").spawned_by(step);
            start.tracker(tracker.clone()).build()?.step().blocking()?;
            Ok::<_, Fault>(state.increment("n", 1))
        }
    });
    let graph = Graph::new([spawn]).edge("spawn", "spawn").entry("spawn").build().unwrap();
    let start = graph.start(state! { n: 0 }).project("demo").app_id("parent").tracker(tracker.clone());
    let mut app = start.build().unwrap();
    app.step().blocking().unwrap();
    drop(app);
    let fork = counter().fork_from(&tracker, &Wanted::new("demo", "child"), 0).unwrap().app_id("fork");
    let mut fork = fork.set("n", 5).build().unwrap();
    fork.step().blocking().unwrap();
    assert_eq!((fork.sequence(), &fork.state()["n"]), (Some(1), &6.into()));

    let children = |app: &str| {
        let run = server.get(&format!("/api/v1/projects/demo/apps/{app}"));
        let line = |it: &Json| format!("{} {} at {}", it["event"], it["pointer"]["app_id"], it["sequence"]);
        run["children"].as_array().unwrap_or_else(|| panic!("{run}")).iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(children("parent"), [r#""spawn" "child" at 0"#]);
    assert_eq!(children("child"), [r#""fork" "fork" at 0"#]);
    let fork = server.get("/api/v1/projects/demo/apps/fork");
    assert_eq!((&fork["app"]["parent"]["app_id"], &fork["app"]["parent"]["sequence"]), (&json!("child"), &json!(0)));
}

/// Runs as a program of its own, started by the test below; by itself it does nothing.
#[test]
fn program() {
    let Ok(end) = env::var("TRACKWAY_TEST_END") else { return };
    let start = counter().start(state! { n: 0 }).project("demo").app_id(&*end).tracker(Server::default());
    let mut app = start.durability(Durability::Eventual).build().unwrap();
    for _ in 0..STEPS {
        app.step().blocking().unwrap();
    }
    match &*end {
        "exit" => process::exit(0),
        "panic" => panic!("as it was asked to"),
        _ => {}
    }
}

#[test]
fn programs_that_end_in_any_way_have_told_the_server_that_they_were_told_of() {
    let data = tempfile::tempdir().unwrap();
    let server = support::start(data.path());
    for end in ["exit", "panic", "return"] {
        let mut program = Command::new(env::current_exe().unwrap());
        program.args(["--exact", "program"]).env("TRACKWAY_TEST_END", end).env("TRACKWAY_ENDPOINT", &server.ui);
        let output = program.output().unwrap();
        assert_eq!(output.status.success(), end != "panic", "{output:?}");
        assert_eq!(steps(&server, end), done(STEPS), "{end}");
    }
}

fn case(data_dir: &Path, run: &str, at: &str) -> Case {
    let out = data_dir.join("case.json");
    let mut command = support::command(data_dir);
    let output = command.args(["test-case", run, "--at", at, "--out"]).arg(&out).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Case::read(out).unwrap()
}

#[test]
fn a_step_of_our_own_run_is_a_test_that_passes_until_the_action_changes() {
    let data = tempfile::tempdir().unwrap();
    let server = support::start(data.path());
    let ask = || script("ask").writes(["n"]).gives(state! { n: 1 });
    let answer = |why: &str| script("answer").reads(["n"]).writes(["text"]).fails(why);
    let graph = Graph::new([ask(), answer("no model")]).edge("ask", "answer").entry("ask").build().unwrap();
    let start = graph.start(state! { n: 0 }).project("demo").app_id("native").tracker(Server::at(&server.ui));
    let mut app = start.build().unwrap();
    app.step().blocking().unwrap();
    app.step().blocking().unwrap_err();
    case(data.path(), "native", "0").check(ask()).unwrap();
    case(data.path(), "native", "1").check(answer("no model")).unwrap();
    let error = case(data.path(), "native", "1").check(answer("no money")).unwrap_err().to_string();
    assert!(error.ends_with("was no model\n    is  no money"), "{error}");
}

#[test]
fn a_step_of_burr_is_a_test_of_the_action_that_took_its_place_and_its_run_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let burr = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/burr/store");
    let import = support::command(data.path()).arg("import").arg(burr).output().unwrap();
    assert!(import.status.success());
    let bump = |by: i64| {
        action("bump").reads(["n"]).writes(["n", "history"]).run_sync(move |state: State, _: &Step| {
            let n = state.get::<i64>("n")? + by;
            Ok::<_, Fault>((json!({"n": n, "label": "plain"}), state.set("n", n).append("history", n)))
        })
    };
    case(data.path(), "counter-basic", "1").check(bump(2)).unwrap();
    case(data.path(), "counter-basic", "1").check(bump(3)).unwrap_err();
    let failed = case(data.path(), "error-zero-div", "1");
    failed.check(script(&*failed.action).fails("attempt to divide by zero")).unwrap();
    failed.check(script(&*failed.action).gives(state! {})).unwrap_err();

    let server = support::start(data.path());
    let loader = Server::at(&server.ui);
    let wanted = |run: &trackway_machine::RunKey| Wanted {
        partition: run.partition.clone(),
        ..Wanted::new("fx_counter", &run.app)
    };
    for run in loader.list("fx_counter").unwrap() {
        let saved = loader.load(&wanted(&run), At::Latest).unwrap().unwrap();
        assert!(saved.state.keys().all(|name| !name.starts_with("__")), "{}", saved.state.to_json());
    }
    let run = loader.list("fx_counter").unwrap().into_iter().find(|run| &*run.app == "counter-basic").unwrap();
    let graph = Graph::new([bump(2)]).edge("bump", "bump").entry("bump").build().unwrap();
    let mut fork = graph.fork_from(&loader, &wanted(&run), 1).unwrap().build().unwrap();
    let halted = fork.run(after("bump")).blocking().unwrap();
    assert_eq!((fork.sequence(), &halted.state["n"]), (Some(2), &4.into()));
}
