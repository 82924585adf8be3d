//! What the end of a span takes, one by one, while the exporter fails.

use std::{
    thread,
    time::{Duration, Instant},
};

use fastant::Instant as Clock;

use crate::peers::Peer;

/// The traces of one burst, and the children of each.
const TRACES: usize = 10;
const CHILDREN: usize = 10;

/// Returns how long every end took, roots included: bursts of spans and a pause of a millisecond, for so long.
pub(crate) fn of_ends<P: Peer>(span_of_time: Duration) -> Vec<Duration> {
    let mut latencies = Vec::with_capacity(1 << 20);
    let start = Instant::now();
    while start.elapsed() < span_of_time {
        for _ in 0..TRACES {
            let root = P::root();
            for _ in 0..CHILDREN {
                let child = P::child_with_static();
                latencies.push(end(child));
            }
            latencies.push(end(root));
        }
        thread::sleep(Duration::from_millis(1));
    }
    latencies
}

#[inline(always)]
fn end<S>(span: S) -> Duration {
    let start = Clock::now();
    drop(span);
    start.elapsed()
}
