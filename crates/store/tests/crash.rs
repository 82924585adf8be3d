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

/// A store whose head is full after some hundred spans, so that it writes and merges segments all the time.
fn busy(directory: &Path) -> (Embedded, Recovery) {
    Embedded::open(Config { memory_bytes: 1 << 20, wal_file_bytes: 50_000, ..config(directory) }, decoder()).unwrap()
}

/// Trace `n` gets a span open at first, its end with the next append, and one more each time: many lie in several segments.
fn part(number: u64) -> Vec<trackway_model::SpanRecord> {
    let before = number.saturating_sub(1);
    let ended = (before > 0).then(|| span(u128::from(before), 1));
    let shared = child(u128::from(number / 10 + 1_000_000), number + 10, 1);
    [open_span(u128::from(number), 1), shared].into_iter().chain(ended).collect()
}

fn appends_while_segments_are_written(directory: &Path) {
    let (store, _) = busy(directory);
    let next = fs::read_to_string(directory.join("next")).map_or(1, |next| next.parse().unwrap());
    let mut out = std::io::stdout();
    for number in next.. {
        while append(&store, part(number)).is_err() {
            store.flush().unwrap();
        }
        if number % 40 == 0 {
            store.flush().unwrap();
        }
        if number % 200 == 0 {
            store.compact().unwrap();
        }
        out.write_all(format!("\nstored {number}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_kill_while_segments_are_written_and_merged_loses_and_doubles_nothing() {
    if let Some(directory) = child_directory() {
        return appends_while_segments_are_written(&directory);
    }
    let directory = TempDir::new().unwrap();
    let mut stored = 0;
    for acknowledged in [37, 3, 161, 40, 79, 200, 1, 243] {
        // What may or may not be there is sent again, as a client does that had no answer.
        fs::write(directory.path().join("next"), (stored + 1).to_string()).unwrap();
        let name = "a_kill_while_segments_are_written_and_merged_loses_and_doubles_nothing";
        let mut writer = start(name, directory.path(), "");
        let told = |line: String| line.strip_prefix("stored ").map(|number| number.parse::<u64>().unwrap());
        stored = lines(&mut writer).filter_map(told).take(acknowledged).last().unwrap().max(stored);
        writer.kill().unwrap();
        writer.wait().unwrap();
    }
    fs::remove_file(directory.path().join("next")).unwrap();
    let (store, recovery) = busy(directory.path());
    assert_eq!(recovery.damaged, []);
    for round in 0..2 {
        for number in 1..stored {
            let found = store.span(trace_id(u128::from(number)), span_id(1)).unwrap();
            assert_eq!(found.len(), 1, "round {round}: trace {number}");
            assert!(
                found[0].record.end.is_some(),
                "round {round}: the end of {number} takes the place of its beginning"
            );
            let shared = store.span(trace_id(u128::from(number / 10 + 1_000_000)), span_id(number + 10)).unwrap();
            assert_eq!(shared.len(), 1, "round {round}: span {number}");
        }
        store.flush().unwrap();
        store.compact().unwrap();
    }
    let whole = store.summary(trace_id(1_000_001)).unwrap().unwrap();
    assert_eq!(whole.span_count, 10);
}

/// Fills the memory while no segment can be written, since every file of one is too large.
fn may_write_no_segment(directory: &Path) {
    let config = Config { memory_bytes: 16 << 20, wal_file_bytes: 100_000, ..config(directory) };
    let (store, _) = Embedded::open(config, decoder()).unwrap();
    // Names that compression cannot make short, so that a segment is larger than a file may be.
    let mut seed = 1u64;
    let mut noise = || {
        let mut draw = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + (seed >> 33) as u8 % 90)
        };
        (0..10_000).map(|_| draw()).collect::<String>()
    };
    let mut trace = 0;
    let refusal = loop {
        let name = noise();
        match append(&store, [span(trace + 1, 1).with(|it| it.name = name.as_str().into())]) {
            Ok(_) => trace += 1,
            Err(refusal) => break refusal,
        }
    };
    assert!(matches!(&refusal, Error::Full { bound } if bound.contains("--memory-bytes")), "{refusal:?}");
    assert!(matches!(store.flush(), Err(Error::Full { .. })), "and says why");
    assert!(counter(&store, "store.flushes_failed") > 0);
    assert_eq!((counter(&store, "store.read_only"), counter(&store, "store.segments")), (0, 0));
    assert_eq!(store.delete_trace(trace_id(1)).unwrap().spans, 1, "reading and deleting go on");
    println!("\nstored {trace}");
}

#[test]
fn a_segment_that_finds_no_room_stays_in_memory_and_in_the_log() {
    if let Some(directory) = child_directory() {
        return may_write_no_segment(&directory);
    }
    let directory = TempDir::new().unwrap();
    let name = "a_segment_that_finds_no_room_stays_in_memory_and_in_the_log";
    // Files of at most 1 MiB.
    let limited = start(name, directory.path(), "trap '' XFSZ; ulimit -f 2048;");
    let output = limited.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let stored = text.lines().find_map(|line| line.strip_prefix("stored "));
    let stored: u64 = stored.unwrap_or_else(|| panic!("{text}")).parse().unwrap();
    let (store, recovery) = open(directory.path());
    assert_eq!((recovery.damaged, recovery.spans), (vec![], stored - 1), "all but what was deleted");
    store.flush().unwrap();
    assert_eq!(counter(&store, "store.segments"), 1);
}
