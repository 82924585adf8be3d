//! Passages: what long texts of a segment repeat, each stored once in the segment itself.
//!
//! ```text
//! spans.parquet   row group | blocks | row group | blocks | row group | table of blocks | page indexes | ...
//! block           up to 64 KiB of passages one behind the other, compressed with zstd
//! table           offset u64, compressed u32, plain u32 of each block           numbers are little-endian
//! value           U+0001, then parts: a literal (its length, its text), or a passage (its place, its length)
//! place           number of the block * 65,536 + where in it
//! ```
//!
//! Every call of a model carries all messages before it, and many conversations go on at the same time, so what a text
//! repeats lies in other pages, farther away than compression looks. Long texts are therefore cut where their own bytes
//! say so (`cut`). A piece that comes for the second time is stored, and every text that has it from then on names its place.
//! What comes once stays in its page as it is. A value is the text again byte for byte, whatever the text is.
//!
//! Places are of this file alone: it can be copied, checked, merged and deleted without a look at another.

mod cut;
mod fold;
mod form;
mod stored;
#[cfg(test)]
mod tests;

pub(super) use self::{
    fold::{Folded, Passages},
    stored::{StoredPassages, unfold},
};
use super::schema;

/// A shorter text is stored as it is.
const LEAST_TEXT: usize = 1024;
/// How many bytes a block has at most before it is compressed.
const BLOCK: usize = 64 * 1024;

/// Tells whether the values of a column may name passages. Where they are JSON, none begins with the mark by itself.
pub(super) fn may_hold_passages(column: &str) -> bool {
    const PARTS: [&str; 5] =
        [schema::ATTRIBUTES_REST, schema::EVENTS, schema::LINKS, schema::DATA, schema::LATE_EVENTS];
    column.starts_with(schema::ATTRIBUTE) || PARTS.contains(&column)
}
