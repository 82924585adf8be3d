//! Which traces are in a segment, and where: the file `.tix` beside it.
//!
//! ```text
//! header     "TRACETIX" | version u32 | checksum of the segment's footer u32 | traces u64 | directory: at u64, length u32
//! places     256 traces a block, in order of hash: hash, number in the list, ranges; of each range: first row, rows
//! list       256 traces a block, in order of start and id: id, start, last, spans, errors, flags, number of the project
//! directory  projects | places: first hash, length of each block | list: first start, latest last so far, length
//! ```
//!
//! Behind the header, the directory and each block stands the crc u32 of it; numbers in the header are little-endian. All
//! other numbers are as in LEB128, most of them distances to the number before. A trace is found with one read of a block.
//! Two traces can have one hash, so whoever reads the rows looks at their ids.
//!
//! The first version had the places only, and they are not read: what a segment of that version lists is worked out from
//! its rows.

mod build;
mod bytes;
mod reader;

use trackway_model::TraceId;

pub(super) use self::{
    build::{Ranges, WrittenIndex, write_index},
    bytes::take,
    reader::{Opened, TraceIndex},
};

const MAGIC: &[u8; 8] = b"TRACETIX";
const VERSION: u32 = 2;
const HEADER: usize = 8 + 4 + 4 + 8 + 8 + 4 + SUM;
const SUM: usize = 4;
/// How many traces have a checksum together.
const BLOCK: usize = 256;

/// Spreads trace ids, which clients may choose as they like, over 64 bits; part of the format.
pub(super) fn hash(trace: TraceId) -> u64 {
    let id = u128::from_be_bytes(trace.bytes());
    mixed((id >> 64) as u64 ^ mixed(id as u64))
}

/// The finaliser of SplitMix64.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}
