//! The fast path: a span that begins and ends on one thread.

mod context;

use std::marker::PhantomData;
use std::thread;

use crate::callsite::Callsite;
use crate::clock::{self, ticks};
use crate::collector;
use crate::context::Context;
use crate::field::{Field, Label};
use crate::record::{self, Pen, Place as Of};
use crate::ring::Ring;
use crate::slot::{ActiveRing, Current, DEEPEST, DEPTHS, Mode, NUMBER, ONE_DEEPER, OUTSIDE, SLOT, Slot};
use crate::{StatusCode, direct, global, panics};

/// A span on this thread, from [`span!`](macro@crate::span) to the end of the guard's life.
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
    /// The span's place in the slot; one of the marks below when it is in no ring. The ring itself is the thread's.
    me: u64,
    before: u64,
    stays: PhantomData<*const ()>,
}

/// An unrecorded span that made everything inside it unrecorded, or lost.
const SHADOW: u64 = 1;
/// A span that found no room: what is said of the active span is not said of the one around it.
const MISSED: u64 = 2;
/// An unrecorded span of a tracer without a collector; the token is in the place of what was before.
const UNRECORDED: u64 = 3;
/// From here on: a span of a tracer without a collector.
const FIRST_DIRECT: u64 = 4;

/// Begins a span inside the one that is active on this thread. [`span!`](macro@crate::span) is the comfortable form.
// Everything unusual is a call in tail position, so that the usual path keeps no register for it.
#[inline(always)]
pub fn enter(site: &'static Callsite) -> Guard {
    let Some(ring) = ActiveRing.get() else { return without_ring(site) };
    let before = Current.get();
    let start = site.start();
    match ring.quick_room(2) {
        // A ring with room is one with a quick clock.
        Some(at) if before < DEEPEST && start != 0 => Guard::start(ring, start, before, at, clock::quick_ticks()),
        _ => with_care(ring, site, before),
    }
}

#[inline(always)]
fn without_ring(site: &'static Callsite) -> Guard {
    match SLOT.with(|slot| slot.mode()) {
        Mode::Idle if global::is_off() => Guard::none(),
        Mode::Off => Guard::none(),
        _ => outside(site),
    }
}

/// A span where a quick test failed: the ring looks full, the nesting too deep, a span around it has ended, the callsite is new,
/// or the clock is the portable one.
#[inline(never)]
fn with_care(ring: &'static Ring, site: &'static Callsite, before: u64) -> Guard {
    panics::settle();
    // Before there is a place to write at: it may allocate, and the program's allocator may make spans.
    let start = u64::from(site.id()) << 8 | u64::from(record::START);
    let lost = match record::room(ring, 2) {
        _ if before & DEPTHS >= DEEPEST => collector::Lost::Depth,
        Some(at) => {
            let mut guard = Guard::start(ring, start, before & DEPTHS, at, ticks());
            guard.before = before;
            guard.me |= spared();
            SLOT.with(Slot::beware);
            if !clock::is_quick() {
                guard.me |= CAREFUL;
            }
            return guard;
        }
        None => collector::Lost::RingFull,
    };
    SLOT.with(|slot| {
        collector::count_lost(slot.tracer(), lost);
        Guard::missed(slot)
    })
}

/// A span where no ring is active.
#[inline(never)]
fn outside(site: &'static Callsite) -> Guard {
    SLOT.with(|slot| outside_of(slot, site))
}

fn outside_of(slot: &Slot, site: &'static Callsite) -> Guard {
    panics::settle();
    match slot.mode() {
        Mode::Off => Guard::none(),
        Mode::Idle | Mode::Given | Mode::Elsewhere => global::root(slot, site),
        Mode::Direct => direct::enter(slot, site).map_or_else(Guard::none, Guard::direct),
        Mode::Lost => {
            collector::count_lost(slot.tracer(), slot.why_lost());
            Guard::missed(slot)
        }
        Mode::Waiting => match slot.tell() {
            Some(ring) => with_care(ring, site, slot.current.get()),
            None => outside_of(slot, site),
        },
        Mode::Forked => match slot.go_on() {
            Some(ring) => with_care(ring, site, slot.current.get()),
            None => Guard::missed(slot),
        },
    }
}

impl Guard {
    #[inline(always)]
    pub(crate) fn none() -> Self {
        Self { me: 0, before: 0, stays: PhantomData }
    }

    /// A span that is not recorded and keeps what is inside it from becoming a trace of its own.
    pub(crate) fn shadow(scope: u64) -> Self {
        Self { me: SHADOW, before: scope, stays: PhantomData }
    }

    /// A span that found no room.
    fn missed(slot: &Slot) -> Self {
        slot.miss().map_or_else(Self::none, |before| Self { me: MISSED, before, stays: PhantomData })
    }

    pub(crate) fn direct(entered: direct::Entered) -> Self {
        let direct::Entered { token, is_recorded } = entered;
        let (me, before) = if is_recorded { (FIRST_DIRECT + token, 0) } else { (UNRECORDED, token) };
        Self { me, before, stays: PhantomData }
    }

    /// The span that began what the ring takes until it ends.
    pub(crate) fn root(me: u64) -> Self {
        Self { me: me | CAREFUL | spared(), before: OUTSIDE, stays: PhantomData }
    }

    #[inline(always)]
    fn start(ring: &'static Ring, start: u64, before: u64, at: usize, now: u64) -> Self {
        ring.put_two(at, start, now);
        ring.publish(at + 2);
        let me = (before | NUMBER) + 1 + ring.number();
        Current.set(me);
        Self { me, before, stays: PhantomData }
    }

    /// Returns whether anything is recorded: what is costly to work out need not be otherwise.
    #[inline(always)]
    pub fn is_recording(&self) -> bool {
        self.me >= FIRST_DIRECT
    }

    /// Records an attribute; a second one of the same name replaces the first.
    #[inline(always)]
    pub fn attribute(&self, key: impl Label, value: impl Field) -> &Self {
        if self.me >= ONE_DEEPER {
            if !self.ring().is_some_and(|(ring, of)| value.write(&Pen::new(ring, of, Of::Span, key))) {
                collector::count_attribute_lost();
            }
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
        if self.me >= ONE_DEEPER {
            if !self.ring().is_some_and(|(ring, of)| record::event(ring, of, name, ticks())) {
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
        if self.me >= ONE_DEEPER {
            if !self.ring().is_some_and(|(ring, of)| record::link(ring, of, context)) {
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
        if self.me >= ONE_DEEPER {
            if !self
                .ring()
                .is_some_and(|(ring, of)| record::text(ring, of, record::STATUS, status_number(code), message))
            {
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
        if self.me >= ONE_DEEPER {
            if !self.ring().is_some_and(|(ring, of)| record::text(ring, of, record::NAME, 0, name)) {
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
    /// [`step!`](macro@crate::step) is the comfortable form. Does nothing and returns false when nothing is recorded, or a span
    /// inside this one is still open.
    #[inline(always)]
    pub fn next(&mut self, site: &'static Callsite) -> bool {
        if self.me < ONE_DEEPER {
            return self.me >= FIRST_DIRECT && direct::next(self.me - FIRST_DIRECT, site);
        }
        let me = self.me & !MARKS;
        let start = u64::from(site.id()) << 8 | u64::from(record::NEXT);
        SLOT.with(|slot| {
            let Some(ring) = slot.ring.get().filter(|_| slot.is_innermost(me)) else { return false };
            let Some(at) = record::room(ring, 2) else {
                collector::count_lost(slot.tracer(), collector::Lost::RingFull);
                return false;
            };
            ring.put_two(at, start, ticks());
            ring.publish(at + 2);
            let next = me & DEPTHS | ring.number();
            self.me = next | self.me & MARKS;
            slot.step_to(next);
            true
        })
    }

    /// Returns the ring that takes records of this span, and the number that they are to carry: 0 while it is the innermost.
    #[inline(always)]
    fn ring(&self) -> Option<(&'static Ring, u64)> {
        match ActiveRing.get() {
            Some(ring) if Current.get() == self.me & !MARKS => Some((ring, 0)),
            _ => self.outer_ring(),
        }
    }

    #[cold]
    fn outer_ring(&self) -> Option<(&'static Ring, u64)> {
        let number = self.me & NUMBER;
        SLOT.with(|slot| slot.ring_of(number)).map(|ring| (ring, number))
    }

    #[cold]
    #[inline(never)]
    fn end_with_care(&mut self) {
        match self.me {
            SHADOW => return SLOT.with(|slot| slot.leave_shadow(self.before)),
            MISSED => return SLOT.with(|slot| slot.miss_no_more(self.before)),
            UNRECORDED => return direct::exit(self.before),
            mark if mark < ONE_DEEPER => return direct::exit(mark - FIRST_DIRECT),
            _ => {}
        }
        let is_spared = self.me & SPARED != 0;
        self.me &= !MARKS;
        SLOT.with(|slot| {
            panics::settle();
            let number = self.me & NUMBER;
            let Some(ring) = slot.ring_of(number) else { return slot.disown(self.me, self.before) };
            let innermost = slot.is_innermost(self.me);
            if thread::panicking() && !is_spared {
                panics::record(ring, if innermost { 0 } else { number });
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
                slot.beware();
            } else {
                ring.put_two(at, number << 8 | u64::from(record::END_OF), ticks());
                ring.publish(at + 2);
                slot.ended_early(self.me, self.before);
            }
        });
    }
}

/// Marks a guard in whose end there is more to do: it equals nothing that the slot holds.
const CAREFUL: u64 = 1 << 61;
/// Marks a guard that began while its thread was unwinding: that panic is none of its own.
const SPARED: u64 = 1 << 60;
const MARKS: u64 = CAREFUL | SPARED;

/// Returns the mark of a guard that begins now, on a path that has time to look.
fn spared() -> u64 {
    if thread::panicking() { SPARED } else { 0 }
}

impl Drop for Guard {
    #[inline(always)]
    fn drop(&mut self) {
        if self.me == 0 {
            return;
        }
        match ActiveRing.get() {
            Some(ring) if Current.get() == self.me && !thread::panicking() => {
                let at = ring.head();
                ring.put(at, clock::quick_ticks() << 8 | u64::from(record::END));
                ring.publish(at + 1);
                Current.set(self.before);
            }
            _ => self.end_with_care(),
        }
    }
}

/// The event that was just recorded, for its details.
#[derive(Debug)]
pub struct EventGuard<'a> {
    guard: &'a Guard,
}

impl EventGuard<'_> {
    /// Records a detail of the event.
    #[inline]
    pub fn field(&self, key: impl Label, value: impl Field) -> &Self {
        let guard = self.guard;
        if guard.me >= ONE_DEEPER {
            if !guard.ring().is_some_and(|(ring, of)| value.write(&Pen::new(ring, of, Of::Event, key))) {
                collector::count_attribute_lost();
            }
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
