//! The span of a future: written into the rings like a guard's, but under an id of its own, for it moves between threads.

use crate::callsite::Callsite;
use crate::clock::ticks;
use crate::collector::{self, Lost};
use crate::context::Context;
use crate::record;
use crate::ring::Ring;
use crate::slot::{Mode, SLOT, Slot};
use crate::span::Span;
use crate::{direct, global, ids};

/// A span that may end on another thread than it began on.
pub(crate) struct FarSpan {
    context: Context,
    ended: bool,
}

impl FarSpan {
    /// Begins a span inside the active one; an owned span under a tracer without a collector, and nothing where nothing is
    /// recorded.
    #[inline]
    pub(crate) fn begin(site: &'static Callsite) -> Option<Result<Self, Span>> {
        SLOT.with(|slot| match (slot.ring.get(), slot.mode.get()) {
            (Some(_), _) => Self::inside(slot, site).map(Ok),
            (None, Mode::Off) => None,
            (None, Mode::Idle) if global::is_off() => None,
            (None, mode) => Self::elsewhere(slot, mode, site),
        })
    }

    #[inline]
    fn inside(slot: &Slot, site: &'static Callsite) -> Option<Self> {
        let parent = slot.context();
        let context = Context { span: ids::span_id(), remote: false, ..parent.clone() };
        Self::record(slot, site, &parent, context)
    }

    #[cold]
    fn elsewhere(slot: &Slot, mode: Mode, site: &'static Callsite) -> Option<Result<Self, Span>> {
        match mode {
            Mode::Direct => {
                let owner = slot.more().and_then(|more| more.owner.clone())?;
                Some(Err(direct::span_at(&owner, site)))
            }
            Mode::Forked => {
                slot.go_on()?;
                Self::inside(slot, site).map(Ok)
            }
            Mode::Lost => {
                collector::count_lost(slot.tracer.get(), Lost::RingFull);
                None
            }
            Mode::Off => None,
            Mode::Idle | Mode::Given | Mode::Elsewhere => {
                let tracer = global::tracer_for(slot)?;
                if tracer.is_direct() {
                    return Some(Err(direct::span_at(&tracer, site)));
                }
                let parent = slot.context();
                let elsewhere = (mode == Mode::Elsewhere).then_some(&parent);
                let trace = elsewhere.map_or_else(ids::trace_id, |parent| parent.trace);
                let sampled = tracer.sampler().samples(trace, elsewhere);
                let flags = if sampled { global::RECORDED } else { global::UNRECORDED };
                let span = ids::span_id();
                let tracer_number = tracer.number();
                let mut context =
                    Context { trace, span, flags, remote: false, tracer: tracer_number, more: parent.more.clone() };
                if !sampled {
                    // Nothing is recorded inside it either: the context says so wherever it is attached.
                    return Some(Ok(Self { context, ended: true }));
                }
                let state = tracer.sampler().state(elsewhere);
                if !state.is_empty() {
                    context = context.with_state(state);
                }
                Self::record(slot, site, &parent, context).map(Ok)
            }
        }
    }

    #[inline]
    fn record(slot: &Slot, site: &'static Callsite, parent: &Context, context: Context) -> Option<Self> {
        let state = context.trace_state().unwrap_or_default();
        let room = slot.mine().and_then(|ring| Some((ring, record::room(ring, 7 + record::words(state.len()))?)));
        let Some((ring, at)) = room else {
            collector::count_lost(context.tracer, Lost::RingFull);
            return None;
        };
        ring.put(at, u64::from(site.id()) << 8 | u64::from(record::FAR));
        ring.put(at + 1, ticks());
        ring.put(at + 2, context.span);
        ring.put(at + 3, parent.span);
        record::put_trace(ring, at + 4, context.trace);
        let remote = u64::from(parent.remote && parent.span != 0) << 39;
        let length = (state.len() as u64) << 40;
        ring.put(at + 6, length | remote | u64::from(context.tracer) << 8 | u64::from(context.flags));
        ring.publish(ring.put_bytes(at + 7, state.as_bytes()));
        // Its data is written under its own id, not into the owned span that may be around it.
        let context = match &context.more {
            Some(more) if more.live.is_some() => context.change(|more| more.live = None),
            _ => context,
        };
        Some(Self { context, ended: false })
    }

    #[inline]
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn finish(mut self) {
        self.end();
    }

    #[inline]
    fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let end = ticks();
        // At a thread's end there is neither slot nor ring; the collector has another way for those.
        let ring = SLOT.try_with(Slot::mine).ok().flatten();
        match ring.and_then(|ring| Some((ring, ring.room_for_end(3)?))) {
            Some((ring, at)) => put_end(ring, at, self.context.span, end),
            None => collector::late::end(self.context.span, end),
        }
    }

    fn abandoned(&self) {
        let panicking = std::thread::panicking();
        self.context.run(|| {
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

fn put_end(ring: &Ring, at: usize, span: u64, end: u64) {
    ring.put(at, u64::from(record::FAR_END));
    ring.put(at + 1, span);
    ring.put(at + 2, end);
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
