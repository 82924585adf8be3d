//! One that is measured: a process that sets one library up, and does what it is told, line by line.

use std::{
    fmt::Display,
    io::{BufRead, stdin},
    str::FromStr,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::runtime::Runtime;

use crate::{
    arguments::Arguments,
    peers::Subject,
    plan, results,
    sink::{self, Sink},
    sustain,
    work::{Batch, Work},
};

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

/// Does the work inside of `around`, and returns with the batch how much of it arrived: what is lost is cheap.
fn arriving(
    subject: &Subject,
    work: Work,
    runtime: &Runtime,
    around: impl FnOnce(&mut dyn FnMut()),
) -> Option<(Batch, f64)> {
    let before = sink::exported();
    let mut batch = None;
    around(&mut || batch = (subject.run)(work, runtime));
    (subject.flush)();
    let batch = batch?;
    let arrived = (sink::exported() - before) as f64;
    let is_to_arrive = plan::is_recorded_and_exported(subject) && batch.made > 0;
    Some((batch, if is_to_arrive { arrived / batch.made as f64 } else { 1.0 }))
}

fn batch(subject: &Subject, work: Work, runtime: &Runtime) -> Option<String> {
    let (batch, arrived) = arriving(subject, work, runtime, |run| run())?;
    Some(format!("{} {arrived}", batch.took.as_nanos() as f64 / batch.spans as f64))
}

fn allocations(subject: &Subject, work: Work, runtime: &Runtime, counter: Counter) -> Option<String> {
    (subject.run)(work, runtime)?;
    (subject.flush)();
    let mut allocated = None;
    let (batch, arrived) = arriving(subject, work, runtime, |run| allocated = Some(counter(run)))?;
    let each = |count: f64| count / batch.spans as f64;
    let Allocated { times, bytes, held } = allocated?;
    Some(format!("{} {} {} {arrived}", each(times as f64), each(bytes as f64), each(held as f64)))
}

fn instructions(subject: &Subject, work: Work, runtime: &Runtime) -> Option<String> {
    (subject.run)(work, runtime);
    (subject.flush)();
    let (batch, arrived) = arriving(subject, work, runtime, counted_region)?;
    Some(format!("{} {arrived}", batch.spans))
}

/// Where a simulator of the processor counts, by this name.
#[inline(never)]
fn counted_region(run: &mut dyn FnMut()) {
    run();
}
