//! Spans and scopes that end before something inside them does.

use std::sync::Arc;

use super::{
    DEPTHS, EARLY, ENDED_EARLY, LENT, MORE_CARRIED, MOST_OPEN, More, ONE_DEEPER, OUTSIDE, Place, RAGGED, Saved, Slot,
};
use crate::span::Span;

pub(super) struct Early {
    /// `current` of the ended span, and what it was before.
    pub(super) spans: Vec<(u64, u64)>,
    /// What ended scopes would have restored.
    pub(super) scopes: Vec<Saved>,
    /// Spans that end with such a scope, by its number.
    pub(super) entered: Vec<(u64, Span)>,
    /// What was active before the spans that began this process's part of a trace, and how deep that was.
    pub(super) outer: Vec<(Place, u64)>,
    /// Scopes in which the span ended that kept all inside it from being recorded.
    pub(super) shadows: Vec<u64>,
    /// What a scope with a lent context carried, when another scope was attached inside it.
    pub(super) lent: Vec<(u64, Arc<More>)>,
    /// Where spans are open that could not be recorded, but for the last of them.
    pub(super) missing: Vec<(u64, u64)>,
}

impl Early {
    pub(super) const fn new() -> Self {
        Self {
            spans: Vec::new(),
            scopes: Vec::new(),
            entered: Vec::new(),
            outer: Vec::new(),
            shadows: Vec::new(),
            lent: Vec::new(),
            missing: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.scopes.is_empty() && self.outer.is_empty() && self.shadows.is_empty()
    }

    /// Forgets what was noted of what is no more: spans deeper than that, and scopes inside that one.
    pub(super) fn forget(&mut self, scope: u64, current: u64) {
        self.spans.retain(|(span, _)| span & DEPTHS <= current & DEPTHS);
        self.outer.retain(|(place, _)| place.scope <= scope);
        self.shadows.retain(|shadow| *shadow <= scope);
    }
}

impl Slot {
    #[cold]
    pub(super) fn detach_later(&self, saved: &mut Saved) {
        let saved = Saved { more: saved.more.take(), ..*saved };
        let kept = EARLY.try_with(|early| {
            let scopes = &mut early.borrow_mut().scopes;
            // So many are inside scopes that were forgotten, and will never be left.
            let has_room = scopes.len() < MOST_OPEN;
            if has_room {
                scopes.push(saved);
            }
            has_room
        });
        if let Ok(true) = kept {
            self.note(ENDED_EARLY, true);
        }
    }

    /// Keeps a span to be ended when its scope is left, inside of which another one is open; returns it when that is not so.
    #[cold]
    pub(crate) fn end_with(&self, saved: &Saved, span: Span) -> Option<Span> {
        if self.scope() == saved.scope {
            return Some(span);
        }
        let mut span = Some(span);
        let _ = EARLY.try_with(|early| {
            let entered = &mut early.borrow_mut().entered;
            if entered.len() < MOST_OPEN {
                entered.extend(span.take().map(|span| (saved.scope, span)));
            }
        }); // At the thread's end it ends now.
        span
    }

    /// Ends the span that was entered with that scope.
    fn end_entered(&self, scope: u64) {
        let span = EARLY.try_with(|early| {
            let entered = &mut early.borrow_mut().entered;
            entered.iter().position(|(entered, _)| *entered == scope).map(|at| entered.swap_remove(at))
        });
        // With nothing borrowed: whoever hears of the end may make scopes.
        drop(span);
    }

    /// Leaves scopes and spans that ended while something inside them was active.
    #[cold]
    pub(crate) fn catch_up(&self) {
        loop {
            let scope = self.scope();
            let ended = EARLY.try_with(|early| {
                let scopes = &mut early.borrow_mut().scopes;
                scopes.iter().position(|saved| saved.scope == scope).map(|at| scopes.swap_remove(at))
            });
            let Ok(Some(mut saved)) = ended else { break };
            self.restore(&mut saved);
            self.end_entered(scope);
        }
        let is_shadow = EARLY.try_with(|early| {
            let mut early = early.borrow_mut();
            early.forget(self.scope(), self.current.get());
            let shadow = early.shadows.iter().position(|scope| *scope == self.scope());
            shadow.map(|at| early.shadows.swap_remove(at)).is_some()
        });
        if is_shadow == Ok(true) {
            self.leave_quietly();
        }
        let Some(ring) = self.ring.get() else { return self.note_early() };
        loop {
            let current = self.current.get() & !RAGGED;
            let ended = EARLY.try_with(|early| {
                let spans = &mut early.borrow_mut().spans;
                let found = spans.iter().position(|(span, _)| *span == current);
                (found.map(|at| spans.swap_remove(at).1), spans.is_empty())
            });
            match ended {
                Ok((Some(OUTSIDE), _)) => return self.leave(ring),
                Ok((Some(before), _)) => self.current.set(before),
                Ok((None, is_empty)) => {
                    self.current.set(if is_empty { current } else { current | RAGGED });
                    return self.note_early();
                }
                Err(_) => return,
            }
        }
    }

    /// Keeps what a scope carries for its lender, since another scope is about to take its place.
    #[cold]
    pub(super) fn keep_lent(&self) {
        let (scope, Some(more)) = (self.scope(), self.more()) else { return };
        let kept = EARLY.try_with(|early| {
            let lent = &mut early.borrow_mut().lent;
            if lent.last().is_none_or(|(lender, _)| *lender != scope) {
                lent.push((scope, more));
            }
        });
        self.note(LENT, kept.is_ok());
    }

    #[cold]
    pub(super) fn take_lent(&self, scope: u64) -> Option<Arc<More>> {
        let taken = EARLY.try_with(|early| {
            let lent = &mut early.borrow_mut().lent;
            let more = lent.pop_if(|(lender, _)| *lender == scope).map(|(_, more)| more);
            (more, lent.is_empty())
        });
        let (more, is_empty) = taken.ok()?;
        self.note(LENT, !is_empty);
        more
    }

    pub(super) fn note_early(&self) {
        self.note(ENDED_EARLY, EARLY.try_with(|early| !early.borrow().is_empty()).unwrap_or(false));
    }

    /// Notes that a span ended while one inside it was open, or another scope was active.
    #[cold]
    pub(crate) fn ended_early(&self, me: u64, before: u64) {
        if me & DEPTHS > self.current.get() & DEPTHS {
            // Of a scope that was left: its spans ended with it.
            return;
        }
        let noted = EARLY.try_with(|early| {
            let spans = &mut early.borrow_mut().spans;
            // Of two that are as deep, the older one was in a scope that was left.
            spans.retain(|(span, _)| span & DEPTHS != me & DEPTHS);
            spans.push((me, before));
        });
        if noted.is_ok() {
            self.note(ENDED_EARLY, true);
            if self.ring.get().is_some() {
                self.current.set(self.current.get() | RAGGED);
            }
        }
    }

    /// Leaves a span whose ring is not the thread's any more: what becomes of the span is not for this thread to say.
    #[cold]
    pub(crate) fn disown(&self, me: u64, before: u64) {
        if self.current.get() & !RAGGED != me {
            return self.ended_early(me, before);
        }
        match (before, self.ring.get()) {
            (OUTSIDE, Some(ring)) => self.leave(ring),
            (OUTSIDE, None) => self.leave_quietly(),
            _ => self.current.set(before),
        }
    }

    /// As [`leave`](Self::leave), for what is not in a ring.
    pub(crate) fn leave_quietly(&self) {
        let scope = self.scope();
        let mut outer = None;
        let depth = (self.current.get() & DEPTHS).saturating_sub(ONE_DEEPER);
        if self.has(ENDED_EARLY) {
            let _ = EARLY.try_with(|early| {
                let mut early = early.borrow_mut();
                early.forget(scope, depth);
                outer = early.outer.pop_if(|(place, _)| place.scope == scope);
                self.note(ENDED_EARLY, !early.is_empty());
            }); // At thread end nothing is restored.
        }
        self.ring.set(None);
        let (place, current) = outer.unwrap_or((Place::NOWHERE, depth));
        self.place.set(Place { scope, ..place });
        self.current.set(current);
        if outer.is_none() && self.has(MORE_CARRIED) {
            let more = self.exchange_more(None);
            self.exchange_more(more.and_then(|more| More::only_baggage(&more)));
        }
    }
}
