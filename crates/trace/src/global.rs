//! The tracer that the macros use when nothing is active.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::callsite::Callsite;
use crate::clock::ticks;
use crate::collector::{self, Lost};
use crate::context::{Context, DEBUG_ID};
use crate::guard::Guard;
use crate::ids;
use crate::record;
use crate::sampler::{ASKED, Chosen, Sampling, randomness};
use crate::slot::{DEEPEST, Mode, Place, Slot, deeper};
use crate::tracer::{Tracer, is_direct};

/// The number of the global tracer while it records; 0 when there is none or it is off.
static TRACER: AtomicU32 = AtomicU32::new(0);
/// Its sampler's threshold: all that there is to decide where a trace begins, unless it is [`ASKED`].
static THRESHOLD: AtomicU64 = AtomicU64::new(0);
/// The tracers that were installed and not shut down since; the last one is the global one.
static GLOBAL: RwLock<Vec<Tracer>> = RwLock::new(Vec::new());

/// Sampled, and random.
const RECORDED: u8 = 3;
/// Random.
const UNRECORDED: u8 = 2;

/// Returns the flags of a trace's part in this process. Whether the trace id is random, only the process knows that made it.
pub(crate) fn flags(sampled: bool, parent: Option<&Context>) -> u8 {
    let random = parent.map_or(UNRECORDED, |parent| parent.flags & UNRECORDED);
    if sampled { random | (RECORDED & !UNRECORDED) } else { random }
}

#[inline(always)]
pub(crate) fn is_off() -> bool {
    TRACER.load(Ordering::Relaxed) == 0
}

/// Returns the global tracer: the one that was [installed](crate::Builder::install), or else one that records nothing.
pub fn tracer() -> Tracer {
    installed().last().cloned().unwrap_or_default()
}

/// Returns whether a tracer is [installed](crate::Builder::install), so that [`tracer`] returns one that may record.
pub fn is_installed() -> bool {
    !installed().is_empty()
}

fn installed() -> RwLockReadGuard<'static, Vec<Tracer>> {
    GLOBAL.read().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a tracer the global one until it is [uninstalled](uninstall); then the one before is the global one again.
pub(crate) fn install(tracer: &Tracer) {
    let mut global = GLOBAL.write().unwrap_or_else(PoisonError::into_inner);
    global.push(tracer.clone());
    publish(tracer);
}

pub(crate) type Held = RwLockWriteGuard<'static, Vec<Tracer>>;

/// Keeps the global tracer whole while the process forks.
pub(crate) fn hold() -> Held {
    GLOBAL.write().unwrap_or_else(PoisonError::into_inner)
}

/// Has the macros record nothing from now on.
pub(crate) fn turn_off() {
    TRACER.store(0, Ordering::Relaxed);
}

/// Takes the tracer away again.
pub(crate) fn uninstall(tracer: &Tracer) {
    let mut global = GLOBAL.write().unwrap_or_else(PoisonError::into_inner);
    let gone: Vec<Tracer> = global.extract_if(.., |installed| installed.is(tracer)).collect();
    if !gone.is_empty() {
        publish(&global.last().cloned().unwrap_or_default());
    }
    drop(global);
    // Whoever held the last clone of it waits for its spans now, with the lock free.
    drop(gone);
}

/// Has the macros see that the tracer was switched on or off, if it is the global one.
pub(crate) fn switched(tracer: &Tracer) {
    let global = installed();
    if global.last().is_some_and(|global| global.is(tracer)) {
        publish(tracer);
    }
}

fn publish(tracer: &Tracer) {
    THRESHOLD.store(tracer.chosen().map_or(ASKED, Chosen::threshold), Ordering::Relaxed);
    TRACER.store(if tracer.is_enabled() { tracer.number() } else { 0 }, Ordering::Relaxed);
}

/// Begins a trace, or this process's part of the one that is active.
#[inline(never)]
pub(crate) fn root(slot: &Slot, site: &'static Callsite) -> Guard {
    let elsewhere = slot.mode() == Mode::Elsewhere;
    let tracer = TRACER.load(Ordering::Relaxed);
    let threshold = THRESHOLD.load(Ordering::Relaxed);
    if elsewhere || slot.tracer() != 0 || is_direct(tracer) {
        return root_with_care(slot, site);
    }
    if tracer == 0 {
        return Guard::none();
    }
    let trace = ids::trace_id();
    if randomness(trace) < threshold {
        if threshold == ASKED {
            return root_with_care(slot, site);
        }
        return shadow(slot, trace, ids::span_id(), tracer, UNRECORDED);
    }
    if threshold != 0 {
        return sampled_root(slot, site, trace);
    }
    begin(slot, site, tracer, trace, None)
}

/// Returns the tracer of what begins on this thread: the thread's own choice, or else the global one.
pub(crate) fn tracer_for(slot: &Slot) -> Option<Tracer> {
    let owner = slot.more().and_then(|more| more.owner.clone());
    owner.or_else(|| installed().last().cloned()).filter(Tracer::is_enabled)
}

/// Begins a trace that is one of a share, and says so.
#[inline(never)]
fn sampled_root(slot: &Slot, site: &'static Callsite, trace: u128) -> Guard {
    let Some(tracer) = tracer_for(slot) else { return Guard::none() };
    let context = tracer.marked(slot.context());
    begin(slot, site, tracer.number(), trace, Some(&context))
}

#[cold]
fn root_with_care(slot: &Slot, site: &'static Callsite) -> Guard {
    let Some(tracer) = tracer_for(slot) else { return Guard::none() };
    if tracer.is_direct() {
        return crate::direct::root(&tracer, site).map_or_else(Guard::none, Guard::direct);
    }
    let parent = (slot.mode() == Mode::Elsewhere).then(|| slot.context());
    let trace = parent.as_ref().map_or_else(ids::trace_id, |parent| parent.trace);
    let verdict = tracer.decide(None, &Sampling::at(trace, parent.as_ref(), site));
    if !verdict.sampled {
        let span = parent.as_ref().map(|parent| parent.span).filter(|span| *span != 0).unwrap_or_else(ids::span_id);
        return shadow(slot, trace, span, tracer.number(), flags(false, parent.as_ref()));
    }
    let is_marked = parent.is_none() && tracer.chosen().is_some_and(|chosen| chosen.threshold() != ASKED);
    let state = if is_marked { None } else { verdict.told.state(parent.as_ref(), true) };
    let context = match (parent.unwrap_or_else(|| slot.context()), state) {
        (context, Some(state)) => context.with_state(state),
        (context, None) if is_marked => tracer.marked(context),
        (context, None) => context,
    };
    let guard = begin(slot, site, tracer.number(), trace, Some(&context));
    if let Some(id) = context.debug_id().filter(|_| context.span == 0) {
        crate::active().attribute(DEBUG_ID, id);
    }
    for (key, value) in &verdict.attributes {
        guard.attribute(&**key, value);
    }
    guard
}

/// A trace that is not recorded: what is inside it is not either, but other processes learn of the decision.
fn shadow(slot: &Slot, trace: u128, span: u64, tracer: u32, flags: u8) -> Guard {
    let place = Place { trace, span, scope: 0, tracer, flags, remote: false, mode: Mode::Off };
    slot.begin(None, deeper(slot.current.get()), &place);
    Guard::shadow(slot.scope())
}

/// Begins the recorded trace; `around` is what it is a part of and what it carries.
fn begin(slot: &Slot, site: &'static Callsite, tracer: u32, trace: u128, around: Option<&Context>) -> Guard {
    let deeper = deeper(slot.current.get());
    let parent = around.map_or(0, |around| around.span);
    let flags = flags(true, around.filter(|around| around.trace != 0));
    let place = Place { trace, span: parent, scope: 0, tracer, flags, remote: parent != 0, mode: Mode::Lost };
    let lost = |why| {
        collector::count_lost(tracer, why);
        slot.begin(None, deeper, &place);
        Guard::shadow(slot.scope())
    };
    if deeper > DEEPEST {
        return lost(Lost::Depth);
    }
    let Some(ring) = slot.mine_or_borrowed() else { return lost(Lost::NoRing) };
    let state = around.and_then(Context::trace_state);
    // Before there is a place to write at: it may allocate, and the program's allocator may make spans.
    let start = u64::from(site.id()) << 8 | u64::from(record::START);
    // The scope's state and the span's start are written after this without another look.
    let Some(at) = record::room(ring, 16) else { return lost(Lost::RingFull) };
    ring.put(at, u64::from(place.remote) << 16 | u64::from(flags) << 8 | u64::from(record::ATTACH));
    ring.put(at + 1, parent);
    record::put_trace(ring, at + 2, trace);
    ring.put(at + 4, u64::from(tracer));
    let mut at = at + 5;
    if let Some(state) = state {
        ring.publish(at);
        record::text(ring, 0, record::STATE, 0, state);
        at = ring.head();
    }
    ring.put(at, start);
    ring.put(at + 1, ticks());
    ring.publish(at + 2);
    let me = deeper + ring.number();
    slot.begin(Some(ring), me, &place);
    if let Some(around) = around {
        slot.carry(around.more.clone());
    }
    Guard::root(me)
}
