//! What was deleted is gone: at once for whoever asks, and from the disk with what is written next.

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

/// Whether the secret stands in a file of the log or of the catalog, as it is or as the tests' format writes it.
fn holds_secret(path: &Path) -> bool {
    if path.is_dir() {
        return fs::read_dir(path).unwrap().any(|entry| holds_secret(&entry.unwrap().path()));
    }
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let bytes = fs::read(path).unwrap();
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    holds(hex.as_bytes()) || holds(SECRET.as_bytes())
}

fn logs(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory.join("wal")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The segments on the disk.
fn segments(directory: &Path) -> usize {
    let Ok(days) = fs::read_dir(directory.join("segments")) else { return 0 };
    let files = days.flat_map(|day| fs::read_dir(day.unwrap().path()).unwrap());
    files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|it| it == "parquet")).count()
}

fn ids(store: &dyn Store) -> Vec<u128> {
    let found = store.traces(&TraceQuery::default(), &all()).unwrap().items;
    found.iter().map(|trace| u128::from_be_bytes(trace.trace_id.bytes())).collect()
}

#[test]
fn what_was_deleted_before_it_was_written_leaves_the_log_with_the_next_flush() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    append(&store, [secret_span(1)]).unwrap();
    append(&store, [span(2, 1)]).unwrap();
    assert_eq!(store.delete_trace(trace_id(1)).unwrap(), Deleted { traces: 1, spans: 1 });
    assert!(holds_secret(&directory.path().join("wal")), "the log keeps it until the other trace is in a segment");
    store.flush().unwrap();
    assert!(!holds_secret(directory.path()));
    assert_eq!((logs(directory.path()), ids(&store)), (vec!["0002.log".to_owned()], vec![2]));
}

#[test]
fn where_nothing_else_is_in_memory_it_leaves_the_log_by_itself() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    append(&store, [secret_span(1)]).unwrap();
    store.delete_trace(trace_id(1)).unwrap();
    // What the deletion began is done before another wish is.
    store.flush().unwrap();
    assert!(!holds_secret(directory.path()));
    append(&store, [span(1, 1)]).unwrap();
    drop(store);
    let (store, recovery) = open(directory.path());
    assert_eq!((recovery.spans, recovery.damaged), (1, vec![]), "what came after the deletion stays");
    assert_eq!(counter(&store, "store.wal_removals_failed"), 0);
}

#[test]
fn a_deletion_holds_over_a_start_wherever_the_trace_lies() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    append(&store, [span(1, 1), span(2, 1), span(3, 1)]).unwrap();
    store.flush().unwrap();
    append(&store, [span(2, 2), span(3, 2), span(4, 1)]).unwrap();
    for trace in [1, 2, 4] {
        store.delete_trace(trace_id(trace)).unwrap();
    }
    assert_eq!(store.delete_trace(trace_id(2)).unwrap(), Deleted::default(), "it is gone already");
    append(&store, [span(2, 9)]).unwrap();
    for _ in 0..2 {
        assert_eq!(ids(&store), [2, 3]);
        assert_eq!(store.summary(trace_id(2)).unwrap().unwrap().span_count, 1, "what came later is stored anew");
        store.flush().unwrap();
    }
    drop(store);
    let (store, recovery) = open(directory.path());
    assert_eq!((ids(&store), recovery.spans), (vec![2, 3], 3));
    assert_eq!(store.summary(trace_id(3)).unwrap().unwrap().span_count, 2);
}

#[test]
fn merging_takes_the_rows_of_what_was_deleted_along() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    for trace in 1..=3 {
        append(&store, [span(trace, 1), span(trace, 2)]).unwrap();
        store.flush().unwrap();
    }
    store.delete_trace(trace_id(2)).unwrap();
    assert_eq!((segments(directory.path()), counter(&store, "store.segment_spans")), (3, 6));
    store.compact().unwrap();
    assert_eq!((segments(directory.path()), counter(&store, "store.segment_spans")), (1, 4));
    assert_eq!(ids(&store), [3, 1]);
    store.delete_project("default").unwrap();
    store.compact().unwrap();
    assert_eq!((segments(directory.path()), counter(&store, "store.segment_bytes")), (0, 0));
    drop(store);
    assert_eq!(open(directory.path()).1.spans, 0);
}

#[test]
fn waiting_events_leave_the_disk_with_their_trace() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    let events = late(1, 1, 1, SECRET);
    wait(store.append(frame(1, &events), events)).unwrap();
    assert!(holds_secret(directory.path()));
    store.flush().unwrap();
    store.delete_trace(trace_id(1)).unwrap();
    append(&store, [span(1, 1)]).unwrap();
    assert_eq!(store.span(trace_id(1), span_id(1)).unwrap()[0].record.events, []);
}
