//! Spans at a steady rate, with the exporter at work.

use std::{
    fmt,
    str::FromStr,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use crate::{
    machine::{Resident, cpu_of_process},
    peers::Subject,
    sink,
    work::{Kind, Work},
};

/// What one rate did to one library.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sustained {
    pub(crate) made: u64,
    pub(crate) exported: u64,
    pub(crate) elapsed: Duration,
    /// What the producing thread spent in the spans.
    pub(crate) producing: Duration,
    /// The processor time of all threads, the pauses between bursts included.
    pub(crate) cpu: Duration,
    /// The most memory in each third of the time.
    pub(crate) resident: [u64; 3],
    pub(crate) peak: u64,
}

/// The children of each root.
const CHILDREN: usize = 10;
/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Makes spans with four mixed attributes at a rate, as far as the library can.
pub(crate) fn run(subject: &Subject, per_second: u64, seconds: f64, runtime: &Runtime) -> Result<Sustained> {
    let start = Instant::now();
    let cpu = cpu_of_process();
    let (mut made, mut producing) = (0, Duration::ZERO);
    let (mut resident, mut looked) = ([0; 3], Duration::ZERO);
    loop {
        let elapsed = start.elapsed();
        let part = elapsed.as_secs_f64() / seconds;
        let Some(most) = resident.get_mut((part * 3.0) as usize) else { break }; // the time is over
        if elapsed >= looked {
            *most = Resident::read()?.now.max(*most);
            looked = elapsed + LOOK;
        }
        let behind = ((elapsed.as_secs_f64() * per_second as f64) as u64).saturating_sub(made);
        // No more than a few milliseconds' worth, so that the time is kept and memory is looked at.
        let traces = behind.min(per_second / 100) as usize / (CHILDREN + 1);
        if traces > 0 {
            let work = Work::new(Kind::W2, CHILDREN, traces);
            let batch = (subject.run)(work, runtime).context("every library makes spans")?;
            made += batch.spans as u64;
            producing += batch.took;
        } else {
            thread::sleep(Duration::from_millis(1));
        }
    }
    let elapsed = start.elapsed();
    (subject.flush)();
    let cpu = cpu_of_process().saturating_sub(cpu);
    Ok(Sustained { made, exported: sink::exported(), elapsed, producing, cpu, resident, peak: Resident::read()?.peak })
}

impl Sustained {
    /// Returns true when the last third needed less than a tenth and a MiB more than the first.
    pub(crate) fn is_flat(&self) -> bool {
        let [first, _, last] = self.resident;
        last < first + first / 10 + (1 << 20)
    }

    pub(crate) fn part_exported(&self) -> f64 {
        self.exported as f64 / self.made as f64
    }
}

/// One line between a process and its driver.
impl fmt::Display for Sustained {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { made, exported, elapsed, producing, cpu, resident: [first, middle, last], peak } = self;
        let (elapsed, producing, cpu) = (elapsed.as_nanos(), producing.as_nanos(), cpu.as_nanos());
        write!(out, "{made} {exported} {elapsed} {producing} {cpu} {first} {middle} {last} {peak}")
    }
}

impl FromStr for Sustained {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut words = text.split_whitespace();
        let mut number =
            || -> Result<u64> { Ok(words.next().with_context(|| format!("{text:?} is too short"))?.parse()?) };
        Ok(Self {
            made: number()?,
            exported: number()?,
            elapsed: Duration::from_nanos(number()?),
            producing: Duration::from_nanos(number()?),
            cpu: Duration::from_nanos(number()?),
            resident: [number()?, number()?, number()?],
            peak: number()?,
        })
    }
}
