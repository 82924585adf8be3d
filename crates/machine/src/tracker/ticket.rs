//! What one application object has told one tracker, and what became of it.

use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Waker,
};

use trackway_model::{RunKey, Text};

/// Counts of the facts of one application object on their way through one lane.
///
/// What a tracker has of them is a beginning: once one is lost, all further ones are left out.
#[derive(Debug)]
pub(crate) struct Ticket {
    run: Arc<RunKey>,
    /// Facts that went into the lane.
    told: AtomicU64,
    /// Facts that are durable.
    kept: AtomicU64,
    /// Steps whose end was told, or would have been.
    ends: AtomicU64,
    /// Steps whose end is durable.
    kept_ends: AtomicU64,
    /// Attributes and spans that found no room.
    missed_notes: AtomicU64,
    failure: OnceLock<Text>,
    /// True once the application object is gone.
    is_closed: AtomicBool,
    is_waited_for: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Ticket {
    pub(crate) fn new(run: Arc<RunKey>) -> Self {
        Self {
            run,
            told: AtomicU64::new(0),
            kept: AtomicU64::new(0),
            ends: AtomicU64::new(0),
            kept_ends: AtomicU64::new(0),
            missed_notes: AtomicU64::new(0),
            failure: OnceLock::new(),
            is_closed: AtomicBool::new(false),
            is_waited_for: AtomicBool::new(false),
            waker: Mutex::new(None),
        }
    }

    /// Notes that a fact goes into the lane.
    pub(crate) fn tell(&self) {
        self.told.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes the end of a step, be it told or not.
    pub(crate) fn end(&self) {
        self.ends.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that an attribute or a span was left out.
    pub(crate) fn miss_note(&self) {
        self.missed_notes.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that facts are durable, `ends` of which are ends of steps.
    pub(crate) fn keep(&self, facts: u64, ends: u64) {
        self.kept_ends.fetch_add(ends, Ordering::Relaxed);
        self.kept.fetch_add(facts, Ordering::SeqCst);
        self.wake();
    }

    /// Notes that the tracker has failed for this application; returns false when that was known.
    pub(crate) fn fail(&self, what: Text) -> bool {
        let is_news = self.failure.set(what).is_ok();
        self.wake();
        is_news
    }

    /// Notes that the application object is gone: what a task of one of its steps may say still, nobody keeps.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// Returns true once the application object is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// Returns why the tracker has failed, if it has.
    pub(crate) fn failure(&self) -> Option<&Text> {
        self.failure.get()
    }

    /// Returns true when all facts are durable, or lost, and else has `waker` woken when that changes.
    pub(crate) fn is_settled(&self, waker: &Waker) -> bool {
        let target = self.told.load(Ordering::Relaxed);
        let is_done = || self.failure.get().is_some() || self.kept.load(Ordering::SeqCst) >= target;
        if is_done() {
            return true;
        }
        let mut slot = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        slot.clone_from(&Some(waker.clone()));
        drop(slot);
        self.is_waited_for.store(true, Ordering::SeqCst);
        // Whoever keeps a fact after the line above sees it; what was kept before is seen here.
        is_done()
    }

    fn wake(&self) {
        if self.is_waited_for.swap(false, Ordering::SeqCst) {
            let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Returns how many ended steps the tracker does not have, as far as is known.
    pub(crate) fn missed_steps(&self) -> u64 {
        if self.failure.get().is_none() {
            return 0;
        }
        self.ends.load(Ordering::Relaxed).saturating_sub(self.kept_ends.load(Ordering::Relaxed))
    }

    /// Returns how many attributes and spans were left out for lack of room.
    pub(crate) fn missed_notes(&self) -> u64 {
        self.missed_notes.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the run {} of {}", self.run.app, self.run.project)
    }
}
