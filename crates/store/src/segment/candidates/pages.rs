//! Reads pages of texts without making texts of their rows: a word of a dictionary is judged once.
//!
//! ```text
//! data page   length u32, levels (which rows have a value; absent where all must have one) | values
//! values      width u8, numbers of dictionary words   or   lengths of texts, their bytes   or   length u32, bytes of each
//! levels and numbers are runs: of one value, or of eight values packed into so many bytes as they have bits
//! lengths     values a block, parts a block, count, first | blocks: least step, width u8 of each part, its packed steps
//! ```

use bytes::Bytes;
use parquet::{basic::Encoding, column::page::Page};

use super::super::trace_index::take;

/// What a page says of its rows.
pub(super) enum Values {
    /// The numbers of words as runs, for each row that has a value.
    Words(u32, Bytes),
    /// The texts, for each row that has a value.
    Texts(Texts),
}

/// Texts one behind the other.
pub(super) struct Texts {
    /// How long each is; `None` where its length stands before each.
    lengths: Option<Vec<usize>>,
    bytes: Bytes,
}

/// A page of texts that was taken apart.
pub(super) struct TextPage {
    pub(super) rows: usize,
    /// The rows that have a value; `None` where each has.
    pub(super) present: Option<Vec<usize>>,
    pub(super) values: Values,
}

impl TextPage {
    /// Takes a data page apart; with levels where a value may be absent.
    pub(super) fn of(page: Page, is_optional: bool) -> Result<Self, String> {
        let (levels, values, rows, encoding) = match page {
            Page::DataPage { buf, num_values, encoding, .. } if is_optional => {
                let (length, _) = buf.split_first_chunk::<4>().ok_or_else(cut)?;
                let end = 4 + u32::from_le_bytes(*length) as usize;
                let values = (end <= buf.len()).then(|| buf.slice(end..)).ok_or_else(cut)?;
                (Some(buf.slice(4..end)), values, num_values, encoding)
            }
            Page::DataPage { buf, num_values, encoding, .. } => (None, buf, num_values, encoding),
            Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let (start, length) = (rep_levels_byte_len as usize, def_levels_byte_len as usize);
                if start + length > buf.len() {
                    return Err(cut());
                }
                let levels = is_optional.then(|| buf.slice(start..start + length));
                (levels, buf.slice(start + length..), num_values, encoding)
            }
            Page::DictionaryPage { .. } => return Err("a dictionary stands among the pages of texts".to_owned()),
        };
        let rows = rows as usize;
        let present = levels.map(|levels| present(&levels, rows)).transpose()?.filter(|present| present.len() < rows);
        let has_none = present.as_ref().is_some_and(Vec::is_empty);
        let values = match encoding {
            Encoding::PLAIN => Values::Texts(Texts { lengths: None, bytes: values }),
            // A page without any value may have no width.
            _ if has_none => Values::Words(0, Bytes::new()),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let width = values.first().copied().filter(|width| *width <= 32).ok_or_else(cut)?;
                Values::Words(u32::from(width), values.slice(1..))
            }
            Encoding::DELTA_LENGTH_BYTE_ARRAY => {
                let mut rest = &*values;
                let lengths = lengths(&mut rest).ok_or_else(cut)?;
                let bytes = values.slice(values.len() - rest.len()..);
                Values::Texts(Texts { lengths: Some(lengths), bytes })
            }
            other => return Err(format!("texts are encoded in a way that is not known: {other}")),
        };
        Ok(Self { rows, present, values })
    }

    /// Returns how many rows have a value.
    pub(super) fn count(&self) -> usize {
        self.present.as_ref().map_or(self.rows, Vec::len)
    }
}

impl Texts {
    /// Returns the texts of a dictionary page.
    pub(super) fn of_dictionary(page: &Page) -> Result<(Self, usize), String> {
        match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                Ok((Self { lengths: None, bytes: buf.clone() }, *num_values as usize))
            }
            _ => Err("a dictionary is missing".to_owned()),
        }
    }

    /// Gives so many texts to `each`.
    pub(super) fn each(&self, count: usize, mut each: impl FnMut(&[u8]) -> Result<(), String>) -> Result<(), String> {
        let mut rest = &*self.bytes;
        let mut lengths = self.lengths.as_deref().map(<[usize]>::iter);
        for _ in 0..count {
            let length = match &mut lengths {
                Some(lengths) => *lengths.next().ok_or_else(cut)?,
                None => {
                    let (length, behind) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
                    rest = behind;
                    u32::from_le_bytes(*length) as usize
                }
            };
            let (text, behind) = rest.split_at_checked(length).ok_or_else(cut)?;
            rest = behind;
            each(text)?;
        }
        Ok(())
    }
}

fn cut() -> String {
    "a page of texts is cut off".to_owned()
}

/// Returns the rows whose level says that they have a value.
fn present(levels: &[u8], rows: usize) -> Result<Vec<usize>, String> {
    let (mut present, mut row) = (Vec::with_capacity(rows), 0);
    each_number(levels, 1, rows, |level, times| {
        if level != 0 {
            present.extend(row..row + times);
        }
        row += times;
    })?;
    Ok(present)
}

/// Takes lengths, which stand as the steps from each to the next.
fn lengths(bytes: &mut &[u8]) -> Option<Vec<usize>> {
    let (block, parts) = (take(bytes)?, take(bytes)?);
    let count = usize::try_from(take(bytes)?).ok()?;
    let mut last = signed(take(bytes)?);
    let part = usize::try_from(block.checked_div(parts)?).ok().filter(|part| *part > 0)?;
    let mut lengths = Vec::new();
    if count > 0 {
        lengths.push(usize::try_from(last).ok()?);
    }
    while lengths.len() < count {
        let least = signed(take(bytes)?);
        let (widths, behind) = bytes.split_at_checked(usize::try_from(parts).ok()?)?;
        *bytes = behind;
        for width in widths {
            let missing = count - lengths.len();
            // Behind the last value there is no part.
            if missing == 0 {
                break;
            }
            let width = Some(u32::from(*width)).filter(|width| *width <= 32)?;
            let (packed, behind) = bytes.split_at_checked(part.checked_mul(width as usize)?.div_ceil(8))?;
            *bytes = behind;
            unpack(packed, width, part.min(missing), |step| {
                last = last.wrapping_add(least).wrapping_add(i64::from(step));
                lengths.push(usize::try_from(last).unwrap_or(usize::MAX));
            });
        }
    }
    Some(lengths)
}

/// Reads a number of which the lowest bit is the sign.
fn signed(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Gives numbers of so many bits, at most 32, from their runs to `each`, with how often each comes.
pub(super) fn each_number(
    mut bytes: &[u8],
    width: u32,
    count: usize,
    mut each: impl FnMut(u32, usize),
) -> Result<(), String> {
    let mut left = count;
    while left > 0 {
        let run = take(&mut bytes).ok_or_else(cut)?;
        let length = usize::try_from(run >> 1).ok().filter(|length| *length > 0).ok_or_else(cut)?;
        if run & 1 == 0 {
            let (value, rest) = bytes.split_at_checked(width.div_ceil(8) as usize).ok_or_else(cut)?;
            bytes = rest;
            let times = length.min(left);
            each(value.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte)), times);
            left -= times;
        } else {
            let groups = length.min(left.div_ceil(8));
            let (packed, rest) = bytes.split_at_checked(groups * width as usize).ok_or_else(cut)?;
            bytes = rest;
            let numbers = left.min(groups * 8);
            unpack(packed, width, numbers, |number| each(number, 1));
            left -= numbers;
        }
    }
    Ok(())
}

/// Gives numbers of so many bits, at most 32, to `each`.
fn unpack(packed: &[u8], width: u32, count: usize, mut each: impl FnMut(u32)) {
    let mask = (1_u64 << width) - 1;
    let mut bit = 0;
    for _ in 0..count {
        let rest = packed.get(bit / 8..).unwrap_or_default();
        let window = match rest.first_chunk::<8>() {
            Some(window) => u64::from_le_bytes(*window),
            None => rest.iter().rev().fold(0, |window, byte| window << 8 | u64::from(*byte)),
        };
        each((window >> (bit % 8) & mask) as u32);
        bit += width as usize;
    }
}
