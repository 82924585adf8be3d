//! This program once more, as a child that plays a part in a test.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

const ROOT: &str = "TRACKWAY_TEST_ROOT";

/// The directory that a child is to use; `None` in the program that is no child.
pub(crate) fn root() -> Option<PathBuf> {
    env::var_os(ROOT).map(PathBuf::from)
}

/// Starts the test of that name as a child, after some words of shell. Returns it, and the lines that it says.
pub(crate) fn start(name: &str, root: &Path, shell: &str) -> (Child, Receiver<String>) {
    let mut child = Command::new("sh")
        .args(["-c", &format!("{shell} exec \"$0\" \"$@\"")])
        .arg(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(ROOT, root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    let (tell, hear) = mpsc::channel();
    // What a child said stays in the pipe when it is killed.
    thread::spawn(move || said.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
    (child, hear)
}
