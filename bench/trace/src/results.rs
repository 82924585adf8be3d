//! Everything that was measured, and how to find it.

use std::time::Duration;

use crate::{
    plan::Part,
    sustain::Sustained,
    work::{Kind, Work},
};

/// Nanoseconds per span, of many rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figure {
    pub(crate) least: f64,
    pub(crate) median: f64,
    /// How many of the spans arrived, in parts of one: a library that loses spans is not fast.
    pub(crate) arrived: f64,
}

impl Figure {
    /// Sums up what many rounds took and how many of their spans arrived; `None` without any.
    pub(crate) fn of(rounds: &[[f64; 2]]) -> Option<Self> {
        let mut times: Vec<f64> = rounds.iter().map(|[time, _]| *time).collect();
        times.sort_by(f64::total_cmp);
        let arrived = rounds.iter().map(|[_, arrived]| arrived).sum::<f64>() / rounds.len() as f64;
        Some(Self { least: *times.first()?, median: *times.get(times.len() / 2)?, arrived })
    }

    /// Returns what needed no rounds.
    pub(crate) fn exactly(value: f64, arrived: f64) -> Self {
        Self { least: value, median: value, arrived }
    }

    pub(crate) fn minus(self, base: Self) -> Self {
        self.with(base, |one, other| one - other)
    }

    pub(crate) fn over(self, base: Self) -> Self {
        self.with(base, |one, other| one / other)
    }

    /// Returns the smaller of each.
    pub(crate) fn min(self, other: Self) -> Self {
        self.with(other, f64::min)
    }

    /// Returns the larger of each.
    pub(crate) fn max(self, other: Self) -> Self {
        self.with(other, f64::max)
    }

    fn with(self, other: Self, join: impl Fn(f64, f64) -> f64) -> Self {
        let arrived = self.arrived.min(other.arrived);
        Self { least: join(self.least, other.least), median: join(self.median, other.median), arrived }
    }

    /// Returns true when it is the cost of what it says: no more than one span in a thousand was lost.
    pub(crate) fn is_whole(&self) -> bool {
        self.arrived >= 0.999
    }
}

/// One subject's figure for one workload, in one part of the plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) part: Part,
    pub(crate) subject: &'static str,
    pub(crate) work: Work,
    pub(crate) figure: Figure,
}

/// What spans of one subject allocate on the thread that makes them, each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allocations {
    pub(crate) times: f64,
    pub(crate) bytes: f64,
    /// What the finished span still holds while nobody asks for it.
    pub(crate) held: f64,
    /// See [`Figure::arrived`].
    pub(crate) arrived: f64,
}

/// The instructions of a span of one subject, on the thread that makes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instructions {
    pub(crate) subject: &'static str,
    pub(crate) work: Work,
    pub(crate) each: f64,
    /// See [`Figure::arrived`].
    pub(crate) arrived: f64,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) rows: Vec<Row>,
    pub(crate) sustained: Vec<(&'static str, u64, Sustained)>,
    /// Nanoseconds at p50, p99 and p99.9 of the end of a span, with a dead exporter.
    pub(crate) latencies: Vec<(&'static str, [f64; 3])>,
    pub(crate) allocations: Vec<(&'static str, Kind, Allocations)>,
    /// `None` when nothing could count them.
    pub(crate) instructions: Option<Vec<Instructions>>,
}

impl Results {
    pub(crate) fn figure(&self, part: Part, subject: &str, kind: Kind, children: usize) -> Option<Figure> {
        let mut rows = self.rows.iter();
        let found = rows.find(|row| {
            row.part == part && row.subject == subject && row.work.kind == kind && row.work.children == children
        });
        Some(found?.figure)
    }

    pub(crate) fn instructions(&self, subject: &str, kind: Kind, children: usize) -> Option<Figure> {
        let mut counts = self.instructions.as_ref()?.iter();
        let found =
            counts.find(|count| count.subject == subject && count.work.kind == kind && count.work.children == children);
        found.map(|count| Figure::exactly(count.each, count.arrived))
    }

    pub(crate) fn allocations(&self, subject: &str, kind: Kind) -> Option<Allocations> {
        let mut all = self.allocations.iter();
        Some(all.find(|(name, of, _)| *name == subject && *of == kind)?.2)
    }

    pub(crate) fn sustained(&self, subject: &str, rate: u64) -> Option<Sustained> {
        let mut all = self.sustained.iter();
        Some(all.find(|(name, of, _)| *name == subject && *of == rate)?.2)
    }
}

/// Returns p50, p99 and p99.9 in nanoseconds.
pub(crate) fn percentiles(mut latencies: Vec<Duration>) -> [f64; 3] {
    latencies.sort_unstable();
    [0.5, 0.99, 0.999].map(|part| {
        let rank = (part * latencies.len() as f64).ceil() as usize;
        latencies.get(rank.saturating_sub(1)).map_or(f64::NAN, |latency| latency.as_nanos() as f64)
    })
}
