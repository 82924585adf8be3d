//! What agents send is bounded in memory and on the disk, and goes from both.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{fs, path::Path};

use kit::*;
use tempfile::TempDir;
use trackway_model::{DataKind::*, *};
use trackway_store::*;

fn tell(store: &dyn Store, record: TraceRecord) -> Result<Ack, Error> {
    let batch = telling([record]);
    wait(store.append(frame(1, &batch), batch))
}

fn logs(directory: &Path) -> usize {
    fs::read_dir(directory.join("wal")).unwrap().count()
}

/// A store that begins a file with every group.
fn many_files(path: &Path) -> Embedded {
    Embedded::open(Config { wal_file_bytes: 1, ..config(path) }, decoder()).unwrap().0
}

#[test]
fn traces_without_a_span_are_bounded_by_their_memory() {
    let directory = TempDir::new().unwrap();
    let config = Config { memory_bytes: 1 << 20, ..config(directory.path()) };
    let (store, _) = Embedded::open(config, decoder()).unwrap();
    for trace in 1..=3_000 {
        while tell(&store, told(trace, "Support")).is_err() {
            store.flush().unwrap();
        }
    }
    assert!(counter(&store, "store.flushes") > 1, "they went into the catalog");
    assert!(counter(&store, "store.memory_bytes") < 1 << 20);
    assert_eq!(store.traces(&TraceQuery::default(), &all()).unwrap().items.len(), 3_000);
}

#[test]
fn agents_give_back_the_memory_they_took() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    let long = "x".repeat(1_000);
    let said = |span: SpanRecord| {
        let span =
            span.data(|it| (it.title, it.conversation) = (Some(long.as_str().into()), Some(long.as_str().into())));
        span.used(1, 1).original(&long, Some(&long)).replaces()
    };
    tell(&store, told(1, "Support")).unwrap();
    tell(&store, told(1, &long).with(|it| it.group = Some("thread".into()))).unwrap();
    append(&store, [said(work(1, 1, 0, Agent)), said(work(1, 1, 0, Task)), said(work(1, 2, 1, Response))]).unwrap();
    append(&store, [work(1, 1, 0, Agent).replaces(), said(work(2, 2, 1, Response))]).unwrap();
    assert!(store.summary(trace_id(1)).unwrap().unwrap().agents.is_some());
    store.delete_project("default").unwrap();
    for name in ["store.spans", "store.traces", "store.trace_records"] {
        assert_eq!(counter(&store, name), 0, "{name}");
    }
    assert!(
        counter(&store, "store.memory_bytes") < 2 * long.len() as u64,
        "texts that were shared stay until the next flush"
    );
    store.flush().unwrap();
    assert_eq!(counter(&store, "store.memory_bytes"), 0);
    let asked = TraceQuery { group: Some(long.clone()), ..TraceQuery::default() };
    assert_eq!(store.traces(&asked, &all()).unwrap().items, []);
    assert_eq!(store.find_original(&long).unwrap(), []);
}

#[test]
fn announced_agents_give_back_the_memory_they_took() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    let running = |trace| work(trace, 1, 0, Agent).with(|it| it.end = None);
    let events = late(3, 1, 11, "log");
    wait(store.append(frame(1, &events), events)).unwrap();
    let now = system_clock()();
    store.announce(now, vec![running(1), running(2), running(3)]).unwrap();
    assert!(store.summary(trace_id(1)).unwrap().unwrap().agents.is_some());
    append(&store, [work(1, 1, 0, Agent)]).unwrap();
    for trace in 1..=3 {
        store.delete_trace(trace_id(trace)).unwrap();
    }
    for name in ["store.announced_bytes", "store.traces"] {
        assert_eq!(counter(&store, name), 0, "{name}");
    }
    store.announce(Timestamp(1), vec![running(1)]).unwrap();
    assert_eq!(store.tend().unwrap().gone.len(), 1, "it was silent for long");
    store.flush().unwrap();
    assert_eq!(counter(&store, "store.memory_bytes"), 0);
}

#[test]
fn the_log_does_not_grow_by_what_was_told_already() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    tell(&store, told(1, "Support")).unwrap();
    let written = counter(&store, "store.bytes_on_disk");
    for _ in 0..20 {
        assert_eq!(tell(&store, told(1, "Support")).unwrap().duplicates, 1);
    }
    assert_eq!(counter(&store, "store.bytes_on_disk"), written);
}

#[test]
fn of_what_was_told_anew_the_last_stays_when_the_log_goes() {
    let directory = TempDir::new().unwrap();
    let store = many_files(directory.path());
    for number in 0..20 {
        tell(&store, told(1, &format!("name {number}"))).unwrap();
        append(&store, [work(2, 1, 0, Generation).used(number, 0).replaces()]).unwrap();
    }
    assert_eq!(logs(directory.path()), 40);
    store.flush().unwrap();
    assert_eq!(logs(directory.path()), 1, "what comes next goes there");
    drop(store);
    let (store, recovery) = open(directory.path());
    assert_eq!((recovery.spans, recovery.frames, recovery.damaged), (1, 0, vec![]));
    assert_eq!(&*store.summary(trace_id(1)).unwrap().unwrap().root_name, "name 19");
    let used = store.summary(trace_id(2)).unwrap().unwrap().agents.unwrap().usage.input;
    assert_eq!(used, Some(19));
}

#[test]
fn what_was_told_stays_in_the_log_while_only_spans_were_replaced() {
    let directory = TempDir::new().unwrap();
    let store = many_files(directory.path());
    tell(&store, told(1, "Support")).unwrap();
    for number in 0..20 {
        append(&store, [work(1, 1, 0, Generation).used(number, 0).replaces()]).unwrap();
    }
    drop(store);
    let (store, _) = open(directory.path());
    assert_eq!(&*store.summary(trace_id(1)).unwrap().unwrap().root_name, "Support");
    store.delete_trace(trace_id(1)).unwrap();
    store.flush().unwrap();
    drop(store);
    let (store, recovery) = open(directory.path());
    assert_eq!((recovery.spans, recovery.frames), (0, 0), "the deletion took all of the log along");
    assert_eq!(store.summary(trace_id(1)).unwrap(), None);
}
