//! The end of the process, and its doubling by `fork`.
//!
//! A child can trace, with two exceptions: when a hook forked it, and when another thread was just starting or ending. For the latter the standard library has a lock of its own, which then stays taken
//! in the child, where no thread starts any more. Nothing waits for that: a flush there ends in its time, unsuccessful.

use std::cell::RefCell;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use crate::{collector, global};

/// How long a program that calls `exit` waits for its spans.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Has spans exported when the process exits without its `main` returning.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(unix)]
        crate::sys::at_exit(at_exit);
    });
}

/// What else is to be done when the process exits.
static LAST_WORKS: Mutex<Vec<fn(Duration)>> = Mutex::new(Vec::new());

/// Has `work` called when the process exits, before the last spans are exported, with the time that it may take.
pub fn on_exit(work: fn(Duration)) {
    install();
    LAST_WORKS.lock().unwrap_or_else(PoisonError::into_inner).push(work);
}

#[cfg(unix)]
extern "C" fn at_exit() {
    let works = LAST_WORKS.try_lock().map(|works| works.clone()).unwrap_or_default();
    for work in works {
        // An unwinding must not cross into the C library; there is nobody left to tell.
        let _ = catch_unwind(|| work(LAST_WORDS));
    }
    let _ = catch_unwind(|| global::tracer().shutdown(LAST_WORDS)); // As above.
}

static FORKS: AtomicU64 = AtomicU64::new(0);

/// Returns how many forks this process descends from, as far as they were watched.
pub fn forks() -> u64 {
    FORKS.load(Ordering::Relaxed)
}

thread_local! {
    /// The collector's locks while this thread forks, so that the child finds them free and what they guard whole.
    static HELD: RefCell<Option<collector::Held>> = const { RefCell::new(None) };
}

/// Has tracing survive `fork`, in the parent and in the child.
pub fn watch_forks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(unix)]
        crate::sys::at_fork(before, in_parent, in_child);
    });
}

#[cfg(unix)]
extern "C" fn before() {
    // What fails here is only the comfort of tracing in the child.
    let _ = catch_unwind(|| {
        let held = collector::hold();
        let _ = HELD.try_with(|cell| cell.replace(held)); // A thread at its end forks without.
    });
}

#[cfg(unix)]
extern "C" fn in_parent() {
    let _ = catch_unwind(|| HELD.try_with(RefCell::take)); // As above.
}

#[cfg(unix)]
extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    let _ = catch_unwind(|| {
        let held = HELD.try_with(RefCell::take).ok().flatten();
        collector::forked(held);
    }); // As above.
}
