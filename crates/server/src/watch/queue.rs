//! What is to be read, and when.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    path::PathBuf,
    time::Duration,
};

use tokio::time::Instant;

use super::place::{Annotated, Application};

/// Something that is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Task {
    Application(Application),
    Annotations(Annotated),
}

/// Why something is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// It was there when the directory was looked through.
    Found,
    /// It was written to just now.
    Written,
}

/// What is to be read: each once, and what was written just now every other time, so that neither waits for all of the other.
#[derive(Debug, Default)]
pub(super) struct Queue {
    found: VecDeque<Task>,
    written: VecDeque<Task>,
    queued: HashSet<Task>,
    was_written: bool,
    /// What is to be read later though nobody writes to it.
    later: HashMap<Task, Instant>,
    /// Folders that are to be looked through later.
    folders: HashMap<PathBuf, Instant>,
}

impl Queue {
    pub(super) fn push(&mut self, task: Task, reason: Reason) {
        self.later.remove(&task);
        if self.queued.insert(task.clone()) {
            match reason {
                Reason::Found => self.found.push_back(task),
                Reason::Written => self.written.push_back(task),
            }
        }
    }

    pub(super) fn pop(&mut self) -> Option<Task> {
        let (first, second) = match self.was_written {
            true => (&mut self.found, &mut self.written),
            false => (&mut self.written, &mut self.found),
        };
        let task = first.pop_front().or_else(|| second.pop_front())?;
        self.was_written = !self.was_written;
        self.queued.remove(&task);
        Some(task)
    }

    /// Reads something after a while, unless it is read before.
    pub(super) fn push_later(&mut self, task: Task, wait: Duration) {
        if !self.queued.contains(&task) {
            self.later.insert(task, Instant::now() + wait);
        }
    }

    /// Looks a folder through after a while.
    pub(super) fn look_later(&mut self, folder: PathBuf, wait: Duration) {
        self.folders.entry(folder).or_insert_with(|| Instant::now() + wait);
    }

    /// Returns when something is due next.
    pub(super) fn due(&self) -> Option<Instant> {
        self.later.values().chain(self.folders.values()).min().copied()
    }

    /// Queues what is due by now, and returns the folders that are.
    pub(super) fn take_due(&mut self) -> Vec<PathBuf> {
        let now = Instant::now();
        let tasks: Vec<Task> = self.later.extract_if(|_, due| *due <= now).map(|(task, _)| task).collect();
        for task in tasks {
            self.push(task, Reason::Written);
        }
        self.folders.extract_if(|_, due| *due <= now).map(|(folder, _)| folder).collect()
    }
}
