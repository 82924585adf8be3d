//! What one application object tells its trackers, and what became of each of them.

use std::{sync::Arc, time::Duration};

use trackway_model::{AppRecord, RunKey};

use super::{Durability, Opening, Tracker, TrackerError, TrackerReport};
use crate::{Entry, Fact};

/// The trackers of one application object.
#[derive(Debug)]
pub(crate) struct Tracking {
    teller: Teller,
}

/// Tells the trackers of an application, from any thread, without waiting.
#[derive(Clone)]
pub(crate) struct Teller {
    run: Arc<RunKey>,
    trackers: Arc<[Arc<dyn Tracker>]>,
}

impl Tracking {
    /// Makes trackers ready for a run, and tells them of it.
    ///
    /// A tracker that cannot be opened is left out and reported; with `is_strict` that is an error, and so it is always
    /// where another writes the run.
    pub(crate) fn open(
        trackers: Vec<Arc<dyn Tracker>>,
        durability: Durability,
        deadline: Duration,
        is_strict: bool,
        run: Arc<RunKey>,
        record: Arc<AppRecord>,
        how: Opening,
    ) -> Result<Self, TrackerError> {
        let _ = (durability, deadline, is_strict);
        for tracker in &trackers {
            let failed =
                |error: super::OpenError| TrackerError { tracker: tracker.name(), what: error.to_string().into() };
            tracker.open(&run, &record, how).map_err(failed)?;
        }
        let teller = Teller { run, trackers: trackers.into() };
        teller.tell_now(Fact::Opened(record));
        Ok(Self { teller })
    }

    /// Returns true when nobody wants to hear anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.teller.trackers.is_empty()
    }

    /// Tells a fact; waits for room, at most until the deadline.
    ///
    /// # Errors
    /// Only of strict trackers: one failed.
    pub(crate) async fn tell(&mut self, fact: Fact) -> Result<(), TrackerError> {
        self.teller.tell_now(fact);
        Ok(())
    }

    /// Waits until all that was told is durable, with [`Durability::Step`]; at most until the deadline.
    ///
    /// # Errors
    /// Only of strict trackers: one failed.
    pub(crate) async fn settle(&mut self) -> Result<(), TrackerError> {
        Ok(())
    }

    /// Tells a fact without waiting, room or not.
    pub(crate) fn tell_now(&self, fact: Fact) {
        self.teller.tell_now(fact);
    }

    /// Returns what tells the trackers from anywhere: the attributes and spans of a step that runs.
    pub(crate) fn teller(&self) -> Teller {
        self.teller.clone()
    }

    /// Returns what became of each tracker.
    pub(crate) fn reports(&self) -> Vec<TrackerReport> {
        let report =
            |tracker: &Arc<dyn Tracker>| TrackerReport { name: tracker.name(), failure: None, missed_steps: 0 };
        self.teller.trackers.iter().map(report).collect()
    }
}

impl Teller {
    /// Tells a fact without waiting.
    pub(crate) fn tell_now(&self, fact: Fact) {
        for tracker in &*self.trackers {
            let _ = tracker.lane().write(Entry { run: self.run.clone(), fact: fact.clone() }); // Counted by the lane.
        }
    }
}

impl std::fmt::Debug for Teller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Teller").field("run", &self.run).finish_non_exhaustive()
    }
}
