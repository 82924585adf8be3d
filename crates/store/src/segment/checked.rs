//! A Parquet file that can tell whether it is still what was written.
//!
//! Parquet's footer says where everything is, and is found from the file's end, so between the pages and the footer there
//! is room that other readers never look at. There stand checksums of all that is before it, and of the footer.
//!
//! ```text
//! pages | page indexes | checksums                                          | footer | length u32 | "PAR1"
//!                        crc u32 of each 16 KiB before it | crc u32 of the footer, its length and "PAR1"
//!                        | bytes before it u64 | crc u32 of the checksums | "TRACKSUM"       numbers are little-endian
//! ```
//!
//! Nothing is given out before its checksum was compared.

use std::{
    fs::File,
    io::{self, Read, Write},
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};

use crate::{Error, files::file_error};

/// How many bytes have a checksum together.
const BLOCK: usize = 16 * 1024;
const MAGIC: &[u8; 8] = b"TRACKSUM";
/// What stands behind the checksums of the blocks.
const TRAILER: usize = 4 + 8 + 4 + 8;
/// What stands behind the footer.
const ENDING: usize = 8;

/// Passes bytes on, and notes the checksum of each block.
pub(super) struct Summing<W> {
    inner: W,
    sums: Vec<u32>,
    /// Of the block that is not full yet.
    sum: u32,
    filled: usize,
}

impl<W: Write> Summing<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, sums: Vec::new(), sum: 0, filled: 0 }
    }

    /// Returns what was written to, and the checksums of all whole blocks.
    pub(super) fn into_parts(self) -> (W, Vec<u32>) {
        (self.inner, self.sums)
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let some = bytes.len().min(BLOCK - self.filled);
        let written = self.inner.write(bytes.get(..some).unwrap_or(bytes))?;
        self.sum = crc32c::crc32c_append(self.sum, bytes.get(..written).unwrap_or(bytes));
        self.filled += written;
        if self.filled == BLOCK {
            self.sums.push(self.sum);
            (self.sum, self.filled) = (0, 0);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Puts the checksums into a file that was just written; returns its length, and the checksum of its footer.
pub(super) fn seal(file: &File, mut sums: Vec<u32>) -> io::Result<(u64, u32)> {
    let length = file.metadata()?.len();
    let (start, footer) = footer(file, length)?;
    let whole = usize::try_from(start).map_err(io::Error::other)? / BLOCK;
    sums.truncate(whole);
    let mut last = vec![0; (start % BLOCK as u64) as usize];
    file.read_exact_at(&mut last, (whole * BLOCK) as u64)?;
    if !last.is_empty() {
        sums.push(crc32c::crc32c(&last));
    }
    let mut section: Vec<u8> = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
    section.extend(crc32c::crc32c(&footer).to_le_bytes());
    section.extend(start.to_le_bytes());
    section.extend(crc32c::crc32c(&section).to_le_bytes());
    section.extend(MAGIC);
    file.write_all_at(&section, start)?;
    file.write_all_at(&footer, start + section.len() as u64)?;
    Ok((length + section.len() as u64, crc32c::crc32c(&footer)))
}

/// Returns where the footer begins, and it with what stands behind it.
fn footer(file: &File, length: u64) -> io::Result<(u64, Vec<u8>)> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut ending = [0; ENDING];
    let at = length.checked_sub(ENDING as u64).ok_or_else(|| wrong("the file is too short"))?;
    file.read_exact_at(&mut ending, at)?;
    let Some(size) = ending.strip_suffix(b"PAR1") else { return Err(wrong("the file's end is missing")) };
    let size = u32::from_le_bytes(size.try_into().map_err(io::Error::other)?);
    let start = at.checked_sub(u64::from(size)).ok_or_else(|| wrong("the file's footer is missing"))?;
    let mut footer = vec![0; size as usize + ENDING];
    file.read_exact_at(&mut footer, start)?;
    Ok((start, footer))
}

/// A file that was sealed, and that is read with its checksums compared.
pub(super) struct Checked {
    file: File,
    path: PathBuf,
    sums: Vec<u32>,
    /// How many bytes the checksums are of.
    covered: u64,
    /// The footer with what stands behind it, and where it begins.
    footer: Bytes,
    footer_at: u64,
}

impl Checked {
    /// Opens a file and compares the checksums of its footer.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        Self::of_file(path, File::open(path).map_err(file_error("open", path))?)
    }

    /// Reads what tells of the file at `path` whether it is still what was written.
    pub(super) fn of_file(path: &Path, file: File) -> Result<Self, Error> {
        let damaged = |reason: String| Error::Segment { path: path.to_owned(), reason };
        let length = file.metadata().map_err(file_error("read", path))?.len();
        let (footer_at, footer) = footer(&file, length).map_err(|error| damaged(error.to_string()))?;
        let (covered, sums) = section(&file, footer_at, &footer).map_err(|error| damaged(error.to_string()))?;
        Ok(Self { file, path: path.to_owned(), sums, covered, footer: footer.into(), footer_at })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns about how many bytes of memory the checksums and the footer take.
    pub(super) fn memory_bytes(&self) -> usize {
        self.sums.len() * 4 + self.footer.len()
    }

    /// Returns how many bytes the checksums are of.
    pub(super) fn covered(&self) -> u64 {
        self.covered
    }

    /// Returns the checksum by which another file can name this one.
    pub(super) fn print(&self) -> u32 {
        crc32c::crc32c(&self.footer)
    }

    /// Says that something in the file is not what it has to be.
    pub(super) fn damaged(&self, reason: impl ToString) -> Error {
        Error::Segment { path: self.path.clone(), reason: reason.to_string() }
    }

    /// Reads bytes of which the checksums match.
    pub(super) fn read(&self, start: u64, length: usize) -> io::Result<Bytes> {
        let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let end =
            start.checked_add(length as u64).ok_or_else(|| wrong("a place beyond the file is asked for".into()))?;
        if start >= self.footer_at {
            let range = (start - self.footer_at) as usize..(end - self.footer_at) as usize;
            let is_inside = range.end <= self.footer.len();
            return if is_inside { Ok(self.footer.slice(range)) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        if end > self.covered {
            return Err(wrong(format!("bytes {start} to {end} are asked for, and {} are there", self.covered)));
        }
        let first = start / BLOCK as u64;
        let from = first * BLOCK as u64;
        let until = end.next_multiple_of(BLOCK as u64).min(self.covered);
        let mut blocks = vec![0; (until - from) as usize];
        self.file.read_exact_at(&mut blocks, from)?;
        let sums = self.sums.get(first as usize..).unwrap_or_default();
        let mut at = from;
        for (index, block) in blocks.chunks(BLOCK).enumerate() {
            if sums.get(index).is_none_or(|sum| *sum != crc32c::crc32c(block)) {
                return Err(wrong(format!("the checksum of {} bytes at {at} does not match", block.len())));
            }
            at += block.len() as u64;
        }
        let skipped = (start - from) as usize;
        Ok(Bytes::from(blocks).slice(skipped..skipped + length))
    }
}

/// Reads the checksums that stand before the footer, and compares its own.
fn section(file: &File, footer_at: u64, footer: &[u8]) -> io::Result<(u64, Vec<u32>)> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let without = || wrong("there are no checksums in it: this is no segment that trackway wrote");
    let at = footer_at.checked_sub(TRAILER as u64).ok_or_else(without)?;
    let mut trailer = [0; TRAILER];
    file.read_exact_at(&mut trailer, at)?;
    let Some(numbers) = trailer.strip_suffix(MAGIC) else { return Err(without()) };
    let (numbers, own) = numbers.split_at(numbers.len() - 4);
    let (of_footer, covered) = numbers.split_at(4);
    let covered = u64::from_le_bytes(covered.try_into().map_err(io::Error::other)?);
    let size = covered.div_ceil(BLOCK as u64).checked_mul(4).ok_or_else(|| wrong("the checksums are damaged"))?;
    if covered.checked_add(size) != Some(at) {
        return Err(wrong("the checksums are damaged"));
    }
    let mut sums = vec![0; size as usize];
    file.read_exact_at(&mut sums, covered)?;
    let sum = crc32c::crc32c_append(crc32c::crc32c(&sums), numbers);
    if sum.to_le_bytes() != *own {
        return Err(wrong("the checksums are damaged"));
    }
    if crc32c::crc32c(footer).to_le_bytes() != *of_footer {
        return Err(wrong("the checksum of the footer does not match"));
    }
    let (sums, _) = sums.as_chunks::<4>();
    Ok((covered, sums.iter().map(|sum| u32::from_le_bytes(*sum)).collect()))
}

/// A file that several read from.
#[derive(Clone)]
pub(super) struct Shared(pub(super) Arc<Checked>);

impl Length for Shared {
    fn len(&self) -> u64 {
        self.0.footer_at + self.0.footer.len() as u64
    }
}

impl ChunkReader for Shared {
    type T = Onward;

    fn get_read(&self, start: u64) -> Result<Onward, ParquetError> {
        Ok(Onward { file: self.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.0.read(start, length).map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// A file of which a part was read before it is asked for.
pub(super) struct Window {
    file: Shared,
    at: u64,
    bytes: Bytes,
}

impl Window {
    /// Reads nothing beforehand.
    pub(super) fn none(file: &Shared) -> Self {
        Self { file: file.clone(), at: 0, bytes: Bytes::new() }
    }

    /// Reads a part of the file.
    pub(super) fn of(file: &Shared, part: Range<u64>) -> io::Result<Self> {
        let bytes = file.0.read(part.start, (part.end - part.start) as usize)?;
        Ok(Self { file: file.clone(), at: part.start, bytes })
    }
}

impl Length for Window {
    fn len(&self) -> u64 {
        self.file.len()
    }
}

impl ChunkReader for Window {
    type T = Onward;

    fn get_read(&self, start: u64) -> Result<Onward, ParquetError> {
        self.file.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.saturating_add(length as u64);
        if start >= self.at && end <= self.at + self.bytes.len() as u64 {
            let start = (start - self.at) as usize;
            return Ok(self.bytes.slice(start..start + length));
        }
        self.file.get_bytes(start, length)
    }
}

/// Reads on from a place.
pub(super) struct Onward {
    file: Shared,
    at: u64,
}

impl Read for Onward {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let file = &self.file.0;
        let end = if self.at < file.covered { file.covered } else { self.file.len() };
        let length = buffer.len().min(BLOCK).min(usize::try_from(end.saturating_sub(self.at)).unwrap_or(BLOCK));
        let bytes = file.read(self.at, length)?;
        buffer.iter_mut().zip(&bytes).for_each(|(to, from)| *to = *from);
        self.at += length as u64;
        Ok(length)
    }
}
