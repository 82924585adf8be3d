//! So many traces a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::custom::{Sample, Sampling, Verdict};
use super::share::Share;

#[derive(Debug)]
pub(super) struct RateLimit {
    per_second: f64,
    since: Instant,
    /// When it was last asked, in nanoseconds from `since`; 0 before the first time.
    asked: AtomicU64,
}

impl RateLimit {
    pub(super) fn new(per_second: f64) -> Self {
        Self { per_second, since: Instant::now(), asked: AtomicU64::new(0) }
    }

    /// Returns the share of traces to record, asked after so many nanoseconds.
    fn share_at(&self, now: u64) -> Share {
        let asked = self.asked.fetch_max(now.max(1), Ordering::Relaxed);
        if asked == 0 {
            return if self.per_second > 0.0 { Share::ALL } else { Share::NONE };
        }
        let seconds = now.saturating_sub(asked) as f64 / 1e9;
        let share = seconds * self.per_second;
        if share > 0.0 { Share::of(share) } else { Share::NONE }
    }
}

impl Sample for RateLimit {
    fn sample(&self, span: &Sampling<'_>) -> Verdict {
        let now = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.share_at(now).decide(span.trace, span.parent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how many of as many traces as were asked for, evenly spread over ten seconds, are recorded.
    fn recorded(limit: &RateLimit, traces: u64) -> f64 {
        let share = |trace: u64| limit.share_at(1 + trace * 10_000_000_000 / traces).as_f64();
        (0..traces).map(share).sum()
    }

    #[test]
    fn as_many_are_recorded_whatever_their_number() {
        for traces in [200, 1_000, 100_000] {
            let limit = RateLimit::new(5.0);
            let recorded = recorded(&limit, traces);
            assert!((50.0..=51.1).contains(&recorded), "{traces}: {recorded}");
        }
        assert!((recorded(&RateLimit::new(5.0), 20) - 20.0).abs() < 1e-6);
    }

    #[test]
    fn the_first_after_a_pause_is_recorded_and_the_burst_behind_it_is_not() {
        let limit = RateLimit::new(2.0);
        let shares = [0, 1, 1, 500_000_001, 500_000_001].map(|now| limit.share_at(now).as_f64());
        assert_eq!(shares, [1.0, 0.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn what_is_no_rate_records_nothing() {
        for per_second in [0.0, -1.0, f64::NAN] {
            let limit = RateLimit::new(per_second);
            let shares = [1, 1_000_000_000_000].map(|now| limit.share_at(now));
            assert_eq!(shares, [Share::NONE; 2]);
        }
    }
}
