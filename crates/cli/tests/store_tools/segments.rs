//! Segments: counted, merged, damaged and copied.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Acquire, Release},
    },
    thread,
};

use serde_json::json;
use tempfile::TempDir;

use super::{Damage, back_up, findings, flip, listed, mend, recorded, send, support, support::Trackway, tool};

#[test]
fn segments_are_merged_by_the_server_that_runs_and_without_one() {
    let directory = recorded();
    let server = support::start(directory.path());
    let (code, beside) = tool(directory.path(), &["compact"]);
    assert_eq!((code, listed(&server)), (0, vec![1, 2, 3, 4, 5]), "{beside}");
    assert!(server.terminate().0.success());
    let (code, alone) = tool(directory.path(), &["compact"]);
    assert_eq!((code, &alone["before"]), (0, &beside["after"]), "{alone}");
    assert!(findings(directory.path()).is_empty());
    assert_eq!(listed(&support::start(directory.path())), [1, 2, 3, 4, 5]);
}

/// Lets a server write what it has in memory as segments.
fn flush(server: &Trackway) {
    assert_eq!(server.post("/api/v1/store/flush", &[], b"").0, 200);
}

/// A directory with traces 1 to 3 in one segment, 4 and 5 in another and 6 in the log, closed.
pub(super) fn settled() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let server = support::start(directory.path());
    for traces in [1..=3, 4..=5, 6..=6] {
        let is_last = traces.contains(&6);
        traces.for_each(|trace| send(&server, trace));
        if !is_last {
            flush(&server);
        }
    }
    assert!(server.terminate().0.success());
    directory
}

/// The files of segments with an ending, in order of their names.
fn segment_files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for day in fs::read_dir(directory.join("segments")).unwrap() {
        let entries = fs::read_dir(day.unwrap().path()).unwrap().map(|entry| entry.unwrap().path());
        files.extend(entries.filter(|path| path.extension().is_some_and(|it| it == ending)));
    }
    files.sort();
    files
}

#[test]
fn segments_are_counted_checked_and_merged() {
    let directory = settled();
    assert!(findings(directory.path()).is_empty());
    let (_, told) = tool(directory.path(), &["stats"]);
    let parts = told["parts"].as_array().unwrap();
    let spans = |name: &str| parts.iter().find(|part| part["name"] == name).map(|part| part["spans"].clone());
    assert_eq!((spans("log"), spans("segments, level 0")), (Some(json!(2)), Some(json!(10))), "{told}");
    assert_eq!((&told["spans"], &told["traces"]), (&json!(12), &json!(6)), "{told}");

    let server = support::start(directory.path());
    let (code, merged) = tool(directory.path(), &["compact"]);
    assert_eq!((code, &merged["after"]["segments"], &merged["after"]["spans"]), (0, &json!(1), &json!(12)), "{merged}");
    assert!(findings(directory.path()).is_empty());
    assert_eq!(listed(&server), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_damaged_segment_is_named_and_mended_around() {
    let cases: [(&str, Damage, &[u64]); 5] = [
        ("parquet", |path| flip(path, fs::metadata(path).unwrap().len() / 3), &[4, 5, 6]),
        ("parquet", |path| flip(path, fs::metadata(path).unwrap().len() - 30), &[4, 5, 6]),
        ("parquet", |path| fs::remove_file(path).unwrap(), &[4, 5, 6]),
        ("tix", |path| fs::remove_file(path).unwrap(), &[1, 2, 3, 4, 5, 6]),
        ("tix", |path| flip(path, fs::metadata(path).unwrap().len() / 2), &[1, 2, 3, 4, 5, 6]),
    ];
    for (ending, damage, left) in cases {
        let directory = settled();
        let path = &segment_files(directory.path(), ending)[0];
        damage(path);
        let found = findings(directory.path());
        assert!(found.iter().all(|(file, _)| directory.path().join(file) == *path), "{found:?}");
        assert!(!found.is_empty());
        mend(directory.path());
        assert_eq!(listed(&support::start(directory.path())), left, "{ending}");
    }
}

#[test]
fn a_catalog_that_is_cut_or_lost_is_made_again_from_the_segments() {
    let damages: [Damage; 3] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, &fs::read(path).unwrap()[..8192]).unwrap(),
        |path| fs::write(path, b"no database").unwrap(),
    ];
    for damage in damages {
        let directory = settled();
        damage(&directory.path().join("catalog.db"));
        assert!(findings(directory.path()).iter().any(|(file, _)| file == "catalog.db"));
        mend(directory.path());
        assert_eq!(listed(&support::start(directory.path())), [1, 2, 3, 4, 5, 6]);
    }
}

#[test]
fn a_backup_beside_a_server_copies_new_segments_only() {
    let (directory, copies) = (settled(), tempfile::tempdir().unwrap());
    let to = copies.path().join("copy");
    let server = support::start(directory.path());
    let first = back_up(directory.path(), &to);
    let second = back_up(directory.path(), &to);
    assert_eq!(first - second, 4, "two segments with an index each");
    send(&server, 7);
    flush(&server);
    assert_eq!(back_up(directory.path(), &to), second + 2);
    assert_eq!(tool(directory.path(), &["compact"]).0, 0);
    send(&server, 8);
    back_up(directory.path(), &to);
    assert_eq!(segment_files(&to, "parquet").len(), 1, "what was merged is gone from the copy");
    assert!(findings(&to).is_empty());
    assert_eq!(listed(&support::start(&to)), (1..=8).collect::<Vec<_>>());
}

#[test]
fn under_load_a_backup_holds_everything_that_was_acknowledged_before_and_a_check_finds_nothing() {
    let (directory, copies) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = support::start_with(directory.path(), &["--memory-bytes", "1048576"]);
    let (sent, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let sender = scope.spawn(|| {
            for trace in 1.. {
                send(&server, trace);
                sent.store(trace, Release);
                if trace % 20 == 0 {
                    let what = if trace % 60 == 0 { "compact" } else { "flush" };
                    assert_eq!(server.post(&format!("/api/v1/store/{what}"), &[], b"").0, 200);
                }
                if is_over.load(Acquire) {
                    break;
                }
            }
        });
        // Whatever ends the test ends the sender.
        let _over = Over(&is_over);
        for round in 0..6 {
            while sent.load(Acquire) < 30 * (round + 1) {
                assert!(!sender.is_finished());
                thread::yield_now();
            }
            let least = sent.load(Acquire);
            let to = copies.path().join("copy");
            back_up(directory.path(), &to);
            assert_eq!(findings(&to), []);
            assert_eq!(findings(directory.path()), []);
            let (_, told) = tool(&to, &["stats"]);
            assert!(told["spans"].as_u64().unwrap() >= 2 * least, "{told}");
        }
    });
}

/// Ends a sender when it is dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Release);
    }
}
