//! Where in a segment the spans of a trace are: the file `.tix` beside it.
//!
//! ```text
//! "TRACETIX" | version u32 | checksum of the segment's footer u32 | ranges u64 | crc u32 of what stands before
//! block      256 ranges, the last block with fewer | crc u32 of them             numbers are little-endian
//! range      hash of the trace id u64 | first row u32 | rows u32                 in order of hash and row
//! ```
//!
//! A trace is found by halving: a few blocks are read, and never the whole file. Two traces can have one hash, so whoever
//! reads the rows looks at their ids.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use trackway_model::TraceId;

use super::VERSION;
use crate::{Error, files::file_error};

const MAGIC: &[u8; 8] = b"TRACETIX";
const HEADER: usize = 8 + 4 + 4 + 8 + 4;
const RANGE: usize = 16;
/// How many ranges have a checksum together.
const BLOCK: usize = 256;
const SUM: usize = 4;

/// Some rows in a row that are of one trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: u64,
    first: u32,
    rows: u32,
}

/// The ranges of a segment that is being written.
#[derive(Default)]
pub(super) struct Ranges {
    entries: Vec<Entry>,
    last: Option<TraceId>,
}

impl Ranges {
    /// Notes whose the next row is.
    pub(super) fn note(&mut self, trace: TraceId, row: u64) {
        match self.entries.last_mut() {
            Some(entry) if self.last == Some(trace) => entry.rows += 1,
            _ => self.entries.push(Entry { hash: hash(trace), first: row as u32, rows: 1 }),
        }
        self.last = Some(trace);
    }
}

/// Writes the index of a segment whose footer has the checksum `print`, and returns its length.
pub(super) fn write_index(file: &mut File, mut ranges: Ranges, print: u32) -> io::Result<u64> {
    ranges.entries.sort_unstable();
    let mut file = BufWriter::new(file);
    let mut header = Vec::with_capacity(HEADER);
    header.extend(MAGIC);
    header.extend(VERSION.to_le_bytes());
    header.extend(print.to_le_bytes());
    header.extend((ranges.entries.len() as u64).to_le_bytes());
    header.extend(crc32c::crc32c(&header).to_le_bytes());
    file.write_all(&header)?;
    for block in ranges.entries.chunks(BLOCK) {
        let mut bytes = Vec::with_capacity(BLOCK * RANGE + SUM);
        for Entry { hash, first, rows } in block {
            bytes.extend(hash.to_le_bytes());
            bytes.extend(first.to_le_bytes());
            bytes.extend(rows.to_le_bytes());
        }
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        file.write_all(&bytes)?;
    }
    file.flush()?;
    Ok(length(ranges.entries.len() as u64).unwrap_or_default())
}

/// Returns how long an index with so many ranges is.
fn length(ranges: u64) -> Option<u64> {
    let sums = ranges.div_ceil(BLOCK as u64).checked_mul(SUM as u64)?;
    ranges.checked_mul(RANGE as u64)?.checked_add(sums)?.checked_add(HEADER as u64)
}

/// The index of a segment, open for questions.
pub(super) struct TraceIndex {
    file: File,
    path: PathBuf,
    ranges: u64,
}

impl TraceIndex {
    /// Opens the index of a segment whose footer has the checksum `print`.
    pub(super) fn open(path: &Path, print: u32) -> Result<Self, Error> {
        let damaged = |reason: &str| Error::Segment { path: path.to_owned(), reason: reason.into() };
        let file = File::open(path).map_err(file_error("open", path))?;
        let found = file.metadata().map_err(file_error("read", path))?.len();
        let mut header = [0; HEADER];
        file.read_exact_at(&mut header, 0).map_err(|_| damaged("its header is cut off"))?;
        let (content, sum) = header.split_at(HEADER - SUM);
        if crc32c::crc32c(content).to_le_bytes() != *sum {
            return Err(damaged("its header is damaged"));
        }
        let Some(numbers) = content.strip_prefix(MAGIC) else { return Err(damaged("it is no index of traces")) };
        let (version, numbers) = numbers.split_at(4);
        let (of, ranges) = numbers.split_at(4);
        let version = number(version) as u32;
        if version > VERSION {
            return Err(Error::Newer { path: path.to_owned(), found: version, supported: VERSION });
        }
        if number(of) as u32 != print {
            return Err(damaged("it is the index of another segment"));
        }
        let ranges = number(ranges);
        if length(ranges) != Some(found) {
            return Err(damaged("it has another length than its header says"));
        }
        Ok(Self { file, path: path.to_owned(), ranges })
    }

    /// Returns the rows that may be of a trace, in their order.
    pub(super) fn rows(&self, trace: TraceId) -> Result<Vec<Range<u64>>, Error> {
        let wanted = hash(trace);
        let blocks = self.ranges.div_ceil(BLOCK as u64);
        let (mut low, mut high) = (0, blocks);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.block(middle)?.last().is_some_and(|last| last.hash < wanted) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let mut found = Vec::new();
        for block in low..blocks {
            let entries = self.block(block)?;
            let is_last = entries.last().is_none_or(|last| last.hash > wanted);
            let entries = entries.into_iter().filter(|entry| entry.hash == wanted);
            found.extend(entries.map(|it| u64::from(it.first)..u64::from(it.first) + u64::from(it.rows)));
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    fn block(&self, block: u64) -> Result<Vec<Entry>, Error> {
        let first = block * BLOCK as u64;
        let count = (self.ranges - first).min(BLOCK as u64) as usize;
        let mut bytes = vec![0; count * RANGE + SUM];
        let at = HEADER as u64 + block * (BLOCK * RANGE + SUM) as u64;
        self.file.read_exact_at(&mut bytes, at).map_err(file_error("read", &self.path))?;
        let (content, sum) = bytes.split_at(count * RANGE);
        if crc32c::crc32c(content).to_le_bytes() != *sum {
            let reason = format!("the checksum of {} bytes at {at} does not match", content.len());
            return Err(Error::Segment { path: self.path.clone(), reason });
        }
        let (entries, _) = content.as_chunks::<RANGE>();
        let entry = |bytes: &[u8; RANGE]| {
            let (hash, rows) = bytes.split_at(8);
            let (first, rows) = rows.split_at(4);
            Entry { hash: number(hash), first: number(first) as u32, rows: number(rows) as u32 }
        };
        Ok(entries.iter().map(entry).collect())
    }
}

/// Reads a number of at most eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Spreads trace ids, which clients may choose as they like, over 64 bits; part of the format.
pub(super) fn hash(trace: TraceId) -> u64 {
    let bytes = trace.bytes();
    let (high, low) = bytes.split_at(8);
    mixed(number(high) ^ mixed(number(low)))
}

/// The finaliser of SplitMix64.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}
