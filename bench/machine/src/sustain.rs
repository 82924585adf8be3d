//! Steps as fast as a tracker follows.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    steps,
    work::{Kept, Work},
};

/// Returns how many steps a second one application takes whose queue is full, until all of them are on the disk.
pub(crate) fn rate(work: Work, span: Duration) -> Result<f64> {
    let root = tempfile::tempdir()?;
    let runtime = steps::runtime()?;
    let begun = Instant::now();
    let mut taken = 0_u64;
    while begun.elapsed() < span {
        let mut app = work.application(Kept::Tracked, root.path())?;
        let each = if work == Work::Chat { work.steps_each() } else { usize::MAX };
        for _ in 0..each {
            steps::take(work, &mut app, &runtime)?;
            taken += 1;
            if taken % 64 == 0 && begun.elapsed() >= span {
                break;
            }
        }
        black_box(app);
    }
    steps::flush(Kept::Tracked, root.path())?;
    Ok(taken as f64 / begun.elapsed().as_secs_f64())
}
