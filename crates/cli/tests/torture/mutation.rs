//! Damage done to a file, as disks and file systems do it.

use std::{fs, path::Path};

use crate::pace::Random;

/// What happens to a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mutation {
    /// One bit at a place is another.
    Flip { place: usize, bit: u32 },
    /// A block at a place is nonsense.
    Garbage { place: usize },
    /// What is behind a place is gone.
    Cut { place: usize },
    /// Nothing of it is left.
    Emptied,
    /// It is not there.
    Missing,
}

/// The size of what disks write at once.
const BLOCK: usize = 4096;

impl Mutation {
    /// Chooses damage for a file of so many bytes.
    pub(crate) fn choose(random: &mut Random, len: usize) -> Self {
        let place = random.below(len.max(1) as u64) as usize;
        match random.below(10) {
            0..4 => Self::Flip { place, bit: random.below(8) as u32 },
            4..6 => Self::Garbage { place },
            6..8 => Self::Cut { place },
            8 => Self::Emptied,
            _ => Self::Missing,
        }
    }

    /// Does it; returns how many bytes are not what they were.
    pub(crate) fn strike(self, file: &Path) -> usize {
        let mut bytes = fs::read(file).unwrap();
        let len = bytes.len();
        match self {
            Self::Flip { place, bit } => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << bit;
                }
                fs::write(file, bytes).unwrap();
                1
            }
            Self::Garbage { place } => {
                let end = (place + BLOCK).min(len);
                let mut random = Random(place as u64);
                bytes[place.min(end)..end].fill_with(|| random.next() as u8);
                fs::write(file, bytes).unwrap();
                end - place.min(end)
            }
            Self::Cut { place } => {
                fs::write(file, &bytes[..place]).unwrap();
                len - place
            }
            Self::Emptied => {
                fs::write(file, []).unwrap();
                len
            }
            Self::Missing => {
                fs::remove_file(file).unwrap();
                len
            }
        }
    }
}
