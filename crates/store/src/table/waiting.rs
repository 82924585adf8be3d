//! Events whose span has not come, in the order in which they go when they waited for too long.

use std::{collections::BTreeMap, time::Duration};

use trackway_model::{SpanId, Timestamp, TraceId};

/// The most events that may wait.
const MOST: usize = 100_000;
/// The most while the log is read. A span's open record may be gone from it that its events came behind, so that they
/// wait for the finished one, and longer than they ever did.
const MOST_IN_REPLAY: usize = 10 * MOST;
const LONGEST: Duration = Duration::from_secs(600);

/// Where an event lies in its trace: by span, fingerprint and arrival.
pub(super) type Place = (SpanId, u64, u64);

/// How much waiting is borne.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    /// While the log is read.
    Replay,
    /// When the log was read.
    Count,
    /// Whenever something comes, by its arrival.
    CountAndAge(Timestamp),
}

impl Patience {
    /// When something comes, if that is what it is about.
    pub(crate) fn now(self) -> Option<Timestamp> {
        match self {
            Self::Replay | Self::Count => None,
            Self::CountAndAge(now) => Some(now),
        }
    }

    /// Returns true when one of so many is to go, that waits since then.
    pub(crate) fn is_over(self, waiting: usize, since: Timestamp) -> bool {
        let (most, is_old) = match self {
            Self::Replay => (MOST_IN_REPLAY, false),
            Self::Count => (MOST, false),
            Self::CountAndAge(now) => (MOST, u128::from(now.0.saturating_sub(since.0)) > LONGEST.as_nanos()),
        };
        is_old || waiting > most
    }
}

/// The queue of those that wait.
#[derive(Default)]
pub(super) struct Waiting {
    queue: BTreeMap<u64, (TraceId, Place, Timestamp)>,
    turns: u64,
}

impl Waiting {
    /// Returns a number that is higher than all before.
    pub(super) fn turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    pub(super) fn push(&mut self, turn: u64, id: TraceId, place: Place, arrival: Timestamp) {
        self.queue.insert(turn, (id, place, arrival));
    }

    pub(super) fn remove(&mut self, turn: u64) {
        self.queue.remove(&turn);
    }

    /// Takes the oldest, if it is one too many or waited for too long.
    pub(super) fn pop(&mut self, patience: Patience) -> Option<(TraceId, Place)> {
        let (_, (_, _, arrival)) = self.queue.first_key_value()?;
        if !patience.is_over(self.queue.len(), *arrival) {
            return None;
        }
        let (_, (id, place, _)) = self.queue.pop_first()?;
        Some((id, place))
    }

    pub(super) fn len(&self) -> u64 {
        self.queue.len() as u64
    }
}
