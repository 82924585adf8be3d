//! What was deleted leaves the disk.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{fs, path::Path};

use kit::*;
use tempfile::TempDir;
use trackway_model::SpanRecord;
use trackway_store::*;

const SECRET: &str = "the secret that somebody wrote into a span";

fn secret_span(trace: u128) -> SpanRecord {
    span(trace, 1).with(|it| it.name = SECRET.into())
}

/// Whether the secret stands in a file somewhere below a directory, as the tests' format writes it.
fn holds_secret(path: &Path) -> bool {
    if path.is_dir() {
        return fs::read_dir(path).unwrap().any(|entry| holds_secret(&entry.unwrap().path()));
    }
    let secret: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let bytes = fs::read(path).unwrap();
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

fn logs(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory.join("wal")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_last_of_a_log_file_takes_its_bytes_along() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    append(&store, [secret_span(1)]).unwrap();
    append(&store, [secret_span(2)]).unwrap();
    store.delete_trace(trace_id(1)).unwrap();
    assert!(holds_secret(directory.path()), "the second trace is still there");
    store.delete_trace(trace_id(2)).unwrap();
    assert!(!holds_secret(directory.path()));
    assert_eq!(logs(directory.path()), ["0002.log"], "a number is never used again");

    append(&store, [span(1, 1)]).unwrap();
    drop(store);
    let (store, recovery) = open(directory.path());
    assert_eq!((recovery.spans, recovery.damaged), (1, vec![]), "what came after the deletion stays");
    assert_eq!(counter(&store, "store.wal_removals_failed"), 0);
}

#[test]
fn a_sealed_log_file_goes_with_the_last_of_it() {
    let directory = TempDir::new().unwrap();
    let (store, _) = Embedded::open(Config { wal_file_bytes: 1, ..config(directory.path()) }, decoder()).unwrap();
    append(&store, [secret_span(1)]).unwrap();
    append(&store, [span(2, 1)]).unwrap();
    store.delete_trace(trace_id(1)).unwrap();
    assert_eq!(logs(directory.path()), ["0002.log"]);
    assert!(!holds_secret(directory.path()));
}

#[test]
fn a_start_removes_the_last_log_file_when_all_of_it_was_deleted() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    append(&store, [secret_span(1)]).unwrap();
    let log = fs::read(directory.path().join("wal/0001.log")).unwrap();
    // Another trace keeps the deletion in the catalog, and the file.
    append(&store, [span(2, 1)]).unwrap();
    store.delete_trace(trace_id(1)).unwrap();
    drop(store);
    fs::write(directory.path().join("wal/0001.log"), [&*log, &[0; 4000]].concat()).unwrap();
    for _ in 0..3 {
        let (store, recovery) = open(directory.path());
        assert_eq!(recovery.spans, 0);
        drop(store);
        assert!(!holds_secret(directory.path()));
        assert_eq!(logs(directory.path()), ["0002.log"]);
    }
}

#[test]
fn waiting_events_leave_the_disk_with_their_trace() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    let events = late(1, 1, 1, SECRET);
    wait(store.append(frame(1, &events), events)).unwrap();
    assert!(holds_secret(directory.path()));
    store.delete_trace(trace_id(1)).unwrap();
    assert!(!holds_secret(directory.path()));
}
