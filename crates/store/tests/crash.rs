//! A process that is killed, and one that may not write: what was acknowledged is there, what was refused is not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{fs, io::Write, path::Path};

use kit::{process::*, *};
use tempfile::TempDir;
use trackway_store::*;

fn appends_until_it_is_killed(directory: &Path) {
    let small = Config { wal_file_bytes: 10_000, ..config(directory) };
    let (store, recovery) = Embedded::open(small, decoder()).unwrap();
    let mut out = std::io::stdout();
    for trace in recovery.spans as u128 / 2 + 1.. {
        append(&store, [span(trace, 1), span(trace, 2)]).unwrap();
        // One write, so that a line is there as a whole or not at all.
        out.write_all(format!("\nstored {trace}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    if let Some(directory) = child_directory() {
        return appends_until_it_is_killed(&directory);
    }
    let directory = TempDir::new().unwrap();
    let mut stored = 0;
    for acknowledged in [1, 2, 50, 3, 120, 7, 30, 1] {
        let mut writer = start("what_was_acknowledged_survives_a_kill", directory.path(), "");
        let told = |line: String| line.strip_prefix("stored ").map(|trace| trace.parse::<u128>().unwrap());
        stored = lines(&mut writer).filter_map(told).take(acknowledged).last().unwrap().max(stored);
        writer.kill().unwrap();
        writer.wait().unwrap();
    }
    let (store, recovery) = open(directory.path());
    assert_eq!(recovery.damaged, []);
    assert!(
        recovery.spans as u128 >= stored * 2 && recovery.spans % 2 == 0,
        "a batch is there as a whole or not at all"
    );
    for trace in 1..=stored {
        assert_eq!(store.summary(trace_id(trace)).unwrap().unwrap().span_count, 2);
    }
}

fn may_write_only_small_files(directory: &Path) {
    let path = directory;
    let (store, _) = open(path);
    let large = || span(2, 1).with(|it| it.name = "x".repeat(600_000).as_str().into());
    append(&store, [span(1, 1)]).unwrap();
    let length = fs::metadata(path.join("wal/0001.log")).unwrap().len();
    let refusal = append(&store, [large()]);
    assert!(matches!(&refusal, Err(Error::Full { bound }) if bound.contains("write to the log")), "{refusal:?}");
    assert_eq!(fs::metadata(path.join("wal/0001.log")).unwrap().len(), length, "what was begun is undone");
    append(&store, [span(3, 1)]).unwrap();
    assert_eq!(counter(&store, "store.refused_disk"), 1);
    assert_eq!(counter(&store, "store.spans"), 2);
    println!("\nready");
}

#[test]
fn a_write_that_finds_no_room_is_undone_and_the_next_may_succeed() {
    if let Some(directory) = child_directory() {
        return may_write_only_small_files(&directory);
    }
    let directory = TempDir::new().unwrap();
    // Files of at most 512 KiB, which an empty store does not fill; the signal that comes with the limit is ignored, as
    // a server does.
    let limited = start(
        "a_write_that_finds_no_room_is_undone_and_the_next_may_succeed",
        directory.path(),
        "trap '' XFSZ; ulimit -f 1024;",
    );
    let output = limited.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("ready"), "{text}");
    let (store, recovery) = open(directory.path());
    assert_eq!((recovery.spans, recovery.torn_bytes, recovery.damaged), (2, 0, vec![]));
    assert!(store.summary(trace_id(3)).unwrap().is_some());
}
