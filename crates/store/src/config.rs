//! How an embedded store behaves.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use crate::{Clock, RunIds, clock::LOST_AFTER, system_clock};

/// Settings of an [`Embedded`](crate::Embedded) store; [`Config::new`] has sensible ones.
#[derive(Clone)]
pub struct Config {
    /// The directory, made when it is missing.
    pub path: PathBuf,
    /// How much memory the store may use, about: for what is not yet in segments, and for reading those.
    pub memory_bytes: u64,
    /// The least room on the disk below which nothing is accepted; the larger of 256 MiB and 2 % of the disk when absent.
    pub min_free_bytes: Option<u64>,
    /// How long and how much is kept; everything, unless somebody asks for less.
    pub retention: Retention,
    /// The most bytes that the log's files may have together.
    pub max_log_bytes: u64,
    /// The most bytes that the database of runs may have.
    pub max_run_bytes: u64,
    /// Gives runs their ids; without it they are found by their names only.
    pub run_ids: Option<RunIds>,
    /// The size at which a new log file is begun.
    pub wal_file_bytes: u64,
    /// How long a trace with an open span may be silent before it is shown as lost.
    pub lost_after: Duration,
    /// How long a search of spans looks for more before it answers with what it has found.
    pub search_time: Duration,
    /// How spans are held that are only announced.
    pub announced: Announced,
    /// The address that the owner serves, for whoever finds the directory locked; empty while there is none.
    pub url: String,
    /// Tells the time.
    pub clock: Clock,
}

impl Config {
    /// Returns the settings for a directory.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            memory_bytes: 256 << 20,
            min_free_bytes: None,
            retention: Retention::default(),
            max_log_bytes: 8 << 30,
            max_run_bytes: 8 << 30,
            run_ids: None,
            wal_file_bytes: 64 << 20,
            lost_after: LOST_AFTER,
            search_time: Duration::from_secs(2),
            announced: Announced::default(),
            url: String::new(),
            clock: system_clock(),
        }
    }
}

impl Config {
    /// The most memory that records take before they are written as segments: there are twice as many while that happens.
    pub(crate) fn head_bytes(&self) -> u64 {
        self.memory_bytes / 6
    }
}

/// What goes with time, or when there is too much of it; nothing, unless it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// What holds for everything together.
    pub all: Keep,
    /// What holds for projects, by name, besides.
    pub projects: BTreeMap<String, Keep>,
}

/// How long and how much is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// A span goes when it began longer ago than this.
    pub time: Option<Duration>,
    /// The spans that began first go when the segments take more bytes than these.
    pub bytes: Option<u64>,
}

/// How spans are held that are only announced: in memory, until they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// How long a span may go without being announced again before it is shown as lost.
    pub lost_after: Duration,
    /// How long after its last announcement a span is forgotten.
    pub forgotten_after: Duration,
    /// The most spans that are held; those that were lost first make room, and without such ones more are left out.
    pub max_spans: u64,
    /// The most memory that they may take, about.
    pub max_bytes: u64,
}

impl Default for Announced {
    fn default() -> Self {
        Self {
            lost_after: Duration::from_secs(30),
            forgotten_after: Duration::from_secs(600),
            max_spans: 10_000,
            max_bytes: 64 << 20,
        }
    }
}
