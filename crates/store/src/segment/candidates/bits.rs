//! Which rows of a block are still in question.

use std::ops::Range;

const WORD: usize = u64::BITS as usize;

/// A bit for each row of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Makes bits of which none is set.
    pub(super) fn none(rows: usize) -> Self {
        Self(vec![0; rows.div_ceil(WORD)])
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub(super) fn contains(&self, row: usize) -> bool {
        self.0.get(row / WORD).is_some_and(|word| word >> (row % WORD) & 1 == 1)
    }

    pub(super) fn set(&mut self, row: usize) {
        if let Some(word) = self.0.get_mut(row / WORD) {
            *word |= 1 << (row % WORD);
        }
    }

    /// Sets the bits of some rows.
    pub(super) fn set_all(&mut self, range: &Range<usize>) {
        let words = range.start / WORD..range.end.div_ceil(WORD);
        for (word, place) in self.0.get_mut(words.clone()).unwrap_or_default().iter_mut().zip(words) {
            *word |= mask(range, place);
        }
    }

    /// Returns true when one of some rows is set.
    pub(super) fn meets(&self, range: &Range<usize>) -> bool {
        let words = range.start / WORD..range.end.div_ceil(WORD);
        let found = self.0.get(words.clone()).unwrap_or_default().iter().zip(words);
        found.into_iter().any(|(word, place)| word & mask(range, place) != 0)
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn keep(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
    }

    /// Returns the rows that are set here and not there.
    pub(super) fn without(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(word, other)| word & !other).collect())
    }
}

/// Returns the bits of a word that are in a range.
fn mask(range: &Range<usize>, place: usize) -> u64 {
    let inside = |row: usize| row.clamp(place * WORD, (place + 1) * WORD) - place * WORD;
    let below = |count: usize| if count == WORD { u64::MAX } else { (1 << count) - 1 };
    below(inside(range.end)) & !below(inside(range.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_rows_end_inside_words() {
        let mut bits = Bits::none(200);
        bits.set_all(&(3..130));
        let mut first = Bits::none(200);
        first.set_all(&(0..64));
        assert_eq!(bits.count(), 127);
        assert!(bits.contains(3) && bits.contains(129) && !bits.contains(2) && !bits.contains(130));
        assert!(bits.meets(&(129..131)) && !bits.meets(&(130..200)) && !bits.meets(&(0..3)));
        assert_eq!(bits.without(&first).count(), 66);
    }
}
