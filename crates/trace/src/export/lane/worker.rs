//! The thread of a lane.

use std::{
    any::Any,
    cell::Cell,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    Bounds, Start,
    state::{Phase, State, Task},
};
use crate::{
    export::{Batch, Exporter, Failure},
    slot,
};

thread_local! {
    /// Where what this thread shares with its lane is; 0 on any other thread. Unlike the thread's id it can be asked for
    /// at the thread's end, and at the process's.
    static LANE: Cell<usize> = const { Cell::new(0) };
}

/// Returns true on the lane's own thread, which must never wait for itself.
pub(super) fn is_thread_of(shared: &Arc<Shared>) -> bool {
    LANE.get() == Arc::as_ptr(shared).addr()
}

pub(super) struct Shared {
    pub(super) exporter: Arc<dyn Exporter>,
    pub(super) bounds: Bounds,
    pub(super) start: Start,
    state: Mutex<State>,
    /// Tells the thread: a batch, an announcement, a flush or the end has come.
    pub(super) work: Condvar,
    /// Tells who waits: a batch is settled, or the thread has ended.
    pub(super) done: Condvar,
}

impl Shared {
    pub(super) fn new(exporter: Arc<dyn Exporter>, bounds: Bounds, start: Start) -> Self {
        let state = Mutex::new(State::new());
        Self { exporter, bounds, start, state, work: Condvar::new(), done: Condvar::new() }
    }

    // Nothing under the lock panics, and every state is whole between two statements that could.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wait<'a>(
        &self,
        on: &Condvar,
        state: MutexGuard<'a, State>,
        longest: Duration,
    ) -> MutexGuard<'a, State> {
        on.wait_timeout(state, longest).unwrap_or_else(PoisonError::into_inner).0
    }

    fn next(&self) -> Task {
        let mut state = self.lock();
        loop {
            match state.next() {
                Task::Wait => state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
                task => return task,
            }
        }
    }

    /// Tries one batch until it is settled, here or by a shutdown.
    fn deliver(&self, batch: &Batch, pace: &mut Pace) {
        let mut given_up_at = None;
        while self.rest(pace) {
            if given_up_at.is_some() {
                self.lock().stats.retries += 1;
            }
            let result = self.export(batch);
            let failed_at = Instant::now();
            let mut state = self.lock();
            let Err(Failure::Later { reason, after }) = result else {
                pace.recover();
                return settle(&mut state, &self.done, result);
            };
            pace.slow_down(failed_at, after, &self.bounds);
            let given_up_at = *given_up_at.get_or_insert(failed_at + self.bounds.patience);
            if pace.resume_at.is_some_and(|next_try| next_try > given_up_at) {
                return settle(&mut state, &self.done, Err(Failure::Never { reason }));
            }
            state.note_error(reason);
        }
    }

    /// Pauses as the failures so far demand: a flush ends a pause that nobody asked for, a shutdown ends any.
    ///
    /// Returns whether the batch under way may be tried.
    fn rest(&self, pace: &mut Pace) -> bool {
        let mut state = self.lock();
        while state.is_under_way() {
            let now = Instant::now();
            // Compared with what was before the last try: either may have come during it.
            let is_flushed = state.flushes != pace.flushes;
            let is_told_to_stop = state.phase != Phase::Running && !pace.is_stopping;
            if is_flushed || is_told_to_stop {
                pace.failures = 0;
            }
            let until = match (is_told_to_stop, is_flushed) {
                (true, _) => None,
                (false, true) => pace.asked_until,
                (false, false) => pace.resume_at,
            };
            let until = until.unwrap_or(now);
            if let Phase::Stopping(end) = state.phase
                && (until.max(now) >= end || pace.is_hopeless())
            {
                state.abandon();
                return false;
            }
            if until <= now {
                pace.flushes = state.flushes;
                pace.is_stopping = state.phase != Phase::Running;
                return true;
            }
            state = self.wait(&self.work, state, until - now);
        }
        false
    }

    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        catch_unwind(AssertUnwindSafe(|| self.exporter.export(batch))).unwrap_or_else(|panic| {
            let reason = format!("the exporter panicked: {}", message(&*panic));
            forget(panic);
            Err(Failure::Never { reason })
        })
    }
}

/// Delivers what comes until the lane is stopped.
pub(super) fn run(shared: &Shared) {
    let _end = End(shared);
    LANE.set(std::ptr::from_ref(shared).addr());
    // The exporter's own spans would be exported in turn, for ever.
    slot::silence();
    let mut pace = Pace::default();
    loop {
        match shared.next() {
            Task::Deliver(batch) => shared.deliver(&batch, &mut pace),
            Task::Announce(request) => {
                let told = catch_unwind(AssertUnwindSafe(|| shared.exporter.announce(&request)));
                if let Err(panic) = told {
                    shared.lock().note_error(format!("the exporter panicked: {}", message(&*panic)));
                    forget(panic);
                }
            }
            Task::Wait | Task::End => return,
        }
    }
}

/// Says that the thread has ended, however it did.
struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_alive = false;
        state.settle(|stats, spans| stats.dropped.failed += spans);
        drop(state);
        self.0.done.notify_all();
    }
}

/// How fast batches may follow one another.
#[derive(Default)]
struct Pace {
    /// Failures since the last success, flush or shutdown.
    failures: u32,
    /// When the next try may come.
    resume_at: Option<Instant>,
    /// Until when the receiver wants to be left alone.
    asked_until: Option<Instant>,
    /// The flushes, and whether a shutdown had begun, when the last try was made.
    flushes: u64,
    is_stopping: bool,
}

/// How often a lane that stops tries a receiver that is away: a program must not wait at its end for a server that nobody runs.
const LAST_TRIES: u32 = 2;

impl Pace {
    /// Returns true when a lane that stops has tried often enough. A receiver that said when to come back is not away.
    fn is_hopeless(&self) -> bool {
        self.is_stopping && self.failures >= LAST_TRIES && self.asked_until.is_none()
    }

    fn recover(&mut self) {
        (self.failures, self.resume_at, self.asked_until) = (0, None, None);
    }

    /// Full jitter: clients that failed together do not come back together.
    fn slow_down(&mut self, failed_at: Instant, asked: Option<Duration>, bounds: &Bounds) {
        let ceiling = bounds.first_pause.saturating_mul(1 << self.failures.min(20)).min(bounds.longest_pause);
        self.failures += 1;
        // A receiver must not be able to silence its clients for good.
        let asked = asked.map(|asked| asked.min(bounds.patience));
        self.asked_until = asked.map(|asked| failed_at + asked);
        self.resume_at = Some(failed_at + ceiling.mul_f64(random_part()).max(asked.unwrap_or_default()));
    }
}

/// Returns a random number from 0 to 1.
fn random_part() -> f64 {
    // Without randomness every pause is half of the longest.
    getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX))
}

fn settle(state: &mut State, done: &Condvar, result: Result<(), Failure>) {
    if !state.is_under_way() {
        return;
    }
    let reason = match &result {
        Ok(()) => None,
        Err(Failure::Partly { .. }) => result.as_ref().err().map(ToString::to_string),
        Err(Failure::Never { reason } | Failure::Later { reason, .. }) => Some(reason.clone()),
    };
    state.settle(|stats, spans| match result {
        Ok(()) => stats.exported += spans,
        Err(Failure::Partly { rejected, .. }) => {
            let rejected = spans.min(rejected as u64);
            stats.dropped.rejected += rejected;
            stats.exported += spans - rejected;
        }
        Err(Failure::Never { .. } | Failure::Later { .. }) => stats.dropped.failed += spans,
    });
    if let Some(reason) = reason {
        state.note_error(reason);
    }
    done.notify_all();
}

/// Returns what a panic says.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

/// Leaks what a panic carried, whose drop could panic again.
pub(super) fn forget(panic: Box<dyn Any + Send>) {
    mem::forget(panic);
}
