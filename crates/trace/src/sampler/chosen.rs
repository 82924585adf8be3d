//! The sampler of a tracer, which may change while the tracer records.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::{Sampler, Sampling, Share, Verdict};
use crate::collector;
use crate::context::{Context, More};
use crate::tracer::{Tracer, WeakTracer};

/// In the place of a threshold: there is more to the sampler than one.
pub(crate) const ASKED: u64 = u64::MAX;
/// Marks the threshold of a sampler that follows the parent.
const FOLLOWS: u64 = 1 << 63;

pub(crate) struct Chosen {
    /// What most samplers are, so that they need no lock.
    quick: AtomicU64,
    rules: RwLock<Rules>,
}

struct Rules {
    lasting: Sampler,
    /// Those that are in its place for a while; the last one counts.
    overriding: Vec<(u64, Sampler)>,
    overridden: u64,
    /// What the context of a trace that begins here carries: the share, when the sampler is one.
    mark: Option<Arc<More>>,
}

impl Rules {
    fn current(&self) -> &Sampler {
        self.overriding.last().map_or(&self.lasting, |(_, sampler)| sampler)
    }
}

impl Chosen {
    pub(crate) fn new(sampler: Sampler) -> Self {
        let rules = Rules { lasting: sampler, overriding: Vec::new(), overridden: 0, mark: None };
        let this = Self { quick: AtomicU64::new(ASKED), rules: RwLock::new(rules) };
        this.change(|_| {});
        this
    }

    /// Returns the threshold of a trace that begins here, or [`ASKED`].
    pub(crate) fn threshold(&self) -> u64 {
        match self.quick.load(Ordering::Relaxed) {
            ASKED => ASKED,
            quick => quick & !FOLLOWS,
        }
    }

    /// Decides, unless there is somebody to ask.
    pub(crate) fn decide_quickly(&self, span: &Sampling<'_>) -> Option<Verdict> {
        let quick = self.quick.load(Ordering::Relaxed);
        if quick == ASKED {
            return None;
        }
        let share = || Share { threshold: quick & !FOLLOWS }.decide(span.trace, span.parent);
        Some(span.decided(quick & FOLLOWS != 0).unwrap_or_else(share))
    }

    pub(crate) fn sampler(&self) -> Sampler {
        collector::unforked(|| self.read().current().clone())
    }

    /// Returns what a recorded trace that begins here is to say of the share.
    pub(crate) fn mark(&self) -> Option<Arc<More>> {
        match self.threshold() {
            0 | ASKED => None,
            _ => collector::unforked(|| self.read().mark.clone()),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Rules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<R>(&self, change: impl FnOnce(&mut Rules) -> R) -> R {
        collector::unforked(|| {
            let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
            let result = change(&mut rules);
            let (current, share) = (rules.current(), rules.current().share());
            let follows = if current.follows_parent { FOLLOWS } else { 0 };
            let state = share.and_then(|share| share.told().state(None, true));
            self.quick.store(share.map_or(ASKED, |share| share.threshold | follows), Ordering::Relaxed);
            rules.mark = state.and_then(|state| Context::none().with_state(state).more);
            result
        })
    }
}

impl Tracer {
    /// Has the tracer decide by another sampler from now on; what has begun stays as it was decided.
    ///
    /// ```
    /// use trackway::{Sampler, Tracer};
    ///
    /// let tracer = Tracer::builder().build();
    /// tracer.set_sampler(Sampler::probability(0.1));
    /// ```
    pub fn set_sampler(&self, sampler: Sampler) {
        // What a rule of the program's own does when it is dropped may be to ask the tracer: the lock is free by then.
        drop(self.change_sampler(|rules| std::mem::replace(&mut rules.lasting, sampler)));
    }

    /// Has the tracer decide by another sampler until the returned value is dropped; then by the one before, or the one
    /// that was [set](Self::set_sampler) meanwhile. Of several the newest counts.
    ///
    /// ```
    /// use trackway::{Sampler, Tracer};
    ///
    /// let (tracer, spans) = trackway::testing::tracer_of(Tracer::builder().sampler(Sampler::always_off()));
    /// let everything = tracer.override_sampler(Sampler::always_on());
    /// tracer.span("looked into").start().finish();
    /// drop(everything);
    /// tracer.span("as usual").start().finish();
    /// assert_eq!(spans.tree(), "looked into 1s\n");
    /// ```
    pub fn override_sampler(&self, sampler: Sampler) -> SamplerOverride {
        let added = self.change_sampler(|rules| {
            rules.overridden += 1;
            rules.overriding.push((rules.overridden, sampler));
            rules.overridden
        });
        SamplerOverride { tracer: self.downgrade(), number: added.unwrap_or_default() }
    }

    fn change_sampler<R>(&self, change: impl FnOnce(&mut Rules) -> R) -> Option<R> {
        let result = self.chosen()?.change(change);
        crate::global::switched(self);
        Some(result)
    }
}

/// A sampler in the place of a tracer's own, until this is dropped. [`Tracer::override_sampler`] makes it.
#[must_use = "the sampler counts until this is dropped: `let _everything = tracer.override_sampler(..);`"]
#[derive(Debug)]
pub struct SamplerOverride {
    tracer: WeakTracer,
    number: u64,
}

impl Drop for SamplerOverride {
    fn drop(&mut self) {
        if let Some(tracer) = self.tracer.upgrade() {
            let gone = tracer.change_sampler(|rules| {
                let at = rules.overriding.iter().position(|(number, _)| *number == self.number)?;
                Some(rules.overriding.remove(at))
            });
            drop(gone); // With the lock free, as above.
        }
    }
}
