//! One line on standard error when spans go nowhere.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Instant,
};

use crate::{export::Failure, voice};

/// Milliseconds between two lines, at least.
const PAUSE: u64 = 60_000;

/// Tells of the first of a row of failures, and is then silent until something was delivered.
pub(crate) struct Notice {
    is_quiet: bool,
    is_told: AtomicBool,
    made: Instant,
    /// Milliseconds after `made` before which nothing is said.
    silent_until: AtomicU64,
}

impl Notice {
    pub(crate) fn from_env() -> Self {
        Self::new(voice::is_quiet())
    }

    pub(crate) fn new(is_quiet: bool) -> Self {
        Self { is_quiet, is_told: AtomicBool::new(false), made: Instant::now(), silent_until: AtomicU64::new(0) }
    }

    pub(crate) fn delivered(&self) {
        self.is_told.store(false, Ordering::Relaxed);
    }

    /// Tells of it, with what to do where the receiver may be back.
    pub(crate) fn failed(&self, failure: &Failure, advice: &str) {
        let now = u64::try_from(self.made.elapsed().as_millis()).unwrap_or(u64::MAX);
        if self.is_due(now) {
            voice::say(&line(failure, advice));
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

fn line(failure: &Failure, advice: &str) -> String {
    match failure {
        Failure::Later { reason, .. } => format!("{reason}; spans wait in memory, up to a bound: {advice}"),
        failure => format!("spans are dropped: {failure}"),
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
