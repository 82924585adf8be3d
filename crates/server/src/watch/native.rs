//! Reads the log of one run that a program keeps in a directory, as far as it was written.

use std::{io, ops::ControlFlow, sync::Arc, time::Duration};

use trackway_model::{RunFact, RunKey};
use trackway_wire::records::{Follower, Item};

use super::{
    burr::within,
    lines::{Lines, Mark, News, Pace},
    place::{Application, NATIVE_LOG},
    reader::Chunk,
};

/// What the states of a chunk may have together, in bytes for each byte of lines that is asked for: a short line can tell of a
/// long state.
const STATES: u64 = 4;

/// Reads one run, from where it was the last time.
pub(super) struct Native {
    run: RunKey,
    is_renamed: bool,
    follower: Option<Follower>,
    log: Lines,
    /// How far the log was told before the reader slept.
    told: Mark,
    pace: Pace,
}

impl Native {
    pub(super) fn new(application: &Application, pace: Pace) -> Self {
        let Application { folder, project, app, is_renamed, .. } = application;
        Self {
            run: RunKey { project: project.clone(), partition: None, app: app.clone() },
            is_renamed: *is_renamed,
            follower: None,
            log: Lines::new(folder.join(NATIVE_LOG), Pace::Whole),
            told: Mark::default(),
            pace,
        }
    }

    /// Forgets how far the log was read.
    pub(super) fn start_over(&mut self) {
        self.follower = None;
        self.log = Lines::new(self.log.path().to_owned(), Pace::Whole);
        self.told = Mark::default();
    }

    /// Lets go of all but how far the log was read.
    pub(super) fn sleep(&mut self) {
        self.told = self.log.mark();
        self.follower = None;
        self.log.rewind();
    }

    /// Reads about `most` bytes of what was written since the last time.
    pub(super) fn read(&mut self, most: u64) -> io::Result<Chunk> {
        let grown = match self.log.news()? {
            News::Replaced => {
                self.start_over();
                return self.read(most);
            }
            News::Nothing => return Ok(Chunk::default()),
            News::Grown(grown) => grown,
        };
        let told = self.log.until(self.told);
        let follower = self.follower.get_or_insert_with(|| {
            let follower = Follower::new(self.run.clone());
            if self.is_renamed { follower.listed_under(self.run.project.clone()) } else { follower }
        });
        let (mut items, mut bytes) = (Vec::new(), 0);
        let end = self.log.read(grown, within(most, told), |number, line| {
            let new = follower.line(number, line);
            if told == 0 {
                bytes += new.iter().map(state_bytes).sum::<u64>();
                items.extend(new);
            }
            if bytes < most.saturating_mul(STATES) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        // Who reads once does not come back for the line that is being written.
        let is_left = self.pace == Pace::Once && end.rest > 0;
        Ok(Chunk {
            run: Some(Arc::clone(follower.run())),
            items,
            bytes: end.bytes,
            has_more: end.has_more,
            wait: is_left.then_some(Duration::ZERO),
        })
    }
}

fn state_bytes(item: &Item) -> u64 {
    let Item::Fact(record) = item else { return 0 };
    let state = match &record.fact {
        RunFact::End(end) => end.state.as_ref(),
        RunFact::State(placed) => Some(&placed.state),
        _ => None,
    };
    state.map_or(0, |state| state.0.len() as u64)
}
