//! What is counted over all cases.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// The figures of this run.
pub(crate) static TALLY: Tally = Tally {
    cycles: AtomicU64::new(0),
    starts: AtomicU64::new(0),
    failed_starts: AtomicU64::new(0),
    acknowledged: AtomicU64::new(0),
    lost: AtomicU64::new(0),
    peak_bytes: AtomicU64::new(0),
};

/// Sums of what happened.
pub(crate) struct Tally {
    /// Times that a server was killed, stopped, starved or damaged.
    pub(crate) cycles: AtomicU64,
    pub(crate) starts: AtomicU64,
    pub(crate) failed_starts: AtomicU64,
    /// Spans and steps that were acknowledged.
    pub(crate) acknowledged: AtomicU64,
    /// Those of them that were not there, though nobody had damaged a file.
    pub(crate) lost: AtomicU64,
    /// The most memory that one of the servers had resident.
    pub(crate) peak_bytes: AtomicU64,
}

impl Tally {
    pub(crate) fn cycle(&self) {
        self.cycles.fetch_add(1, Relaxed);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |count: &AtomicU64| count.load(Relaxed);
        write!(
            formatter,
            "torture: {} cycles, {} starts, {} failed starts, {} spans and steps acknowledged, {} lost, {} MiB resident at most",
            of(&self.cycles),
            of(&self.starts),
            of(&self.failed_starts),
            of(&self.acknowledged),
            of(&self.lost),
            of(&self.peak_bytes) >> 20
        )
    }
}
