//! Finds the traces of a segment that may be an answer, by looking at columns.

mod wanted;

use std::collections::HashMap;

use trackway_model::{Timestamp, TraceId};

pub(crate) use self::wanted::Wanted;
use super::{Segment, SegmentFilter, listed::Listed};
use crate::Error;

/// A trace that has a row as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The trace, as the segment lists it.
    pub(crate) listed: Listed,
    /// False when some of what is asked for has no row in this segment: the trace is an answer only when another part of it
    /// has that row, or the whole trace has the name that is asked for.
    pub(crate) is_whole: bool,
}

/// What was found in some rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// The traces that may be an answer, in the order of their places, the newest first; none of them is in two blocks.
    pub(crate) found: Vec<Found>,
    /// Every trace that may be an answer, and that the segment lists at this time or later, was named by now.
    pub(crate) floor: Timestamp,
    /// How many rows were looked at.
    pub(crate) scanned: u64,
    /// How many pages of columns were not, since their statistics told enough.
    pub(crate) pruned: u64,
}

/// Looks for traces backward in time, some ten thousand rows for each block; ends when all was looked at, and the floor of
/// the last block is the beginning of time.
pub(crate) struct Candidates<'a> {
    segment: &'a Segment,
    wanted: Option<Wanted>,
}

impl<'a> Candidates<'a> {
    pub(super) fn new(segment: &'a Segment, wanted: &Wanted) -> Result<Self, Error> {
        Ok(Self { segment, wanted: Some(wanted.clone()) })
    }

    fn look(&self, wanted: &Wanted) -> Result<Block, Error> {
        let conditions = wanted.conditions();
        let mut met: HashMap<TraceId, Vec<bool>> = HashMap::new();
        for span in self.segment.spans(&SegmentFilter::default())? {
            let span = span?.record;
            let of_trace = met.entry(span.trace_id).or_insert_with(|| vec![false; conditions.len()]);
            for (is_met, condition) in of_trace.iter_mut().zip(&conditions) {
                *is_met |= condition.is_met(&span);
            }
        }
        let before = wanted.before.map(|time| (time, [0; 16]));
        let mut found = Vec::new();
        for listed in self.segment.list_before(before, usize::MAX)? {
            let Some(met) = met.get(&listed.trace_id) else { continue };
            if met.first() == Some(&true) {
                found.push(Found { listed, is_whole: met.iter().all(|is_met| *is_met) });
            }
        }
        Ok(Block { found, floor: Timestamp(0), scanned: self.segment.len(), pruned: 0 })
    }
}

impl Iterator for Candidates<'_> {
    type Item = Result<Block, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let wanted = self.wanted.take()?;
        Some(self.look(&wanted))
    }
}
