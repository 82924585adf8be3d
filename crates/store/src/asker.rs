//! Who asks, and may leave before the answer is there.

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

thread_local! {
    static ASKER: RefCell<Option<Asker>> = const { RefCell::new(None) };
}

/// Somebody who waits for an answer. A question that may take long ends early once its asker has left.
///
/// ```
/// use trackway_store::Asker;
///
/// let asker = Asker::default();
/// let answer = asker.ask(|| 6 * 7);
/// assert_eq!(answer, 42);
/// asker.leave(); // what is asked now, or is under way on another thread, need not be complete
/// ```
#[derive(Debug, Clone, Default)]
pub struct Asker(Arc<AtomicBool>);

impl Asker {
    /// Asks on this thread; what the store is asked in `question` knows when this asker leaves.
    pub fn ask<T>(&self, question: impl FnOnce() -> T) -> T {
        let _asking = Asking(ASKER.replace(Some(self.clone())));
        question()
    }

    /// Says that nobody waits for answers any more.
    pub fn leave(&self) {
        self.0.store(true, Relaxed);
    }
}

/// Gives the thread back to who asked before, also when a question panics.
struct Asking(Option<Asker>);

impl Drop for Asking {
    fn drop(&mut self) {
        ASKER.set(self.0.take());
    }
}

/// Returns true when whoever asks on this thread has left.
pub(crate) fn has_left() -> bool {
    ASKER.with_borrow(|asker| asker.as_ref().is_some_and(|asker| asker.0.load(Relaxed)))
}
