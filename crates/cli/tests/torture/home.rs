//! A data directory, and the servers that work in it one after the other.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::Ordering::Relaxed,
};

use tempfile::TempDir;

use crate::{
    support::{self, Trackway},
    tally::TALLY,
};

/// Settings with which a server flushes many times in a second of load.
pub(crate) const SMALL_HEADS: &[&str] = &["--memory-bytes", "2000000"];

/// A directory of its own, and beside it what the servers said.
pub(crate) struct Home {
    root: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// Makes one in a directory, which may be a disk of its own.
    pub(crate) fn below(parent: &Path) -> Self {
        let root = tempfile::tempdir_in(parent).unwrap();
        fs::create_dir_all(root.path().join("data")).unwrap();
        Self { root }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// A command that would start a server, with its complaints kept.
    pub(crate) fn command(&self, settings: &[&str]) -> Command {
        let said = OpenOptions::new().create(true).append(true).open(self.root.path().join("said")).unwrap();
        let mut command = support::command(&self.data());
        command.args(settings).stderr(said);
        command
    }

    /// Starts a server that must start.
    pub(crate) fn start(&self, settings: &[&str]) -> Trackway {
        self.run(self.command(settings))
    }

    /// Starts a server by a command of [`Home::command`].
    pub(crate) fn run(&self, command: Command) -> Trackway {
        TALLY.starts.fetch_add(1, Relaxed);
        support::try_start(command).unwrap_or_else(|error| {
            TALLY.failed_starts.fetch_add(1, Relaxed);
            panic!("{error}{}", self.said())
        })
    }

    /// Returns what the servers said on stderr so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.root.path().join("said")).unwrap_or_default()
    }

    /// Returns a copy, byte by byte.
    pub(crate) fn copied(&self) -> Self {
        let copy = Self::new();
        copy_all(&self.data(), &copy.data());
        copy
    }
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for path in entries(from) {
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_all(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

/// Returns every file below a directory, in the order of their names.
pub(crate) fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in entries(directory) {
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}
