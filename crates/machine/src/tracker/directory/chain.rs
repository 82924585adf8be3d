//! Which states a log tells whole, and which by what has changed.
//!
//! ```text
//!   whole ──► delta ──► delta ──► … ──► delta   whole ──► delta ──► …
//!   ◄──────── a state is read from here ────────►
//! ```

use super::{delta, line};
use crate::{Change, State};

/// After so many steps a state is told whole again.
const STEPS: u32 = 64;

/// The states that a log has told.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain {
    told: Option<Told>,
}

#[derive(Debug, Clone)]
struct Told {
    /// The state that was told last.
    state: State,
    /// Where the line begins that told the last whole one.
    whole_at: u64,
    /// How long that one is.
    whole_len: usize,
    /// So many states were told since then, that one among them.
    steps: u32,
}

impl Told {
    /// A large state waits until half as much was written behind it: else a log would grow by its square.
    fn is_due(&self, at: u64) -> bool {
        let behind = at.saturating_sub(self.whole_at).saturating_sub(self.whole_len as u64);
        self.steps >= STEPS && behind >= (self.whole_len / 2) as u64
    }
}

impl Chain {
    /// Writes the field `state` or `delta` of a line that will begin at byte `at` of the log. Returns where the line begins
    /// that tells the state whole from which this one is made.
    ///
    /// `changes` made the state of the one that was told last; without them the two are compared.
    pub(super) fn write(&mut self, state: &State, changes: Option<&[Change]>, at: u64, line: &mut Vec<u8>) -> u64 {
        let Some(told) = self.told.as_mut().filter(|told| !told.is_due(at)) else {
            return self.write_whole(state, at, line);
        };
        let before = line.len();
        line.extend_from_slice(b",\"delta\":");
        delta::write(&told.state, state, changes, line);
        let delta_len = line.len() - before - b",\"delta\":".len();
        // Writing it whole to see how long it is, is worth it only where the two may come close.
        if delta_len > b"{}".len() && delta_len >= told.whole_len / 2 {
            let mut whole = Vec::with_capacity(told.whole_len + told.whole_len / 4);
            line::state(state, &mut whole);
            if whole.len() <= delta_len {
                line.truncate(before);
                return self.write_whole(state, at, line);
            }
        }
        told.state = state.clone();
        told.steps += 1;
        told.whole_at
    }

    /// Writes the field `state` of a line that will begin at byte `at` of the log. Returns that place.
    pub(super) fn write_whole(&mut self, state: &State, at: u64, line: &mut Vec<u8>) -> u64 {
        line.extend_from_slice(b",\"state\":");
        let before = line.len();
        line::state(state, line);
        self.told = Some(Told { state: state.clone(), whole_at: at, whole_len: line.len() - before, steps: 1 });
        at
    }
}
