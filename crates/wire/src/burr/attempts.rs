//! How often the steps of a log began.

use std::collections::{BTreeMap, HashMap};

/// Counts the attempts at each step; steps that follow each other and began once, as nearly all do, take no memory each.
#[derive(Default)]
pub(super) struct Attempts {
    /// The steps that began, as ranges: first and last.
    begun: BTreeMap<i64, i64>,
    /// The steps that began again, and how often.
    again: HashMap<i64, u32>,
}

impl Attempts {
    /// Returns the number of the latest attempt at a step.
    pub(super) fn latest(&self, sequence: i64) -> Option<u32> {
        let (_, last) = self.begun.range(..=sequence).next_back()?;
        (sequence <= *last).then(|| self.again.get(&sequence).copied().unwrap_or_default())
    }

    /// Counts an attempt and returns its number.
    pub(super) fn next(&mut self, sequence: i64) -> u32 {
        if self.latest(sequence).is_some() {
            let again = self.again.entry(sequence).or_default();
            *again = again.saturating_add(1);
            return *again;
        }
        let follows =
            self.begun.range(..sequence).next_back().filter(|(_, last)| last.checked_add(1) == Some(sequence));
        let first = follows.map_or(sequence, |(first, _)| *first);
        let precedes = sequence.checked_add(1).and_then(|next| self.begun.remove(&next));
        self.begun.insert(first, precedes.unwrap_or(sequence));
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_in_any_order() {
        let mut attempts = Attempts::default();
        let counted: Vec<u32> = [0, 1, 0, 3, 2, 2, i64::MAX, i64::MIN, 0].map(|step| attempts.next(step)).into();
        assert_eq!(counted, [0, 0, 1, 0, 0, 1, 0, 0, 2]);
        assert_eq!(
            [-1, 0, 1, 2, 3, 4].map(|step| attempts.latest(step)),
            [None, Some(2), Some(0), Some(1), Some(0), None]
        );
        assert_eq!(attempts.begun.len(), 3, "what follows each other is one range");
    }
}
