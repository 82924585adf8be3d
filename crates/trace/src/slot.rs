//! What is active on this thread: one slot, the only thing that the hot path looks at.

mod early;
mod owned;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use trackway_wire::propagation::Baggage;

use self::early::Early;
use self::owned::Owned;
use crate::collector;
use crate::context::{Context, More};
use crate::ids;
pub(crate) use crate::place::{Mode, Place};
use crate::place::{Packed, PlaceCell};
use crate::record;
use crate::ring::{MOST_OPEN, Ring};
use crate::span::Live;
use crate::tracer::is_direct;

thread_local! {
    /// The two fields of the slot that every span looks at, on their own: so small, their access is compiled into the caller.
    static RING: Cell<Option<&'static Ring>> = const { Cell::new(None) };
    static CURRENT: Cell<u64> = const { Cell::new(0) };
    pub(crate) static SLOT: Slot = const { Slot::idle() };
    /// What few contexts carry, kept out of the slot; `Slot::more` says whether something is here.
    static MORE: RefCell<Option<Arc<More>>> = const { RefCell::new(None) };
    /// Spans and scopes that ended before something inside them did.
    static EARLY: RefCell<Early> = const { RefCell::new(Early::new()) };
    /// The thread's ring, given back when the thread ends.
    static OWNED: Owned = const { Owned(Cell::new(None)) };
}

/// The ring that takes the spans of this thread.
pub(crate) struct ActiveRing;

impl ActiveRing {
    #[inline(always)]
    pub(crate) fn get(&self) -> Option<&'static Ring> {
        RING.get()
    }

    #[inline(always)]
    fn set(&self, ring: Option<&'static Ring>) {
        RING.set(ring);
    }
}

/// The innermost span of the ring: its depth above [`DEPTH`], its number below. Number 0: the scope's own span.
pub(crate) struct Current;

impl Current {
    #[inline(always)]
    pub(crate) fn get(&self) -> u64 {
        CURRENT.get()
    }

    #[inline(always)]
    pub(crate) fn set(&self, current: u64) {
        CURRENT.set(current);
    }
}

pub(crate) struct Slot {
    pub(crate) ring: ActiveRing,
    pub(crate) current: Current,
    place: PlaceCell,
    scopes: Cell<u64>,
    /// What is unusual: the bits below.
    unusual: Cell<u8>,
    /// The scope and the innermost span while what runs inside them is a span that could not be recorded.
    missing: Cell<(u64, u64)>,
    mine: Cell<Option<&'static Ring>>,
    /// The last span of a ring whose context was taken along.
    carried: Cell<u64>,
    /// The innermost scope whose context was lent to the slot.
    lender: Cell<u64>,
}

/// [`MORE`] holds something.
const MORE_CARRIED: u8 = 1;
/// [`EARLY`] holds something.
const ENDED_EARLY: u8 = 2;
/// `mine` is borrowed for one scope, by a thread that has given its own ring back.
const BORROWED: u8 = 4;
/// The thread had another ring before: the process was forked, or the thread is at its end.
const MOVED: u8 = 8;
/// [`EARLY`] has what was lent.
const LENT: u8 = 16;

/// Where the depth begins in [`Current`].
pub(crate) const DEPTH: u32 = 48;
pub(crate) const ONE_DEEPER: u64 = 1 << DEPTH;
pub(crate) const NUMBER: u64 = ONE_DEEPER - 1;
/// The bits of the depth alone.
pub(crate) const DEPTHS: u64 = 0x3ff << DEPTH;
/// From here on a span is refused.
pub(crate) const DEEPEST: u64 = (MOST_OPEN as u64) << DEPTH;
/// Marks in [`Current`] that a span around the innermost one has ended already. It makes every quick test fail.
const RAGGED: u64 = 1 << 62;
/// What comes before the span that began a trace on this thread.
pub(crate) const OUTSIDE: u64 = u64::MAX;

/// Returns what `current` is inside of a scope that begins now. It stays too deep, however many are forgotten.
#[inline(always)]
pub(crate) fn deeper(current: u64) -> u64 {
    (current & DEPTHS).min(DEEPEST) + ONE_DEEPER
}

/// What the poll of a traced future puts back, when it carries nothing.
#[derive(Clone, Copy)]
pub(crate) struct Left {
    ring: Option<&'static Ring>,
    current: u64,
    place: Packed,
}

/// What a scope puts back.
pub(crate) struct Saved {
    /// The scope's own number.
    scope: u64,
    ring: Option<&'static Ring>,
    current: u64,
    place: Packed,
    more: Option<Arc<More>>,
    had_more: bool,
}

impl Slot {
    const fn idle() -> Self {
        Self {
            ring: ActiveRing,
            current: Current,
            place: PlaceCell::nowhere(),
            scopes: Cell::new(0),
            unusual: Cell::new(0),
            missing: Cell::new((0, 0)),
            mine: Cell::new(None),
            carried: Cell::new(0),
            lender: Cell::new(0),
        }
    }

    #[inline(always)]
    fn has(&self, unusual: u8) -> bool {
        self.unusual.get() & unusual != 0
    }

    fn note(&self, unusual: u8, is_so: bool) {
        let others = self.unusual.get() & !unusual;
        self.unusual.set(if is_so { others | unusual } else { others });
    }

    #[inline(always)]
    pub(crate) fn mode(&self) -> Mode {
        self.place.mode()
    }

    #[inline(always)]
    pub(crate) fn tracer(&self) -> u32 {
        self.place.get().tracer
    }

    fn change(&self, change: impl FnOnce(&mut Place)) {
        let mut place = self.place.get();
        change(&mut place);
        self.place.set(place);
    }

    fn set_mode(&self, mode: Mode) {
        self.change(|place| place.mode = mode);
    }

    /// Returns the active context.
    pub(crate) fn context(&self) -> Context {
        let Place { trace, flags, remote, tracer, .. } = self.place.get();
        Context {
            trace,
            span: self.innermost(),
            flags,
            remote: remote && self.number() == 0,
            tracer,
            more: self.more(),
        }
    }

    /// Has the collector know that others may add to the innermost span from now on, for its context is taken along.
    #[inline(never)]
    pub(crate) fn carry_context(&self) {
        let Some(ring) = self.ring.get().filter(|_| self.number() != 0) else { return };
        let span = self.innermost();
        if self.carried.get() != span
            && let Some(at) = record::room(ring, 1)
        {
            ring.put(at, u64::from(record::CARRIED));
            ring.publish(at + 1);
            self.carried.set(span);
        }
    }

    /// Returns the number of the innermost span in the ring; 0 when that is the scope's own span.
    pub(crate) fn number(&self) -> u64 {
        self.current.get() & NUMBER
    }

    fn innermost(&self) -> u64 {
        match (self.ring.get(), self.number()) {
            (Some(ring), number) if number > ring.first => ids::nth(ring.base, number),
            _ => self.place.get().span,
        }
    }

    /// Returns the number of the innermost scope.
    #[inline]
    pub(crate) fn scope(&self) -> u64 {
        self.place.scope()
    }

    /// As [`attach`](Self::attach), for a context whose `more` is wanted back; also returns what is to be put back as the lender.
    #[inline]
    pub(crate) fn attach_lent(&self, context: &Context, more: Option<Arc<More>>) -> (Saved, u64) {
        let saved = self.attach(context, more);
        let lender = self.lender.replace(saved.scope);
        (saved, lender)
    }

    /// As [`detach`](Self::detach), and returns what was lent.
    #[inline]
    pub(crate) fn detach_and_take_back(&self, saved: &mut Saved, lender: u64) -> Option<Arc<More>> {
        let more = if self.has(MORE_CARRIED) && self.scope() == saved.scope { self.exchange_more(None) } else { None };
        let lent = if self.has(LENT) { self.take_lent(saved.scope) } else { None };
        self.lender.set(lender);
        self.detach(saved);
        more.or(lent)
    }

    /// Returns the active span, when it is an owned one.
    pub(crate) fn live(&self) -> Option<Arc<Live>> {
        let more = self.more()?;
        let (span, live) = more.live.as_ref()?;
        (*span == self.place.get().span && self.number() == 0).then(|| live.clone())
    }

    /// Has what begins here from now on carry that baggage, if what is active is that span.
    pub(crate) fn rebaggage(&self, span: &Context, baggage: &Baggage) {
        let Place { trace, span: active, .. } = self.place.get();
        if self.number() == 0 && trace == span.trace && active == span.span && trace != 0 {
            let more = self.more().as_deref().cloned().unwrap_or_default();
            self.exchange_more(Some(Arc::new(More { baggage: baggage.clone(), ..more })));
        }
    }

    /// Returns what the active context carries besides ids.
    pub(crate) fn more(&self) -> Option<Arc<More>> {
        // At the thread's end it may be gone already.
        if self.has(MORE_CARRIED) { MORE.try_with(|more| more.borrow().clone()).ok().flatten() } else { None }
    }

    #[inline(never)]
    fn exchange_more(&self, more: Option<Arc<More>>) -> Option<Arc<More>> {
        if !self.has(MORE_CARRIED) && more.is_none() {
            return None;
        }
        self.note(MORE_CARRIED, more.is_some());
        MORE.try_with(|cell| cell.replace(more)).ok().flatten()
    }

    /// Returns true when what is active is the span around one that could not be recorded.
    pub(crate) fn is_missing(&self) -> bool {
        self.missing.get() == self.here()
    }

    fn here(&self) -> (u64, u64) {
        (self.scope(), self.current.get() & !RAGGED)
    }

    /// Notes that a span begins here that could not be recorded; returns what [`miss_no_more`](Self::miss_no_more) wants to know,
    /// unless one is noted already.
    #[cold]
    pub(crate) fn miss(&self) -> Option<u64> {
        let here = self.here();
        if self.missing.get() == here {
            return None;
        }
        let before = self.missing.replace(here);
        if before != (0, 0) {
            EARLY.try_with(|early| early.borrow_mut().missing.push(before)).ok()?;
        }
        Some(here.1)
    }

    /// Notes that the span is over.
    #[cold]
    pub(crate) fn miss_no_more(&self, current: u64) {
        let is_last = self.missing.get().1 == current;
        let _ = EARLY.try_with(|early| {
            let missing = &mut early.borrow_mut().missing;
            if is_last {
                self.missing.set(missing.pop().unwrap_or_default());
            } else if let Some(at) = missing.iter().rposition(|(_, missed)| *missed == current) {
                missing.remove(at);
            }
        }); // At the thread's end nobody asks.
    }

    /// Makes `context` the active one; returns what is to be put back.
    #[inline(always)]
    pub(crate) fn attach(&self, context: &Context, more: Option<Arc<More>>) -> Saved {
        if context.tracer == 0 || self.has(MORE_CARRIED) || more.is_some() {
            return self.attach_with_more(context, more);
        }
        self.exchange(context, None, false)
    }

    #[inline(never)]
    fn attach_with_more(&self, context: &Context, more: Option<Arc<More>>) -> Saved {
        if self.has(MORE_CARRIED) && self.scope() == self.lender.get() {
            self.keep_lent();
        }
        let owner = if context.tracer == 0 { self.more().and_then(|more| more.owner.clone()) } else { None };
        let had_more = self.has(MORE_CARRIED);
        let Some(owner) = owner else { return self.exchange(context, self.exchange_more(more), had_more) };
        // What comes from elsewhere is recorded by the tracer that the thread was given.
        let tracer = if context.trace == 0 { owner.number() } else { 0 };
        let more = More { owner: Some(owner), ..more.as_deref().cloned().unwrap_or_default() };
        let more = self.exchange_more(Some(Arc::new(more)));
        self.exchange(&Context { tracer, more: None, ..*context }, more, had_more)
    }

    #[inline(always)]
    fn exchange(&self, context: &Context, more: Option<Arc<More>>, had_more: bool) -> Saved {
        let (ring, current) = (self.ring.get(), self.current.get());
        let scope = self.scopes.get() + 1;
        self.scopes.set(scope);
        let Context { trace, span, flags, remote, tracer, .. } = *context;
        let depth = current & DEPTHS;
        let deeper = deeper(current);
        let mode = if trace != 0 && tracer != 0 && !is_direct(tracer) && context.is_sampled() {
            if depth < DEEPEST - ONE_DEEPER { Mode::Waiting } else { Mode::Lost }
        } else {
            unrecorded(context)
        };
        let place = self.place.packed();
        self.place.put(&Place { trace, span, scope, tracer, flags, remote, mode }.pack());
        self.ring.set(None);
        self.current.set(deeper);
        Saved { scope, ring, current, place, more, had_more }
    }

    /// As [`attach`](Self::attach), for a place that is ready made and carries nothing; `None` when something is unusual.
    #[inline(always)]
    pub(crate) fn enter(&self, place: &Packed) -> Option<Left> {
        let current = self.current.get();
        // The marks lie above the depth.
        if self.unusual.get() != 0 || current >= DEEPEST - ONE_DEEPER {
            return None;
        }
        let left = Left { ring: self.ring.get(), current, place: self.place.packed() };
        self.place.put(place);
        self.ring.set(None);
        self.current.set((current | NUMBER) + 1);
        Some(left)
    }

    /// Puts back what was active before [`enter`](Self::enter).
    #[inline(always)]
    pub(crate) fn go_back(&self, scope: u64, left: &Left) {
        if self.scope() != scope || self.ring.get().is_some() || self.unusual.get() != 0 {
            let Left { ring, current, place } = *left;
            return self.detach_with_care(&mut Saved { scope, ring, current, place, more: None, had_more: false });
        }
        self.ring.set(left.ring);
        self.current.set(left.current);
        self.place.put(&left.place);
    }

    /// Tells the ring the scope's tracestate, if there is one. Without room for it the spans go without.
    fn record_state(&self, ring: &Ring) -> bool {
        if self.has(MORE_CARRIED) {
            let _ = MORE.try_with(|more| match &*more.borrow() {
                Some(more) if !more.state_text.is_empty() => record::text(ring, 0, record::STATE, 0, &more.state_text),
                _ => true,
            }); // At the thread's end it may be gone.
        }
        true
    }

    /// Tells the ring of the scope that waits, so that it can take what is inside; `None` when there is no room for it.
    #[cold]
    pub(crate) fn tell(&self) -> Option<&'static Ring> {
        if let Some(ring) = self.ring.get() {
            return Some(ring);
        }
        let ring =
            self.mine_or_borrowed().filter(|ring| record_attach(ring, &self.place.get()) && self.record_state(ring));
        self.ring.set(ring);
        if ring.is_none() {
            self.set_mode(Mode::Lost);
        }
        ring
    }

    /// Puts back what was active before the scope; later, when a scope inside it is still open.
    #[inline(always)]
    pub(crate) fn detach(&self, saved: &mut Saved) {
        if self.scope() != saved.scope || self.ring.get().is_some() || self.unusual.get() != 0 || saved.had_more {
            return self.detach_with_care(saved);
        }
        self.ring.set(saved.ring);
        self.current.set(saved.current);
        self.place.put(&saved.place);
    }

    #[inline(never)]
    fn detach_with_care(&self, saved: &mut Saved) {
        if self.scope() != saved.scope {
            return self.detach_later(saved);
        }
        self.restore(saved);
        if self.has(ENDED_EARLY) {
            self.catch_up();
        }
    }

    fn restore(&self, saved: &mut Saved) {
        // The scope has a ring only if the ring was told of something inside it, which ends with it.
        if let Some(ring) = self.ring.get() {
            record_detach(ring, crate::clock::ticks());
        }
        self.ring.set(saved.ring);
        self.current.set(saved.current);
        self.place.put(&saved.place);
        if self.has(MORE_CARRIED) || saved.had_more {
            self.exchange_more(saved.more.take());
        }
        if let Some(ring) = saved.ring
            && !self.owns(ring)
        {
            self.restore_forked(ring, saved);
        }
        if self.has(BORROWED) {
            self.return_borrowed();
        }
    }

    /// Returns true when the span is the innermost one, though one around it may have ended.
    pub(crate) fn is_innermost(&self, me: u64) -> bool {
        self.ring.get().is_some() && self.current.get() & !RAGGED == me
    }

    /// Has the next span on a panicking thread look at what is unusual, as the quick path does not.
    #[inline]
    pub(crate) fn beware(&self) {
        if self.ring.get().is_some() && std::thread::panicking() {
            self.current.set(self.current.get() | RAGGED);
        }
    }

    /// Has a sibling take the place of the innermost span.
    #[inline(always)]
    pub(crate) fn step_to(&self, next: u64) {
        self.current.set(next | self.current.get() & RAGGED);
    }

    /// Begins a trace, or this process's part of one: the ring takes spans until [`leave`](Self::leave).
    pub(crate) fn begin(&self, ring: Option<&'static Ring>, current: u64, place: &Place) {
        if matches!(self.mode(), Mode::Elsewhere | Mode::Given) {
            let outer = (self.place.get(), self.current.get());
            let _ = EARLY.try_with(|early| early.borrow_mut().outer.push(outer)); // At thread end nothing is restored.
            self.note(ENDED_EARLY, true);
        }
        self.ring.set(ring);
        self.current.set(current);
        self.place.set(Place { scope: self.scope(), ..*place });
    }

    /// Carries `more` while the trace that was just begun lasts.
    pub(crate) fn carry(&self, more: Option<Arc<More>>) {
        self.exchange_more(more);
    }

    /// Ends what [`begin`](Self::begin) began.
    #[cold]
    pub(crate) fn leave(&self, ring: &Ring) {
        // Its span has just ended, so that there is mostly nothing left whose end the time would tell.
        record_detach(ring, 0);
        self.leave_quietly();
        self.return_borrowed();
    }

    /// Ends what is open on this thread, with the panic that aborts the program in the innermost span.
    pub(crate) fn abort(&self) {
        if let Some(ring) = self.ring.get().filter(|ring| self.owns(ring)) {
            crate::panics::record(ring, 0);
            let at = ring.head();
            ring.put(at, u64::from(record::GONE));
            ring.publish(at + 1);
        }
    }

    /// Returns why nothing is recorded inside of what found no room.
    #[cold]
    pub(crate) fn why_lost(&self) -> collector::Lost {
        match self.mine.get() {
            _ if self.current.get() & DEPTHS >= DEEPEST => collector::Lost::Depth,
            None => collector::Lost::NoRing,
            Some(_) => collector::Lost::RingFull,
        }
    }

    /// Leaves a span that kept all inside it from being recorded; later, when a scope inside it is still open.
    #[cold]
    pub(crate) fn leave_shadow(&self, of: u64) {
        let scope = self.scope();
        if of == scope {
            return self.leave_quietly();
        }
        if of < scope {
            let noted = EARLY.try_with(|early| early.borrow_mut().shadows.push(of));
            self.note(ENDED_EARLY, self.has(ENDED_EARLY) || noted.is_ok());
        }
    }
}

/// Returns the mode of a context that no ring takes.
fn unrecorded(context: &Context) -> Mode {
    match (context.trace, context.tracer) {
        (_, crate::tracer::NOBODY) => Mode::Off,
        (0, 0) => Mode::Idle,
        (_, tracer) if is_direct(tracer) && (context.trace == 0 || context.is_sampled()) => Mode::Direct,
        (0, _) => Mode::Given,
        (_, 0) => Mode::Elsewhere,
        _ => Mode::Off,
    }
}

#[inline]
fn record_attach(ring: &Ring, place: &Place) -> bool {
    let Some(at) = record::room(ring, 5) else { return false };
    let remote = u64::from(place.remote) << 16;
    ring.put(at, remote | u64::from(place.flags) << 8 | u64::from(record::ATTACH));
    ring.put(at + 1, place.span);
    record::put_trace(ring, at + 2, place.trace);
    ring.put(at + 4, u64::from(place.tracer));
    ring.publish(at + 5);
    true
}

fn record_detach(ring: &Ring, tick: u64) {
    let at = ring.head();
    ring.put(at, tick << 8 | u64::from(record::DETACH));
    ring.publish(at + 1);
}

/// Calls `work` inside a span that could not be recorded: what it says of itself must not be said of the one around it.
pub(crate) fn inside_missing<R>(work: impl FnOnce() -> R) -> R {
    struct Restore((u64, u64));
    impl Drop for Restore {
        fn drop(&mut self) {
            SLOT.with(|slot| slot.missing.set(self.0));
        }
    }
    let _restore = SLOT.with(|slot| Restore(slot.missing.replace(slot.here())));
    work()
}

/// Has nothing recorded on this thread from now on: for threads that serve the tracing itself.
pub(crate) fn silence() {
    crate::span::silence();
    SLOT.with(|slot| slot.change(|place| (place.mode, place.tracer) = (Mode::Off, 0)));
}

/// Calls `work` with nothing recorded on this thread.
pub(crate) fn silently<R>(work: impl FnOnce() -> R) -> R {
    struct Restore(Option<&'static Ring>, Mode);
    impl Drop for Restore {
        fn drop(&mut self) {
            SLOT.with(|slot| {
                slot.ring.set(self.0);
                slot.set_mode(self.1);
            });
        }
    }
    let _restore = SLOT.with(|slot| {
        let restore = Restore(slot.ring.get(), slot.mode());
        slot.ring.set(None);
        slot.set_mode(Mode::Off);
        restore
    });
    work()
}
