//! Tests that need a process of their own: they run this program again for one test that is otherwise ignored.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

const DIRECTORY: &str = "STORE_TEST_DIRECTORY";

/// The directory that a child is to use; `None` when the test was not started as one.
pub fn child_directory() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}

/// Starts a test once more in a process of its own, where it plays the child, after some words of shell.
pub fn start(name: &str, directory: &Path, shell: &str) -> Child {
    Command::new("sh")
        .args(["-c", &format!("{shell} exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(DIRECTORY, directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Says that the child is ready, and waits for its end.
pub fn wait_for_the_end() {
    println!("\nready");
    let _ = std::io::stdin().read(&mut [0]);
}

pub fn wait_until_ready(child: &mut Child) {
    assert!(lines(child).any(|line| line == "ready"), "the child ended early");
}

/// What a child says.
pub fn lines(child: &mut Child) -> impl Iterator<Item = String> {
    BufReader::new(child.stdout.as_mut().unwrap()).lines().map(Result::unwrap)
}
