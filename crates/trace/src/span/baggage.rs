//! Baggage that a span is given while it is open.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use trackway_wire::propagation::Baggage;

use super::{Live, Span};
use crate::collector;
use crate::context::Context;
use crate::slot::SLOT;

impl<D> Span<D> {
    /// Gives the span an entry of [baggage](https://www.w3.org/TR/baggage/), in the place of one with the same key: what begins
    /// inside it from now on has it too, here and in other processes. What began before has it not, nor has a context that was
    /// taken of the span before.
    ///
    /// Baggage is no attribute: no span records it.
    ///
    /// ```
    /// let (tracer, _) = trackway::testing::tracer();
    /// let mut request = tracer.span("request").start();
    /// let before = request.context().clone();
    /// request.set_baggage("tenant", "acme").set_baggage("plan", "gold");
    /// let query = request.child("query").start();
    /// assert_eq!((query.baggage("tenant"), before.baggage("tenant")), (Some("acme"), None));
    /// ```
    pub fn set_baggage(&mut self, key: &str, value: &str) -> &mut Self {
        self.context = self.context.with_baggage(key, value);
        let baggage = self.context.more.as_ref().map(|more| more.baggage.clone()).unwrap_or_default();
        if let Some(live) = &self.live {
            live.set_baggage(&baggage);
        }
        // At the thread's end nothing is active.
        let _ = SLOT.try_with(|slot| slot.rebaggage(&self.context, &baggage));
        self
    }

    /// Returns an entry of the span's baggage: what it was given, or had from what it is a part of.
    pub fn baggage(&self, key: &str) -> Option<&str> {
        self.context.baggage(key)
    }
}

impl Live {
    fn set_baggage(&self, baggage: &Baggage) {
        if self.forks == collector::forks() {
            *self.later.lock().unwrap_or_else(PoisonError::into_inner) = baggage.clone();
            self.has_later.store(true, Ordering::Release);
        }
    }

    /// Returns the baggage that the span was given since it began.
    fn baggage(&self) -> Option<Baggage> {
        let is_ours = self.has_later.load(Ordering::Acquire) && self.forks == collector::forks();
        is_ours.then(|| self.later.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Context {
    /// Returns the record of the context's own span, when that is an owned one.
    pub(crate) fn live(&self) -> Option<&Arc<Live>> {
        let (span, live) = self.more.as_ref()?.live.as_ref()?;
        (*span == self.span).then_some(live)
    }

    /// Returns what is active with the baggage that its span has by now.
    pub(crate) fn fresh(self) -> Self {
        match self.live().and_then(|live| live.baggage()) {
            Some(baggage) => self.change(|more| more.baggage = baggage),
            None => self,
        }
    }

    /// Ends the context's own span, when that is an owned one.
    pub(crate) fn finish(&self) {
        if let Some(live) = self.live() {
            live.finish(None);
        }
    }
}
