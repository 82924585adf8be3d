//! All rings of the process.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ring::{Ring, WORDS};
use crate::{clock, ids};

/// How many rings there may be: 512 MiB, if every thread filled its own. A thread that finds none left records nothing, which is counted.
const MOST: usize = 512;

pub(crate) struct Rings {
    /// Never fewer: a ring outlives its thread and serves the next one.
    pub(crate) all: Vec<&'static Ring>,
    free: Vec<&'static Ring>,
    /// Those of threads that ended with a span open, the oldest first, and since when.
    resting: VecDeque<(Instant, &'static Ring)>,
}

/// How long a ring rests, unless no other is left. The last destructors of a thread that ends rarely take longer; what one of them writes into
/// a ring that serves the next thread ends a span of that thread too early.
const REST: Duration = Duration::from_millis(100);

static RINGS: Mutex<Rings> = Mutex::new(Rings { all: Vec::new(), free: Vec::new(), resting: VecDeque::new() });

pub(crate) fn lock() -> MutexGuard<'static, Rings> {
    RINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns a ring for this thread, whose spans are numbered from beyond `first`.
pub(crate) fn acquire(first: u64) -> Option<&'static Ring> {
    super::start();
    let mut rings = lock();
    if first == 0
        && let Some(ring) = rings.with_room().or_else(|| rings.rested())
    {
        return Some(ring);
    }
    if rings.all.len() >= MOST {
        return if first == 0 { rings.free.pop().or_else(|| rings.longest_rested()) } else { None };
    }
    let ring: &'static Ring = Box::leak(Box::new(Ring::new(ids::random(), first, clock::is_quick())));
    rings.all.push(ring);
    Some(ring)
}

/// Takes back the ring of a thread that ends; what is in it will still be read.
pub(crate) fn give_back(ring: &'static Ring) {
    lock().free.push(ring);
}

/// Takes back the ring of a thread that ends with a span open, whose guard may still be about to write.
pub(crate) fn rest(ring: &'static Ring) {
    lock().resting.push_back((Instant::now(), ring));
}

impl Rings {
    /// Returns a free ring that was not left full by short threads, faster than it is read.
    fn with_room(&mut self) -> Option<&'static Ring> {
        let has_room = |ring: &&Ring| ring.published().saturating_sub(ring.tail()) <= WORDS / 4;
        let at = self.free.iter().rposition(has_room)?;
        Some(self.free.swap_remove(at))
    }

    fn rested(&mut self) -> Option<&'static Ring> {
        let has_rested = self.resting.front().is_some_and(|(since, _)| since.elapsed() >= REST);
        if has_rested { self.longest_rested() } else { None }
    }

    fn longest_rested(&mut self) -> Option<&'static Ring> {
        self.resting.pop_front().map(|(_, ring)| ring)
    }

    /// In the child of a fork: what is in the rings is the parent's to send.
    pub(crate) fn forget(&mut self) {
        self.all.clear();
        self.free.clear();
        self.resting.clear();
    }
}
