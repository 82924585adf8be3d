//! The collector: from the threads' rings to batches of finished spans.
//!
//! One thread for the whole process reads all rings, a few times a second, and at once when a ring is half full. Whoever
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
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard, TryLockError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use self::pipeline::Pipeline;
use self::stream::{Desk, Stream};
use crate::export::lane::Lane;
use crate::slot::SLOT;
pub(crate) use crate::stats::Lost;
use crate::stats::{self, TRACERS};
use crate::tracer::{Core, News};
use crate::{exit, slot};

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

thread_local! {
    static COLLECTING: Cell<bool> = const { Cell::new(false) };
}

/// Returns true on a thread that collects: inside of a processor's hook.
pub(crate) fn in_collector() -> bool {
    COLLECTING.get()
}

/// Counts a span that was refused.
#[cold]
pub(crate) fn count_lost(tracer: u32, lost: Lost) {
    stats::of(tracer).count(lost);
}

/// Counts an attribute, an event or a link for which the ring had no room.
#[cold]
pub(crate) fn count_attribute_lost() {
    let tracer = SLOT.with(|slot| slot.tracer.get());
    stats::of(tracer).fields_lost.fetch_add(1, Ordering::Relaxed);
}

/// Returns the number of a new tracer; `None` when there are too many.
pub(crate) fn number() -> Option<u32> {
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

/// Forgets a tracer that was shut down.
pub(crate) fn close(number: u32) {
    if in_collector() {
        // The last owner was dropped by a hook. Its pipeline stays until the process ends.
        return;
    }
    let mut state = lock();
    let Some(state) = state.as_mut() else { return };
    state.desk.far.forget(number);
    if let Some(place) = state.pipelines.get_mut(number as usize % TRACERS)
        && place.as_ref().is_some_and(|pipeline| pipeline.core.number == number)
    {
        *place = None;
        state.taken &= !(1 << (number as usize % TRACERS));
    }
}

fn lock() -> MutexGuard<'static, Option<State>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lock_until(until: Instant) -> Option<MutexGuard<'static, Option<State>>> {
    loop {
        match STATE.try_lock() {
            Ok(state) => return Some(state),
            Err(TryLockError::Poisoned(state)) => return Some(state.into_inner()),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => return None,
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
    if RUNNING.swap(true, Ordering::AcqRel) {
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
    loop {
        thread::park_timeout(pause);
        WOKEN.store(false, Ordering::Relaxed);
        let ready = time::observe();
        if let Some(state) = lock().as_mut()
            && ready
        {
            pause = if drain(state) { BUSY } else { IDLE };
        }
    }
}

/// Collects everything that was recorded before the call and hands it to the exporters; returns whether that was done in
/// time.
pub(crate) fn collect(until: Instant) -> bool {
    if in_collector() {
        return false;
    }
    while !time::observe() {
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
    let line = time::line();
    let Some(line) = line.as_ref().filter(|line| line.is_ready()) else { return false };
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
        state.desk.far.end(span, line.wall(tick), &mut state.pipelines);
    }
    for (tracer, record) in ended {
        if let Some(pipeline) = pipeline_of(&mut state.pipelines, tracer) {
            pipeline.take_record(record);
        }
    }
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
                draft.announce(head, &mut pipeline.open);
            }
        });
    }
    for (id, far) in &mut desk.far.spans {
        let Some(begun) = &far.begun else { continue };
        let due = begun.start <= started_before && far.announced <= before;
        let pipeline = pipeline_of(pipelines, begun.tracer).filter(|pipeline| pipeline.open.len() < MOST_ANNOUNCED);
        if let Some(pipeline) = pipeline.filter(|_| due) {
            far.announced = now;
            far.draft.announce(&begun.head(*id, 0), &mut pipeline.open);
        }
    }
    for pipeline in pipelines.iter_mut().flatten() {
        if pipeline.announces() {
            let core = pipeline.core.clone();
            core.each_live(started_before, before, now, |record| {
                if pipeline.open.len() < MOST_ANNOUNCED {
                    trackway_wire::encode::record(&mut pipeline.open, record);
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

/// All locks that a child of a fork would need.
pub(crate) struct Held {
    state: MutexGuard<'static, Option<State>>,
    rings: MutexGuard<'static, rings::Rings>,
    _fork: RwLockWriteGuard<'static, ()>,
}

/// Takes the locks before a fork.
pub(crate) fn hold() -> Held {
    let state = lock();
    let rings = rings::lock();
    Held { state, rings, _fork: FORK.write().unwrap_or_else(PoisonError::into_inner) }
}

/// Calls `work` while no other thread forks; for short work with a lock of its own, which must not do the same.
pub(crate) fn unforked<R>(work: impl FnOnce() -> R) -> R {
    let _fork = FORK.read().unwrap_or_else(PoisonError::into_inner);
    work()
}

/// Begins anew in the child of a fork: what was recorded before is the parent's to send, and the threads are gone.
pub(crate) fn forked(held: Option<Held>) {
    RUNNING.store(false, Ordering::Release);
    WOKEN.store(false, Ordering::Relaxed);
    crate::ids::reseed();
    SLOT.with(slot::Slot::forked);
    let Some(Held { mut state, mut rings, _fork }) = held else { return };
    rings.forget();
    if let Some(state) = state.as_mut() {
        state.streams.clear();
        state.desk = Desk::default();
        for place in &mut state.pipelines {
            if let Some(pipeline) = place {
                let lanes: Vec<Lane> = pipeline.core.lanes_in_child();
                stats::of(pipeline.core.number).reset();
                *pipeline.core.lanes.lock().unwrap_or_else(PoisonError::into_inner) = lanes.into();
                drop(pipeline.core.take_news());
                *place = Some(Pipeline::new(&pipeline.core.clone()));
            }
        }
    }
    drop((state, rings));
}
