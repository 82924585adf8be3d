//! Giants that a search has read, or began to read and had no time to finish: the next page goes on there.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use trackway_model::TraceId;

use super::{digest::Digest, kept::Version};
use crate::{TraceQuery, asker::has_left, cursor::SpanPlace};

/// Of how many readings it is known how far they came.
const MOST: usize = 32;
/// After how many rows it is looked what time it is.
const STRETCH: u64 = 16;

/// What a giant is read for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// What a list shows of it.
    Digest,
    /// Whether it matches.
    Judgement(Box<TraceQuery>),
}

/// How far a giant was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Halfway {
    /// The last row that was read.
    pub(super) after: Option<SpanPlace>,
    /// What the rows up to there come to.
    pub(super) digest: Digest,
    /// Whether one of them has the name that is asked for.
    pub(super) is_named: bool,
    /// Whether one of them is as the filter says.
    pub(super) is_filtered: bool,
    /// How many rows the heads had when it was read to its end, if it was.
    pub(super) ended_with: Option<usize>,
}

/// The latest readings, the last of them at the end.
#[derive(Default)]
pub(super) struct Readings(Mutex<VecDeque<Reading>>);

struct Reading {
    id: TraceId,
    version: Version,
    purpose: Purpose,
    halfway: Halfway,
}

impl Readings {
    /// Takes what is known of a reading; of another state of the trace that is nothing.
    pub(super) fn take(&self, id: TraceId, version: &Version, purpose: &Purpose) -> Halfway {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |it: &Reading| it.id == id && it.version == *version && it.purpose == *purpose;
        let at = all.iter().position(is_it);
        at.and_then(|at| all.remove(at)).map(|reading| reading.halfway).unwrap_or_default()
    }

    /// Notes how far a reading came.
    pub(super) fn put(&self, id: TraceId, version: Version, purpose: Purpose, halfway: Halfway) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_back(Reading { id, version, purpose, halfway });
        if all.len() > MOST {
            all.pop_front();
        }
    }
}

/// How long a giant is read at a stretch.
pub(super) struct Patience {
    /// `None` for whoever waits until the end.
    until: Option<Instant>,
    /// So many rows are read at least, that who asks again and again comes to the end.
    fewest: u64,
    rows: u64,
}

impl Patience {
    pub(super) fn until(until: Option<Instant>, fewest: u64) -> Self {
        Self { until, fewest, rows: 0 }
    }

    /// Counts a row; true when the time is over.
    pub(super) fn is_over(&mut self) -> bool {
        self.rows += 1;
        let Some(until) = self.until else { return false };
        self.rows >= self.fewest && self.rows.is_multiple_of(STRETCH) && (Instant::now() >= until || has_left())
    }
}
