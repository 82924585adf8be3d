//! The span of a future: written into the rings like a guard's, but under an id of its own, for it moves between threads.

use std::sync::Arc;

use trackway_model::{Text, Value};

use crate::callsite::Callsite;
use crate::clock::ticks;
use crate::collector;
use crate::context::{Context, DEBUG_ID, More};
use crate::future::Carried;
use crate::place::Packed;
use crate::record;
use crate::ring::Ring;
use crate::sampler::Sampling;
use crate::slot::{Left, Mode, Place, SLOT, Saved, Slot};
use crate::{direct, global, ids};

/// A span that may end on another thread than it began on.
pub(crate) struct FarSpan {
    /// What is active while it is polled, ready made.
    place: Packed,
    more: Option<Arc<More>>,
    ended: bool,
}

impl FarSpan {
    /// Begins a span inside the active one; an owned span under a tracer without a collector, and nothing where nothing is
    /// recorded.
    #[inline]
    pub(crate) fn begin(site: &'static Callsite) -> Carried {
        SLOT.with(|slot| match (slot.ring.get(), slot.mode()) {
            (Some(_), _) | (None, Mode::Waiting) => Self::record(slot, site, slot.context()),
            (None, Mode::Off) => Carried::None,
            (None, Mode::Idle) if global::is_off() => Carried::None,
            (None, mode) => Self::elsewhere(slot, mode, site).unwrap_or(Carried::None),
        })
    }

    #[cold]
    fn elsewhere(slot: &Slot, mode: Mode, site: &'static Callsite) -> Option<Carried> {
        match mode {
            Mode::Direct => {
                let owner = slot.more().and_then(|more| more.owner.clone())?;
                Some(Carried::Owned(direct::span_at(&owner, site)))
            }
            Mode::Forked => {
                slot.go_on()?;
                Some(Self::record(slot, site, slot.context()))
            }
            Mode::Lost => {
                collector::count_lost(slot.tracer(), slot.why_lost());
                Some(Carried::Missing)
            }
            Mode::Off | Mode::Waiting => None,
            Mode::Idle | Mode::Given | Mode::Elsewhere => {
                let tracer = global::tracer_for(slot)?;
                if tracer.is_direct() {
                    return Some(Carried::Owned(direct::span_at(&tracer, site)));
                }
                let parent = slot.context();
                let elsewhere = (mode == Mode::Elsewhere).then_some(&parent);
                let trace = elsewhere.map_or_else(ids::trace_id, |parent| parent.trace);
                let verdict = tracer.decide(None, &Sampling::at(trace, elsewhere, site));
                let flags = global::flags(verdict.sampled, elsewhere);
                let mut context = Context { trace, flags, tracer: tracer.number(), ..parent.clone() };
                if !verdict.sampled {
                    // Nothing is recorded inside it either: the context says so wherever it is attached.
                    if context.span == 0 {
                        context.span = ids::span_id();
                    }
                    return Some(Carried::Far(Self::of(context, Mode::Off)));
                }
                if let Some(state) = verdict.told.state(elsewhere, true) {
                    context = context.with_state(state);
                }
                let debug_id = context.debug_id().filter(|_| context.span == 0).map(Text::from);
                let carried = Self::record(slot, site, context);
                let debug_id = debug_id.map(|id| (Text::from(DEBUG_ID), Value::from(&*id)));
                let attributes: Vec<_> = verdict.attributes.into_iter().chain(debug_id).collect();
                if let (Carried::Far(span), false) = (&carried, attributes.is_empty()) {
                    span.context().run(|| {
                        for (key, value) in &attributes {
                            crate::active().attribute(&**key, value);
                        }
                    });
                }
                Some(carried)
            }
        }
    }

    /// Begins a span as a part of the context's, whose place in the context it takes.
    #[inline]
    fn record(slot: &Slot, site: &'static Callsite, mut context: Context) -> Carried {
        let state = context.trace_state().unwrap_or_default();
        // Before there is a place to write at: it may allocate, and the program's allocator may make spans.
        let first = u64::from(site.id()) << 8 | u64::from(record::FAR);
        let room = slot.mine().and_then(|ring| Some((ring, record::room(ring, 6 + record::words(state.len()))?)));
        let Some((ring, at)) = room else {
            collector::count_lost(context.tracer, slot.why_lost());
            return Carried::Missing;
        };
        let Context { trace, span: parent, flags, remote, tracer, .. } = context;
        let remote = u64::from(remote && parent != 0) << 39;
        let last = (state.len() as u64) << 40 | remote | u64::from(tracer) << 8 | u64::from(flags);
        ring.put_all(at, [first, ticks(), parent, trace as u64, (trace >> 64) as u64, last]);
        ring.publish(ring.put_bytes(at + 6, state.as_bytes()));
        context.span = ids::nth(ring.base, ring.number());
        context.remote = false;
        Carried::Far(Self::of(context, Mode::Waiting))
    }

    #[inline]
    fn of(context: Context, mode: Mode) -> Self {
        let Context { trace, span, flags, remote, tracer, more } = context;
        // No count of scopes reaches the highest bit, so that the span's own id can number them.
        let place = Place { trace, span, scope: span | 1 << 63, tracer, flags, remote, mode };
        Self { place: place.pack(), more, ended: mode == Mode::Off }
    }

    fn context(&self) -> Context {
        let Place { trace, span, flags, remote, tracer, .. } = self.place.unpack();
        Context { trace, span, flags, remote, tracer, more: self.more.clone() }
    }

    /// Calls `work` inside the span.
    #[inline]
    pub(crate) fn run<R>(&mut self, work: impl FnOnce() -> R) -> R {
        if self.more.is_none()
            && let Some(left) = SLOT.with(|slot| slot.enter(&self.place))
        {
            let _polled = Polled { scope: self.place.scope(), left };
            return work();
        }
        self.run_with_more(work)
    }

    fn run_with_more<R>(&mut self, work: impl FnOnce() -> R) -> R {
        // What the context carries is lent to the slot, which saves counting references twice a poll.
        let more = self.more.take();
        let context = self.context();
        let (saved, lender) = SLOT.with(|slot| slot.attach_lent(&context, more));
        let _polled = PolledWithMore { more: &mut self.more, saved, lender };
        work()
    }

    #[inline]
    pub(crate) fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let end = ticks();
        // At a thread's end there is neither slot nor ring; the collector has another way for those.
        let ring = SLOT.try_with(Slot::mine).ok().flatten();
        match ring.and_then(|ring| Some((ring, ring.quick_room(3).or_else(|| ring.room_for_end(3))?))) {
            Some((ring, at)) => put_end(ring, at, self.place.span(), end),
            None => collector::late::end(self.place.span(), end),
        }
    }

    fn abandoned(&self) {
        let panicking = std::thread::panicking();
        self.context().run(|| {
            let active = crate::active();
            if panicking {
                let (message, place) = crate::panics::last();
                active.fail("panic", &message, Some(&place));
            } else {
                active.event("cancelled");
            }
        });
    }
}

/// The span while it is polled.
struct Polled {
    scope: u64,
    left: Left,
}

impl Drop for Polled {
    #[inline(always)]
    fn drop(&mut self) {
        SLOT.with(|slot| slot.go_back(self.scope, &self.left));
    }
}

/// The span while it is polled, and what its context carries is lent to the slot.
struct PolledWithMore<'a> {
    more: &'a mut Option<Arc<More>>,
    saved: Saved,
    lender: u64,
}

impl Drop for PolledWithMore<'_> {
    fn drop(&mut self) {
        *self.more = SLOT.with(|slot| slot.detach_and_take_back(&mut self.saved, self.lender));
    }
}

fn put_end(ring: &Ring, at: usize, span: u64, end: u64) {
    ring.put_all(at, [u64::from(record::FAR_END), span, end]);
    ring.publish(at + 3);
}

impl Drop for FarSpan {
    fn drop(&mut self) {
        if !self.ended {
            self.abandoned();
            self.end();
        }
    }
}
