//! Calling what is the program's own where a panic in it could do harm.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use crate::tracer::{Core, Tracer};
use crate::{span, stats};

impl Core {
    /// Calls it; `None` when it panics, which is counted. The owned spans that it makes are not recorded.
    pub(crate) fn unharmed<R>(&self, call: impl FnOnce() -> R) -> Option<R> {
        let called = catch_unwind(AssertUnwindSafe(|| span::silently(call)));
        called
            .map_err(|panic| {
                stats::of(self.number).hooks_panicked.fetch_add(1, Ordering::Relaxed);
                // Its drop could panic again.
                std::mem::forget(panic);
            })
            .ok()
    }
}

impl Tracer {
    /// Calls it; `None` when it panics, which is counted.
    pub(crate) fn unharmed<R>(&self, call: impl FnOnce() -> R) -> Option<R> {
        self.core().and_then(|core| core.unharmed(call))
    }

    /// Asks the scope manager; `None` when it panics, and when it is who asks.
    pub(crate) fn ask_manager<R>(&self, ask: impl FnOnce() -> R) -> Option<R> {
        thread_local!(static IS_ASKED: Cell<bool> = const { Cell::new(false) });
        if IS_ASKED.replace(true) {
            return None;
        }
        let answer = self.unharmed(ask);
        IS_ASKED.set(false);
        answer
    }
}
