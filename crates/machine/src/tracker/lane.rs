//! A bounded queue with a thread, before a sink.

mod queue;
mod worker;

use std::{
    fmt, mem,
    sync::Arc,
    task::Waker,
    thread,
    time::{Duration, Instant},
};

use trackway::__process as process;
use trackway_model::Text;

pub(in crate::tracker) use self::queue::Shared;
use self::{
    queue::{Item, Phase},
    worker::Worker,
};
use super::{Sink, Tracker, exit, ticket::Ticket, timer, weight::weight};
use crate::Entry;

/// How long the last handle of a lane waits, when it is dropped, for what was pushed.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The way to a [`Sink`]: a bounded queue, and one thread that writes. Copies are the same lane.
///
/// A lane is a [`Tracker`] by itself, so a sink is all that a tracker of one's own needs. When the last copy is dropped, it waits at
/// most two seconds for the sink; so does a program that calls `exit`.
///
/// ```
/// use trackway_machine::{Entry, Fact, Fault, tracker::{Lane, Sink}};
///
/// struct Count(u64);
/// impl Sink for Count {
///     fn write(&mut self, entries: Vec<Entry>) -> Vec<Result<(), Fault>> {
///         self.0 += entries.iter().filter(|entry| matches!(entry.fact, Fact::Ended(_))).count() as u64;
///         entries.iter().map(|_| Ok(())).collect()
///     }
/// }
///
/// let lane = Lane::new("a count of steps", Count(0)); // for Builder::tracker
/// assert!(lane.flush(std::time::Duration::from_secs(1)));
/// ```
#[derive(Clone)]
pub struct Lane {
    handle: Arc<Handle>,
}

/// How much may wait in a [`Lane`], what is being written included. A step that finds no room waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How many facts.
    pub entries: usize,
    /// About how many bytes they may take.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { entries: 8_192, bytes: 64 << 20 }
    }
}

/// What became of a fact that was pushed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Push {
    /// The lane has it.
    Taken,
    /// There is no room now.
    Full,
    /// The lane takes nothing any more.
    Refused(Text),
}

/// Whether a fact needs room.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Room<'a> {
    /// It does.
    Now,
    /// It does; where there is none, this is woken when there may be.
    Needed(&'a Waker),
    /// It goes in even over the bounds, up to twice their size.
    Stretched,
    /// It goes in whatever waits.
    Any,
}

impl Lane {
    /// Makes a lane to a sink; `name` is what messages call it. The first fact starts its thread.
    pub fn new(name: impl Into<Text>, sink: impl Sink) -> Self {
        Self::with_bounds(name, sink, Bounds::default())
    }

    /// Makes a lane with bounds of its own.
    pub fn with_bounds(name: impl Into<Text>, sink: impl Sink, bounds: Bounds) -> Self {
        process::watch_forks();
        let shared = Arc::new(Shared::new(name.into(), bounds, Box::new(sink)));
        Self { handle: Arc::new(Handle { shared }) }
    }

    /// Waits until all that was pushed is durable or lost, at most for `within`; returns false when that is not known then.
    pub fn flush(&self, within: Duration) -> bool {
        self.handle.shared.flush(timer::in_time(within))
    }

    /// Takes `entry` if there is room for it, and leaves it where it is otherwise.
    pub(crate) fn push(&self, ticket: &Arc<Ticket>, entry: &mut Option<Entry>, room: Room<'_>) -> Push {
        let shared = &self.handle.shared;
        if shared.is_of_a_parent_process() {
            return Push::Refused(Text::literal("this process is a fork of the one that made it"));
        }
        let bytes = entry.as_ref().map_or(0, weight);
        let mut queue = shared.lock();
        if let Phase::Over(why) = &queue.phase {
            return Push::Refused(why.clone());
        }
        if !queue.has_room(shared.bounds, bytes, room) {
            if let Room::Needed(waker) = room
                && !queue.room.iter().any(|known| known.will_wake(waker))
            {
                queue.room.push(waker.clone());
            }
            return Push::Full;
        }
        let Some(entry) = entry.take() else { return Push::Taken };
        ticket.tell();
        queue.take(Item { ticket: ticket.clone(), entry, bytes }, bytes);
        if let Some(sink) = queue.sink.take()
            && let Err(why) = start(shared, sink)
        {
            let waiting = queue.close(why.clone());
            drop(queue);
            waiting.settle(shared, &why);
            return Push::Refused(why);
        }
        let wakes = queue.is_asleep || queue.is_half_full(shared.bounds) && !mem::replace(&mut queue.is_called, true);
        queue.is_asleep = false;
        drop(queue);
        if wakes {
            shared.news.notify_one();
        }
        Push::Taken
    }

    /// Has all that was pushed made durable soon: somebody waits for it.
    pub(crate) fn hurry(&self) {
        let shared = &self.handle.shared;
        if !shared.is_of_a_parent_process() {
            shared.lock().wants_all();
            shared.news.notify_one();
        }
    }

    /// Notes that the tracker has failed for an application, and says so.
    pub(crate) fn fail(&self, ticket: &Ticket, why: Text) {
        self.handle.shared.fail(ticket, why);
    }
}

fn start(shared: &Arc<Shared>, sink: Box<dyn Sink>) -> Result<(), Text> {
    exit::remember(shared);
    let worker = Worker::new(shared.clone(), sink);
    let started = thread::Builder::new().name("trackway-tracker".into()).spawn(move || worker.run());
    started.map(drop).map_err(|error| format!("no thread can be started for it: {error}").into())
}

impl Tracker for Lane {
    fn name(&self) -> Text {
        self.handle.shared.name.clone()
    }

    fn lane(&self) -> &Lane {
        self
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("name", &self.handle.shared.name).finish_non_exhaustive()
    }
}

/// What all copies of a lane share; the thread does not have it.
struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.shared.is_of_a_parent_process() {
            // Leaked: its lock may be held by a thread that does not exist here.
            return mem::forget(self.shared.clone());
        }
        self.shared.end(Instant::now() + LAST_WORDS);
    }
}
