//! A server observed from outside, every second.

use std::{
    path::Path,
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use trackway_bench::{machine::bytes_below, process::Server};

const EVERY: Duration = Duration::from_secs(1);

/// What a server had at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) at: Duration,
    /// Spans that were acknowledged by then.
    pub(crate) spans: u64,
    pub(crate) disk_bytes: u64,
    pub(crate) resident_bytes: u64,
}

/// Does some work while a server is observed.
pub(crate) fn while_doing<T>(
    server: &Server,
    directory: &Path,
    spans: &AtomicU64,
    samples: &mut Vec<Sample>,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let (is_over, over) = (Mutex::new(false), Condvar::new());
    let begun = Instant::now();
    thread::scope(|scope| {
        let observer = scope.spawn(|| -> Result<Vec<Sample>> {
            let mut samples = Vec::new();
            let mut is_done = is_over.lock().unwrap_or_else(PoisonError::into_inner);
            while !*is_done {
                samples.push(sample(server, directory, spans, begun)?);
                is_done = over.wait_timeout(is_done, EVERY).unwrap_or_else(PoisonError::into_inner).0;
            }
            samples.push(sample(server, directory, spans, begun)?);
            Ok(samples)
        });
        let done = work();
        *is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        over.notify_all();
        samples.extend(observer.join().map_err(|_| anyhow!("the observer panicked"))??);
        done
    })
}

fn sample(server: &Server, directory: &Path, spans: &AtomicU64, begun: Instant) -> Result<Sample> {
    Ok(Sample {
        at: begun.elapsed(),
        spans: spans.load(Relaxed),
        disk_bytes: bytes_below(directory)?,
        resident_bytes: server.resident_bytes()?,
    })
}

/// How long a server is waited for until it has nothing to do any more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settling {
    /// It has settled once it took next to no processor time for so long.
    pub(crate) quiet: Duration,
    /// The most that it is waited for.
    pub(crate) most: Duration,
}

/// Waits until a server has settled; false when it had not when the time was over.
pub(crate) fn settle(server: &Server, settling: Settling) -> Result<bool> {
    let begun = Instant::now();
    let (mut quiet_since, mut cpu) = (Instant::now(), server.cpu()?);
    while begun.elapsed() < settling.most {
        thread::sleep(Duration::from_millis(500));
        let now = server.cpu()?;
        if now - cpu > Duration::from_millis(20) {
            quiet_since = Instant::now();
        }
        cpu = now;
        if quiet_since.elapsed() >= settling.quiet {
            return Ok(true);
        }
    }
    Ok(false)
}
