//! `trackway import`, of real directories and files of Burr.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value as Json;

fn fixture(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/burr").join(below)
}

/// Runs the import of paths and returns what came of it.
fn import(data_dir: &Path, arguments: &[&str], paths: &[&Path]) -> Output {
    support::command(data_dir).arg("import").args(arguments).args(paths).output().unwrap()
}

/// Imports paths and returns the summary.
fn summary(data_dir: &Path, paths: &[&Path]) -> Json {
    let output = import(data_dir, &["--json", "--timezone", "UTC"], paths);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every run of every project, with its number of steps and spans of its trace.
fn shown(server: &support::Trackway) -> Vec<String> {
    let mut shown = Vec::new();
    for project in server.get("/api/v1/projects")["projects"].as_array().unwrap() {
        let name = project["name"].as_str().unwrap();
        let apps = server.get(&format!("/api/v1/projects/{name}/apps?limit=200"));
        for app in apps["apps"].as_array().unwrap() {
            shown.push(format!(
                "{name}/{}/{} steps {} errors {} children {} notes {}",
                app["partition_key"],
                app["app_id"],
                app["step_count"],
                app["error_count"],
                app["child_count"],
                app["annotation_count"]
            ));
        }
        let traces = server.get(&format!("/api/v1/traces?project={name}&limit=200"));
        for trace in traces["traces"].as_array().unwrap() {
            shown.push(format!("{name}/{} spans {}", trace["trace_id"], trace["span_count"]));
        }
    }
    shown.sort();
    shown
}

#[test]
fn a_store_is_the_same_through_a_server_and_without_one_and_however_often_it_is_imported() {
    let (with, without) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = fixture("store");
    let server = support::start(with.path());
    let first = summary(with.path(), &[&store]);
    assert_eq!(first["ui"], server.ui);
    let through = shown(&server);
    let again = summary(with.path(), &[&store]);
    assert_eq!((&first["runs"], &first["steps"], &first["spans"]), (&again["runs"], &again["steps"], &again["spans"]));
    assert_eq!(shown(&server), through, "nothing is doubled");
    let direct = summary(without.path(), &[&store]);
    assert_eq!(
        (&first["runs"], &first["steps"], &first["spans"]),
        (&direct["runs"], &direct["steps"], &direct["spans"])
    );
    assert_eq!(first["flagged"], direct["flagged"]);
    summary(without.path(), &[&store]);
    assert_eq!(shown(&support::start(without.path())), through);
    let runs = through.iter().filter(|line| line.contains(" steps ")).count() as u64;
    assert_eq!(first["runs"], runs);
    assert_eq!(first["annotations"], 2);
    assert!(through.iter().any(|line| line.contains("\"spans-all\"") && line.ends_with("notes 2")), "{through:#?}");
    assert_eq!(first["errors"], serde_json::json!([]));
}

#[test]
fn the_table_of_a_persister_is_imported_whether_its_log_is_in_the_file_or_beside_it() {
    let data = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let plain = files.path().join("plain.db");
    fs::copy(fixture("persister/burr_state.db"), &plain).unwrap();
    let logged = files.path().join("my state?.db");
    fs::copy(&plain, &logged).unwrap();
    // A program that was killed leaves its log beside the file.
    let writer = rusqlite::Connection::open(&logged).unwrap();
    writer.pragma_update(None, "journal_mode", "wal").unwrap();
    let sql = "INSERT INTO burr_state VALUES ('user-p', 'with-pk', 2, 'inc', 'completed', '{\"n\": 3}', '2026-11-20 15:39:00')";
    writer.execute(sql, []).unwrap();
    let summary = summary(data.path(), &[&plain, &logged]);
    assert_eq!((&summary["runs"], &summary["steps"]), (&6.into(), &11.into()));
    let names = |path: &Path| fs::read_dir(path).unwrap().count();
    assert_eq!(names(files.path()), 4, "nothing is written beside a file that has no log");
    let server = support::start(data.path());
    let state = server.get("/api/v1/projects/my%20state%3F/apps/with-pk/state?partition=user-p");
    assert_eq!((&state["seq"], &state["state"]["n"]), (&2.into(), &3.into()));
    let failed = server.get("/api/v1/projects/plain/apps/failed");
    assert_eq!((&failed["app"]["partition_key"], &failed["app"]["error_count"]), (&"user-p".into(), &1.into()));
    drop(writer);
}

#[test]
fn a_project_and_an_application_are_imported_under_the_name_that_was_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let output = import(
        data.path(),
        &["--project", "mine"],
        &[&fixture("store/fx_fork"), &fixture("store/fx_counter/counter-basic")],
    );
    assert!(output.status.success(), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("  runs\n") && text.contains("Start trackway to see them"), "{text}");
    let server = support::start(data.path());
    let projects = server.get("/api/v1/projects");
    assert_eq!(projects["projects"].as_array().unwrap().len(), 1, "{projects}");
    assert_eq!(server.get("/api/v1/projects/mine/apps/counter-basic")["app"]["app_id"], "counter-basic");
}

#[test]
fn one_bad_application_costs_no_other_and_is_told() {
    let data = tempfile::tempdir().unwrap();
    let store = tempfile::tempdir().unwrap();
    let good =
        r#"{"type":"begin_entry","start_time":"2026-11-20T15:26:38.5","action":"ask","inputs":{},"sequence_id":0}"#;
    for (app, log) in
        [("good", format!("{good}\n")), ("bad", format!("nonsense\n{good}\n{{\"type\":\"later\"}}\n{{\"type\":\"beg"))]
    {
        fs::create_dir_all(store.path().join("demo").join(app)).unwrap();
        fs::write(store.path().join("demo").join(app).join("log.jsonl"), log).unwrap();
    }
    let summary = summary(data.path(), &[store.path()]);
    assert_eq!((&summary["runs"], &summary["steps"], &summary["unfinished_lines"]), (&2.into(), &2.into(), &1.into()));
    assert_eq!(summary["flagged"].as_object().unwrap().values().filter_map(Json::as_u64).sum::<u64>(), 2, "{summary}");
}

#[test]
fn what_is_nothing_of_burrs_is_told_what_it_should_be() {
    let data = tempfile::tempdir().unwrap();
    let empty = tempfile::tempdir().unwrap();
    let text = data.path().join("notes.txt");
    fs::write(&text, "hello").unwrap();
    let table = data.path().join("other.db");
    rusqlite::Connection::open(&table).unwrap().execute("CREATE TABLE a (b)", []).unwrap();
    let missing = data.path().join("missing");
    let cases: [(&Path, &str); 4] = [
        (empty.path(), "holds nothing that a tracker wrote"),
        (&text, "is neither a directory nor an SQLite file"),
        (&table, "has no table burr_state"),
        (&missing, "is not there"),
    ];
    for (path, expected) in cases {
        let output = import(data.path(), &[], &[path]);
        assert_eq!(output.status.code(), Some(1), "{}", path.display());
        assert!(said(&output).contains(expected), "{}", said(&output));
    }
    let usage = Command::new(env!("CARGO_BIN_EXE_trackway")).arg("import").output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
}
