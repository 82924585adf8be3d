//! Which log files are still needed.

use std::collections::BTreeMap;

use super::Segment;

/// How many of the stored records came from each log file.
#[derive(Default)]
pub(crate) struct Live(BTreeMap<Segment, u64>);

impl Live {
    pub(super) fn hold(&mut self, segment: Segment) {
        *self.0.entry(segment).or_default() += 1;
    }

    pub(super) fn release(&mut self, segment: Segment) {
        let Some(records) = self.0.get_mut(&segment) else { return };
        *records -= 1;
        if *records == 0 {
            self.0.remove(&segment);
        }
    }

    /// Returns true when something stored came from this file.
    pub(crate) fn contains(&self, segment: Segment) -> bool {
        self.0.contains_key(&segment)
    }
}
