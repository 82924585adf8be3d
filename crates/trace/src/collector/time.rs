//! The one timeline of the process.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

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

/// Lends the timeline.
pub(crate) fn line() -> RwLockReadGuard<'static, Option<Timeline>> {
    LINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the time now on the timeline that all spans share; `None` before there is one.
pub(crate) fn wall_now() -> Option<u64> {
    let line = line();
    line.as_ref().filter(|line| line.is_ready()).map(|line| line.wall(ticks()))
}
