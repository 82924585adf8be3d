//! `trackway --watch`: what Burr's tracker writes is shown as it is written.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value as Json;
use support::Trackway;

/// How long a line may take to be shown on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(2);

fn fixture(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/burr").join(below)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target)
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn watching(data_dir: &Path, directory: &Path) -> Trackway {
    support::start_with(data_dir, &["--timezone", "UTC", "--watch", directory.to_str().unwrap()])
}

fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{what} never came");
        thread::sleep(Duration::from_millis(5));
    }
}

fn until_read(server: &Trackway) -> Json {
    until("the end of the first reading", || {
        let state = server.get("/api/v1/state");
        (state["watched"][0]["state"] == "watching").then_some(state)
    })
}

fn counter(server: &Trackway, name: &str) -> u64 {
    let stats = server.get("/api/v1/stats");
    let counter = stats["counters"].as_array().unwrap().iter().find(|counter| counter["name"] == name);
    counter.unwrap()["value"].as_u64().unwrap()
}

fn app(server: &Trackway, path: &str) -> Option<Json> {
    let answer = server.get(&format!("/api/v1/projects/{path}"));
    answer["app"].is_object().then(|| answer["app"].clone())
}

fn append(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// The lines of a step.
fn step(sequence: u64) -> String {
    format!(
        "{}\n{}\n",
        format_args!(
            r#"{{"type":"begin_entry","start_time":"2026-11-20T15:26:38.5","action":"ask","inputs":{{}},"sequence_id":{sequence}}}"#
        ),
        format_args!(
            r#"{{"type":"end_entry","end_time":"2026-11-20T15:26:39.5","action":"ask","result":null,"exception":null,"state":{{"n":{sequence}}},"sequence_id":{sequence}}}"#
        ),
    )
}

#[test]
fn a_whole_store_is_read_and_read_again_after_a_kill_and_nothing_is_doubled_or_lost() {
    let (data, tracked) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy(&fixture("store"), tracked.path());
    let server = watching(data.path(), tracked.path());
    let state = until_read(&server);
    let applications = state["watched"][0]["applications"].as_u64().unwrap();
    assert_eq!(state["watched"][0]["read"], applications);
    assert_eq!(state["watched"][0]["trouble_count"], 0, "{state}");
    let log = tracked.path().join("fx_counter/counter-basic/log.jsonl");
    let before = shown(&server);
    // It is killed while lines come.
    for sequence in 100..150 {
        append(&log, step(sequence).as_bytes());
    }
    server.kill();
    for sequence in 150..160 {
        append(&log, step(sequence).as_bytes());
    }
    let server = watching(data.path(), tracked.path());
    until_read(&server);
    let after = until("the last step", || {
        let found = app(&server, "fx_counter/apps/counter-basic")?;
        (found["last_sequence"] == 159).then(|| shown(&server))
    });
    let changed: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert_eq!((after.len(), changed.len()), (before.len(), 1), "{changed:#?}");
    let steps = before.iter().find(|line| line.starts_with("fx_counter/\"counter-basic\"")).unwrap();
    let number = |line: &str| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    assert_eq!(number(changed[0]), number(steps) + 60);
}

/// Every run with its number of steps.
fn shown(server: &Trackway) -> Vec<String> {
    let mut shown = Vec::new();
    for project in server.get("/api/v1/projects")["projects"].as_array().unwrap() {
        let name = project["name"].as_str().unwrap();
        let apps = server.get(&format!("/api/v1/projects/{name}/apps?limit=200"));
        let line = |app: &Json| format!("{name}/{} {}", app["app_id"], app["step_count"]);
        shown.extend(apps["apps"].as_array().unwrap().iter().map(line));
    }
    shown.sort();
    shown
}

#[test]
fn a_step_is_shown_soon_after_its_lines_were_written_in_pieces() {
    let (data, tracked) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = tracked.path().join("demo/chat/log.jsonl");
    append(&log, step(0).as_bytes());
    let server = watching(data.path(), tracked.path());
    until_read(&server);
    let mut longest = Duration::ZERO;
    for sequence in 1..=20 {
        let lines = step(sequence);
        let (most, last) = lines.as_bytes().split_at(lines.len() - 1);
        for piece in most.chunks(50) {
            append(&log, piece);
        }
        let start = Instant::now();
        append(&log, last);
        until("the step", || {
            let steps = server.get("/api/v1/projects/demo/apps/chat/steps?order=desc&limit=1");
            (steps["steps"][0]["sequence"] == sequence && steps["steps"][0]["state"] == "done").then_some(())
        });
        longest = longest.max(start.elapsed());
    }
    println!("a step is shown after at most {longest:?}");
    assert!(longest < SOON, "{longest:?}");
    assert_eq!(app(&server, "demo/apps/chat").unwrap()["step_count"], 21);
    assert_eq!(server.get("/api/v1/projects/demo/apps/chat/remarks")["remarks"], serde_json::json!([]));
}

#[test]
fn a_thousand_applications_cost_nothing_while_nobody_writes() {
    let (data, tracked) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for application in 0..1_000 {
        append(&tracked.path().join(format!("demo/app{application}/log.jsonl")), step(0).as_bytes());
    }
    let start = Instant::now();
    let server = watching(data.path(), tracked.path());
    until_read(&server);
    println!("1,000 applications are read after {:?}", start.elapsed());
    thread::sleep(Duration::from_millis(500));
    let before = (counter(&server, "watch.reads"), cpu(&server));
    thread::sleep(Duration::from_secs(2));
    let after = (counter(&server, "watch.reads"), cpu(&server));
    assert_eq!(after.0, before.0, "nothing is read");
    println!("two idle seconds take {} ticks", after.1 - before.1);
    assert!(after.1 - before.1 < 20, "two idle seconds take {} hundredths of a second", after.1 - before.1);
    let start = Instant::now();
    append(&tracked.path().join("demo/app500/log.jsonl"), step(1).as_bytes());
    until("the step", || (app(&server, "demo/apps/app500")?["step_count"] == 2).then_some(()));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

/// The time that a process has computed, in hundredths of a second.
fn cpu(server: &Trackway) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap_or_default();
    let fields: Vec<u64> =
        stat.rsplit(") ").next().unwrap().split(' ').skip(11).take(2).filter_map(|it| it.parse().ok()).collect();
    fields.iter().sum()
}

#[test]
fn the_usual_directory_is_offered_until_it_is_watched() {
    let data = tempfile::tempdir().unwrap();
    // The tests' HOME is the data directory.
    let usual = data.path().join(".burr");
    let server = support::start(data.path());
    assert_eq!(server.get("/api/v1/state")["burr_store"], Json::Null);
    append(&usual.join("demo/chat/log.jsonl"), step(0).as_bytes());
    let offered = server.get("/api/v1/state");
    assert_eq!((&offered["burr_store"]["projects"], &offered["watched"]), (&1.into(), &serde_json::json!([])));
    assert_eq!(offered["burr_store"]["path"], usual.to_str().unwrap());
    drop(server);
    let server = watching(data.path(), &usual);
    let state = until_read(&server);
    assert_eq!(state["burr_store"], Json::Null);
    assert_eq!(state["watched"][0]["applications"], 1);
}
