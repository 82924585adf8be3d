//! What is still to be written when the process exits without its applications and trackers being dropped.

use std::{
    sync::{Arc, Mutex, Once, PoisonError, Weak},
    time::{Duration, Instant},
};

use trackway::__process as process;

use super::lane::Shared;

static LANES: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

/// Has a lane flushed when the process exits.
pub(super) fn remember(lane: &Arc<Shared>) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| process::on_exit(flush));
    let mut lanes = LANES.lock().unwrap_or_else(PoisonError::into_inner);
    lanes.retain(|lane| lane.strong_count() > 0);
    lanes.push(Arc::downgrade(lane));
}

fn flush(within: Duration) {
    let until = Instant::now() + within;
    let lanes = LANES.try_lock().map(|lanes| lanes.clone()).unwrap_or_default();
    for lane in lanes.iter().filter_map(Weak::upgrade) {
        if !lane.flush(until) {
            lane.tell_of_unwritten();
        }
    }
}
