//! What became of every span.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use crate::export::ExporterStats;

/// What became of the spans of one tracer since it was built.
///
/// Nothing is lost uncounted: for every exporter `emitted` equals `dropped.total()` and what it exported, dropped and
/// still holds, whenever nothing is under way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Recorded spans that ended, whatever became of them, and those that were refused.
    pub emitted: u64,
    /// Spans that no exporter was given.
    pub dropped: Dropped,
    /// Attributes, events and links for which there was no room in a ring.
    pub fields_lost: u64,
    /// Processors' hooks that panicked.
    pub hooks_panicked: u64,
    /// Traces of agents that nobody is told of by their names, since too much waited for the collector; their spans go
    /// without.
    pub traces_lost: u64,
    /// Calls of [`keep`](crate::Context::keep) and [`cancel`](crate::Context::cancel) that went unheard, since more than
    /// 100,000 of them waited for the collector.
    pub verdicts_lost: u64,
    /// Spans that ended and wait to be handed to the exporters, or for the verdict on their trace.
    pub waiting: u64,
    /// What became of the rest, for each exporter.
    pub exporters: Vec<ExporterStats>,
}

/// Spans that no exporter was given, by the reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// The thread's ring was full: it makes spans faster than one core collects them.
    pub ring_full: u64,
    /// Spans nested too deep on one thread, beyond 512 levels; every scope takes one, too.
    pub too_deep: u64,
    /// There was no ring for the thread: too many threads, or one that was at its end.
    pub no_ring: u64,
    /// More spans than there may be were open, or finished and waiting.
    pub memory: u64,
    /// Spans that ended after the tracer was shut down.
    pub shut_down: u64,
    /// Spans of traces that the [tail rules](crate::Tail) left out, as they were to.
    pub tail: u64,
}

impl Dropped {
    /// Returns the sum of all reasons.
    pub fn total(&self) -> u64 {
        self.lost() + self.tail
    }

    /// Returns how many were dropped against the program's will.
    pub(crate) fn lost(&self) -> u64 {
        self.ring_full + self.too_deep + self.no_ring + self.memory + self.shut_down
    }

    /// Returns the reasons in words why spans were [lost](Self::lost); `None` when none were.
    pub(crate) fn reasons(&self) -> Option<String> {
        let reasons = [
            (self.ring_full, "made faster than they are collected"),
            (self.too_deep, "nested too deep"),
            (self.no_ring, "on a thread without a ring"),
            (self.memory, "beyond the memory for spans that are open or wait"),
            (self.shut_down, "ended after the tracer"),
        ];
        let counted = reasons.iter().filter(|(count, _)| *count > 0);
        let counted: Vec<String> = counted.map(|(count, reason)| format!("{count} {reason}")).collect();
        (!counted.is_empty()).then(|| counted.join(", "))
    }
}

/// Why the hot path refuses a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    RingFull,
    Depth,
    NoRing,
}

/// The counters of a tracer, where the hot path finds them by the tracer's number and nothing else.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Counters {
    /// The tracer that has them; the next one in its place has another number.
    tracer: AtomicU32,
    /// Spans read from rings to their end; the collector alone counts them, so it needs no locked addition.
    pub(crate) collected: AtomicU64,
    /// Owned spans that ended.
    pub(crate) ended: AtomicU64,
    pub(crate) handed_over: AtomicU64,
    pub(crate) ring_full: AtomicU64,
    pub(crate) too_deep: AtomicU64,
    pub(crate) no_ring: AtomicU64,
    pub(crate) memory: AtomicU64,
    pub(crate) shut_down: AtomicU64,
    pub(crate) fields_lost: AtomicU64,
    pub(crate) hooks_panicked: AtomicU64,
    pub(crate) traces_lost: AtomicU64,
    pub(crate) verdicts_lost: AtomicU64,
    pub(crate) tail: AtomicU64,
    /// Whether the tracer has tail rules.
    has_tail: AtomicBool,
}

/// How many tracers with a collector there can be at a time.
pub(crate) const TRACERS: usize = 64;

static COUNTERS: [Counters; TRACERS] = [const { Counters::new() }; TRACERS];

/// Returns the counters of the tracer of that number.
pub(crate) fn of(tracer: u32) -> &'static Counters {
    COUNTERS.get(tracer as usize % TRACERS).unwrap_or(&COUNTERS[0])
}

/// As [`of`], for what may belong to a tracer that is no more; `None` then.
pub(crate) fn of_living(tracer: u32) -> Option<&'static Counters> {
    let counters = of(tracer);
    (counters.tracer.load(Ordering::Relaxed) == tracer).then_some(counters)
}

impl Counters {
    const fn new() -> Self {
        Self {
            tracer: AtomicU32::new(0),
            collected: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            handed_over: AtomicU64::new(0),
            ring_full: AtomicU64::new(0),
            too_deep: AtomicU64::new(0),
            no_ring: AtomicU64::new(0),
            memory: AtomicU64::new(0),
            shut_down: AtomicU64::new(0),
            fields_lost: AtomicU64::new(0),
            hooks_panicked: AtomicU64::new(0),
            traces_lost: AtomicU64::new(0),
            verdicts_lost: AtomicU64::new(0),
            tail: AtomicU64::new(0),
            has_tail: AtomicBool::new(false),
        }
    }

    pub(crate) fn has_tail(&self) -> bool {
        self.has_tail.load(Ordering::Relaxed)
    }

    pub(crate) fn set_tail(&self, has_tail: bool) {
        self.has_tail.store(has_tail, Ordering::Relaxed);
    }

    fn all(&self) -> [&AtomicU64; 13] {
        [
            &self.collected,
            &self.ended,
            &self.handed_over,
            &self.ring_full,
            &self.too_deep,
            &self.no_ring,
            &self.memory,
            &self.shut_down,
            &self.fields_lost,
            &self.hooks_panicked,
            &self.traces_lost,
            &self.verdicts_lost,
            &self.tail,
        ]
    }

    /// Counts a span that the collector had no room for, which will not be counted when it ends.
    pub(crate) fn count_refused_by_collector(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
        self.memory.fetch_add(1, Ordering::Relaxed);
    }

    /// Begins anew, for that tracer.
    pub(crate) fn reset(&self, tracer: u32) {
        self.tracer.store(tracer, Ordering::Relaxed);
        for counter in self.all() {
            counter.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn count(&self, lost: Lost) {
        let counter = match lost {
            Lost::RingFull => &self.ring_full,
            Lost::Depth => &self.too_deep,
            Lost::NoRing => &self.no_ring,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self, exporters: Vec<ExporterStats>) -> Stats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let dropped = Dropped {
            ring_full: get(&self.ring_full),
            too_deep: get(&self.too_deep),
            no_ring: get(&self.no_ring),
            memory: get(&self.memory),
            shut_down: get(&self.shut_down),
            tail: get(&self.tail),
        };
        let refused = dropped.ring_full + dropped.too_deep + dropped.no_ring;
        let ended = get(&self.ended) + get(&self.collected);
        let waiting = ended.saturating_sub(get(&self.handed_over) + dropped.memory + dropped.shut_down + dropped.tail);
        Stats {
            emitted: ended + refused,
            dropped,
            fields_lost: get(&self.fields_lost),
            hooks_panicked: get(&self.hooks_panicked),
            traces_lost: get(&self.traces_lost),
            verdicts_lost: get(&self.verdicts_lost),
            waiting,
            exporters,
        }
    }
}
