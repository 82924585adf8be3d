//! The fast path: a span that begins and ends on one thread.

use std::marker::PhantomData;
use std::thread;

use crate::callsite::Callsite;
use crate::clock::ticks;
use crate::collector;
use crate::context::Context;
use crate::field::{Field, Label};
use crate::record::{self, Place as Of};
use crate::ring::Ring;
use crate::slot::{DEEPEST, Mode, NUMBER, ONE_DEEPER, OUTSIDE, SLOT, Slot};
use crate::{StatusCode, direct, global};

/// A span on this thread, from [`span!`](crate::span) to the end of the guard's life.
///
/// It is written to and never read: what the span's records become, the collector finds out later. It stays on its
/// thread (it is not `Send`), and must not be held across an `.await`: there, [`InSpan`](crate::InSpan) is right.
/// Guards that end out of order do no harm.
///
/// ```
/// let span = trackway::span!("parse", bytes = 512);
/// span.attribute("records", 3).event("half way");
/// ```
#[must_use = "the span ends when its guard is dropped, which is at once unless it has a name: `let _span = ..`"]
pub struct Guard {
    ring: Option<&'static Ring>,
    /// The span's place in the slot; one of the marks below when it is in no ring.
    me: u64,
    before: u64,
    stays: PhantomData<*const ()>,
}

/// An unrecorded span that made everything inside it unrecorded, or lost.
const SHADOW: u64 = 1;
/// From here on: a span of a tracer without a collector.
const FIRST_DIRECT: u64 = 2;

/// Begins a span inside the one that is active on this thread. [`span!`](crate::span) is the comfortable form.
#[inline(always)]
pub fn enter(site: &'static Callsite) -> Guard {
    SLOT.with(|slot| {
        let Some(ring) = slot.ring.get() else {
            return match slot.mode.get() {
                Mode::Idle if global::is_off() => Guard::none(),
                Mode::Off => Guard::none(),
                _ => outside(slot, site),
            };
        };
        let before = slot.current.get();
        match ring.quick_room(2) {
            Some(at) if before < DEEPEST => Guard::start(slot, ring, site, before, at),
            _ => with_care(slot, ring, site, before),
        }
    })
}

/// A span where the quick test failed: the ring looks full, the nesting too deep, or a span around it has ended.
#[cold]
#[inline(never)]
fn with_care(slot: &Slot, ring: &'static Ring, site: &'static Callsite, before: u64) -> Guard {
    // Depth is ten bits wide; what lies above them is a mark.
    if before & (0x3ff << crate::slot::DEPTH) >= DEEPEST {
        collector::count_lost(slot.tracer.get(), collector::Lost::Depth);
        return Guard::none();
    }
    match record::room(ring, 2) {
        Some(at) => Guard::start(slot, ring, site, before, at),
        None => {
            collector::count_lost(slot.tracer.get(), collector::Lost::RingFull);
            Guard::none()
        }
    }
}

/// A span where no ring is active.
#[inline(never)]
fn outside(slot: &Slot, site: &'static Callsite) -> Guard {
    match slot.mode.get() {
        Mode::Off => Guard::none(),
        Mode::Idle | Mode::Given | Mode::Elsewhere => global::root(slot, site),
        Mode::Direct => direct::enter(slot, site).map_or_else(Guard::none, |token| Guard::mark(FIRST_DIRECT + token)),
        Mode::Lost => {
            collector::count_lost(slot.tracer.get(), collector::Lost::RingFull);
            Guard::none()
        }
        Mode::Forked => match slot.go_on() {
            Some(ring) => with_care(slot, ring, site, slot.current.get()),
            None => Guard::none(),
        },
    }
}

impl Guard {
    #[inline(always)]
    pub(crate) fn none() -> Self {
        Self { ring: None, me: 0, before: 0, stays: PhantomData }
    }

    fn mark(me: u64) -> Self {
        Self { ring: None, me, before: 0, stays: PhantomData }
    }

    /// A span that is not recorded and keeps what is inside it from becoming a trace of its own.
    pub(crate) fn shadow() -> Self {
        Self::mark(SHADOW)
    }

    pub(crate) fn direct(token: u64) -> Self {
        Self::mark(FIRST_DIRECT + token)
    }

    /// The span that began what the ring takes until it ends.
    pub(crate) fn root(ring: &'static Ring, me: u64) -> Self {
        Self { ring: Some(ring), me, before: OUTSIDE, stays: PhantomData }
    }

    #[inline(always)]
    fn start(slot: &Slot, ring: &'static Ring, site: &'static Callsite, before: u64, at: usize) -> Self {
        ring.put(at, u64::from(site.id()) << 8 | u64::from(record::START));
        ring.put(at + 1, ticks());
        ring.publish(at + 2);
        let me = (before & DEPTHS) + ONE_DEEPER | ring.number() & NUMBER;
        slot.current.set(me);
        Self { ring: Some(ring), me, before, stays: PhantomData }
    }

    /// Returns whether anything is recorded: what is costly to work out need not be otherwise.
    #[inline(always)]
    pub fn is_recording(&self) -> bool {
        self.ring.is_some() || self.me >= FIRST_DIRECT
    }

    /// Records an attribute; a second one of the same name replaces the first.
    #[inline(always)]
    pub fn attribute(&self, key: impl Label, value: impl Field) -> &Self {
        if let Some(ring) = self.ring {
            value.lend(|value| {
                if !record::attribute(ring, self.of(), Of::Span, &key, value) {
                    collector::count_attribute_lost();
                }
            });
        } else if self.me >= FIRST_DIRECT {
            direct::with(self.me - FIRST_DIRECT, |span| {
                span.attribute(key.name().as_str(), value);
            });
        }
        self
    }

    /// Records that something happened now; its details follow by [`EventGuard::field`].
    #[inline]
    pub fn event(&self, name: &str) -> EventGuard<'_> {
        if let Some(ring) = self.ring {
            if !record::event(ring, self.of(), name, ticks()) {
                collector::count_attribute_lost();
            }
        } else if self.me >= FIRST_DIRECT {
            direct::with(self.me - FIRST_DIRECT, |span| {
                span.event(name);
            });
        }
        EventGuard { guard: self }
    }

    /// Records a relation to a span that this one is no part of, such as the one that put the work into a queue.
    pub fn link(&self, context: &Context) -> &Self {
        if let Some(ring) = self.ring {
            if !record::link(ring, self.of(), context.trace, context.span, context.flags) {
                collector::count_attribute_lost();
            }
        } else if self.me >= FIRST_DIRECT {
            direct::with(self.me - FIRST_DIRECT, |span| {
                span.link(context);
            });
        }
        self
    }

    /// Records how the span went, by OpenTelemetry's rules: a message belongs to an error.
    pub fn status(&self, code: StatusCode, message: &str) -> &Self {
        if let Some(ring) = self.ring {
            if !record::text(ring, self.of(), record::STATUS, status_number(code), message) {
                collector::count_attribute_lost();
            }
        } else if self.me >= FIRST_DIRECT {
            direct::with(self.me - FIRST_DIRECT, |span| {
                span.status(code, message);
            });
        }
        self
    }

    /// Gives the span another name than its callsite's.
    pub fn rename(&self, name: &str) -> &Self {
        if let Some(ring) = self.ring {
            if !record::text(ring, self.of(), record::NAME, 0, name) {
                collector::count_attribute_lost();
            }
        } else if self.me >= FIRST_DIRECT {
            direct::with(self.me - FIRST_DIRECT, |span| {
                span.rename(name);
            });
        }
        self
    }

    /// Ends this span and begins the next step, its sibling, at the same reading of the clock.
    ///
    /// [`step!`](crate::step) is the comfortable form. Does nothing when a span inside this one is still open.
    #[inline(always)]
    pub fn next(&mut self, site: &'static Callsite) {
        let Some(ring) = self.ring else {
            if self.me >= FIRST_DIRECT {
                direct::next(self.me - FIRST_DIRECT, site);
            }
            return;
        };
        SLOT.with(|slot| {
            if slot.current.get() != self.me || self.before == OUTSIDE {
                return;
            }
            let Some(at) = record::room(ring, 2) else {
                collector::count_lost(slot.tracer.get(), collector::Lost::RingFull);
                return;
            };
            ring.put(at, u64::from(site.id()) << 8 | u64::from(record::NEXT));
            ring.put(at + 1, ticks());
            ring.publish(at + 2);
            self.me = self.me & DEPTHS | ring.number() & NUMBER;
            slot.current.set(self.me);
        });
    }

    /// Returns the number that a record of this span is to carry: 0 while it is the innermost.
    #[inline(always)]
    fn of(&self) -> u64 {
        SLOT.with(|slot| if slot.current.get() == self.me { 0 } else { self.me & NUMBER })
    }

    #[cold]
    #[inline(never)]
    fn end_with_care(&mut self) {
        let Some(ring) = self.ring else {
            match self.me {
                SHADOW => SLOT.with(Slot::leave_quietly),
                mark => direct::exit(mark - FIRST_DIRECT),
            }
            return;
        };
        SLOT.with(|slot| {
            let innermost = slot.is_innermost(self.me);
            if thread::panicking() {
                crate::panics::record(ring, if innermost { 0 } else { self.me & NUMBER });
            }
            let at = ring.head();
            if innermost {
                ring.put(at, ticks() << 8 | u64::from(record::END));
                ring.publish(at + 1);
                if self.before == OUTSIDE {
                    return slot.leave(ring);
                }
                slot.current.set(self.before);
                slot.catch_up();
            } else {
                ring.put(at, (self.me & NUMBER) << 8 | u64::from(record::END_OF));
                ring.put(at + 1, ticks());
                ring.publish(at + 2);
                slot.ended_early(self.me, self.before);
            }
        });
    }
}

/// The bits of the depth alone.
const DEPTHS: u64 = 0x3ff << crate::slot::DEPTH;

impl Drop for Guard {
    #[inline(always)]
    fn drop(&mut self) {
        let Some(ring) = self.ring else {
            if self.me != 0 {
                self.end_with_care();
            }
            return;
        };
        SLOT.with(|slot| {
            if slot.current.get() != self.me || thread::panicking() {
                return self.end_with_care();
            }
            let at = ring.head();
            ring.put(at, ticks() << 8 | u64::from(record::END));
            ring.publish(at + 1);
            if self.before == OUTSIDE {
                return slot.leave(ring);
            }
            slot.current.set(self.before);
        });
    }
}

/// The event that was just recorded, for its details.
pub struct EventGuard<'a> {
    guard: &'a Guard,
}

impl EventGuard<'_> {
    /// Records a detail of the event.
    #[inline]
    pub fn field(&self, key: impl Label, value: impl Field) -> &Self {
        let guard = self.guard;
        if let Some(ring) = guard.ring {
            value.lend(|value| {
                if !record::attribute(ring, guard.of(), Of::Event, &key, value) {
                    collector::count_attribute_lost();
                }
            });
        } else if guard.me >= FIRST_DIRECT {
            direct::with(guard.me - FIRST_DIRECT, |span| {
                span.add_event_field(key.name().as_str(), value);
            });
        }
        self
    }
}

/// OTLP's number of a status.
pub(crate) fn status_number(code: StatusCode) -> u8 {
    match code {
        StatusCode::Unset => 0,
        StatusCode::Ok => 1,
        StatusCode::Error => 2,
    }
}
