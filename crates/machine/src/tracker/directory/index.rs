//! Where steps end in a log, so that any of them is found without reading what lies before it.
//!
//! ```text
//!   "trackway.index.1"                                        16 bytes
//!   sequence i64 │ attempt u32 │ CRC32C u32 │ end u64 │ whole u64     32 bytes for each end, little endian, in their order
//! ```
//!
//! The log is the truth: an index may lack entries at its end, and one that does not fit is made anew.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

use trackway_model::StepKey;

pub(super) const NAME: &str = "log.index";

const HEAD: &[u8; 16] = b"trackway.index.1";
const SIZE: usize = 32;

/// The end of a step in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// The step.
    pub(super) step: StepKey,
    /// Where the line of its end begins.
    pub(super) end: u64,
    /// Where the line begins that tells the state whole from which its own is made.
    pub(super) whole: u64,
}

impl Entry {
    fn bytes(&self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        let mut put = |at: usize, part: &[u8]| {
            if let Some(place) = bytes.get_mut(at..at + part.len()) {
                place.copy_from_slice(part);
            }
        };
        put(0, &self.step.sequence.to_le_bytes());
        put(8, &self.step.attempt.to_le_bytes());
        put(16, &self.end.to_le_bytes());
        put(24, &self.whole.to_le_bytes());
        let sum = check(&bytes).to_le_bytes();
        if let Some(place) = bytes.get_mut(12..16) {
            place.copy_from_slice(&sum);
        }
        bytes
    }

    fn read(bytes: &[u8; SIZE]) -> Option<Self> {
        let long = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let short = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let step = StepKey { sequence: long(0)?.cast_signed(), attempt: short(8)? };
        let entry = Self { step, end: long(16)?, whole: long(24)? };
        (short(12)? == check(bytes)).then_some(entry)
    }
}

/// Returns the checksum of all but the checksum.
fn check(bytes: &[u8; SIZE]) -> u32 {
    let (front, back) = bytes.split_at(16);
    crc32c::crc32c_append(crc32c::crc32c(front.get(..12).unwrap_or_default()), back)
}

/// An index to look into.
pub(super) struct Index {
    file: File,
    len: u64,
}

impl Index {
    /// Opens the index in a directory; `None` when there is none that could be read.
    pub(super) fn open(directory: &Path) -> Option<Self> {
        let file = File::open(directory.join(NAME)).ok()?;
        let mut head = [0; HEAD.len()];
        file.read_exact_at(&mut head, 0).ok()?;
        let bytes = file.metadata().ok()?.len().checked_sub(HEAD.len() as u64)?;
        (head == *HEAD).then_some(Self { file, len: bytes / SIZE as u64 })
    }

    /// Returns the number of entries.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Returns an entry; `None` where there is none, or a damaged one.
    pub(super) fn get(&self, at: u64) -> Option<Entry> {
        if at >= self.len {
            return None;
        }
        let mut bytes = [0; SIZE];
        self.file.read_exact_at(&mut bytes, HEAD.len() as u64 + at * SIZE as u64).ok()?;
        Entry::read(&bytes)
    }

    /// Returns the place of the last entry whose step is not above a sequence: `Err` when an entry on the way is damaged.
    pub(super) fn find(&self, sequence: i64) -> Result<Option<u64>, Damaged> {
        if self.len == 0 {
            return Ok(None);
        }
        let (mut low, mut high) = self.around(sequence)?;
        while low < high {
            let middle = low + (high - low) / 2;
            if self.is_above(middle, sequence)? { high = middle } else { low = middle + 1 }
        }
        Ok(low.checked_sub(1))
    }

    /// Returns two places: all entries before the first are not above a sequence, all from the second on are.
    ///
    /// Most numbers have one entry, so the two are near where that would stand: a probe elsewhere may be a read from the disk.
    fn around(&self, sequence: i64) -> Result<(u64, u64), Damaged> {
        let first = self.get(0).ok_or(Damaged)?.step.sequence;
        let behind = u64::try_from(sequence.saturating_sub(first)).unwrap_or_default();
        let guess = behind.min(self.len - 1);
        let mut reach = 1;
        let (mut low, mut high) = (guess, guess);
        if self.is_above(guess, sequence)? {
            while high > 0 {
                low = guess.saturating_sub(reach);
                if !self.is_above(low, sequence)? {
                    return Ok((low + 1, high));
                }
                (high, reach) = (low, reach * 2);
            }
            return Ok((0, 0));
        }
        while high + 1 < self.len {
            high = guess.saturating_add(reach).min(self.len - 1);
            if self.is_above(high, sequence)? {
                return Ok((low + 1, high));
            }
            (low, reach) = (high, reach * 2);
        }
        Ok((self.len, self.len))
    }

    fn is_above(&self, at: u64, sequence: i64) -> Result<bool, Damaged> {
        Ok(self.get(at).ok_or(Damaged)?.step.sequence > sequence)
    }
}

/// An index does not say what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

/// The end of an index that grows.
#[derive(Debug, Default)]
pub(super) struct Growing {
    waiting: Vec<u8>,
    last: Option<StepKey>,
    /// True when nothing is added any more: steps came out of order and would not be found, or the file could not be written
    /// and would lack entries in its middle.
    is_over: bool,
}

/// So many entries wait before they are written: a loader reads so much of the log itself.
const GROUP: usize = 64;

impl Growing {
    /// Goes on with an index whose last entry is this one.
    pub(super) fn after(last: Option<Entry>) -> Self {
        Self { last: last.map(|entry| entry.step), ..Self::default() }
    }

    /// Adds an entry, which stands in the log already.
    pub(super) fn add(&mut self, entry: Entry, directory: &Path) {
        if self.is_over {
            return;
        }
        if self.last.is_some_and(|last| last >= entry.step) {
            self.is_over = true;
            // Whoever finds none reads the log; one that stayed would be made anew when it is opened, and go again here.
            let _ = keep(directory, 0);
            return;
        }
        self.last = Some(entry.step);
        self.waiting.extend_from_slice(&entry.bytes());
        if self.waiting.len() >= GROUP * SIZE {
            self.write(directory);
        }
    }

    /// Writes what waits. An index that cannot be written stays as it is until the log is opened again.
    pub(super) fn write(&mut self, directory: &Path) {
        if self.waiting.is_empty() || self.is_over {
            return;
        }
        self.is_over = append(directory, &self.waiting).is_err();
        self.waiting.clear();
    }
}

fn append(directory: &Path, entries: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(directory.join(NAME))?;
    if file.metadata()?.len() == 0 {
        file.write_all(HEAD)?;
    }
    file.write_all(entries)
}

/// Keeps the first entries of an index and nothing behind them; without any, the index goes.
pub(super) fn keep(directory: &Path, entries: u64) -> io::Result<()> {
    let path = directory.join(NAME);
    if entries == 0 {
        return match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    OpenOptions::new().write(true).open(&path)?.set_len(HEAD.len() as u64 + entries * SIZE as u64)
}
