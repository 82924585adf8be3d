//! Everything that was measured.

use std::{fmt::Display, str::FromStr, time::Duration};

use anyhow::{Context, Result, bail};

use crate::{
    million::Long,
    work::{Kept, Work},
};

/// What one turn's steps took, in nanoseconds of each; and the bytes of the log, of each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Turn {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) mean: f64,
    /// Processor time of the thread that takes them, in the mean.
    pub(crate) cpu: f64,
    pub(crate) bytes: f64,
}

impl Turn {
    pub(crate) fn of(latencies: Vec<Duration>, cpu: Duration, bytes: u64) -> Result<Self> {
        let count = latencies.len() as f64;
        let times = sorted(latencies.iter().map(|latency| latency.as_nanos() as f64).collect());
        let mean = times.iter().sum::<f64>() / count;
        let part = |part| percentile(&times, part);
        let (cpu, bytes) = (cpu.as_nanos() as f64 / count, bytes as f64 / count);
        Ok(Self { p50: part(0.5), p99: part(0.99), mean, cpu, bytes })
    }
}

impl Display for Turn {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { p50, p99, mean, cpu, bytes } = self;
        write!(out, "{p50} {p99} {mean} {cpu} {bytes}")
    }
}

impl FromStr for Turn {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> Result<Self> {
        let numbers = line.split(' ').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let [p50, p99, mean, cpu, bytes] = *numbers else { bail!("{line:?} is no turn") };
        Ok(Self { p50, p99, mean, cpu, bytes })
    }
}

/// Returns numbers in order.
pub(crate) fn sorted(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// Returns the number that this part of them does not exceed.
pub(crate) fn percentile(sorted: &[f64], part: f64) -> f64 {
    let rank = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// One number of many turns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figure {
    pub(crate) least: f64,
    pub(crate) median: f64,
}

impl Figure {
    pub(crate) fn exactly(value: f64) -> Self {
        Self { least: value, median: value }
    }

    pub(crate) fn with(self, other: Self, join: impl Fn(f64, f64) -> f64) -> Self {
        Self { least: join(self.least, other.least), median: join(self.median, other.median) }
    }
}

/// Who takes steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Ours,
    Burr,
}

/// The turns of one subject with one work.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) subject: Subject,
    pub(crate) work: Work,
    pub(crate) kept: Kept,
    pub(crate) turns: Vec<Turn>,
}

/// What a step costs that no clock shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) work: Work,
    pub(crate) kept: Kept,
    pub(crate) allocations: f64,
    pub(crate) allocated_bytes: f64,
    /// `None` when nothing could count them.
    pub(crate) instructions: Option<f64>,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) rows: Vec<Row>,
    /// Bytes written and made durable, without anything else.
    pub(crate) bare: Vec<(Work, Vec<Turn>)>,
    pub(crate) counts: Vec<Counts>,
    /// Steps a second with a full queue.
    pub(crate) sustained: Vec<(Work, f64)>,
    pub(crate) long: Option<Long>,
}

impl Results {
    /// Returns one number of the turns of a subject.
    pub(crate) fn figure(&self, subject: Subject, work: Work, kept: Kept, of: impl Fn(&Turn) -> f64) -> Option<Figure> {
        let is_it = |row: &&Row| row.subject == subject && row.work == work && row.kept == kept;
        figure(&self.rows.iter().find(is_it)?.turns, of).ok()
    }

    /// Returns one number of the bare writes of as many bytes as a step of that work has.
    pub(crate) fn bare(&self, work: Work, of: impl Fn(&Turn) -> f64) -> Option<Figure> {
        figure(&self.bare.iter().find(|(of, _)| *of == work)?.1, of).ok()
    }
}

fn figure(turns: &[Turn], of: impl Fn(&Turn) -> f64) -> Result<Figure> {
    let numbers = sorted(turns.iter().map(of).collect());
    let least = *numbers.first().context("no turns")?;
    Ok(Figure { least, median: percentile(&numbers, 0.5) })
}
