//! How a value names passages.
//!
//! Numbers are written the lowest bits first: six bits in bytes from 0x40, and then five in one from 0x20 to 0x3f. So a
//! value is UTF-8, as its column says.

use std::ops::Range;

use super::BLOCK;

/// What a value begins with that is no plain text.
pub(super) const MARK: u8 = 1;

const BITS: u32 = 6;
/// A number's last byte has one bit fewer.
const LAST_BITS: u32 = 5;
const MORE: u8 = 0x40;
const LAST: u8 = 0x20;

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// What stands in the value itself.
    Literal(&'a str),
    /// What is stored elsewhere.
    Passage(Passage),
}

/// A passage: where it is, and how many bytes it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passage {
    pub(super) place: u64,
    pub(super) length: u32,
}

impl Passage {
    /// Returns the number of the block that it is in.
    pub(super) fn block(self) -> u32 {
        (self.place / BLOCK as u64) as u32
    }

    /// Returns where it is in its block.
    pub(super) fn range(self) -> Range<usize> {
        let start = (self.place % BLOCK as u64) as usize;
        start..start + self.length as usize
    }

    /// Whether another stands right behind it in the same block.
    pub(super) fn goes_on_in(self, other: Self) -> bool {
        self.block() == other.block() && self.range().end == other.range().start
    }
}

/// Adds a part to a value.
pub(super) fn write_part(part: Part<'_>, out: &mut Vec<u8>) {
    match part {
        Part::Literal(text) => {
            write_number((text.len() as u64) << 1, out);
            out.extend(text.as_bytes());
        }
        Part::Passage(Passage { place, length }) => {
            write_number(u64::from(length) << 1 | 1, out);
            write_number(place, out);
        }
    }
}

/// Takes the next part of what is left of a value behind its mark; `None` when it is not written like that.
pub(super) fn read_part<'a>(rest: &mut &'a str) -> Option<Part<'a>> {
    let head = read_number(rest)?;
    if head & 1 == 1 {
        let length = u32::try_from(head >> 1).ok()?;
        return Some(Part::Passage(Passage { place: read_number(rest)?, length }));
    }
    let (text, behind) = rest.split_at_checked(usize::try_from(head >> 1).ok()?)?;
    *rest = behind;
    Some(Part::Literal(text))
}

fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >> LAST_BITS != 0 {
        out.push(MORE | (number as u8 & 0x3f));
        number >>= BITS;
    }
    out.push(LAST | number as u8);
}

fn read_number(rest: &mut &str) -> Option<u64> {
    let (mut number, mut shift) = (0_u64, 0);
    loop {
        let byte = *rest.as_bytes().first()?;
        *rest = rest.get(1..)?;
        let is_last = byte & MORE == 0;
        let bits = u64::from(byte & if is_last { 0x1f } else { 0x3f });
        number |= bits.checked_shl(shift).filter(|it| it >> shift == bits)?;
        if is_last {
            return (byte & LAST != 0).then_some(number);
        }
        shift += BITS;
    }
}
