//! A process that is killed, and bounds: what was acknowledged of a run is there, and what was refused left no trace.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{fs, io::Write, path::Path, sync::Arc};

use kit::{process::*, runs::*, *};
use tempfile::TempDir;
use trackway_store::*;

fn state_after(number: i64) -> String {
    let said: Vec<_> = (0..=number).map(|it| format!(r#"{{"text":"message {it}"}}"#)).collect();
    format!(r#"{{"n":{number},"chat":[{}]}}"#, said.join(","))
}

fn steps_until_it_is_killed(directory: &Path) {
    let store = open_runs(directory, &Hands::default());
    let run = run_key("a");
    let done = store.run_summary(&run).unwrap().map_or(0, |run| run.step_count as i64);
    let mut out = std::io::stdout();
    for number in done.. {
        record(&store, &run, [begin(number, "x", 1), end(number, "x", 2, &state_after(number))]).unwrap();
        // One write, so that a line is there as a whole or not at all.
        out.write_all(format!("\nstored {number}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn acknowledged_steps_survive_a_kill() {
    if let Some(directory) = child_directory() {
        return steps_until_it_is_killed(&directory);
    }
    let directory = TempDir::new().unwrap();
    let mut stored = 0;
    for acknowledged in [1, 30, 2, 70, 5, 1] {
        let mut writer = start("acknowledged_steps_survive_a_kill", directory.path(), "");
        let told = |line: String| line.strip_prefix("stored ").map(|number| number.parse::<i64>().unwrap());
        stored = lines(&mut writer).filter_map(told).take(acknowledged).last().unwrap().max(stored);
        writer.kill().unwrap();
        writer.wait().unwrap();
    }
    let store = open_runs(directory.path(), &Hands::default());
    let summary = store.run_summary(&run_key("a")).unwrap().unwrap();
    assert!(summary.step_count as i64 > stored && summary.status == RunStatus::Ok, "{stored} {summary:?}");
    for number in 0..=stored {
        let state = store.state(&run_key("a"), at(number)).unwrap().unwrap();
        assert_eq!(&*state.0, state_after(number));
    }
}

#[test]
fn runs_have_a_bound_and_deleting_makes_room() {
    let directory = TempDir::new().unwrap();
    let small = Config { max_run_bytes: 2 << 20, ..config(directory.path()) };
    let (store, _) = Embedded::open(small, decoder()).unwrap();
    let noise = |seed: i64| {
        let mut number = seed as u64 + 1;
        let mut next = || {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + 60 + (number >> 59) as u8)
        };
        let text: String = (0..200_000).map(|_| next()).collect();
        format!("{{\"noise\":\"{text}\"}}").replace('\\', "x")
    };
    let run = run_key("a");
    let refused = (0..100).find_map(|number| record(&store, &run, [end(number, "x", 1, &noise(number))]).err());
    assert!(matches!(&refused, Some(Error::Full { bound }) if bound.contains("--max-run-bytes")), "{refused:?}");
    let huge = record(&store, &run, [end(0, "x", 1, &noise(1).repeat(12))]);
    assert!(matches!(&huge, Err(Error::TooLarge { .. })), "{huge:?}");
    let bytes = || fs::metadata(directory.path().join("runs.db")).unwrap().len();
    store.delete_run(&run).unwrap();
    assert!(bytes() < 300_000, "{} bytes are left", bytes());
    record(&store, &run, [end(0, "x", 1, &noise(1))]).unwrap();
}

#[test]
fn nothing_of_a_deleted_run_is_left_in_the_files() {
    let directory = TempDir::new().unwrap();
    let store = open_runs(directory.path(), &Hands::default());
    let run = run_key("a");
    record(&store, &run, [end(0, "x", 1, r#"{"key":"sesame-open"}"#), attribute(0, None, "sesame-open", "1")]).unwrap();
    let holds = || {
        let files = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
        let held = |path: &std::path::PathBuf| {
            path.is_file() && fs::read(path).unwrap().windows(11).any(|it| it == b"sesame-open")
        };
        files.filter(held).count()
    };
    assert!(holds() > 0);
    store.delete_run(&run).unwrap();
    assert_eq!(holds(), 0);
}

#[test]
fn a_newer_file_is_refused_and_a_damaged_one_put_aside() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("runs.db");
    drop(open_runs(directory.path(), &Hands::default()));
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 77).unwrap();
    drop(connection);
    assert!(matches!(Embedded::open(config(directory.path()), decoder()), Err(Error::Newer { found: 77, .. })));
    fs::write(&path, "no database ".repeat(1_000)).unwrap();
    let (store, recovery) = open(directory.path());
    assert_eq!(recovery.damaged.len(), 1);
    assert!(directory.path().join("corrupt/runs-1.db").is_file());
    assert_eq!(record(&store, &run_key("a"), [begin(0, "x", 1)]).unwrap().created, [run_key("a")]);
}

#[test]
fn many_senders_share_a_sync_and_readers_never_wait() {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(open_runs(directory.path(), &Hands::default()));
    let senders: Vec<_> = (0..8)
        .map(|sender| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                let run = run_key(&format!("run {sender}"));
                for number in 0..40 {
                    record(&*store, &run, [begin(number, "x", 1), end(number, "x", 2, "{}")]).unwrap();
                    assert_eq!(store.run_summary(&run).unwrap().unwrap().step_count as i64, number + 1);
                }
            })
        })
        .collect();
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    assert_eq!(counter(&*store, "store.steps"), 320);
    assert!(counter(&*store, "store.run_syncs") < 320, "small records share a transaction");
}

fn may_write_only_small_files(directory: &Path) {
    let store = open_runs(directory, &Hands::default());
    let run = run_key("a");
    record(&store, &run, [end(0, "x", 1, r#"{"a":1}"#)]).unwrap();
    let numbers: Vec<_> = (0..200_000_u64).map(|it| (it * it).to_string()).collect();
    let large = format!("[{}]", numbers.join(","));
    let refusal = record(&store, &run, [end(1, "x", 1, &large)]);
    assert!(matches!(&refusal, Err(Error::ReadOnly { reason }) if reason.contains("runs.db")), "{refusal:?}");
    assert!(matches!(record(&store, &run, [begin(2, "x", 1)]), Err(Error::ReadOnly { .. })));
    assert!(matches!(store.delete_run(&run), Err(Error::ReadOnly { .. })));
    assert!(
        matches!(append(&store, [span(1, 1)]), Err(Error::ReadOnly { .. })),
        "a disk that fails is trusted no more"
    );
    assert_eq!(store.run_summary(&run).unwrap().unwrap().step_count, 1, "reading goes on");
    println!("\nready");
}

#[test]
fn a_disk_that_fails_makes_the_store_read_only() {
    if let Some(directory) = child_directory() {
        return may_write_only_small_files(&directory);
    }
    let directory = TempDir::new().unwrap();
    // Files of at most 1 MiB; the signal that comes with the limit is ignored, as a server does.
    let name = "a_disk_that_fails_makes_the_store_read_only";
    let output = start(name, directory.path(), "trap '' XFSZ; ulimit -f 2048;").wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("ready"), "{text}");
    let store = open_runs(directory.path(), &Hands::default());
    assert_eq!(store.state(&run_key("a"), at(0)).unwrap().unwrap().0.to_string(), r#"{"a":1}"#);
    assert_eq!(store.run_summary(&run_key("a")).unwrap().unwrap().step_count, 1);
}
