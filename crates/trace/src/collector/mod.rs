//! The collector: from the threads' rings to batches of finished spans.
//!
//! One thread for the whole process reads all rings, a few times a second, and at once when a ring fills. Whoever
//! flushes does the same work on its own thread, under the same lock, so that a flush needs no thread that may be gone.
//! What it works out is all that the hot path leaves out: ids, parents, wall-clock time, limits, and OTLP's bytes.

mod draft;
mod far;
pub(crate) mod late;
mod pipeline;
pub(crate) mod rings;
mod stream;
pub(crate) mod time;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard, TryLockError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use self::pipeline::Pipeline;
use self::stream::{Desk, Stream};
use crate::slot::SLOT;
pub(crate) use crate::stats::Lost;
use crate::stats::{self, TRACERS};
use crate::tracer::{Core, News};
use crate::{aside, callsite, exit, global, slot};

/// How often the rings are read while there is something in them.
const BUSY: Duration = Duration::from_millis(20);
/// How often while there is nothing.
const IDLE: Duration = Duration::from_millis(100);
/// A span that is open for as long is announced,
const ANNOUNCED_AFTER: u64 = 500_000_000;
/// and again as often.
const ANNOUNCED_EVERY: u64 = 10_000_000_000;
/// At most so many bytes of open spans are announced at a time.
const MOST_ANNOUNCED: usize = 4 << 20;
/// How often a lock that somebody holds is looked at again.
const POLL: Duration = Duration::from_millis(1);
/// How often the collector lets others go first.
const MOST_WAITED: u32 = 5;
/// How long a fork waits for a hook that has the state. After that nothing is traced in the child.
const FORK_WAITS: Duration = Duration::from_secs(2);

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
/// How many wait for it to fork, and are let go before all others.
static FORKING: AtomicU32 = AtomicU32::new(0);
/// True while a hook of the program runs, which may take any time.
static HOOKED: AtomicBool = AtomicBool::new(false);
/// How often this process and those before it were forked.
static FORKS: AtomicU32 = AtomicU32::new(0);
/// True in the child of a fork that happened while a hook had the state: nothing is traced in it.
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
    stats::of(tracer).count(lost);
}

/// Counts an attribute, an event or a link for which the ring had no room.
#[cold]
pub(crate) fn count_attribute_lost() {
    let tracer = SLOT.with(|slot| slot.tracer());
    stats::of(tracer).fields_lost.fetch_add(1, Ordering::Relaxed);
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
    stats::of(core.number).reset();
    if let Some(state) = lock().as_mut()
        && let Some(place) = state.pipelines.get_mut(core.number as usize % TRACERS)
    {
        *place = Some(Pipeline::new(core));
    }
    start();
}

/// Forgets the tracers that nobody has any more; later, when a hook has the state until then.
pub(crate) fn close(until: Instant) {
    if in_collector() {
        return;
    }
    let gone = lock_until(until).and_then(|mut state| state.as_mut().map(State::take_gone));
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

fn lock() -> MutexGuard<'static, Option<State>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the state as soon as nobody has it who forks.
fn lock_until(until: Instant) -> Option<MutexGuard<'static, Option<State>>> {
    while FORKING.load(Ordering::Relaxed) != 0 {
        if Instant::now() >= until {
            return None;
        }
        thread::sleep(POLL);
    }
    try_until(until)
}

fn try_until(until: Instant) -> Option<MutexGuard<'static, Option<State>>> {
    struct Waiting;
    impl Drop for Waiting {
        fn drop(&mut self) {
            WAITING.fetch_sub(1, Ordering::Relaxed);
        }
    }
    WAITING.fetch_add(1, Ordering::Relaxed);
    let _waiting = Waiting;
    loop {
        match STATE.try_lock() {
            Ok(state) => return Some(state),
            Err(TryLockError::Poisoned(state)) => return Some(state.into_inner()),
            Err(TryLockError::WouldBlock) if is_lost() || Instant::now() >= until => return None,
            Err(TryLockError::WouldBlock) => thread::sleep(POLL),
        }
    }
}

/// Has the rings read soon.
#[cold]
pub(crate) fn wake() {
    if WOKEN.swap(true, Ordering::Relaxed) {
        return;
    }
    start();
    // Whoever holds it for writing is the collector, which is awake.
    if let Ok(sleeper) = SLEEPER.try_read()
        && let Some(thread) = sleeper.as_ref()
    {
        thread.unpark();
    }
}

/// Starts the collector's thread, unless it runs.
pub(crate) fn start() {
    if is_lost() || RUNNING.swap(true, Ordering::AcqRel) {
        return;
    }
    let started = thread::Builder::new().name("trackway".to_owned()).spawn(run);
    if started.is_err() {
        // Without a thread the rings are read whenever somebody flushes; the next wake tries again.
        RUNNING.store(false, Ordering::Release);
    }
}

fn run() {
    slot::silence();
    *SLEEPER.write().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
    let mut pause = BUSY;
    // A hook that forked is all that runs in that child, and then this.
    while !is_lost() {
        thread::park_timeout(pause);
        WOKEN.store(false, Ordering::Relaxed);
        for _ in 0..MOST_WAITED {
            if WAITING.load(Ordering::Relaxed) == 0 {
                break;
            }
            thread::sleep(POLL);
        }
        while FORKING.load(Ordering::Relaxed) != 0 {
            thread::sleep(POLL);
        }
        // What a program's own types do when they are dropped may panic too; the thread outlives it.
        pause = catch_unwind(round).unwrap_or(BUSY);
    }
}

/// Reads the rings once; returns when to do it again.
fn round() -> Duration {
    let ready = time::observe();
    let mut held = lock();
    let Some(state) = held.as_mut().filter(|_| ready) else { return BUSY };
    let busy = drain(state);
    let gone = state.take_gone();
    drop(held);
    drop(gone);
    if busy { BUSY } else { IDLE }
}

/// Collects everything that was recorded before the call and hands it to the exporters; returns whether that was done in
/// time.
pub(crate) fn collect(until: Instant) -> bool {
    if in_collector() {
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
    let Some(mut state) = lock_until(until) else { return false };
    let Some(state) = state.as_mut() else { return true };
    slot::silently(|| {
        // A span whose end is read before its start is complete after the second time.
        drain(state);
        drain(state);
        state.pipelines.iter_mut().flatten().for_each(Pipeline::hand_over);
    });
    true
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

/// Reads all rings and hands over what is due; returns whether there was anything.
fn drain(state: &mut State) -> bool {
    let _collecting = Collecting::begin();
    let Some(line) = &time::line() else { return false };
    let ended = take_news(&mut state.pipelines);
    {
        let rings = rings::lock();
        let known = state.streams.len();
        state.streams.extend(rings.all.iter().skip(known).map(|ring| Stream::new(ring)));
    }
    let mut busy = !ended.is_empty();
    for stream in &mut state.streams {
        busy |= stream.ring.tail() != stream.ring.published();
        stream.read(&mut state.desk, &mut state.pipelines, line);
    }
    for (span, tick) in late::take() {
        state.desk.far.end(span, line.wall(tick));
    }
    for (tracer, record) in ended {
        if let Some(pipeline) = pipeline_of(&mut state.pipelines, tracer) {
            pipeline.take_record(record);
        }
    }
    busy |= state.desk.far.complete(&mut state.pipelines);
    state.desk.far.forget_unbegun();
    announce(state, line.wall(crate::clock::ticks()));
    for pipeline in state.pipelines.iter_mut().flatten() {
        busy |= pipeline.hand_over_old().is_some();
    }
    busy
}

/// Tells the processors of owned spans that began; returns those that ended.
fn take_news(pipelines: &mut [Option<Pipeline>]) -> Vec<(u32, trackway_model::SpanRecord)> {
    let mut ended = Vec::new();
    for pipeline in pipelines.iter_mut().flatten() {
        for news in pipeline.core.take_news() {
            match news {
                News::Began(record) => pipeline.call(|processor| processor.on_start(&record)),
                News::Ended(record) => ended.push((pipeline.core.number, record)),
            }
        }
    }
    ended
}

/// Tells those who want to know of spans that have been open for a while.
fn announce(state: &mut State, now: u64) {
    if now.saturating_sub(state.announced) < ANNOUNCED_AFTER / 2 {
        return;
    }
    state.announced = now;
    if !state.pipelines.iter().flatten().any(Pipeline::announces) {
        return;
    }
    let (started_before, before) = (now.saturating_sub(ANNOUNCED_AFTER), now.saturating_sub(ANNOUNCED_EVERY));
    let State { pipelines, streams, desk, .. } = state;
    for stream in streams {
        stream.each_open(desk, started_before, before, now, |tracer, draft, head| {
            if let Some(pipeline) =
                pipeline_of(pipelines, tracer).filter(|pipeline| pipeline.open.len() < MOST_ANNOUNCED)
            {
                pipeline.tell_of(draft, head);
            }
        });
    }
    for (id, far) in &mut desk.far.spans {
        let Some(begun) = &far.begun else { continue };
        let due = begun.start <= started_before && far.announced <= before;
        let pipeline = pipeline_of(pipelines, begun.tracer).filter(|pipeline| pipeline.open.len() < MOST_ANNOUNCED);
        if let Some(pipeline) = pipeline.filter(|_| due) {
            far.announced = now;
            pipeline.tell_of(&far.draft, &begun.head(*id, 0));
        }
    }
    for pipeline in pipelines.iter_mut().flatten() {
        if pipeline.announces() {
            let core = pipeline.core.clone();
            core.each_live(started_before, before, now, |record| {
                if pipeline.open.len() < MOST_ANNOUNCED {
                    pipeline.tell_of_record(record);
                }
            });
            pipeline.announce();
        }
        pipeline.open.clear();
    }
}

/// Returns the pipeline of a tracer; `None` when the tracer is no more.
#[inline]
fn pipeline_of(pipelines: &mut [Option<Pipeline>], tracer: u32) -> Option<&mut Pipeline> {
    let pipeline = pipelines.get_mut(tracer as usize % TRACERS)?.as_mut()?;
    (pipeline.core.number == tracer).then_some(pipeline)
}

/// All locks that a child of a fork would need, as they are inside one another.
pub(crate) struct Held {
    /// `None` when a hook has it.
    state: Option<MutexGuard<'static, Option<State>>>,
    rings: MutexGuard<'static, rings::Rings>,
    sleeper: RwLockWriteGuard<'static, Option<Thread>>,
    _fork: RwLockWriteGuard<'static, ()>,
    _names: callsite::Held,
    _global: global::Held,
    _line: time::Held,
}

/// Takes the locks before a fork.
pub(crate) fn hold() -> Option<Held> {
    if is_lost() {
        return None;
    }
    FORKING.fetch_add(1, Ordering::Relaxed);
    let state = if in_collector() { None } else { state_for_fork() };
    FORKING.fetch_sub(1, Ordering::Relaxed);
    Some(Held {
        state,
        rings: rings::lock(),
        sleeper: SLEEPER.write().unwrap_or_else(PoisonError::into_inner),
        _fork: FORK.write().unwrap_or_else(PoisonError::into_inner),
        _names: callsite::hold(),
        _global: global::hold(),
        _line: time::hold(),
    })
}

/// Returns the state once it is free; `None` when a hook keeps it.
fn state_for_fork() -> Option<MutexGuard<'static, Option<State>>> {
    let mut given_up_at = Instant::now() + FORK_WAITS;
    loop {
        let state = try_until(Instant::now() + MOST_WAITED * POLL);
        if state.is_some() {
            return state;
        }
        if !HOOKED.load(Ordering::Relaxed) {
            given_up_at = Instant::now() + FORK_WAITS;
        } else if Instant::now() >= given_up_at {
            return None;
        }
    }
}

/// Calls a hook of the program; returns `None` when it panicked.
pub(crate) fn hooked<R>(hook: impl FnOnce() -> R) -> Option<R> {
    HOOKED.store(true, Ordering::Relaxed);
    let result = catch_unwind(AssertUnwindSafe(hook));
    HOOKED.store(false, Ordering::Relaxed);
    // Its drop could panic again.
    result.map_err(std::mem::forget).ok()
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
    FORKING.store(0, Ordering::Relaxed);
    crate::ids::reseed();
    SLOT.with(slot::Slot::forked);
    let state = held.and_then(|mut held| {
        held.rings.forget();
        *held.sleeper = None;
        held.state.take()
    });
    // All other locks are free from here on.
    let Some(mut state) = state else {
        LOST.store(true, Ordering::Relaxed);
        global::turn_off();
        slot::silence();
        return;
    };
    late::forget();
    aside::forget();
    let Some(state) = state.as_mut() else { return };
    state.streams.clear();
    state.desk = Desk::default();
    for pipeline in state.pipelines.iter_mut().flatten() {
        let core = pipeline.core.clone();
        stats::of(core.number).reset();
        core.forked();
        *pipeline = Pipeline::new(&core);
    }
}
