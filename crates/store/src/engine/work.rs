//! What the threads behind the writer wait for, and what they tell.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::catalog::Flushed;

/// What is to be done behind the writer, shared by all who do it or wait for it.
#[derive(Default)]
pub(crate) struct Work {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_closing: bool,
    /// The head that is to be written next, until it is taken up.
    frozen: Option<Flushed>,
    /// How many heads were frozen, and how many of them are in segments.
    freezes: u64,
    flushes: u64,
    /// Why the last attempt to write failed, until one succeeds.
    failure: Option<String>,
    /// Nothing is written any more, for this reason.
    end: Option<String>,
    /// How often somebody asked for a compaction, and which of these is done.
    asked: u64,
    compacted: u64,
    /// What was published since compaction last looked.
    is_news: bool,
}

/// Why compaction is to look for something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// There are new segments.
    News,
    /// Time went by.
    Time,
    /// Somebody waits for all that can be done; the number tells which wish it is.
    Asked(u64),
}

impl State {
    /// Why the frozen head is not in segments, as far as that is known.
    fn failure(&self) -> Option<&String> {
        self.failure.as_ref().or(self.end.as_ref())
    }
}

impl Work {
    /// Hands over a head that was frozen; returns its number.
    pub(crate) fn freeze(&self, flushed: Flushed) -> u64 {
        let mut state = self.state();
        state.frozen = Some(flushed);
        state.freezes += 1;
        self.changed.notify_all();
        state.freezes
    }

    /// Waits for a head to write; `None` when the store closes.
    pub(crate) fn next_flush(&self) -> Option<Flushed> {
        let mut state = self.wait_while(|state| !state.is_closing && state.frozen.is_none());
        if state.is_closing { None } else { state.frozen.take() }
    }

    /// Tells that the head that was handed over is in segments; the next one may be frozen already.
    pub(crate) fn note_flushed(&self) {
        let mut state = self.state();
        state.flushes += 1;
        state.failure = None;
        state.is_news = true;
        self.changed.notify_all();
    }

    /// Tells that the frozen head could not be written.
    pub(crate) fn note_failure(&self, reason: String) {
        self.state().failure = Some(reason);
        self.changed.notify_all();
    }

    /// Tells that no head will be written any more.
    pub(crate) fn end_flushing(&self, reason: String) {
        self.state().end = Some(reason);
        self.changed.notify_all();
    }

    /// Waits until a frozen head is in segments.
    ///
    /// # Errors
    /// Why it could not be written; that is tried again.
    pub(crate) fn wait_for_flush(&self, number: u64) -> Result<(), String> {
        self.state().failure = None;
        let is_waiting = |state: &State| state.flushes < number && state.failure().is_none() && !state.is_closing;
        let state = self.wait_while(is_waiting);
        match state.failure() {
            _ if state.flushes >= number => Ok(()),
            Some(reason) => Err(reason.clone()),
            None => Err("the store closes".into()),
        }
    }

    /// Waits until no head is frozen.
    ///
    /// # Errors
    /// Why the one that is cannot be written; that is tried again.
    pub(crate) fn wait_until_free(&self) -> Result<(), String> {
        let freezes = self.state().freezes;
        self.wait_for_flush(freezes)
    }

    /// Waits for so long, or until the store closes; true when it does.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut state = self.state();
        loop {
            let rest = until.saturating_duration_since(Instant::now());
            if state.is_closing || rest.is_zero() {
                return state.is_closing;
            }
            state = self.changed.wait_timeout(state, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for something that compaction may have to do, at most for so long; `None` when the store closes.
    pub(crate) fn next_compaction(&self, most: Duration) -> Option<Occasion> {
        let until = Instant::now() + most;
        let mut state = self.state();
        loop {
            if state.is_closing {
                return None;
            }
            if state.asked > state.compacted {
                return Some(Occasion::Asked(state.asked));
            }
            if std::mem::take(&mut state.is_news) {
                return Some(Occasion::News);
            }
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return Some(Occasion::Time);
            }
            state = self.changed.wait_timeout(state, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets a head be written first; false when the store closes.
    pub(crate) fn give_way(&self) -> bool {
        let is_busy = |state: &State| state.freezes > state.flushes && state.failure().is_none() && !state.is_closing;
        !self.wait_while(is_busy).is_closing
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.state().is_closing
    }

    /// Asks for all the compaction that can be done, and waits for its end.
    ///
    /// # Errors
    /// When the store closes before.
    pub(crate) fn compact(&self) -> Result<(), String> {
        let mut state = self.state();
        state.asked += 1;
        let number = state.asked;
        drop(state);
        self.changed.notify_all();
        let state = self.wait_while(|state| state.compacted < number && !state.is_closing);
        if state.compacted >= number { Ok(()) } else { Err("the store closes".into()) }
    }

    /// Tells that what was asked for is done.
    pub(crate) fn note_compacted(&self, number: u64) {
        self.state().compacted = number;
        self.changed.notify_all();
    }

    /// Ends all who wait.
    pub(crate) fn close(&self) {
        self.state().is_closing = true;
        self.changed.notify_all();
    }

    fn wait_while(&self, is_waiting: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_while(self.state(), |state| is_waiting(state));
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
