//! One process owns a directory, and nobody else reads its files.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use kit::*;
use tempfile::TempDir;
use trackway_store::*;

/// Runs one of the ignored tests below in a process of its own.
fn child(name: &str, directory: &Path, shell: &str) -> Child {
    Command::new("sh")
        .args(["-c", &format!("{shell} exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--nocapture"])
        .env("STORE_TEST_DIRECTORY", directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Says that the child is ready, and waits for its end.
fn wait_for_the_end() {
    println!("\nready");
    let _ = std::io::stdin().read(&mut [0]);
}

fn wait_until_ready(child: &mut Child) {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.map(Result::unwrap).any(|line| line == "ready"), "the child ended early");
}

#[test]
#[ignore = "runs in a process of its own"]
fn child_holds_the_directory() {
    let Some(directory) = std::env::var_os("STORE_TEST_DIRECTORY") else { return };
    let (store, _) = open(Path::new(&directory));
    store.set_url("http://127.0.0.1:7241").unwrap();
    append(&store, [span(1, 1)]).unwrap();
    wait_for_the_end();
}

#[test]
fn a_second_opener_is_told_who_owns_the_directory() {
    let directory = TempDir::new().unwrap();
    assert_eq!(owner(directory.path()), None);
    let mut first = child("child_holds_the_directory", directory.path(), "");
    wait_until_ready(&mut first);

    let began = Instant::now();
    let refusal = Embedded::open(config(directory.path()), decoder()).err();
    assert!(began.elapsed() < Duration::from_secs(1));
    let Some(Error::Locked { path, pid, url }) = refusal else { panic!("{refusal:?}") };
    assert_eq!((path.as_path(), pid, &*url), (directory.path(), first.id(), "http://127.0.0.1:7241"));
    assert_eq!(owner(directory.path()), Some(Owner { pid, url }));

    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(owner(directory.path()), None, "the lock goes with its holder, however that ends");
    let (store, recovery) = open(directory.path());
    assert_eq!(recovery.spans, 1);
    assert_eq!(owner(directory.path()), Some(Owner { pid: std::process::id(), url: String::new() }));
    drop(store);
    assert_eq!(owner(directory.path()), None);
}

#[test]
#[ignore = "runs in a process of its own"]
fn child_writes_every_kind_of_file() {
    let Some(directory) = std::env::var_os("STORE_TEST_DIRECTORY") else { return };
    let path = Path::new(&directory).join("home/store");
    let (store, _) = open(&path);
    append(&store, [span(1, 1), span(2, 1)]).unwrap();
    drop(store);
    let log = path.join("wal/0001.log");
    let mut bytes = fs::read(&log).unwrap();
    bytes[50] ^= 1;
    fs::write(&log, bytes).unwrap();
    let (store, _) = open(&path);
    append(&store, [span(1, 1)]).unwrap();
    store.delete_trace(trace_id(1)).unwrap();
    wait_for_the_end();
}

#[test]
fn nobody_but_the_owner_may_read_the_files() {
    for umask in ["000", "077", "177"] {
        let directory = TempDir::new().unwrap();
        let mut writer = child("child_writes_every_kind_of_file", directory.path(), &format!("umask {umask};"));
        wait_until_ready(&mut writer);
        let mut seen = Vec::new();
        modes(&directory.path().join("home"), &mut seen);
        writer.kill().unwrap();
        writer.wait().unwrap();
        seen.sort();
        assert_eq!(
            seen,
            [
                "600 0001-24.bin",
                "600 0001.log",
                "600 0002.log",
                "600 catalog.db",
                "600 catalog.db-shm",
                "600 catalog.db-wal",
                "600 lock",
                "700 corrupt",
                "700 home",
                "700 store",
                "700 wal",
            ],
            "umask {umask}"
        );
    }
}

fn modes(path: &Path, seen: &mut Vec<String>) {
    let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
    seen.push(format!("{mode:o} {}", path.file_name().unwrap().to_str().unwrap()));
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| modes(&entry.unwrap().path(), seen));
    }
}

#[test]
#[ignore = "runs in a process of its own"]
fn child_may_write_only_small_files() {
    let Some(directory) = std::env::var_os("STORE_TEST_DIRECTORY") else { return };
    let path = Path::new(&directory);
    let (store, _) = open(path);
    let large = || span(2, 1).with(|it| it.name = "x".repeat(100_000).as_str().into());
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
    let directory = TempDir::new().unwrap();
    // Files of at most 128 KiB; the signal that comes with the limit is ignored, as a server does.
    let limited = child("child_may_write_only_small_files", directory.path(), "trap '' XFSZ; ulimit -f 256;");
    let output = limited.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("ready"), "{text}");
    let (store, recovery) = open(directory.path());
    assert_eq!((recovery.spans, recovery.torn_bytes, recovery.damaged), (2, 0, vec![]));
    assert!(store.summary(trace_id(3)).unwrap().is_some());
}
