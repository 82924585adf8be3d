//! What time it is, passed in so that a test can say so.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use trackway_model::Timestamp;

use crate::TraceStatus;

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

/// Returns the status of a trace with open spans, by the time of its last news.
pub(crate) fn open_status(news: Timestamp, now: Timestamp, lost_after: Duration) -> TraceStatus {
    let silence = Duration::from_nanos(now.0.saturating_sub(news.0));
    if silence <= lost_after { TraceStatus::Running } else { TraceStatus::Lost }
}
