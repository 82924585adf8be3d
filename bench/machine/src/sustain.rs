//! Steps as fast as a tracker follows.

use std::time::{Duration, Instant};

use anyhow::Result;
use trackway_machine::tracker::Directory;

use crate::{
    steps,
    work::{Kept, Work},
};

/// The steps of one chat, which grows to 200 KB meanwhile; shorter ones would show what a new application costs.
const LONG_CHAT: usize = 1_000;

/// Returns how many steps a second one application takes whose queue is full, until all of them are on the disk.
pub(crate) fn rate(work: Work, span: Duration) -> Result<f64> {
    let root = tempfile::tempdir()?;
    let directory = Directory::at(root.path());
    let runtime = steps::runtime()?;
    let begun = Instant::now();
    let mut taken = 0_u64;
    while begun.elapsed() < span {
        let mut app = work.application(Kept::Tracked, root.path())?;
        let each = if work == Work::Chat { LONG_CHAT } else { usize::MAX };
        for _ in 0..each {
            steps::take(work, &mut app, &runtime)?;
            taken += 1;
            if taken.is_multiple_of(64) && begun.elapsed() >= span {
                break;
            }
        }
        drop(app);
    }
    steps::flush(&directory)?;
    Ok(taken as f64 / begun.elapsed().as_secs_f64())
}
