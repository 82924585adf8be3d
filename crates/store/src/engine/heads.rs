//! The head that takes what comes, and the one that is being written into a segment.

use std::sync::{
    Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use trackway_model::TraceId;

use super::{
    ask::OlderCounts,
    gathered::Sequence,
    head::Head,
    shelf::{Pinned, Shelf},
    view::View,
};
use crate::Error;

/// A head with its view.
///
/// Whoever needs both locks takes the view's first, and the head's for a moment only: appends wait for it.
pub(crate) struct Side {
    /// The number of its first record.
    first: Sequence,
    head: RwLock<Head>,
    view: RwLock<View>,
    /// What lists count in older parts of the traces that the view holds whole.
    pub(super) older: Mutex<OlderCounts>,
    has_announced: AtomicBool,
    /// Holds announced spans that this side's view takes over when it is first used.
    predecessor: Mutex<Option<Arc<Side>>>,
}

impl Side {
    fn new(head: Head, predecessor: Option<Arc<Self>>) -> Self {
        Self {
            first: head.next_sequence(),
            head: RwLock::new(head),
            view: RwLock::default(),
            older: Mutex::default(),
            has_announced: AtomicBool::new(predecessor.is_some()),
            predecessor: Mutex::new(predecessor),
        }
    }

    /// The number that its first record has, or would have.
    pub(crate) fn first(&self) -> Sequence {
        self.first
    }

    pub(crate) fn head(&self) -> RwLockReadGuard<'_, Head> {
        self.head.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn head_mut(&self) -> RwLockWriteGuard<'_, Head> {
        self.head.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The view as it was left by [`Side::change_view`].
    pub(crate) fn view(&self) -> RwLockReadGuard<'_, View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the view, which has taken over announced spans of the side before.
    pub(crate) fn change_view<T>(&self, change: impl FnOnce(&mut View) -> T) -> T {
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        let predecessor = self.predecessor.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(predecessor) = predecessor {
            *view = predecessor.change_view(View::succeed);
        }
        let outcome = change(&mut view);
        self.has_announced.store(view.has_announced(), Relaxed);
        outcome
    }

    /// Forgets what older parts counted of traces that are deleted.
    pub(super) fn forget_older(&self, ids: &[TraceId]) {
        self.older.lock().unwrap_or_else(PoisonError::into_inner).forget(ids);
    }

    /// Takes over the announced spans of the side before, which then need not stay for their sake.
    pub(crate) fn take_over(&self) {
        let has_predecessor = self.predecessor.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if has_predecessor {
            self.change_view(|_| ());
        }
    }

    /// Returns true while announced spans are held here; without waiting for those who ask the view.
    pub(crate) fn has_announced(&self) -> bool {
        self.has_announced.load(Relaxed)
    }

    /// Returns true when all that is here is in segments, too.
    fn is_published(&self, pinned: &Pinned) -> bool {
        let next = self.head().next_sequence();
        // Without a record that has a number, nothing tells; what is there is then met twice and collapses.
        next > self.first && next <= pinned.next_sequence()
    }
}

/// The heads.
pub(crate) struct Heads {
    standing: RwLock<Standing>,
    /// Read-locked while the active head must stay the active one.
    staying: RwLock<()>,
}

#[derive(Clone)]
struct Standing {
    active: Arc<Side>,
    frozen: Option<Arc<Side>>,
}

/// All parts of the store at one moment. The active head goes on changing; what it had then, it still has.
pub(crate) struct Parts {
    pub(crate) active: Arc<Side>,
    /// Absent when there is none, or when all of it is published.
    pub(crate) frozen: Option<Arc<Side>>,
    pub(crate) published: Pinned,
}

impl Heads {
    /// Makes an empty active head whose first record gets that number.
    pub(crate) fn new(first: Sequence) -> Self {
        let standing = Standing { active: Arc::new(Side::new(Head::new(first), None)), frozen: None };
        Self { standing: RwLock::new(standing), staying: RwLock::default() }
    }

    /// Returns all parts, so that every acknowledged record is in one of them at least.
    ///
    /// # Errors
    /// [`Error::Catalog`] when the catalog cannot be read.
    pub(crate) fn parts(&self, shelf: &Shelf) -> Result<Parts, Error> {
        loop {
            // The heads first: what is published meanwhile is met twice, and nothing is missed.
            let Standing { active, frozen } = self.standing();
            let published = shelf.pin()?;
            let frozen = frozen.filter(|side| !side.is_published(&published));
            if Arc::ptr_eq(&active, &self.active()) {
                return Ok(Parts { active, frozen, published });
            }
        }
    }

    /// The side that takes what comes.
    pub(crate) fn active(&self) -> Arc<Side> {
        self.standing().active
    }

    /// The side that is being written, if there is one.
    pub(crate) fn frozen(&self) -> Option<Arc<Side>> {
        self.standing().frozen
    }

    /// Keeps the active head the active one as long as what is returned is there.
    pub(crate) fn keep_active(&self) -> RwLockReadGuard<'_, ()> {
        self.staying.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an empty head the active one, and returns what was active; `None` while another is being written, and while
    /// the active one has to stay.
    ///
    /// Only the thread that applies batches may call it.
    pub(crate) fn freeze(&self) -> Option<Arc<Side>> {
        let Ok(_changing) = self.staying.try_write() else { return None };
        let Standing { active, frozen: None } = self.standing() else { return None };
        let next = active.head().succeed();
        // A view that nobody used since it became the active one's has taken over nothing: no chain grows of them.
        let unused = active.predecessor.lock().unwrap_or_else(PoisonError::into_inner).take();
        let fresh = Arc::new(Side::new(next, Some(unused.unwrap_or_else(|| Arc::clone(&active)))));
        *self.standing_mut() = Standing { active: fresh, frozen: Some(Arc::clone(&active)) };
        Some(active)
    }

    /// Drops the frozen side, all of which is published now.
    pub(crate) fn settle(&self) {
        // It is dropped outside of the lock: there may be a lot of it.
        let settled = self.standing_mut().frozen.take();
        drop(settled);
    }

    fn standing(&self) -> Standing {
        self.standing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn standing_mut(&self) -> RwLockWriteGuard<'_, Standing> {
        self.standing.write().unwrap_or_else(PoisonError::into_inner)
    }
}
