//! `trackway state`, from a directory and through a server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{fs, path::Path, process::Output};

use serde_json::{Value as Json, json};

/// Writes a Burr project with one application of two steps into a directory.
fn write_application(root: &Path, project: &str, app: &str, text: &str) {
    let folder = root.join(project).join(app);
    fs::create_dir_all(&folder).unwrap();
    let step = |sequence: u8, action: &str, state: Json| {
        let begin = json!({"type": "begin_entry", "start_time": "2026-11-20T15:26:38.500784", "action": action,
            "inputs": {}, "sequence_id": sequence});
        let end = json!({"type": "end_entry", "end_time": "2026-11-20T15:26:38.600784", "action": action,
            "result": {}, "exception": null, "state": state, "sequence_id": sequence});
        format!("{begin}\n{end}\n")
    };
    let log = step(0, "read", json!({"text": text, "n": 1})) + &step(1, "count", json!({"text": text, "n": 2}));
    fs::write(folder.join("log.jsonl"), log).unwrap();
}

fn state(data_dir: &Path, arguments: &[&str]) -> Output {
    support::command(data_dir).arg("state").args(arguments).output().unwrap()
}

fn printed(output: &Output) -> Json {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Asks everything that can be asked; the answers are the same wherever they come from.
fn ask(data_dir: &Path, long: &str) {
    assert_eq!(printed(&state(data_dir, &["first", "--at", "0"])), json!({"text": "short", "n": 1}));
    assert_eq!(printed(&state(data_dir, &["first"])), json!({"text": "short", "n": 2}), "the last, when none is named");
    assert_eq!(printed(&state(data_dir, &["long", "--at", "1"])), json!({"text": long, "n": 2}), "nothing is cut");
    let twice = refused(&state(data_dir, &["twice"]));
    assert!(twice.contains("--project \"a\"") && twice.contains("--project \"b\""), "{twice}");
    assert_eq!(printed(&state(data_dir, &["twice", "--project", "b"]))["text"], "of b");
    assert!(refused(&state(data_dir, &["nobody"])).contains("there is no run \"nobody\""));
    assert!(!state(data_dir, &["first", "--at", "7"]).status.success());
}

#[test]
fn the_state_after_a_step_is_printed_whole() {
    let directory = tempfile::tempdir().unwrap();
    let (data_dir, burr) = (directory.path().join("data"), directory.path().join("burr"));
    let long = "long ".repeat(40_000);
    write_application(&burr, "a", "first", "short");
    write_application(&burr, "a", "long", &long);
    write_application(&burr, "a", "twice", "of a");
    write_application(&burr, "b", "twice", "of b");
    let imported = support::command(&data_dir).arg("import").arg(&burr).output().unwrap();
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));

    ask(&data_dir, &long);
    let server = support::start(&data_dir);
    ask(&data_dir, &long);
    drop(server);
}
