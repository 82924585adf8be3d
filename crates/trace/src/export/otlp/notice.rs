//! One line on standard error when spans go nowhere.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Instant,
};

use super::settings::Target;
use crate::{export::Failure, voice};

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
        Self::new(voice::is_quiet())
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
            voice::say(&line(failure, target));
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
            format!("{reason}; spans wait in memory, up to a bound: {advice}")
        }
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
