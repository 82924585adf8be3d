//! Runs that programs of this machine keep in a directory: watched, imported, asked for, and made tests of.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value as Json, json};
use support::Trackway;

/// How soon a new step is to be seen; machines that are busy with other tests get a little more.
const SOON: Duration = Duration::from_millis(300);

const APP: &str = "/api/v1/projects/demo/apps/chat";

fn chat() -> String {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/machine/chat.ndjson");
    fs::read_to_string(fixture).unwrap()
}

fn append(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn log(root: &Path) -> PathBuf {
    root.join("demo/chat~ann/log.ndjson")
}

/// Waits until a run has so many steps, and returns how long that took.
fn until_steps(server: &Trackway, steps: u64) -> Duration {
    let start = Instant::now();
    while server.get(APP)["app"]["step_count"] != steps {
        assert!(start.elapsed() < Duration::from_secs(60), "{} never came: {}", steps, server.get(APP));
        thread::sleep(Duration::from_millis(2));
    }
    start.elapsed()
}

/// A line for each step: what came next and why, whether its state was set before, and what changed.
fn steps(server: &Trackway) -> Vec<String> {
    let steps = server.get(&format!("{APP}/steps"));
    let line = |step: &Json| {
        let choice = &step["choice"];
        format!(
            "{} {} {} edited={} {} -> {} {}",
            step["sequence"],
            step["action"],
            step["state"],
            step["edited"],
            step["changed"],
            choice["next"],
            choice["tried"]
        )
    };
    steps["steps"].as_array().unwrap().iter().map(line).collect()
}

const STEPS: [&str; 4] = [
    r#"0 "ask" "done" edited=false ["chat","question"] -> "answer" [{"condition":"default","error":null,"held":true,"to":"answer"}]"#,
    r#"1 "answer" "failed" edited=false [] -> null null"#,
    r#"2 "answer" "done" edited=false ["chat","turns","answer","mood"] -> "ask" [{"condition":"turns < 3","error":null,"held":true,"to":"ask"}]"#,
    r#"3 "answer" "done" edited=true ["chat","turns"] -> null [{"condition":"turns < 3","error":null,"held":false,"to":"ask"},{"condition":"tired","error":"there is no field \"tired\"","held":null,"to":"stop"}]"#,
];

#[test]
fn what_a_program_writes_to_the_usual_directory_is_seen_at_once_and_nothing_is_doubled() {
    let data = tempfile::tempdir().unwrap();
    let server = support::start(data.path());
    let projects = data.path().join("projects");
    assert!(projects.is_dir(), "it is made");
    assert_eq!(server.get("/api/v1/state")["watched"], json!([]), "it is told of when there is something in it");
    let chat = chat();
    let (most, last) = chat.split_at(chat.trim_end().rfind('\n').unwrap() + 1);
    append(&log(&projects), most);
    until_steps(&server, 4);
    let start = Instant::now();
    append(&log(&projects), last);
    while server.get(&format!("{APP}/steps/3"))["state"] != "done" {
        assert!(start.elapsed() < Duration::from_secs(60));
    }
    println!("a step is seen after {:?}", start.elapsed());
    assert!(start.elapsed() < SOON * 5, "{:?}", start.elapsed());
    assert_eq!(steps(&server), STEPS);
    assert_eq!(server.get("/api/v1/state")["watched"][0]["applications"], 1);

    let run = server.get(APP);
    assert_eq!((&run["app"]["partition_key"], &run["app"]["remark_count"]), (&json!("ann"), &json!(0)));
    assert_eq!(
        run["placements"],
        json!([
            {"after": null, "next": "ask", "time": "2026-11-20T15:26:38.000000000Z"},
            {"after": {"seq": 2, "attempt": 0}, "next": "answer", "time": "2026-11-20T15:26:39.000000000Z"},
        ])
    );
    let spans = |server: &Trackway| {
        let trace = server.get("/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e4736");
        let spans = trace["spans"].as_array().unwrap_or_else(|| panic!("{trace}")).clone();
        let line =
            |span: &Json| format!("{} {}", span["name"], span["end"].is_string() || span["duration_ns"].is_i64());
        spans.iter().map(line).collect::<Vec<_>>()
    };
    let before = spans(&server);
    assert_eq!(before.len(), 4, "three steps and a span in one of them: {before:?}");
    assert!(before.iter().all(|span| span.ends_with("true")), "all have ended: {before:?}");

    // The program sends the same to the server, states whole.
    let whole = chat.replace(r#""delta":{}"#, r#""state":{"chat":["hi"],"turns":0,"mood":"good","question":"hi"}"#);
    let whole: String = whole.lines().filter(|line| !line.contains("delta")).map(|line| format!("{line}\n")).collect();
    let headers = [("content-type".to_owned(), "application/x-ndjson".to_owned())];
    let (status, answer) = server.post(&format!("{APP}/records?partition=ann"), &headers, whole.as_bytes());
    let answer: Json = serde_json::from_slice(&answer).unwrap();
    assert_eq!(status, 200);
    assert_eq!(answer["rejected_count"], 0, "{answer}");
    assert_eq!((steps(&server), spans(&server)), (STEPS.map(str::to_owned).to_vec(), before));
}

#[test]
fn states_before_steps_and_tests_of_steps_come_from_an_import_and_through_a_server_alike() {
    let directory = tempfile::tempdir().unwrap();
    let (data, written) = (directory.path().join("data"), directory.path().join("written"));
    append(&log(&written), &(chat() + "{\"type\":\"begin\",\"seq"));
    let import = support::command(&data).arg("import").arg(&written).output().unwrap();
    let said = String::from_utf8_lossy(&import.stdout).into_owned();
    assert!(said.contains("1  runs") && said.contains("4  steps") && said.contains("4  spans"), "{said}");
    assert!(said.contains("logs whose last line has no end yet"), "{said}");
    ask(&data);
    let server = support::start(&data);
    ask(&data);

    let state = |query: &str| server.get(&format!("{APP}/state?{query}"));
    assert_eq!(state("seq=-1")["state"], json!({"chat": [], "turns": 0, "mood": "good"}));
    assert_eq!(state("seq=3&when=before")["state"]["question"], "why?");
    assert_eq!(state("seq=3&when=soon")["status"], 400);
    let changes = |query: &str| server.get(&format!("{APP}/diff?{query}"))["changes"].as_array().unwrap().len();
    assert_eq!(changes("to=3"), 2, "against what the step began with");
    assert_eq!(changes("from=2&to=3"), 4, "against what the step before left");
    assert_eq!(changes("from=-1&to=0"), 2, "against the first state");
}

/// Asks for states and tests; the answers are the same wherever they come from.
fn ask(data_dir: &Path) {
    let printed = |arguments: &[&str]| {
        let output = support::command(data_dir).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (serde_json::from_slice::<Json>(&output.stdout).unwrap_or_else(|_| panic!("{said}")), said)
    };
    let (state, said) = printed(&["state", "chat", "--at", "3", "--before"]);
    assert_eq!(state, json!({"chat": ["hi", "hello"], "turns": 1, "question": "why?"}));
    assert!(said.contains("the state before step 3 (answer)"), "{said}");
    assert_eq!(printed(&["state", "chat", "--at", "0", "--before"]).0["turns"], 0);
    let (case, said) = printed(&["test-case", "chat", "--at", "2"]);
    assert_eq!(
        case,
        json!({
            "project": "demo", "partition": "ann", "app": "chat", "seq": 2, "attempt": 0, "action": "answer", "inputs": {},
            "state": {"chat": ["hi"], "turns": 0, "mood": "good", "question": "hi"},
            "expected": {
                "state": {"chat": ["hi", "hello", "you"], "turns": 1, "question": "hi", "answer": "hello"},
                "result": {"answer": "hello"},
            },
        })
    );
    assert!(said.contains("Case::read(\"case.json\")"), "{said}");
    let failed = printed(&["test-case", "chat", "--at", "1"]).0;
    assert_eq!(failed["expected"], json!({"error": "the model is busy\ncaused by: 429"}));
    let out = data_dir.join("../step.json");
    let output =
        support::command(data_dir).args(["test-case", "chat", "--at", "0", "--out"]).arg(&out).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty());
    let case: Json = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    assert_eq!((&case["inputs"]["prompt"], &case["state"]["chat"]), (&json!("hi"), &json!([])));
    let refused = support::command(data_dir).args(["test-case", "chat", "--at", "9"]).output().unwrap();
    assert!(!refused.status.success());
}
