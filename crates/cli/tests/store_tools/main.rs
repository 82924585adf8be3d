//! `trackway store stats|check|compact|repair|backup`: on a healthy directory, beside a server, and over damage.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod runs;
mod segments;
#[path = "../support/mod.rs"]
mod support;

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Output,
};

use segments::settled;
use serde_json::{Value as Json, json};
use support::Trackway;
use tempfile::TempDir;

/// Runs a tool; what it exits with, and the line of JSON that it prints.
fn tool(data_dir: &Path, arguments: &[&str]) -> (i32, Json) {
    let Output { status, stdout, stderr } =
        support::command(data_dir).arg("--json").arg("store").args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&stderr).into_owned();
    (status.code().unwrap(), serde_json::from_slice(&stdout).unwrap_or(Json::String(told)))
}

/// Sends a trace of two spans.
fn send(server: &Trackway, trace: u64) {
    let span = |number: u64| {
        json!({"traceId": format!("{trace:032x}"), "spanId": format!("{number:016x}"), "name": format!("work {trace}"),
            "startTimeUnixNano": (1_795_244_400_000_000_000 + trace * 1_000_000).to_string(),
            "endTimeUnixNano": (1_795_244_400_000_500_000 + trace * 1_000_000).to_string()})
    };
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span(1), span(2)]}]}]}).to_string();
    let headers = [("content-type".to_owned(), "application/json".to_owned())];
    assert_eq!(server.post("/v1/traces", &headers, body.as_bytes()).0, 200);
}

/// The traces that a server lists.
fn listed(server: &Trackway) -> Vec<u64> {
    let list = server.get("/api/v1/traces?limit=200");
    let id = |trace: &Json| u64::from_str_radix(&trace["trace_id"].as_str().unwrap()[16..], 16).unwrap();
    let mut ids: Vec<u64> = list["traces"].as_array().unwrap().iter().map(id).collect();
    ids.sort_unstable();
    ids
}

/// A directory with five traces in the log, closed.
fn recorded() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let server = support::start(directory.path());
    (1..=5).for_each(|trace| send(&server, trace));
    assert!(server.terminate().0.success());
    directory
}

/// Does something bad to a file.
type Damage = fn(&Path);

/// Changes one bit of a file.
fn flip(path: &Path, offset: u64) {
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ 1], offset).unwrap();
}

fn log_file(directory: &Path) -> PathBuf {
    directory.join("wal/0001.log")
}

/// The findings of a check, as file and the rest of what is told.
fn findings(directory: &Path) -> Vec<(String, Json)> {
    let (code, report) = tool(directory, &["check"]);
    let found = report["findings"].as_array().unwrap_or_else(|| panic!("{report}"));
    assert_eq!(code, i32::from(!found.is_empty()), "{report}");
    let name = |finding: &Json| {
        let file = Path::new(finding["file"].as_str().unwrap());
        file.strip_prefix(directory).unwrap().display().to_string()
    };
    found.iter().map(|finding| (name(finding), finding.clone())).collect()
}

#[test]
fn a_healthy_directory_has_no_findings_with_and_without_a_server() {
    let directory = recorded();
    let (code, report) = tool(directory.path(), &["check"]);
    assert_eq!((code, &report["spans"]), (0, &json!(10)), "{report}");

    let server = support::start(directory.path());
    let (code, report) = tool(directory.path(), &["check"]);
    assert_eq!(code, 0, "{report}");
    assert!(report["notes"][0].as_str().unwrap().contains("0001.log was left out"), "{report}");
    send(&server, 6);
    assert_eq!(listed(&server), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn what_holds_no_store_could_not_be_checked() {
    let directory = tempfile::tempdir().unwrap();
    let (code, told) = tool(directory.path(), &["check"]);
    assert_eq!(code, 2);
    assert!(told.as_str().unwrap().contains("cannot check"), "{told}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing was written there");
}

#[test]
fn a_damaged_log_is_found_by_file_and_place() {
    let directory = recorded();
    let path = log_file(directory.path());
    flip(&path, fs::metadata(&path).unwrap().len() / 2);
    let found = findings(directory.path());
    let [(file, finding)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(file, "wal/0001.log");
    assert!(finding["offset"].as_u64().unwrap() > 24 && finding["what"].as_str().unwrap().contains("checksum"));
    assert!(finding["advice"].as_str().unwrap().contains("trackway store repair"));
}

#[test]
fn databases_that_are_damaged_or_missing_are_found() {
    for name in ["catalog.db", "runs.db"] {
        let directory = recorded();
        let path = directory.path().join(name);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(findings(directory.path()).iter().any(|(file, _)| file == name));
        fs::write(&path, b"something else altogether, and long enough to have a header, which SQLite's files have")
            .unwrap();
        assert!(findings(directory.path()).iter().any(|(file, _)| file == name));
        fs::remove_file(&path).unwrap();
        let found = findings(directory.path());
        assert!(
            found.iter().any(|(file, finding)| file == name && finding["what"].as_str().unwrap().contains("missing"))
        );
    }
}

/// Backs a directory up and returns how many files were copied.
fn back_up(directory: &Path, to: &Path) -> u64 {
    let (code, summary) = tool(directory, &["backup", to.to_str().unwrap()]);
    assert_eq!(code, 0, "{summary}");
    summary["copied_files"].as_u64().unwrap()
}

#[test]
fn a_backup_beside_a_server_opens_with_everything_that_was_acknowledged() {
    let (directory, copies) = (recorded(), tempfile::tempdir().unwrap());
    let to = copies.path().join("copy");
    let server = support::start(directory.path());
    for round in 6..=8 {
        send(&server, round);
        back_up(directory.path(), &to);
        assert!(findings(&to).is_empty());
        // A copy of the copy, which stays as it is.
        let used = copies.path().join(round.to_string());
        back_up(&to, &used);
        assert_eq!(listed(&support::start(&used)), (1..=round).collect::<Vec<_>>());
    }
    assert_eq!(listed(&server).len(), 8);
}

#[test]
fn a_backup_without_a_server_is_whole_and_spares_what_is_none() {
    let (directory, copies) = (recorded(), tempfile::tempdir().unwrap());
    let to = copies.path().join("copy");
    fs::write(directory.path().join("config.toml"), "max_log_bytes = 7340032\n").unwrap();
    back_up(directory.path(), &to);
    assert_eq!(fs::read_to_string(to.join("config.toml")).unwrap(), "max_log_bytes = 7340032\n");
    assert_eq!(listed(&support::start(&to)), [1, 2, 3, 4, 5]);

    let mine = copies.path().join("mine");
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("notes.txt"), "mine").unwrap();
    let inside = directory.path().join("backup");
    for (to, why) in [(&mine, "holds something that is no backup"), (&inside, "must lie outside of the store")] {
        let (code, told) = tool(directory.path(), &["backup", to.to_str().unwrap()]);
        assert!(code == 1 && told.as_str().unwrap().contains(why), "{told}");
    }
    let used = support::start(&to);
    let (code, told) = tool(directory.path(), &["backup", to.to_str().unwrap()]);
    assert!(code == 1 && told.as_str().unwrap().contains("in use by process"), "{told}");
    drop(used);
}

/// Mends a directory, after which nothing is wrong with it any more.
fn mend(directory: &Path) {
    let before = findings(directory).len();
    let (code, told) = tool(directory, &["repair"]);
    assert_eq!((code, told["is_done"].as_bool()), (1, Some(false)), "{told}");
    assert_eq!(findings(directory).len(), before, "nothing was changed");
    let (code, told) = tool(directory, &["repair", "--yes"]);
    assert_eq!(code, 0, "{told}");
    assert!(findings(directory).is_empty());
}

#[test]
fn a_log_is_mended_in_every_place_and_keeps_all_other_requests() {
    let directory = recorded();
    let path = log_file(directory.path());
    let whole = fs::read(&path).unwrap();
    let middle = whole.len() as u64 / 2;
    for (offset, lost) in [(4, None), (30, Some(1)), (middle, Some(3)), (whole.len() as u64 - 3, Some(5))] {
        fs::write(&path, &whole).unwrap();
        fs::remove_dir_all(directory.path().join("corrupt")).ok();
        flip(&path, offset);
        mend(directory.path());
        assert!(fs::read_dir(directory.path().join("corrupt")).unwrap().count() > 0);
        let copy = tempfile::tempdir().unwrap();
        back_up(directory.path(), &copy.path().join("copy"));
        let left: Vec<u64> = (1..=5).filter(|trace| Some(*trace) != lost).collect();
        assert_eq!(listed(&support::start(&copy.path().join("copy"))), left, "at {offset}");
    }
}

#[test]
fn what_was_deleted_stays_deleted_when_the_log_is_mended() {
    let directory = recorded();
    let server = support::start(directory.path());
    let id = format!("{:032x}", 4);
    let deleted = support::agent().delete(format!("{}/api/v1/traces/{id}", server.ui)).call().unwrap();
    assert!(deleted.status().is_success());
    send(&server, 6);
    send(&server, 4);
    assert!(server.terminate().0.success());
    flip(&log_file(directory.path()), 30);
    mend(directory.path());
    let server = support::start(directory.path());
    assert_eq!(listed(&server), [2, 3, 4, 5, 6]);
    let spans = server.get(&format!("/api/v1/traces/{id}"));
    assert_eq!(spans["spans"].as_array().unwrap().len(), 2, "{spans}");
}

#[test]
fn databases_are_made_anew_of_what_can_be_read() {
    for name in ["catalog.db", "runs.db"] {
        let directory = recorded();
        let path = directory.path().join(name);
        let bytes = fs::read(&path).unwrap();
        // Of the first, every table that lies before the cut is still there.
        fs::write(&path, &bytes[..bytes.len() - 4096]).unwrap();
        mend(directory.path());
        fs::write(&path, "something else altogether".repeat(10)).unwrap();
        mend(directory.path());
        assert_eq!(listed(&support::start(directory.path())), [1, 2, 3, 4, 5]);
    }
}

#[test]
fn a_repair_needs_the_directory_for_itself_and_leaves_what_is_whole() {
    let directory = recorded();
    let (code, told) = tool(directory.path(), &["repair", "--yes"]);
    assert_eq!((code, told["steps"].as_array().map(Vec::len)), (0, Some(0)), "{told}");
    let _server = support::start(directory.path());
    let (code, told) = tool(directory.path(), &["repair", "--yes"]);
    assert!(code == 1 && told.as_str().unwrap().contains("in use by process"), "{told}");
}

#[test]
fn stats_tell_what_is_there_with_and_without_a_server() {
    let directory = recorded();
    let server = support::start(directory.path());
    let deleted = support::agent().delete(format!("{}/api/v1/traces/{:032x}", server.ui, 5)).call().unwrap();
    assert!(deleted.status().is_success());
    let (code, beside) = tool(directory.path(), &["stats"]);
    assert_eq!((code, &beside["pid"], &beside["url"]), (0, &json!(server.pid()), &json!(server.ui)), "{beside}");
    assert!(server.terminate().0.success());
    let (code, alone) = tool(directory.path(), &["stats"]);
    assert_eq!((code, &alone["pid"]), (0, &Json::Null), "{alone}");
    for told in [beside, alone] {
        assert_eq!((&told["spans"], &told["traces"]), (&json!(8), &json!(4)), "{told}");
        assert_eq!(told["oldest"], "2026-11-21T07:00:00.001Z", "{told}");
        assert_eq!(told["projects"][0]["spans"], 8, "{told}");
        let log = told["parts"].as_array().unwrap().iter().find(|part| part["name"] == "log").unwrap();
        assert_eq!((&log["files"], &log["spans"]), (&json!(1), &json!(8)), "{told}");
    }
    let text = support::command(directory.path()).args(["store", "stats"]).output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains(" for 8 spans of 4 traces") && text.contains("are free on the disk"), "{text}");
}

#[test]
fn a_log_that_is_missing_is_told_of_once() {
    let directory = settled();
    let logs = fs::read_dir(directory.path().join("wal")).unwrap();
    logs.for_each(|log| fs::remove_file(log.unwrap().path()).unwrap());
    let found = findings(directory.path());
    let [(file, finding)] = &found[..] else { panic!("{found:?}") };
    assert!(file.starts_with("wal/") && finding["what"].as_str().unwrap().contains("missing"), "{found:?}");
    mend(directory.path());
    let server = support::start(directory.path());
    assert_eq!(listed(&server), [1, 2, 3, 4, 5], "the sixth was in the log alone");
    send(&server, 7);
    assert!(server.terminate().0.success());
    assert!(findings(directory.path()).is_empty());
    assert_eq!(listed(&support::start(directory.path())), [1, 2, 3, 4, 5, 7]);
}
