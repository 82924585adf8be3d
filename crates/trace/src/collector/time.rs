//! The one timeline of the process.

use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use crate::clock::{Reading, Timeline, ticks};

static LINE: RwLock<Option<Timeline>> = RwLock::new(None);

/// Has the clocks compared; returns whether ticks can be told in time by now.
pub(crate) fn observe() -> bool {
    let now = Reading::now();
    let mut line = LINE.write().unwrap_or_else(PoisonError::into_inner);
    let line = line.get_or_insert_with(|| Timeline::new(now));
    line.observe(now);
    line.is_ready()
}

/// Returns a copy of the timeline, once it can tell time. A lock held while hooks run would be waited for by those who
/// only ask what time it is.
pub(crate) fn line() -> Option<Timeline> {
    LINE.read().unwrap_or_else(PoisonError::into_inner).as_ref().filter(|line| line.is_ready()).cloned()
}

pub(crate) type Held = RwLockWriteGuard<'static, Option<Timeline>>;

/// Keeps the timeline whole while the process forks.
pub(crate) fn hold() -> Held {
    LINE.write().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the time now on the timeline that all spans share; `None` before there is one.
pub(crate) fn wall_now() -> Option<u64> {
    let line = LINE.read().unwrap_or_else(PoisonError::into_inner);
    line.as_ref().filter(|line| line.is_ready()).map(|line| line.wall(ticks()))
}
