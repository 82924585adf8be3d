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
    /// The numbers of words, for each row that has a value.
    Words(Vec<u32>),
    /// The texts, for each row that has a value.
    Texts(Texts),
}

/// Texts one behind the other.
pub(super) struct Texts {
    /// How long each is; `None` where its length stands before each.
    lengths: Option<std::vec::IntoIter<usize>>,
    bytes: Bytes,
}

impl Texts {
    /// Takes the next text.
    pub(super) fn next_text(&mut self) -> Result<Bytes, String> {
        let length = match &mut self.lengths {
            Some(lengths) => lengths.next(),
            None => self.bytes.split_first_chunk::<4>().map(|(length, _)| u32::from_le_bytes(*length) as usize),
        };
        let before = if self.lengths.is_none() { 4 } else { 0 };
        let end = length.and_then(|length| length.checked_add(before)).filter(|end| *end <= self.bytes.len());
        Ok(self.bytes.split_to(end.ok_or("texts are cut off")?).slice(before..))
    }
}

/// A page of texts that was taken apart.
pub(super) struct TextPage {
    /// For each row whether it has a value; `None` where each has.
    pub(super) present: Option<Vec<u32>>,
    pub(super) rows: usize,
    pub(super) values: Values,
}

impl TextPage {
    /// Takes a data page apart; with levels where a value may be absent.
    pub(super) fn of(page: Page, is_optional: bool) -> Result<Self, String> {
        let cut = || "a page of texts is cut off".to_owned();
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
        let present = levels.map(|levels| unpacked(&levels, 1, rows)).transpose()?;
        let count = present.as_ref().map_or(rows, |levels| levels.iter().filter(|level| **level != 0).count());
        let values = match encoding {
            Encoding::PLAIN => Values::Texts(Texts { lengths: None, bytes: values }),
            // A page without any value may have no width.
            _ if count == 0 => Values::Words(Vec::new()),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let (width, numbers) = values.split_first().ok_or_else(cut)?;
                Values::Words(unpacked(numbers, u32::from(*width), count)?)
            }
            Encoding::DELTA_LENGTH_BYTE_ARRAY => {
                let mut rest = &*values;
                let lengths = lengths(&mut rest).ok_or_else(cut)?;
                let bytes = values.slice(values.len() - rest.len()..);
                Values::Texts(Texts { lengths: Some(lengths.into_iter()), bytes })
            }
            other => return Err(format!("texts are encoded in a way that is not known: {other}")),
        };
        Ok(Self { present, rows, values })
    }
}

/// Returns the words of a dictionary page.
pub(super) fn words(page: &Page) -> Result<Vec<Bytes>, String> {
    let Page::DictionaryPage { buf, num_values, .. } = page else { return Err("a dictionary is missing".to_owned()) };
    let mut texts = Texts { lengths: None, bytes: buf.clone() };
    (0..*num_values).map(|_| texts.next_text()).collect()
}

/// Takes lengths, which stand as the steps from each to the next.
fn lengths(bytes: &mut &[u8]) -> Option<Vec<usize>> {
    let (block, parts) = (take(bytes)?, take(bytes)?);
    let count = usize::try_from(take(bytes)?).ok()?;
    let mut last = signed(take(bytes)?);
    let part = usize::try_from(block.checked_div(parts)?).ok()?;
    let (mut lengths, mut steps) = (Vec::new(), Vec::new());
    while lengths.len() < count {
        lengths.push(usize::try_from(last).ok()?);
        if lengths.len() == count {
            break;
        }
        if steps.is_empty() {
            steps = block_of_steps(bytes, usize::try_from(parts).ok()?, part, count - lengths.len())?;
            steps.reverse();
        }
        last = last.wrapping_add(steps.pop()?);
    }
    Some(lengths)
}

fn block_of_steps(bytes: &mut &[u8], parts: usize, part: usize, most: usize) -> Option<Vec<i64>> {
    let least = signed(take(bytes)?);
    let (widths, mut rest) = bytes.split_at_checked(parts)?;
    let mut steps = Vec::new();
    for width in widths {
        // Behind the last value there is no part.
        if steps.len() >= most {
            break;
        }
        let (packed, behind) = rest.split_at_checked(part.checked_mul(usize::from(*width))?.div_ceil(8))?;
        rest = behind;
        let mut numbers = Vec::new();
        unpack(packed, Some(u32::from(*width)).filter(|width| *width <= 32)?, part, &mut numbers);
        steps.extend(numbers.into_iter().map(|number| least.wrapping_add(i64::from(number))));
    }
    *bytes = rest;
    steps.truncate(most);
    Some(steps)
}

/// Reads a number of which the lowest bit is the sign.
fn signed(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Returns numbers of so many bits from their runs.
fn unpacked(mut bytes: &[u8], width: u32, count: usize) -> Result<Vec<u32>, String> {
    let cut = || "a page is cut off".to_owned();
    if width > 32 {
        return Err(format!("numbers of {width} bits are too wide"));
    }
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        let run = take(&mut bytes).ok_or_else(cut)?;
        let left = count - numbers.len();
        if run & 1 == 0 {
            let (value, rest) = bytes.split_at_checked(width.div_ceil(8) as usize).ok_or_else(cut)?;
            bytes = rest;
            let value = value.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
            let repeated = usize::try_from(run >> 1).unwrap_or(left).min(left);
            if repeated == 0 {
                return Err("a run of a page is empty".to_owned());
            }
            numbers.extend(std::iter::repeat_n(value, repeated));
        } else {
            let groups = usize::try_from(run >> 1).unwrap_or(usize::MAX).min(left.div_ceil(8));
            let (packed, rest) = bytes.split_at_checked(groups * width as usize).ok_or_else(cut)?;
            bytes = rest;
            if groups == 0 {
                return Err("a run of a page is empty".to_owned());
            }
            unpack(packed, width, left.min(groups * 8), &mut numbers);
        }
    }
    Ok(numbers)
}

fn unpack(packed: &[u8], width: u32, count: usize, numbers: &mut Vec<u32>) {
    let mask = (1_u64 << width) - 1;
    let (mut buffer, mut bits, mut bytes) = (0_u64, 0_u32, packed.iter());
    for _ in 0..count {
        while bits < width {
            buffer |= u64::from(bytes.next().copied().unwrap_or_default()) << bits;
            bits += 8;
        }
        numbers.push((buffer & mask) as u32);
        buffer >>= width;
        bits -= width;
    }
}
