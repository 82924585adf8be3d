//! Columns of numbers.

use bytes::Bytes;
use parquet::{basic::Encoding, column::writer::ColumnCloseResult, errors::ParquetError, schema::types::ColumnDescPtr};

use super::{
    columns::ColumnPages,
    columns_bits::{width, write_deltas, write_hybrid},
    columns_bounds::Bounds,
    columns_dictionary::{Dictionary, Form},
    columns_page::{Chunk, Press, Values},
};

/// The most bytes of a dictionary of numbers.
const DICTIONARY_BYTES: usize = 32 * 1024;
/// From how many values on a dictionary is judged by how often they repeat.
const JUDGED: u64 = 64;

/// Which numbers a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    Int,
    Unsigned,
    /// By their bits.
    Double,
}

/// A column of numbers in a row group.
///
/// It begins with a dictionary, unless it is known not to pay, and goes on without when it does not.
pub(super) struct NumberColumn {
    chunk: Chunk,
    holds: Numbers,
    dictionary: Dictionary,
    may_repeat: bool,
    is_numbered: bool,
    has_numbers: bool,
    numbered: u64,
    /// The rows of the page that have a number.
    rows: Vec<u32>,
    numbers: Vec<u32>,
    values: Vec<i64>,
}

impl NumberColumn {
    pub(super) fn new(about: ColumnDescPtr, holds: Numbers) -> Self {
        Self {
            chunk: Chunk::new(about),
            holds,
            dictionary: Dictionary::new(Form::Fixed),
            may_repeat: true,
            is_numbered: true,
            has_numbers: false,
            numbered: 0,
            rows: Vec::new(),
            numbers: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Makes a column of numbers that hardly ever repeat.
    pub(super) fn without_dictionary(about: ColumnDescPtr) -> Self {
        Self { may_repeat: false, is_numbered: false, ..Self::new(about, Numbers::Int) }
    }

    /// Adds the number of a row of the row group; of a double its bits.
    pub(super) fn push(&mut self, row: usize, value: i64) {
        if self.chunk.is_optional() {
            self.rows.push((row - self.chunk.rows()) as u32);
        }
        if self.is_numbered {
            let number = match (self.values.last(), self.numbers.last()) {
                (Some(last), Some(number)) if *last == value => *number,
                _ if self.holds == Numbers::Unsigned => self.dictionary.number(&(value as u32).to_le_bytes()),
                _ => self.dictionary.number(&value.to_le_bytes()),
            };
            self.numbers.push(number);
            self.numbered += 1;
        }
        self.values.push(value);
    }

    /// Whether a row has its number.
    pub(super) fn has(&self, row: usize) -> bool {
        self.rows.last().is_some_and(|last| *last as usize + self.chunk.rows() == row)
    }

    fn bounds(&self) -> Option<Bounds> {
        let (least, most) = self.values.iter().copied().min().zip(self.values.iter().copied().max())?;
        match self.holds {
            Numbers::Int => Some(Bounds::Int(least, most)),
            Numbers::Unsigned => Some(Bounds::Unsigned(least as u32, most as u32)),
            // Readers do not agree on what NaN is to be compared with.
            Numbers::Double => None,
        }
    }

    fn does_repeat(&self) -> bool {
        let is_small = self.dictionary.page().len() <= DICTIONARY_BYTES;
        is_small && (self.numbered < JUDGED || self.dictionary.len() as u64 * 2 <= self.numbered)
    }
}

impl ColumnPages for NumberColumn {
    fn is_full(&self) -> bool {
        false
    }

    fn end_page(&mut self, end: usize, press: &mut Press) -> Result<(), ParquetError> {
        if end == self.chunk.rows() {
            return Ok(());
        }
        self.is_numbered &= self.does_repeat();
        let encoding = match self.holds {
            _ if self.values.is_empty() => Encoding::PLAIN,
            _ if self.is_numbered => Encoding::RLE_DICTIONARY,
            Numbers::Double => Encoding::PLAIN,
            _ => Encoding::DELTA_BINARY_PACKED,
        };
        let values = Values { present: &self.rows, encoding, bounds: self.bounds(), text_bytes: None };
        self.has_numbers |= encoding == Encoding::RLE_DICTIONARY;
        let bits = width(self.dictionary.len().saturating_sub(1) as u32);
        self.chunk.add(end, values, press, |out| match encoding {
            Encoding::RLE_DICTIONARY => {
                out.push(bits as u8);
                write_hybrid(&self.numbers, bits, out);
            }
            Encoding::DELTA_BINARY_PACKED if self.holds == Numbers::Unsigned => {
                let signed: Vec<i64> = self.values.iter().map(|value| i64::from(*value as i32)).collect();
                write_deltas(&signed, 32, out);
            }
            Encoding::DELTA_BINARY_PACKED => write_deltas(&self.values, 64, out),
            _ => out.extend(self.values.iter().flat_map(|value| value.to_le_bytes())),
        })?;
        self.rows.clear();
        self.numbers.clear();
        self.values.clear();
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.chunk.bytes() + self.dictionary.page().len()
    }

    fn end_group(&mut self, press: &mut Press) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
        let dictionary = self.has_numbers.then_some(&self.dictionary);
        let closed = self.chunk.end_group(dictionary, press);
        self.dictionary.clear();
        (self.is_numbered, self.has_numbers, self.numbered) = (self.may_repeat, false, 0);
        closed
    }
}

/// A column of ids, all of one length, in a row group.
pub(super) struct IdColumn {
    chunk: Chunk,
    length: usize,
    rows: Vec<u32>,
    ids: Vec<u8>,
}

impl IdColumn {
    pub(super) fn new(about: ColumnDescPtr) -> Self {
        let length = usize::try_from(about.type_length()).unwrap_or_default();
        Self { chunk: Chunk::new(about), length, rows: Vec::new(), ids: Vec::new() }
    }

    /// Adds the id of a row of the row group.
    pub(super) fn push(&mut self, row: usize, id: &[u8]) {
        if self.chunk.is_optional() {
            self.rows.push((row - self.chunk.rows()) as u32);
        }
        self.ids.extend(id);
    }
}

impl ColumnPages for IdColumn {
    fn is_full(&self) -> bool {
        false
    }

    fn end_page(&mut self, end: usize, press: &mut Press) -> Result<(), ParquetError> {
        if end == self.chunk.rows() {
            return Ok(());
        }
        let ids = || self.ids.chunks(self.length.max(1));
        let bounds = ids().min().zip(ids().max()).map(|(least, most)| Bounds::Ids(least.to_vec(), most.to_vec()));
        let values = Values { present: &self.rows, encoding: Encoding::PLAIN, bounds, text_bytes: None };
        self.chunk.add(end, values, press, |out| out.extend(&self.ids))?;
        self.rows.clear();
        self.ids.clear();
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.chunk.bytes()
    }

    fn end_group(&mut self, press: &mut Press) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
        self.chunk.end_group(None, press)
    }
}

/// A column of truth values in a row group.
pub(super) struct BoolColumn {
    chunk: Chunk,
    rows: Vec<u32>,
    values: Vec<bool>,
}

impl BoolColumn {
    pub(super) fn new(about: ColumnDescPtr) -> Self {
        Self { chunk: Chunk::new(about), rows: Vec::new(), values: Vec::new() }
    }

    /// Adds the value of a row of the row group.
    pub(super) fn push(&mut self, row: usize, value: bool) {
        if self.chunk.is_optional() {
            self.rows.push((row - self.chunk.rows()) as u32);
        }
        self.values.push(value);
    }

    /// Whether a row has its value.
    pub(super) fn has(&self, row: usize) -> bool {
        self.rows.last().is_some_and(|last| *last as usize + self.chunk.rows() == row)
    }
}

impl ColumnPages for BoolColumn {
    fn is_full(&self) -> bool {
        false
    }

    fn end_page(&mut self, end: usize, press: &mut Press) -> Result<(), ParquetError> {
        if end == self.chunk.rows() {
            return Ok(());
        }
        let bounds = self.values.iter().min().zip(self.values.iter().max()).map(|(a, b)| Bounds::Bool(*a, *b));
        let values = Values { present: &self.rows, encoding: Encoding::PLAIN, bounds, text_bytes: None };
        self.chunk.add(end, values, press, |out| {
            let bits = |eight: &[bool]| eight.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
            out.extend(self.values.chunks(8).map(bits));
        })?;
        self.rows.clear();
        self.values.clear();
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.chunk.bytes()
    }

    fn end_group(&mut self, press: &mut Press) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
        self.chunk.end_group(None, press)
    }
}
