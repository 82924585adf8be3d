//! Whose ring it is: of the thread, of the process, and of nobody at the end of either.

use std::cell::Cell;

use super::{BORROWED, MOVED, Mode, NUMBER, OWNED, RAGGED, SLOT, Saved, Slot, silently};
use crate::collector;
use crate::ids;
use crate::record;
use crate::ring::Ring;

pub(super) struct Owned(pub(super) Cell<Option<&'static Ring>>);

impl Slot {
    /// Returns this thread's ring; `None` when there are too many threads, or this one is at its end.
    pub(crate) fn mine(&self) -> Option<&'static Ring> {
        self.mine.get().or_else(|| self.acquire(0))
    }

    /// As [`mine`](Self::mine); a thread at its end borrows one, until what begins now is left.
    pub(crate) fn mine_or_borrowed(&self) -> Option<&'static Ring> {
        self.mine().or_else(|| self.borrow())
    }

    #[cold]
    pub(super) fn borrow(&self) -> Option<&'static Ring> {
        if OWNED.try_with(|_| ()).is_ok() {
            return None;
        }
        let ring = collector::rings::acquire(0)?;
        self.mine.set(Some(ring));
        self.note(BORROWED, true);
        Some(ring)
    }

    pub(super) fn return_borrowed(&self) {
        if self.has(BORROWED)
            && self.ring.get().is_none()
            && let Some(ring) = self.mine.take()
        {
            self.note(BORROWED, false);
            collector::rings::give_back(ring);
        }
    }

    #[cold]
    pub(super) fn acquire(&self, first: u64) -> Option<&'static Ring> {
        let ring = OWNED.try_with(|owned| {
            // The program's allocator may make spans: not while the rings' lock is held.
            let ring = silently(|| collector::rings::acquire(first))?;
            owned.0.set(Some(ring));
            Some(ring)
        });
        let ring = ring.ok().flatten();
        self.mine.set(ring);
        ring
    }

    /// Returns the thread's ring, if the span of that number is in it: not when that began before a fork, or at the thread's end.
    pub(crate) fn ring_of(&self, number: u64) -> Option<&'static Ring> {
        self.mine.get().filter(|ring| number > ring.first)
    }

    /// Returns true when the ring is this thread's: not one of the process that this one was forked from, nor one that
    /// the thread gave back at its end.
    pub(crate) fn owns(&self, ring: &Ring) -> bool {
        self.mine.get().is_some_and(|mine| std::ptr::eq(mine, ring))
    }

    /// Goes on in this process with what was active in the one it was forked from.
    #[cold]
    pub(crate) fn go_on(&self) -> Option<&'static Ring> {
        if self.mine.get().is_none() && self.acquire(self.number()).is_none() {
            self.set_mode(Mode::Lost);
            collector::count_lost(self.tracer(), collector::Lost::NoRing);
            return None;
        }
        self.tell()
    }

    /// In the child of a fork, on its only thread.
    pub(crate) fn forked(&self) {
        self.note(MOVED, true);
        self.mine.set(None);
        let _ = OWNED.try_with(|owned| owned.0.set(None)); // At thread end there is nothing to forget.
        if self.ring.get().is_some() {
            let span = self.innermost();
            self.ring.set(None);
            self.change(|place| {
                place.span = span;
                place.mode = Mode::Forked;
            });
        }
    }

    /// What was saved before a fork is of a ring that belongs to the parent.
    #[cold]
    pub(super) fn restore_forked(&self, ring: &Ring, saved: &Saved) {
        let number = saved.current & NUMBER;
        self.ring.set(None);
        self.change(|place| {
            if number > ring.first {
                place.span = ids::nth(ring.base, number);
            }
            place.mode = Mode::Forked;
        });
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let Some(ring) = self.0.take() else { return };
        let at = ring.head();
        ring.put(at, u64::from(record::GONE));
        ring.publish(at + 1);
        let is_idle = SLOT.with(|slot| {
            slot.note(MOVED, true);
            slot.mine.set(None);
            if slot.ring.get().is_some() {
                slot.ring.set(None);
                slot.set_mode(Mode::Lost);
            }
            slot.current.get() & !RAGGED & !NUMBER == 0
        });
        if is_idle {
            collector::rings::give_back(ring);
        } else {
            // A guard that a later destructor drops still writes there.
            collector::rings::rest(ring);
        }
    }
}
