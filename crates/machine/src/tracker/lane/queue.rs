//! What waits for a sink.

use std::{
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::Waker,
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use trackway::__process as process;
use trackway_model::Text;

use super::{Bounds, Room};
use crate::{
    Entry,
    tracker::{Sink, ticket::Ticket},
};

/// The least time between two lines on standard error about one lane.
const SILENCE: Duration = Duration::from_secs(60);

/// A fact on its way.
pub(super) struct Item {
    pub(super) ticket: Arc<Ticket>,
    pub(super) entry: Entry,
    pub(super) bytes: usize,
}

/// Whether a lane works.
pub(super) enum Phase {
    /// It does.
    Open,
    /// It writes what it has, and ends.
    Ending,
    /// It takes nothing any more; why.
    Over(Text),
}

/// What the handles of a lane and its thread share.
pub(in crate::tracker) struct Shared {
    pub(super) name: Text,
    pub(super) bounds: Bounds,
    /// Wakes the thread.
    pub(super) news: Condvar,
    /// Wakes those who flush.
    pub(super) done: Condvar,
    queue: Mutex<Queue>,
    told: Mutex<Option<Instant>>,
    /// The forks before the process that made the lane.
    forks: u64,
}

pub(super) struct Queue {
    pub(super) items: Vec<Item>,
    /// The facts that wait or are being written, and their bytes.
    pub(super) entries: usize,
    pub(super) bytes: usize,
    /// The sink, until the thread has it.
    pub(super) sink: Option<Box<dyn Sink>>,
    pub(super) phase: Phase,
    /// True while the thread waits without a limit.
    pub(super) is_asleep: bool,
    /// True when the thread was woken since it looked last, for the queue is half full.
    pub(super) is_called: bool,
    /// Those who wait for room.
    pub(super) room: Vec<Waker>,
    /// Facts that were taken, those of them that are settled, and how many of them somebody waits for.
    pub(super) taken: u64,
    pub(super) settled: u64,
    pub(super) wanted: u64,
    pub(super) thread: Option<ThreadId>,
    pub(super) has_ended: bool,
}

impl Shared {
    pub(super) fn new(name: Text, bounds: Bounds, sink: Box<dyn Sink>) -> Self {
        let queue = Queue {
            items: Vec::new(),
            entries: 0,
            bytes: 0,
            sink: Some(sink),
            phase: Phase::Open,
            is_asleep: false,
            is_called: false,
            room: Vec::new(),
            taken: 0,
            settled: 0,
            wanted: 0,
            thread: None,
            has_ended: false,
        };
        Self {
            name,
            bounds,
            news: Condvar::new(),
            done: Condvar::new(),
            queue: Mutex::new(queue),
            told: Mutex::default(),
            forks: process::forks(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true in the child of a fork, where the lane has no thread, and perhaps a lock that nobody will free.
    pub(super) fn is_of_a_parent_process(&self) -> bool {
        process::forks() != self.forks
    }

    /// Waits until all that was pushed is settled; false when `until` comes first.
    pub(in crate::tracker) fn flush(&self, until: Instant) -> bool {
        if self.is_of_a_parent_process() {
            return false;
        }
        let mut queue = self.lock();
        queue.wants_all();
        let target = queue.taken;
        self.news.notify_one();
        while queue.settled < target {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || queue.thread == Some(thread::current().id()) {
                return false;
            }
            queue = self.done.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Ends the thread, after what was pushed is written; waits for it until `until`.
    pub(super) fn end(&self, until: Instant) {
        let mut queue = self.lock();
        // Dropped without the lock: what a sink does when it goes is its own affair.
        let unused = queue.sink.take();
        queue.phase = Phase::Ending;
        queue.wants_all();
        let is_running = unused.is_none();
        self.news.notify_one();
        while is_running && !queue.has_ended && queue.thread != Some(thread::current().id()) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            queue = self.done.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(queue);
        drop(unused);
        self.tell_of_unwritten();
    }

    /// Says how much waits still, if anything does: with the process it would go.
    pub(in crate::tracker) fn tell_of_unwritten(&self) {
        if self.is_of_a_parent_process() {
            return;
        }
        let queue = self.lock();
        let unwritten = queue.taken.saturating_sub(queue.settled);
        drop(queue);
        if unwritten > 0 {
            let name = &self.name;
            crate::voice::say(&format!(
                "the tracker {name} has {unwritten} facts to write still, and what it does not write before the program \
                 ends is lost: wait for it with flush(..)"
            ));
        }
    }

    /// Notes that the tracker has failed for an application, and says so, unless something was said of it lately.
    pub(super) fn fail(&self, ticket: &Ticket, why: Text) {
        let name = &self.name;
        let line = format!("the tracker {name} failed for {ticket}: {why}; the steps that follow are not kept there");
        if ticket.fail(why) && self.may_tell() {
            crate::voice::say(&line);
        }
    }

    fn may_tell(&self) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let may = told.is_none_or(|last| now.duration_since(last) >= SILENCE);
        if may {
            *told = Some(now);
        }
        may
    }
}

impl Queue {
    /// Returns true when there is room for a fact. One that alone is over the bounds has room when nothing else waits.
    pub(super) fn has_room(&self, bounds: Bounds, bytes: usize, room: Room<'_>) -> bool {
        let stretch = match room {
            Room::Now | Room::Needed(_) => 1,
            Room::Stretched => 2,
            Room::Any => return true,
        };
        let fits = self.entries < bounds.entries.saturating_mul(stretch)
            && self.bytes.saturating_add(bytes) <= bounds.bytes.saturating_mul(stretch);
        fits || self.entries == 0
    }

    pub(super) fn is_half_full(&self, bounds: Bounds) -> bool {
        self.entries > bounds.entries / 2 || self.bytes > bounds.bytes / 2
    }

    pub(super) fn take(&mut self, item: Item, bytes: usize) {
        self.items.push(item);
        self.entries += 1;
        self.bytes += bytes;
        self.taken += 1;
    }

    /// Notes that somebody waits for all that was taken.
    pub(super) fn wants_all(&mut self) {
        self.wanted = self.taken;
        self.is_asleep = false;
    }

    /// Makes room for what was written, and returns those who wait for it, to be woken without the lock.
    #[must_use]
    pub(super) fn release(&mut self, entries: usize, bytes: usize) -> Vec<Waker> {
        self.entries -= entries;
        self.bytes -= bytes;
        mem::take(&mut self.room)
    }

    /// Takes nothing any more, and returns what waits.
    pub(super) fn close(&mut self, why: Text) -> Left {
        self.phase = Phase::Over(why);
        self.settled = self.taken;
        (self.entries, self.bytes) = (0, 0);
        Left { items: mem::take(&mut self.items), room: mem::take(&mut self.room) }
    }
}

/// What waited in a lane that was closed.
pub(super) struct Left {
    items: Vec<Item>,
    room: Vec<Waker>,
}

impl Left {
    /// Tells all who wait that nothing comes of it.
    pub(super) fn settle(self, shared: &Shared, why: &Text) {
        for item in self.items {
            shared.fail(&item.ticket, why.clone());
        }
        self.room.into_iter().for_each(Waker::wake);
        shared.done.notify_all();
    }
}
