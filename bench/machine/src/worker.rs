//! The one that is measured: a process that takes steps as it is told, line by line.

use std::{
    fmt::Display,
    io::{BufRead, stdin},
    str::FromStr,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use trackway_machine::tracker::Directory;

use crate::{
    durable,
    million::Long,
    steps, sustain,
    work::{Kept, Work},
};

/// What a function allocated on the thread that called it.
#[derive(Debug, Clone, Copy)]
pub struct Allocated {
    /// How often it allocated.
    pub times: u64,
    /// All that it allocated.
    pub bytes: u64,
}

/// Counts what the function allocates.
type Counter = fn(&mut dyn FnMut()) -> Allocated;

/// Serves the driver in a process whose allocator counts.
///
/// # Errors
/// When a step fails.
pub fn count_allocations(counter: Counter) -> Result<()> {
    serve(Some(counter))
}

/// What a driver may ask. Burr's worker answers the first alone.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Request {
    /// What so many steps take.
    Steps(Work, Kept, usize),
    /// What it takes so many times to make so many bytes durable.
    Bare(usize, usize),
    /// Steps for so many seconds, as fast as it goes.
    Sustain(Work, f64),
    /// A run of so many steps, and the states in it.
    Long(u64),
    /// What so many steps allocate, each.
    Allocations(Work, Kept, usize),
    /// So many steps inside [`counted_region`], once everything is warm.
    Instructions(Work, Kept, usize),
}

impl Display for Request {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Steps(work, kept, steps) => write!(out, "steps {work} {kept} {steps}"),
            Self::Bare(bytes, times) => write!(out, "bare {bytes} {times}"),
            Self::Sustain(work, seconds) => write!(out, "sustain {work} {seconds}"),
            Self::Long(steps) => write!(out, "long {steps}"),
            Self::Allocations(work, kept, steps) => write!(out, "allocations {work} {kept} {steps}"),
            Self::Instructions(work, kept, steps) => write!(out, "instructions {work} {kept} {steps}"),
        }
    }
}

impl FromStr for Request {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> Result<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Ok(match *words {
            ["steps", work, kept, steps] => Self::Steps(work.parse()?, kept.parse()?, steps.parse()?),
            ["bare", bytes, times] => Self::Bare(bytes.parse()?, times.parse()?),
            ["sustain", work, seconds] => Self::Sustain(work.parse()?, seconds.parse()?),
            ["long", steps] => Self::Long(steps.parse()?),
            ["allocations", work, kept, steps] => Self::Allocations(work.parse()?, kept.parse()?, steps.parse()?),
            ["instructions", work, kept, steps] => Self::Instructions(work.parse()?, kept.parse()?, steps.parse()?),
            _ => bail!("nobody can do {line:?}"),
        })
    }
}

/// Answers every request with a line.
pub(crate) fn serve(counter: Option<Counter>) -> Result<()> {
    for line in stdin().lock().lines() {
        let answer = match line?.parse()? {
            Request::Steps(work, kept, steps) => steps::timed(work, kept, steps)?.to_string(),
            Request::Bare(bytes, times) => durable::bare(bytes, times)?.to_string(),
            Request::Sustain(work, seconds) => sustain::rate(work, Duration::from_secs_f64(seconds))?.to_string(),
            Request::Long(steps) => Long::measure(steps)?.to_string(),
            Request::Allocations(work, kept, steps) => {
                let counter = counter.context("this process does not count")?;
                let mut allocated = None;
                within(work, kept, steps, |run| allocated = Some(counter(run)))?;
                let Allocated { times, bytes } = allocated.context("nothing ran")?;
                format!("{} {}", times as f64 / steps as f64, bytes as f64 / steps as f64)
            }
            Request::Instructions(work, kept, steps) => {
                within(work, kept, steps, counted_region)?;
                steps.to_string()
            }
        };
        println!("{answer}");
    }
    Ok(())
}

/// Takes steps inside of `around`, after as many outside.
fn within(work: Work, kept: Kept, steps: usize, around: impl FnOnce(&mut dyn FnMut())) -> Result<()> {
    let root = tempfile::tempdir()?;
    let directory = Directory::at(root.path());
    let runtime = steps::runtime()?;
    let mut warm = work.application(kept, root.path())?;
    let mut app = work.application(kept, root.path())?;
    (0..steps).try_for_each(|_| steps::take(work, &mut warm, &runtime))?;
    steps::flush(&directory)?;
    let mut outcome = Ok(());
    around(&mut || outcome = (0..steps).try_for_each(|_| steps::take(work, &mut app, &runtime)));
    outcome
}

/// Where a simulator of the processor counts, by this name.
#[inline(never)]
fn counted_region(run: &mut dyn FnMut()) {
    run();
}
