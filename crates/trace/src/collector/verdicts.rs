//! What programs say of traces themselves, until the collector hears of it.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use crate::stats;

/// A tracer's number, a trace, and whether it is to be kept.
pub(crate) type Told = (u32, u128, bool);

static TOLD: Mutex<Vec<Told>> = Mutex::new(Vec::new());

/// How many can wait; the collector looks a few times a second.
const MOST: usize = 100_000;

/// Says that a trace is to be kept, or left out.
pub(crate) fn tell(tracer: u32, trace: u128, keep: bool) {
    let Some(counters) = stats::of_living(tracer).filter(|counters| counters.has_tail()) else { return };
    super::unforked(|| {
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MOST {
            told.push((tracer, trace, keep));
        } else {
            counters.verdicts_lost.fetch_add(1, Ordering::Relaxed);
        }
    });
}

/// Takes what was said, in order.
pub(crate) fn take() -> Vec<Told> {
    super::unforked(|| std::mem::take(&mut *TOLD.lock().unwrap_or_else(PoisonError::into_inner)))
}
