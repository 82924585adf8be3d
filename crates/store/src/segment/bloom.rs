//! Which traces a segment cannot hold, told without opening it.
//!
//! ```text
//! version u8 | blocks u32 | crc u32 of the blocks | blocks of 256 bits        numbers are little-endian
//! ```
//!
//! A trace has eight bits in one block: one in each of its words. With 16 bits for each trace, about one in a thousand of
//! those that are not there seems to be.

use std::{fmt, sync::Arc};

use trackway_model::TraceId;

use super::trace_index::hash;

const VERSION: u8 = 1;
const HEADER: usize = 1 + 4 + 4;
const BITS_OF_TRACE: usize = 16;
const WORDS: usize = 8;
const BLOCK: usize = WORDS * 4;

/// Odd numbers that make eight places of one hash; part of the format.
const SALTS: [u32; WORDS] =
    [0x9e37_79b1, 0x85eb_ca6b, 0xc2b2_ae35, 0x27d4_eb2f, 0x1656_67b1, 0xb549_7a4d, 0x6c8e_9cf5, 0xd3a2_646d];

/// A set of traces that may say of a few that are not in it that they are.
#[derive(Clone)]
pub(crate) struct Bloom(Arc<[u8]>);

impl Bloom {
    /// Makes the set of traces with these hashes.
    pub(super) fn of(hashes: &[u64]) -> Self {
        let blocks = (hashes.len() * BITS_OF_TRACE).div_ceil(BLOCK * 8);
        let mut bits = vec![0_u8; blocks * BLOCK];
        let (all, _) = bits.as_chunks_mut::<BLOCK>();
        for hash in hashes {
            let Some(block) = all.get_mut(place(*hash, blocks)) else { continue };
            let (words, _) = block.as_chunks_mut::<4>();
            for (word, bit) in words.iter_mut().zip(bits_of(*hash)) {
                *word = (u32::from_le_bytes(*word) | bit).to_le_bytes();
            }
        }
        let mut bytes = Vec::with_capacity(HEADER + bits.len());
        bytes.push(VERSION);
        bytes.extend((blocks as u32).to_le_bytes());
        bytes.extend(crc32c::crc32c(&bits).to_le_bytes());
        bytes.extend(bits);
        Self(bytes.into())
    }

    /// Makes the set of these traces.
    pub(crate) fn of_traces(ids: impl Iterator<Item = TraceId>) -> Self {
        Self::of(&ids.map(hash).collect::<Vec<_>>())
    }

    /// Reads what [`bytes`](Self::bytes) gave; `None` when it is damaged, or of a newer version.
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let (header, bits) = bytes.split_first_chunk::<HEADER>()?;
        let (numbers, []) = header.get(1..)?.as_chunks::<4>() else { return None };
        let [blocks, sum] = numbers else { return None };
        let is_whole = header.first() == Some(&VERSION)
            && bits.len() == u32::from_le_bytes(*blocks) as usize * BLOCK
            && crc32c::crc32c(bits) == u32::from_le_bytes(*sum);
        is_whole.then(|| Self(bytes.into()))
    }

    /// Returns the set as bytes that can be kept, with their checksum.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns false when the trace is not in the set.
    pub(crate) fn may_hold(&self, trace: TraceId) -> bool {
        let (hash, bits) = (hash(trace), self.0.get(HEADER..).unwrap_or_default());
        let (blocks, _) = bits.as_chunks::<BLOCK>();
        let Some(block) = blocks.get(place(hash, blocks.len())) else { return false };
        let (words, _) = block.as_chunks::<4>();
        words.iter().zip(bits_of(hash)).all(|(word, bit)| u32::from_le_bytes(*word) & bit != 0)
    }
}

impl fmt::Debug for Bloom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bloom({} bytes)", self.0.len())
    }
}

/// The upper half of the hash chooses the block.
fn place(hash: u64, blocks: usize) -> usize {
    (((hash >> 32) * blocks as u64) >> 32) as usize
}

/// The lower half of the hash chooses a bit of each word.
fn bits_of(hash: u64) -> [u32; WORDS] {
    SALTS.map(|salt| 1 << ((hash as u32).wrapping_mul(salt) >> 27))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> TraceId {
        TraceId::new(number.to_be_bytes()).unwrap()
    }

    #[test]
    fn a_trace_that_is_there_is_never_denied_and_few_others_are_claimed() {
        let hashes: Vec<u64> = (1..=10_000).map(|number| hash(id(number))).collect();
        let bloom = Bloom::from_bytes(Bloom::of(&hashes).bytes().to_vec()).unwrap();
        assert!((1..=10_000).all(|number| bloom.may_hold(id(number))));
        let claimed = (10_001..=110_000).filter(|number| bloom.may_hold(id(*number))).count();
        assert!(claimed < 300, "{claimed} of 100,000");
        assert!(!Bloom::of(&[]).may_hold(id(1)));
    }

    #[test]
    fn a_damaged_set_is_none() {
        let bytes = Bloom::of(&[1, 2, 3]).bytes().to_vec();
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 4;
            assert!(Bloom::from_bytes(damaged).is_none(), "byte {place}");
            assert!(Bloom::from_bytes(bytes[..place].to_vec()).is_none(), "cut at {place}");
        }
    }
}
