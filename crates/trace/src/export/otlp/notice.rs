//! One line on standard error when spans go nowhere.

use std::{
    env,
    io::{self, Write},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Instant,
};

use super::settings::Target;
use crate::export::Failure;

/// Milliseconds between two lines, at least.
const PAUSE: u64 = 60_000;

/// Tells of the first of a row of failures, and is then silent until something was delivered.
pub(super) struct Notice {
    is_quiet: bool,
    is_told: AtomicBool,
    made: Instant,
    /// Milliseconds after `made` before which nothing is said.
    silent_until: AtomicU64,
}

impl Notice {
    pub(super) fn from_env() -> Self {
        Self::new(env::var_os("TRACKWAY_QUIET").is_some_and(|value| value == "1"))
    }

    pub(super) fn new(is_quiet: bool) -> Self {
        Self { is_quiet, is_told: AtomicBool::new(false), made: Instant::now(), silent_until: AtomicU64::new(0) }
    }

    pub(super) fn delivered(&self) {
        self.is_told.store(false, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, failure: &Failure, target: Option<&Target>) {
        let now = u64::try_from(self.made.elapsed().as_millis()).unwrap_or(u64::MAX);
        if self.is_due(now) {
            let _ = io::stderr().write_all(line(failure, target).as_bytes()); // There is nobody else to tell.
        }
    }

    fn is_due(&self, now: u64) -> bool {
        if self.is_quiet
            || now < self.silent_until.load(Ordering::Relaxed)
            || self.is_told.swap(true, Ordering::Relaxed)
        {
            return false;
        }
        self.silent_until.store(now.saturating_add(PAUSE), Ordering::Relaxed);
        true
    }
}

fn line(failure: &Failure, target: Option<&Target>) -> String {
    match failure {
        Failure::Later { reason, .. } => {
            let advice = match target {
                Some(target) if target.is_default => "start the server with `trackway`",
                _ => "check the address and the server",
            };
            format!("trackway: {reason}; spans wait in memory, up to a bound: {advice} (TRACKWAY_QUIET=1 hides this)\n")
        }
        failure => format!("trackway: spans are dropped: {failure} (TRACKWAY_QUIET=1 hides this)\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_failures_is_told_once_and_rows_at_most_once_a_minute() {
        let notice = Notice::new(false);
        assert!(notice.is_due(5));
        assert!(!notice.is_due(5 + 2 * PAUSE), "the same row");
        notice.delivered();
        assert!(notice.is_due(5 + 2 * PAUSE));
        notice.delivered();
        assert!(!notice.is_due(4 + 3 * PAUSE), "too soon");
        assert!(notice.is_due(5 + 3 * PAUSE));
        assert!(!Notice::new(true).is_due(5));
    }
}
