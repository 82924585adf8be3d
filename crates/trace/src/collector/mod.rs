//! The collector: from the threads' rings to batches of finished spans.
//!
//! One thread for the whole process reads all rings, a few times a second, and at once when a ring fills. Whoever
//! flushes asks it to and waits; only where the thread is gone does a flush do the work itself. No hook of the program
//! runs with a lock held, so that nobody waits for one but who flushes, and that until a deadline.
//! What it works out is all that the hot path leaves out: ids, parents, wall-clock time, limits, and OTLP's bytes.

mod draft;
mod far;
pub(crate) mod holding;
mod hooks;
pub(crate) mod late;
mod pipeline;
pub(crate) mod rings;
mod settle;
mod stream;
pub(crate) mod time;
pub(crate) mod verdicts;

use std::cell::Cell;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use self::pipeline::Pipeline;
use self::settle::{Settling, call_hooks, settle};
use self::stream::{Desk, Stream};
use crate::slot::SLOT;
pub(crate) use crate::stats::Lost;
use crate::stats::{self, TRACERS};
use crate::tracer::{Core, News};
use crate::{aside, callsite, exit, global, slot, sys};

/// How often the rings are read while there is something in them.
const BUSY: Duration = Duration::from_millis(20);
/// How often while there is nothing.
const IDLE: Duration = Duration::from_millis(100);
/// A span that is open for as long is announced,
const ANNOUNCED_AFTER: u64 = 500_000_000;
/// and again as often.
const ANNOUNCED_EVERY: u64 = 10_000_000_000;
/// The hooks are called when so many bytes of records wait for them.
const MOST_UNSEEN: usize = 4 << 20;
/// How often what somebody else has is looked at again.
const POLL: Duration = Duration::from_millis(1);
/// How often the collector lets others go first.
const MOST_WAITED: u32 = 5;

#[derive(Default)]
struct State {
    /// By the tracer's number modulo [`TRACERS`].
    pipelines: Vec<Option<Pipeline>>,
    /// A bit for every place that a tracer has, from before it is opened.
    taken: u64,
    streams: Vec<Stream>,
    desk: Desk,
    /// When open spans were last looked for, in nanoseconds since 1970.
    announced: u64,
    /// True while a thread drains the rings, which it does in several goes, with the state free in between.
    is_drained: bool,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);
/// Held by whoever forks, and shared by whoever holds a lock that the child of a fork would wait for.
static FORK: RwLock<()> = RwLock::new(());
static RUNNING: AtomicBool = AtomicBool::new(false);
static WOKEN: AtomicBool = AtomicBool::new(false);
static SLEEPER: RwLock<Option<Thread>> = RwLock::new(None);
static TRACER: AtomicU32 = AtomicU32::new(0);
/// How many wait for the state. The collector lets them go first: under load it would have it again before they looked.
static WAITING: AtomicU32 = AtomicU32::new(0);
/// How many flushes were ever asked of the collector's thread, and how many of them it has done.
static ASKED: AtomicU64 = AtomicU64::new(0);
static DONE: Mutex<u64> = Mutex::new(0);
static ANSWER: Condvar = Condvar::new();
/// How often this process and those before it were forked.
static FORKS: AtomicU32 = AtomicU32::new(0);
/// True in the child of a fork that a hook made: nothing is traced in it.
static LOST: AtomicBool = AtomicBool::new(false);

thread_local! {
    static COLLECTING: Cell<bool> = const { Cell::new(false) };
}

/// Returns true on a thread that collects: inside of a processor's hook.
pub(crate) fn in_collector() -> bool {
    COLLECTING.get()
}

/// Returns how often this process and those before it were forked: what belongs to another one is not this one's.
pub(crate) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// Returns true in a process in which nothing can be traced.
pub(crate) fn is_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Returns true while the collector's thread runs.
pub(crate) fn is_running() -> bool {
    RUNNING.load(Ordering::Relaxed)
}

/// Counts a span that was refused.
#[cold]
pub(crate) fn count_lost(tracer: u32, lost: Lost) {
    if let Some(counters) = stats::of_living(tracer) {
        counters.count(lost);
    }
}

/// Counts an attribute, an event or a link for which the ring had no room.
#[cold]
pub(crate) fn count_attribute_lost() {
    let tracer = SLOT.with(|slot| slot.tracer());
    if let Some(counters) = stats::of_living(tracer) {
        counters.fields_lost.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns the number of a new tracer; `None` when there are too many, and inside of a hook.
pub(crate) fn number() -> Option<u32> {
    if in_collector() || is_lost() {
        return None;
    }
    let mut state = lock();
    let state = state.get_or_insert_default();
    state.pipelines.resize_with(TRACERS, || None);
    // Number 0 means none.
    let free = (1..TRACERS).find(|place| state.taken & 1 << place == 0)?;
    state.taken |= 1 << free;
    let serial = TRACER.fetch_add(1, Ordering::Relaxed) % (1 << 24);
    Some(serial * TRACERS as u32 + free as u32)
}

/// Has the spans of a tracer collected.
pub(crate) fn open(core: &Arc<Core>) {
    exit::watch_forks();
    time::observe();
    stats::of(core.number).reset(core.number);
    if let Some(state) = lock().as_mut()
        && let Some(place) = state.pipelines.get_mut(core.number as usize % TRACERS)
    {
        *place = Some(Pipeline::new(core));
    }
    if !core.config.disabled {
        wake();
    }
}

/// Forgets the tracers that nobody has any more.
pub(crate) fn close() {
    if in_collector() {
        return;
    }
    let gone = lock().as_mut().map(State::take_gone);
    // With the lock free: what a hook of the program's own owns is dropped with them.
    drop(gone);
}

impl State {
    fn take_gone(&mut self) -> Vec<Pipeline> {
        let mut gone = Vec::new();
        for place in &mut self.pipelines {
            if let Some(pipeline) = place.take_if(|pipeline| pipeline.core.is_gone()) {
                let number = pipeline.core.number;
                self.desk.far.forget(number);
                self.taken &= !(1 << (number as usize % TRACERS));
                gone.push(pipeline);
            }
        }
        gone
    }
}

/// Takes the state from the collector, which lets whoever waits go first.
fn lock() -> MutexGuard<'static, Option<State>> {
    WAITING.fetch_add(1, Ordering::Relaxed);
    let state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    WAITING.fetch_sub(1, Ordering::Relaxed);
    state
}

/// Collector: does a part of its work, which must call nothing of the program's own.
fn with<R>(work: impl FnOnce(&mut State) -> R) -> R {
    work(STATE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
}

/// Has the rings read soon.
#[cold]
pub(crate) fn wake() {
    if WOKEN.swap(true, Ordering::AcqRel) {
        return;
    }
    start();
    if let Some(thread) = SLEEPER.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
        thread.unpark();
    }
}

/// Starts the collector's thread, unless it runs.
pub(crate) fn start() {
    if is_lost() || RUNNING.swap(true, Ordering::AcqRel) {
        return;
    }
    let started = sys::without_signals(|| thread::Builder::new().name("trackway".to_owned()).spawn(run));
    if started.is_err() {
        // Without a thread the rings are read whenever somebody flushes; the next wake tries again.
        RUNNING.store(false, Ordering::Release);
        WOKEN.store(false, Ordering::Release);
    }
}

fn run() {
    slot::silence();
    let me = thread::current();
    *SLEEPER.write().unwrap_or_else(PoisonError::into_inner) = Some(me);
    // Whoever asked before this could not unpark it.
    let mut pause = Some(Duration::ZERO);
    // A hook that forked is all that runs in that child, and then this.
    while !is_lost() {
        match pause {
            Some(pause) => thread::park_timeout(pause),
            None => thread::park(),
        }
        WOKEN.swap(false, Ordering::AcqRel);
        for _ in 0..MOST_WAITED {
            if WAITING.load(Ordering::Relaxed) == 0 {
                break;
            }
            thread::sleep(POLL);
        }
        // What a program's own types do when they are dropped may panic too; the thread outlives it.
        pause = catch_unwind(round).unwrap_or(Some(BUSY));
    }
}

/// Reads the rings once, and for those who asked to the end; returns when to do it again: `None` when somebody will ask, since
/// there is no tracer.
fn round() -> Option<Duration> {
    let asked = ASKED.load(Ordering::Acquire);
    if !time::observe() {
        return Some(BUSY);
    }
    let Some(turn) = Turn::take() else { return Some(POLL) };
    let is_asked = *DONE.lock().unwrap_or_else(PoisonError::into_inner) < asked;
    let busy = if is_asked { drain_all() } else { drain() };
    drop(turn);
    if is_asked {
        *DONE.lock().unwrap_or_else(PoisonError::into_inner) = asked;
        ANSWER.notify_all();
    }
    let (gone, is_needed) = with(|state| (state.take_gone(), state.pipelines.iter().any(Option::is_some)));
    drop(gone);
    match (busy, is_needed) {
        (true, _) => Some(BUSY),
        (false, true) => Some(IDLE),
        (false, false) => None,
    }
}

/// Collects everything that was recorded before the call and hands it to the exporters; returns whether that was done in
/// time.
pub(crate) fn collect(until: Instant) -> bool {
    if in_collector() || is_lost() {
        return false;
    }
    // At a process's start it takes a moment until ticks can be told in time.
    let until = until.max(Instant::now() + MOST_WAITED * POLL);
    while !time::observe() {
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(POLL);
    }
    if is_running() { ask(until) } else { collect_here(until) }
}

/// Has the collector's thread collect.
fn ask(until: Instant) -> bool {
    let asked = ASKED.fetch_add(1, Ordering::AcqRel) + 1;
    wake();
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    while *done < asked {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        done = ANSWER.wait_timeout(done, left).unwrap_or_else(PoisonError::into_inner).0;
    }
    true
}

/// Collects where there is no thread for it: none can be started, or nothing was recorded since a fork.
fn collect_here(until: Instant) -> bool {
    loop {
        if let Some(_turn) = Turn::take() {
            slot::silently(drain_all);
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(POLL);
    }
}

/// The right to drain the rings, which one thread has at a time.
struct Turn;

impl Turn {
    fn take() -> Option<Self> {
        with(|state| !std::mem::replace(&mut state.is_drained, true)).then_some(Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        with(|state| state.is_drained = false);
    }
}

struct Collecting;

impl Collecting {
    fn begin() -> Self {
        COLLECTING.set(true);
        Self
    }
}

impl Drop for Collecting {
    fn drop(&mut self) {
        COLLECTING.set(false);
    }
}

/// Reads all rings to the end and hands over everything.
fn drain_all() -> bool {
    // A span whose end is read before its start is complete after the second time.
    let busy = drain() | drain();
    settle(Settling::All);
    with(|state| state.pipelines.iter_mut().flatten().for_each(Pipeline::hand_over));
    busy
}

/// Reads all rings and hands over what is due; returns whether there was anything.
fn drain() -> bool {
    let _collecting = Collecting::begin();
    let Some(line) = &time::line() else { return false };
    let (ended, streams) = with(|state| {
        let ended = take_news(&mut state.pipelines);
        let rings = rings::lock();
        let known = state.streams.len();
        state.streams.extend(rings.all.iter().skip(known).map(|ring| Stream::new(ring)));
        (ended, state.streams.len())
    });
    let mut busy = !ended.is_empty();
    for place in 0..streams {
        let unseen = with(|state| {
            let Some(stream) = state.streams.get_mut(place) else { return 0 };
            busy |= stream.ring.tail() != stream.ring.published();
            stream.read(&mut state.desk, &mut state.pipelines, line);
            state.pipelines.iter().flatten().map(Pipeline::call_bytes).sum()
        });
        if unseen >= MOST_UNSEEN {
            call_hooks();
        }
    }
    let now = line.wall(crate::clock::ticks());
    let is_due = with(|state| {
        for (span, tick) in late::take() {
            state.desk.far.end(span, line.wall(tick));
        }
        for (tracer, news) in ended {
            let Some(pipeline) = pipeline_of(&mut state.pipelines, tracer) else { continue };
            match news {
                News::Began(_) | News::TraceBegan(_) => {}
                News::Ended(record) => pipeline.take_record(record),
                News::TraceEnded(run) => pipeline.trace_ended(run),
            }
        }
        busy |= state.desk.far.complete(&mut state.pipelines);
        state.desk.far.forget_unbegun();
        let is_due = now.saturating_sub(state.announced) >= ANNOUNCED_AFTER / 2;
        if is_due {
            state.announced = now;
        }
        is_due
    });
    if is_due {
        announce(now);
    }
    call_hooks();
    settle(Settling::Due);
    with(|state| {
        for pipeline in state.pipelines.iter_mut().flatten() {
            pipeline.announce();
            busy |= pipeline.hand_over_old().is_some();
        }
    });
    busy
}

/// Has the processors told of owned spans and traces that began; returns those that ended.
fn take_news(pipelines: &mut [Option<Pipeline>]) -> Vec<(u32, News)> {
    let mut ended = Vec::new();
    for pipeline in pipelines.iter_mut().flatten() {
        for news in pipeline.core.take_news() {
            match news {
                News::Began(record) => pipeline.began(&record),
                News::TraceBegan(run) => pipeline.trace_began(run),
                news => ended.push((pipeline.core.number, news)),
            }
        }
    }
    ended
}

/// Tells those who want to know of spans that have been open for a while.
fn announce(now: u64) {
    let cores: Vec<_> = with(|state| state.pipelines.iter().flatten().map(|pipeline| pipeline.core.clone()).collect());
    // Exporters are asked with the state free.
    let told: Vec<_> = cores.into_iter().filter(pipeline::announces).collect();
    if !told.is_empty() {
        with(|state| announce_to(state, &told, now));
    }
}

fn announce_to(state: &mut State, told: &[Arc<Core>], now: u64) {
    let (started_before, before) = (now.saturating_sub(ANNOUNCED_AFTER), now.saturating_sub(ANNOUNCED_EVERY));
    let State { pipelines, streams, desk, .. } = state;
    for stream in streams {
        stream.each_open(desk, started_before, before, now, |tracer, draft, head| {
            if let Some(pipeline) = open_to(pipelines, told, tracer) {
                pipeline.tell_of(draft, head);
            }
        });
    }
    for (id, far) in &mut desk.far.spans {
        let Some(begun) = &far.begun else { continue };
        let due = begun.start <= started_before && far.announced <= before;
        if let Some(pipeline) = open_to(pipelines, told, begun.tracer).filter(|_| due) {
            far.announced = now;
            pipeline.tell_of(&far.draft, &begun.head(*id, 0));
        }
    }
    for core in told {
        let Some(pipeline) = pipeline_of(pipelines, core.number) else { continue };
        core.each_live(started_before, before, now, |record| {
            if pipeline.has_room_for_open() {
                pipeline.tell_of_record(record);
            }
        });
    }
}

/// Returns the pipeline of a tracer that tells of open spans, while there is room for more.
fn open_to<'a>(pipelines: &'a mut [Option<Pipeline>], told: &[Arc<Core>], tracer: u32) -> Option<&'a mut Pipeline> {
    let is_told = told.iter().any(|core| core.number == tracer);
    pipeline_of(pipelines, tracer).filter(|pipeline| is_told && pipeline.has_room_for_open())
}

/// Returns the pipeline of a tracer; `None` when the tracer is no more.
#[inline]
fn pipeline_of(pipelines: &mut [Option<Pipeline>], tracer: u32) -> Option<&mut Pipeline> {
    let pipeline = pipelines.get_mut(tracer as usize % TRACERS)?.as_mut()?;
    (pipeline.core.number == tracer).then_some(pipeline)
}

/// All locks that a child of a fork would need, as they are inside one another.
pub(crate) struct Held {
    state: MutexGuard<'static, Option<State>>,
    rings: MutexGuard<'static, rings::Rings>,
    sleeper: RwLockWriteGuard<'static, Option<Thread>>,
    _done: MutexGuard<'static, u64>,
    _fork: RwLockWriteGuard<'static, ()>,
    _names: callsite::Held,
    _global: global::Held,
    _line: time::Held,
}

/// Takes the locks before a fork. No hook runs while one of them is held, so nobody waits long.
pub(crate) fn hold() -> Option<Held> {
    if is_lost() {
        return None;
    }
    Some(Held {
        state: lock(),
        rings: rings::lock(),
        sleeper: SLEEPER.write().unwrap_or_else(PoisonError::into_inner),
        _done: DONE.lock().unwrap_or_else(PoisonError::into_inner),
        _fork: FORK.write().unwrap_or_else(PoisonError::into_inner),
        _names: callsite::hold(),
        _global: global::hold(),
        _line: time::hold(),
    })
}

/// Calls `work` while no other thread forks; for short work with a lock of its own, which must not do the same.
pub(crate) fn unforked<R>(work: impl FnOnce() -> R) -> R {
    let _fork = FORK.read().unwrap_or_else(PoisonError::into_inner);
    work()
}

/// Begins anew in the child of a fork: what was recorded before is the parent's to send, and the threads are gone.
pub(crate) fn forked(held: Option<Held>) {
    FORKS.fetch_add(1, Ordering::Relaxed);
    RUNNING.store(false, Ordering::Release);
    WOKEN.store(false, Ordering::Relaxed);
    WAITING.store(0, Ordering::Relaxed);
    crate::ids::reseed();
    SLOT.with(slot::Slot::forked);
    let state = held.map(|mut held| {
        held.rings.forget();
        *held.sleeper = None;
        held.state
    });
    // All other locks are free from here on. A hook that forked goes on in the child, in the middle of the parent's work.
    let Some(mut state) = state.filter(|_| !in_collector()) else {
        LOST.store(true, Ordering::Relaxed);
        global::turn_off();
        slot::silence();
        return;
    };
    late::forget();
    drop(verdicts::take());
    aside::forget();
    let Some(state) = state.as_mut() else { return };
    state.is_drained = false;
    state.streams.clear();
    state.desk = Desk::default();
    for pipeline in state.pipelines.iter_mut().flatten() {
        let core = pipeline.core.clone();
        stats::of(core.number).reset(core.number);
        core.forked();
        *pipeline = Pipeline::new(&core);
    }
}
