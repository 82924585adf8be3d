//! How long events wait for their span.

use std::time::Duration;

use trackway_model::Timestamp;

/// The most events that may wait.
const MOST: usize = 100_000;
const LONGEST: Duration = Duration::from_secs(600);

/// How much waiting is borne.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    /// When the log was read.
    Count,
    /// Whenever something comes, by its arrival.
    CountAndAge(Timestamp),
}

impl Patience {
    /// When something comes, if that is what it is about.
    pub(super) fn now(self) -> Option<Timestamp> {
        match self {
            Self::Count => None,
            Self::CountAndAge(now) => Some(now),
        }
    }

    /// Returns true when one of so many is to go, that waits since then.
    pub(super) fn is_over(self, waiting: usize, since: Timestamp) -> bool {
        let waited = self.now().map_or(0, |now| now.0.saturating_sub(since.0));
        waiting > MOST || Duration::from_nanos(waited) > LONGEST
    }
}
