//! Values too long for a ring lie beside it, within a bound for the whole process.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use trackway_model::Value;

use crate::ring::Ring;

/// How many bytes may lie beside all rings together.
pub(crate) const MOST: usize = 64 << 20;

static BYTES: AtomicUsize = AtomicUsize::new(0);

/// The values of one ring, in the order of their records; `None` stands for one that found no room.
#[derive(Debug, Default)]
pub(crate) struct Aside(Mutex<VecDeque<Option<Value>>>);

/// Lays a value beside the ring; returns false when there is no room, and then lays a gap.
pub(crate) fn put(ring: &Ring, value: Value) -> bool {
    let bytes = value.heap_bytes();
    let fits = BYTES.fetch_add(bytes, Ordering::Relaxed) + bytes <= MOST;
    if !fits {
        BYTES.fetch_sub(bytes, Ordering::Relaxed);
    }
    ring.aside.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(fits.then_some(value));
    fits
}

/// Takes no account any more of what lies there, in the child of a fork: its rings are forgotten.
pub(crate) fn forget() {
    BYTES.store(0, Ordering::Relaxed);
}

/// Takes the oldest value from beside the ring.
pub(crate) fn take(ring: &Ring) -> Option<Value> {
    let value = ring.aside.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front().flatten()?;
    let bytes = value.heap_bytes();
    // What lay there before a fork is not counted after it.
    let _ = BYTES.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |all| Some(all.saturating_sub(bytes)));
    Some(value)
}
