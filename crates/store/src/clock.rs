//! What time it is, passed in so that a test can say so.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use trackway_model::Timestamp;

use crate::SpanState;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Returns the clock of the system.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        // A clock before 1970 is not set at all; zero is as good as any other answer then.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
    })
}

/// How long a trace with an open span may stay silent before it counts as lost, unless a setting says otherwise.
pub(crate) const LOST_AFTER: Duration = Duration::from_secs(600);

/// A moment, and how long a silence then counts as loss.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    /// For stored spans, since the last news of their trace.
    pub(crate) lost_after: Duration,
    /// For announced spans, since their last announcement.
    pub(crate) announced_lost_after: Duration,
}

impl Moment {
    /// Returns the state of a stored span without an end, by the last news of its trace.
    pub(crate) fn stored(self, news: Timestamp) -> SpanState {
        if is_over(self.lost_after, news, self.now) { SpanState::Lost } else { SpanState::Open }
    }

    /// Returns the state of a span that was last announced then.
    pub(crate) fn announced(self, renewed: Timestamp) -> SpanState {
        if is_over(self.announced_lost_after, renewed, self.now) { SpanState::Lost } else { SpanState::Open }
    }
}

/// Returns true when more than `time` lies between the two; a clock that was set back ends nothing.
pub(crate) fn is_over(time: Duration, since: Timestamp, now: Timestamp) -> bool {
    Duration::from_nanos(now.0.saturating_sub(since.0)) > time
}
