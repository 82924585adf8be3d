//! Steps that are timed one by one.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{self, Runtime};
use trackway_machine::{Application, Tracker, tracker::Directory};

use crate::{
    results::Turn,
    work::{Kept, Work},
};

/// How long what was told may take until it is on the disk.
const PATIENCE: Duration = Duration::from_secs(60);

/// The steps before those that are timed.
const WARM_UP: usize = 8;

/// Takes steps, and returns what they took; a tracker has written all before of an application before the next begins, so that
/// no step waits for room.
pub(crate) fn timed(work: Work, kept: Kept, steps: usize) -> Result<Turn> {
    let root = tempfile::tempdir()?;
    // As long as somebody has it, its thread goes on from one application to the next.
    let directory = Directory::at(root.path());
    let runtime = runtime()?;
    let mut latencies = Vec::with_capacity(steps);
    let mut cpu = Duration::ZERO;
    while latencies.len() < steps {
        // Whoever waited for the disk finds nothing of ours in the processor's caches.
        let mut warm = work.application(Kept::Bare, root.path())?;
        (0..WARM_UP).try_for_each(|_| take(work, &mut warm, &runtime))?;
        let mut app = work.application(kept, root.path())?;
        let begun = cpu_of_thread();
        for _ in 0..work.steps_each().min(steps - latencies.len()) {
            let begun = Instant::now();
            take(work, &mut app, &runtime)?;
            latencies.push(begun.elapsed());
        }
        cpu += cpu_of_thread() - begun;
        ensure!(app.stats().trackers.iter().all(|tracker| tracker.failure.is_none()), "a tracker failed");
        drop(app);
        flush(&directory)?;
    }
    let bytes = bytes_below(root.path())?;
    Turn::of(latencies, cpu, bytes)
}

/// Takes one step.
pub(crate) fn take(work: Work, app: &mut Application, runtime: &Runtime) -> Result<()> {
    let stepped = match work {
        Work::Async => runtime.block_on(app.step().into_future())?,
        _ => app.step().blocking()?,
    };
    stepped.map(drop).context("there was nothing to do")
}

/// Waits until all is on the disk that applications told.
pub(crate) fn flush(directory: &Directory) -> Result<()> {
    ensure!(directory.flush(PATIENCE), "the disk is too slow");
    Ok(())
}

/// Returns a runtime of this thread alone.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(runtime::Builder::new_current_thread().build()?)
}

/// Returns the processor time of this thread.
fn cpu_of_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Returns the bytes of all logs below a directory.
pub(crate) fn bytes_below(directory: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += match metadata.is_dir() {
            true => bytes_below(&entry.path())?,
            false if entry.file_name() == "log.ndjson" => metadata.len(),
            false => 0,
        };
    }
    Ok(bytes)
}
