//! Values each once, as a dictionary page holds them.

use std::hash::{BuildHasher, RandomState};

/// Values of a column in a row group, each with a number.
pub(super) struct Dictionary {
    form: Form,
    seed: u64,
    /// The values as they stand in the page.
    page: Vec<u8>,
    entries: Vec<Entry>,
    /// Numbers of entries by hash, one more than each; zero is free. The length is a power of two.
    table: Vec<u32>,
}

/// How values stand in the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The length first, in four bytes.
    Text,
    /// All of one length.
    Fixed,
}

struct Entry {
    hash: u64,
    start: u32,
    end: u32,
}

impl Dictionary {
    pub(super) fn new(form: Form) -> Self {
        Self { form, seed: RandomState::new().hash_one(0), page: Vec::new(), entries: Vec::new(), table: vec![0; 64] }
    }

    /// Returns the number of a value, which is new when it is the highest.
    pub(super) fn number(&mut self, value: &[u8]) -> u32 {
        let hash = hash(value, self.seed);
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        while let Some(number) = self.table.get(at).and_then(|number| number.checked_sub(1)) {
            let is_it =
                self.entries.get(number as usize).is_some_and(|it| it.hash == hash) && self.get(number) == value;
            if is_it {
                return number;
            }
            at = (at + 1) & mask;
        }
        self.add(value, hash, at)
    }

    fn add(&mut self, value: &[u8], hash: u64, at: usize) -> u32 {
        if self.form == Form::Text {
            self.page.extend((value.len() as u32).to_le_bytes());
        }
        let start = self.page.len() as u32;
        self.page.extend(value);
        self.entries.push(Entry { hash, start, end: self.page.len() as u32 });
        let count = self.entries.len() as u32;
        if let Some(slot) = self.table.get_mut(at) {
            *slot = count;
        }
        if self.entries.len() * 2 > self.table.len() {
            self.grow();
        }
        count - 1
    }

    fn grow(&mut self) {
        let mask = self.table.len() * 2 - 1;
        self.table = vec![0; mask + 1];
        for (count, entry) in (1..).zip(&self.entries) {
            let mut at = entry.hash as usize & mask;
            while self.table.get(at).is_some_and(|number| *number != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = self.table.get_mut(at) {
                *slot = count;
            }
        }
    }

    /// Returns a value by its number.
    pub(super) fn get(&self, number: u32) -> &[u8] {
        let entry = self.entries.get(number as usize);
        entry.and_then(|it| self.page.get(it.start as usize..it.end as usize)).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the page.
    pub(super) fn page(&self) -> &[u8] {
        &self.page
    }

    pub(super) fn clear(&mut self) {
        self.page.clear();
        self.entries.clear();
        self.table.fill(0);
    }
}

/// Spreads a value over 64 bits: eight bytes at a time, by the halves of a product.
fn hash(value: &[u8], seed: u64) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = |state: u64, word: u64| {
        let product = u128::from(state ^ word) * u128::from(ODD);
        product as u64 ^ (product >> 64) as u64
    };
    let (words, rest) = value.as_chunks::<8>();
    let state = words.iter().fold(seed ^ value.len() as u64, |state, word| mixed(state, u64::from_le_bytes(*word)));
    let rest = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    mixed(mixed(state, rest), seed)
}
