//! One that is measured: a process that sets one library up, and does what it is told, line by line.

use std::{
    fmt::Display,
    io::{BufRead, stdin},
    str::FromStr,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::runtime::Runtime;

use crate::{arguments::Arguments, peers::Subject, results, sink::Sink, sustain, work::Work};

/// What a function allocated on the thread that called it.
#[derive(Debug, Clone, Copy)]
pub struct Allocated {
    /// How often it allocated.
    pub times: u64,
    /// All that it allocated.
    pub bytes: u64,
    /// What of that it had not freed in the end.
    pub held: i64,
}

/// Counts what the function allocates.
type Counter = fn(&mut dyn FnMut()) -> Allocated;

/// Serves the driver in a process whose allocator counts.
///
/// # Errors
/// When the command line names nothing to measure, or the library cannot be set up.
pub fn count_allocations(counter: Counter) -> Result<()> {
    let arguments = Arguments::read();
    let subject = arguments.worker.context("the driver starts this")?;
    serve(&subject, arguments.sink, Some(counter))
}

/// What a driver may ask.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Request {
    /// Nanoseconds per span.
    Batch(Work),
    /// What the spans allocate, each.
    Allocations(Work),
    /// The spans, made inside [`counted_region`] once everything is warm.
    Instructions(Work),
    /// A steady load, in spans per second and seconds.
    Sustain(u64, f64),
    /// The ends of spans, for so many seconds.
    Latencies(f64),
}

impl Display for Request {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Batch(work) => write!(out, "batch {work}"),
            Self::Allocations(work) => write!(out, "allocations {work}"),
            Self::Instructions(work) => write!(out, "instructions {work}"),
            Self::Sustain(rate, seconds) => write!(out, "sustain {rate} {seconds}"),
            Self::Latencies(seconds) => write!(out, "latencies {seconds}"),
        }
    }
}

impl FromStr for Request {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> Result<Self> {
        let (name, rest) = line.trim().split_once(' ').with_context(|| format!("{line:?} asks nothing"))?;
        Ok(match name {
            "batch" => Self::Batch(rest.parse()?),
            "allocations" => Self::Allocations(rest.parse()?),
            "instructions" => Self::Instructions(rest.parse()?),
            "sustain" => {
                let (rate, seconds) = rest.split_once(' ').context("no seconds")?;
                Self::Sustain(rate.parse()?, seconds.parse()?)
            }
            "latencies" => Self::Latencies(rest.parse()?),
            _ => bail!("nobody can do {line:?}"),
        })
    }
}

/// Sets the library up and answers every request with a line, `-` for what the library cannot do.
pub(crate) fn serve(subject: &str, sink: Sink, counter: Option<Counter>) -> Result<()> {
    let subject = Subject::named(subject)?;
    subject.set_up(sink)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for line in stdin().lock().lines() {
        let answer = match line?.parse()? {
            Request::Batch(work) => batch(&subject, work, &runtime),
            Request::Allocations(work) => {
                allocations(&subject, work, &runtime, counter.context("this process does not count")?)
            }
            Request::Instructions(work) => instructions(&subject, work, &runtime),
            Request::Sustain(rate, seconds) => Some(sustain::run(&subject, rate, seconds, &runtime)?.to_string()),
            Request::Latencies(seconds) => {
                let [p50, p99, p999] = results::percentiles((subject.latencies)(Duration::from_secs_f64(seconds)));
                Some(format!("{p50} {p99} {p999}"))
            }
        };
        println!("{}", answer.as_deref().unwrap_or("-"));
    }
    Ok(())
}

fn batch(subject: &Subject, work: Work, runtime: &Runtime) -> Option<String> {
    let batch = (subject.run)(work, runtime);
    (subject.flush)();
    let batch = batch?;
    Some(format!("{}", batch.took.as_nanos() as f64 / batch.spans as f64))
}

fn allocations(subject: &Subject, work: Work, runtime: &Runtime, counter: Counter) -> Option<String> {
    (subject.run)(work, runtime)?;
    (subject.flush)();
    let mut spans = 0;
    let allocated = counter(&mut || spans = (subject.run)(work, runtime).map_or(0, |batch| batch.spans));
    let each = |count: f64| count / spans as f64;
    let Allocated { times, bytes, held } = allocated;
    Some(format!("{} {} {}", each(times as f64), each(bytes as f64), each(held as f64)))
}

fn instructions(subject: &Subject, work: Work, runtime: &Runtime) -> Option<String> {
    (subject.run)(work, runtime);
    (subject.flush)();
    let mut spans = None;
    counted_region(&mut || spans = (subject.run)(work, runtime).map(|batch| batch.spans));
    Some(spans?.to_string())
}

/// Where a simulator of the processor counts, by this name.
#[inline(never)]
fn counted_region(run: &mut dyn FnMut()) {
    run();
}
