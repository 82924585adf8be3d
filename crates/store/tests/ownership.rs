//! One process owns a directory, and nobody else reads its files.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use kit::{process::*, *};
use tempfile::TempDir;
use trackway_store::*;

fn holds_the_directory(directory: &Path) {
    let (store, _) = open(directory);
    store.set_url("http://127.0.0.1:7241").unwrap();
    append(&store, [span(1, 1)]).unwrap();
    wait_for_the_end();
}

#[test]
fn a_second_opener_is_told_who_owns_the_directory() {
    if let Some(directory) = child_directory() {
        return holds_the_directory(&directory);
    }
    let directory = TempDir::new().unwrap();
    assert_eq!(owner(directory.path()), None);
    let mut first = start("a_second_opener_is_told_who_owns_the_directory", directory.path(), "");
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

fn writes_every_kind_of_file(directory: &Path) {
    let path = directory.join("home/store");
    let (store, _) = open(&path);
    append(&store, [span(1, 1), span(2, 1)]).unwrap();
    drop(store);
    let log = path.join("wal/0001.log");
    let mut bytes = fs::read(&log).unwrap();
    bytes[50] ^= 1;
    fs::write(&log, bytes).unwrap();
    let (store, _) = open(&path);
    append(&store, [span(1, 1), span(2, 1)]).unwrap();
    store.delete_trace(trace_id(1)).unwrap();
    store.flush().unwrap();
    append(&store, [span(3, 1)]).unwrap();
    wait_for_the_end();
}

#[test]
fn nobody_but_the_owner_may_read_the_files() {
    if let Some(directory) = child_directory() {
        return writes_every_kind_of_file(&directory);
    }
    for umask in ["000", "077", "177"] {
        let directory = TempDir::new().unwrap();
        let mut writer = start("nobody_but_the_owner_may_read_the_files", directory.path(), &format!("umask {umask};"));
        wait_until_ready(&mut writer);
        let mut seen = Vec::new();
        modes(&directory.path().join("home"), &mut seen);
        writer.kill().unwrap();
        writer.wait().unwrap();
        seen.sort();
        assert_eq!(
            seen,
            [
                "600 000001.parquet",
                "600 000001.tix",
                "600 0001-24.bin",
                "600 0003.log",
                "600 catalog.db",
                "600 catalog.db-shm",
                "600 catalog.db-wal",
                "600 lock",
                "600 runs.db",
                "600 runs.db-shm",
                "600 runs.db-wal",
                "700 1970-01-01",
                "700 corrupt",
                "700 home",
                "700 segments",
                "700 store",
                "700 wal",
            ],
            "umask {umask}"
        );
    }
}

#[test]
fn a_directory_that_others_could_enter_is_closed_to_them() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store");
    let parts = ["", "wal"].map(|part| path.join(part));
    fs::create_dir_all(&parts[1]).unwrap();
    parts.iter().chain([&directory.path().to_owned()]).for_each(|part| set_mode(part, 0o755));
    drop(open(&path));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(parts.map(|part| mode(&part)), [0o700, 0o700]);
    assert_eq!(mode(directory.path()), 0o755, "what it lies in is not the store's");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn modes(path: &Path, seen: &mut Vec<String>) {
    let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
    seen.push(format!("{mode:o} {}", path.file_name().unwrap().to_str().unwrap()));
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| modes(&entry.unwrap().path(), seen));
    }
}
