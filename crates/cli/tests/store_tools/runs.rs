//! The database of runs.

use std::{fs, path::Path};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::{findings, mend, support, support::Trackway, tool};

/// A directory with three runs of five steps each, closed.
fn with_runs() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let server = support::start(directory.path());
    let headers = [("content-type".to_owned(), "application/x-ndjson".to_owned())];
    for app in ["a", "b", "c"] {
        let steps = (0..5).map(|step| {
            let begin = json!({"type": "begin", "sequence": step, "action": "count", "time": "2026-11-20T15:26:38Z"});
            let state = json!({"count": step, "said": "so much".repeat(50)});
            let end = json!({"type": "end", "sequence": step, "action": "count", "time": "2026-11-20T15:26:39Z",
                "result": {}, "state": state});
            format!("{begin}\n{end}\n")
        });
        let path = format!("/api/v1/projects/demo/apps/{app}/records");
        assert_eq!(server.post(&path, &headers, steps.collect::<String>().as_bytes()).0, 200);
    }
    assert!(server.terminate().0.success());
    directory
}

/// The counts in the states after each step of a run; nothing where there is none.
fn counts(server: &Trackway, app: &str) -> Vec<Json> {
    let state = |step: u64| server.get(&format!("/api/v1/projects/demo/apps/{app}/state?seq={step}"));
    (0..5).map(|step| state(step)["state"]["count"].clone()).collect()
}

fn change_runs(directory: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(directory.join("runs.db")).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
}

#[test]
fn runs_lose_only_what_cannot_be_read() {
    let whole: Vec<Json> = (0..5).map(|count| json!(count)).collect();
    let directory = with_runs();
    assert!(findings(directory.path()).is_empty());
    let last = "(SELECT max(id) FROM states WHERE id >> 32 = (SELECT id FROM runs WHERE app = 'b'))";
    change_runs(directory.path(), &format!("UPDATE states SET body = x'00ff' WHERE id = {last}"));
    assert!(findings(directory.path())[0].1["what"].as_str().unwrap().contains("by their checksums"));
    mend(directory.path());
    let server = support::start(directory.path());
    assert_eq!((counts(&server, "a"), counts(&server, "c")), (whole.clone(), whole.clone()));
    assert_eq!(counts(&server, "b")[..4], whole[..4]);
    assert!(server.terminate().0.success());

    change_runs(directory.path(), "DELETE FROM runs WHERE app = 'b'");
    assert!(findings(directory.path()).iter().any(|(_, finding)| finding["what"] == "5 steps are of no run"));
    mend(directory.path());
    let server = support::start(directory.path());
    assert_eq!((counts(&server, "a"), counts(&server, "c")), (whole.clone(), whole));
    assert_eq!(server.get("/api/v1/projects/demo/apps")["apps"].as_array().unwrap().len(), 2);
}

#[test]
fn a_database_with_any_page_destroyed_is_mended() {
    const PAGE: usize = 4096;
    for name in ["runs.db", "catalog.db"] {
        let directory = with_runs();
        let path = directory.path().join(name);
        let whole = fs::read(&path).unwrap();
        for page in (0..whole.len() / PAGE).step_by(6) {
            let mut damaged = whole.clone();
            damaged[page * PAGE..(page + 1) * PAGE].fill(0xa5);
            fs::write(&path, &damaged).unwrap();
            let (code, told) = tool(directory.path(), &["repair", "--yes"]);
            assert_eq!(code, 0, "page {page} of {name}: {told}");
            assert!(findings(directory.path()).is_empty(), "page {page} of {name}");
        }
        drop(support::start(directory.path()));
    }
}
