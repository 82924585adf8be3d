//! Ends of spans for which no ring had room, so that no span stays open for ever.

use std::sync::{Mutex, PoisonError};

static ENDS: Mutex<Vec<(u64, u64)>> = Mutex::new(Vec::new());

/// How many of them can wait. There are never more open spans of that kind.
const MOST: usize = 100_000;

/// Notes the end of a span of that id at that tick.
#[cold]
pub(crate) fn end(span: u64, tick: u64) {
    super::unforked(|| {
        let mut ends = ENDS.lock().unwrap_or_else(PoisonError::into_inner);
        if ends.len() < MOST {
            ends.push((span, tick));
        }
    });
}

/// Forgets what was noted, in the child of a fork.
pub(crate) fn forget() {
    drop(take());
}

/// Takes what was noted.
pub(crate) fn take() -> Vec<(u64, u64)> {
    std::mem::take(&mut *ENDS.lock().unwrap_or_else(PoisonError::into_inner))
}
