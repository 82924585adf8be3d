//! A run of very many steps, and how long it takes to find a state in it.

use std::{
    fmt::Display,
    fs::File,
    os::unix::fs::FileExt,
    str::FromStr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use rustix::fs::{Advice, fadvise};
use trackway_machine::{At, Durability, Loader, Wanted, tracker::Directory};

use crate::{
    results::{percentile, sorted},
    steps,
    work::{PROJECT, Work},
};

const APP: &str = "long";
/// So many states are looked for.
const WARM: u64 = 2_000;
const COLD: u64 = 300;
const PAGE: u64 = 4096;

/// What was found, in microseconds where it is time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Long {
    pub(crate) steps: u64,
    pub(crate) steps_per_second: f64,
    pub(crate) log_bytes: f64,
    pub(crate) index_bytes: f64,
    /// Any state: p50, p99 and the most, with files in the memory of the system and without.
    pub(crate) warm: [f64; 3],
    pub(crate) cold: [f64; 3],
    /// One read of a page of the log that is not in the memory of the system.
    pub(crate) page: [f64; 3],
    /// The run gone on with, from its latest state, until the application is there.
    pub(crate) resumed: f64,
    pub(crate) resumed_cold: f64,
    /// The runs of the project listed.
    pub(crate) listed: f64,
}

impl Long {
    /// Takes the steps, and looks for states.
    pub(crate) fn measure(steps: u64) -> Result<Self> {
        let root = tempfile::tempdir()?;
        let directory = Directory::at(root.path());
        let steps_per_second = write(steps, &directory)?;
        let run = root.path().join(PROJECT).join(APP);
        let files = ["log.ndjson", "log.index"].map(|name| File::open(run.join(name)));
        let [log, index] = files;
        let (log, index) = (log?, index?);
        let forget = || -> Result<()> {
            for file in [&log, &index] {
                file.sync_all()?;
                fadvise(file, 0, None, Advice::DontNeed)?;
            }
            Ok(())
        };
        let find = |number: u64| -> Result<Duration> {
            let wanted = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % steps;
            let begun = Instant::now();
            let saved = directory.load(&Wanted::new(PROJECT, APP), At::Step(wanted.cast_signed()))?;
            let took = begun.elapsed();
            let n: u64 = saved.context("the step is not there")?.state.get("n")?;
            ensure!(n == wanted + 1, "step {wanted} left {n}");
            Ok(took)
        };
        let warm = (0..WARM).map(find).collect::<Result<Vec<_>>>()?;
        let cold = (0..COLD).map(|number| forget().and_then(|()| find(number))).collect::<Result<Vec<_>>>()?;
        let len = log.metadata()?.len();
        let page = |number: u64| -> Result<Duration> {
            forget()?;
            let place = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (len / PAGE) * PAGE;
            let begun = Instant::now();
            log.read_exact_at(&mut [0; PAGE as usize], place)?;
            Ok(begun.elapsed())
        };
        let page = (0..COLD).map(page).collect::<Result<Vec<_>>>()?;
        let graph = Work::Sync.graph()?;
        let resume = || -> Result<f64> {
            steps::flush(&directory)?; // The application before has let go of the log then.
            let begun = Instant::now();
            let app = graph.resume_from(&directory, &Wanted::new(PROJECT, APP))?.build()?;
            let took = begun.elapsed();
            ensure!(app.state().get::<u64>("n")? == steps, "the run does not go on at its end");
            Ok(micros(took))
        };
        let resumed = (0..20).map(|_| resume()).collect::<Result<Vec<_>>>()?;
        let resumed_cold = (0..20).map(|_| forget().and_then(|()| resume())).collect::<Result<Vec<_>>>()?;
        steps::flush(&directory)?;
        let begun = Instant::now();
        ensure!(directory.list(PROJECT)?.len() == 1, "the project has another number of runs");
        Ok(Self {
            steps,
            steps_per_second,
            log_bytes: len as f64,
            index_bytes: index.metadata()?.len() as f64,
            warm: spread(warm),
            cold: spread(cold),
            page: spread(page),
            resumed: percentile(&sorted(resumed), 0.5),
            resumed_cold: percentile(&sorted(resumed_cold), 0.5),
            listed: micros(begun.elapsed()),
        })
    }
}

/// Takes the steps; returns how many there were a second, until all were on the disk.
fn write(steps: u64, directory: &Directory) -> Result<f64> {
    let builder = Work::Sync.graph()?.start(Work::Sync.state()).project(PROJECT).app_id(APP);
    let mut app = builder.tracker(directory.clone()).durability(Durability::Eventual).build()?;
    let begun = Instant::now();
    for _ in 0..steps {
        app.step().blocking()?;
    }
    let report = app.stats();
    ensure!(report.trackers.iter().all(|tracker| tracker.missed_steps == 0), "steps were lost: {report:?}");
    drop(app);
    steps::flush(directory)?;
    Ok(steps as f64 / begun.elapsed().as_secs_f64())
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

fn spread(times: Vec<Duration>) -> [f64; 3] {
    let times = sorted(times.into_iter().map(micros).collect());
    [0.5, 0.99, 1.0].map(|part| percentile(&times, part))
}

impl Display for Long {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { steps, steps_per_second, log_bytes, index_bytes, warm, cold, page, resumed, resumed_cold, listed } =
            self;
        write!(out, "{steps} {steps_per_second} {log_bytes} {index_bytes}")?;
        for time in warm.iter().chain(cold).chain(page).chain([resumed, resumed_cold, listed]) {
            write!(out, " {time}")?;
        }
        Ok(())
    }
}

impl FromStr for Long {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> Result<Self> {
        let numbers = line.split(' ').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let [steps, rate, log, index, w50, w99, w, c50, c99, c, p50, p99, p, resumed, resumed_cold, listed] = *numbers
        else {
            bail!("{line:?} is no long run");
        };
        Ok(Self {
            steps: steps as u64,
            steps_per_second: rate,
            log_bytes: log,
            index_bytes: index,
            warm: [w50, w99, w],
            cold: [c50, c99, c],
            page: [p50, p99, p],
            resumed,
            resumed_cold,
            listed,
        })
    }
}
