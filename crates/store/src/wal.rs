//! The write-ahead log: accepted requests as they came, durable before they are acknowledged.
//!
//! ```text
//! file    "TRACKWAY" | version u32 | marker u64 | crc u32 of what stands before       numbers are little-endian
//! frame   marker u64 | length u32  | crc u32 of length and payload | payload
//! ```
//!
//! The marker is a number that the store's maker drew by lot. After damage the next frame is found by it, and nobody who
//! does not know it can hide something in a request that looks like a frame.

mod frame;
mod log;
mod reader;

use std::{
    io,
    path::{Path, PathBuf},
};

pub(crate) use frame::Encoded;
pub(crate) use log::{Log, Sealed, WriteError, header};
pub(crate) use reader::{Item, Reader};

/// The newest version of a log file that this program reads.
pub(crate) const VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"TRACKWAY";
pub(crate) const HEADER_BYTES: u64 = 24;
const FRAME_HEADER_BYTES: u64 = 16;

/// A point in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) file: u64,
    pub(crate) offset: u64,
}

/// Returns where the file with a number lies.
pub(crate) fn file_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:04}.log"))
}

/// Returns the numbers of the log files in a directory, in order; what is not a log file is left alone.
pub(crate) fn file_numbers(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in directory.read_dir()? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".log")?.parse().ok());
        // Only the name that we would write: "+1.log" and "1.log" are somebody else's.
        let ours = number.filter(|number| entry.path() == file_path(directory, *number));
        if entry.file_type()?.is_file() {
            numbers.extend(ours);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}
