//! A column of texts.

use std::mem;

use bytes::Bytes;
use parquet::{basic::Encoding, column::writer::ColumnCloseResult, errors::ParquetError, schema::types::ColumnDescPtr};

use super::{
    columns::ColumnPages,
    columns_bits::{width, write_deltas, write_hybrid},
    columns_bounds::Bounds,
    columns_dictionary::{Dictionary, Form},
    columns_page::{Chunk, Press, Values},
    passages::{Folded, Passages},
};

/// The most bytes of a dictionary, which is read whole for one span.
const DICTIONARY_BYTES: usize = 128 * 1024;
/// A longer text does not go into a dictionary.
const LONGEST_WORD: usize = 4 * 1024;
/// From how many texts on a page is judged by how many of them are new.
const JUDGED: usize = 32;
/// A page with so many bytes is cut, unless it has few texts: then it may have more, as long as they repeat each other.
const PAGE_BYTES: usize = 1 << 20;
const TEXTS_OF_A_PAGE: usize = 64;
const MOST_PAGE_BYTES: usize = 16 << 20;
/// To which part of its bytes a page comes at most whose texts repeat each other.
const REPETITIVE: usize = 5;

/// A column of texts in a row group.
///
/// It has a dictionary for the pages in which that pays, until the dictionary is full.
pub(super) struct TextColumn {
    chunk: Chunk,
    dictionary: Dictionary,
    /// Whether texts are numbered now, and whether a page has numbers.
    is_numbered: bool,
    has_numbers: bool,
    /// How many words there were before the page.
    words_before: usize,
    /// The rows of the page that have a text.
    rows: Vec<u32>,
    numbers: Vec<u32>,
    lengths: Vec<i64>,
    text: Vec<u8>,
    longest: usize,
    /// Of texts of the page for which something else is stored: between which they lie, and how much longer they are.
    folded: Option<Bounds>,
    folded_bytes: i64,
    /// The most bytes of a page with few texts.
    most_bytes: usize,
    /// Numbers of shared texts, one more than each, by what the caller calls them.
    shared: Vec<u32>,
    /// The page in which each number was last met.
    met: Vec<u32>,
    page: u32,
}

impl TextColumn {
    pub(super) fn new(about: ColumnDescPtr) -> Self {
        Self {
            chunk: Chunk::new(about),
            dictionary: Dictionary::new(Form::Text),
            is_numbered: true,
            has_numbers: false,
            words_before: 0,
            rows: Vec::new(),
            numbers: Vec::new(),
            lengths: Vec::new(),
            text: Vec::new(),
            longest: 0,
            folded: None,
            folded_bytes: 0,
            most_bytes: MOST_PAGE_BYTES,
            shared: Vec::new(),
            met: Vec::new(),
            page: 0,
        }
    }

    /// Adds the text of a row of the row group.
    pub(super) fn push(&mut self, row: usize, text: &str) {
        self.push_value(row, text.as_bytes());
    }

    /// Adds the text of a row of the row group, which may name passages in the place of what it repeats.
    pub(super) fn push_long(&mut self, row: usize, text: &str, passages: &mut Option<Passages>) -> Result<(), String> {
        let folded = passages.as_mut().map(|passages| passages.fold(text)).transpose();
        let Some(Folded { value, text }) = folded.map_err(|error| error.to_string())?.flatten() else {
            self.push(row, text);
            return Ok(());
        };
        let bounds = Bounds::of_texts(text.as_bytes(), text.as_bytes());
        self.folded = Some(match self.folded.take() {
            Some(before) => before.with(bounds),
            None => bounds,
        });
        self.folded_bytes += text.len() as i64 - value.len() as i64;
        self.push_value(row, value);
        Ok(())
    }

    fn push_value(&mut self, row: usize, value: &[u8]) {
        self.note_row(row);
        if !self.is_numbered {
            return self.push_plain(value);
        }
        if value.len() > LONGEST_WORD || self.dictionary.page().len() > DICTIONARY_BYTES {
            self.spell_from_now();
            return self.push_plain(value);
        }
        let last = self.numbers.last().copied();
        let number = match last.filter(|last| self.dictionary.get(*last) == value) {
            Some(last) => last,
            None => self.dictionary.number(value),
        };
        self.numbers.push(number);
    }

    /// Adds a text that many rows share, and that has the number `name` among those of the row group.
    pub(super) fn push_shared(&mut self, row: usize, name: u32, text: &str) {
        let known = self.shared.get(name as usize).copied().and_then(|known| known.checked_sub(1));
        if let Some(number) = known.filter(|_| self.is_numbered) {
            self.note_row(row);
            self.numbers.push(number);
            return;
        }
        self.push(row, text);
        if let Some(number) = self.numbers.last().filter(|_| self.is_numbered) {
            self.shared.resize(self.shared.len().max(name as usize + 1), 0);
            if let Some(slot) = self.shared.get_mut(name as usize) {
                *slot = number + 1;
            }
        }
    }

    /// Whether a row has its text.
    pub(super) fn has(&self, row: usize) -> bool {
        self.rows.last().is_some_and(|last| *last as usize + self.chunk.rows() == row)
    }

    fn note_row(&mut self, row: usize) {
        if self.chunk.is_optional() {
            self.rows.push((row - self.chunk.rows()) as u32);
        }
    }

    fn push_plain(&mut self, text: &[u8]) {
        self.longest = self.longest.max(text.len());
        self.lengths.push(text.len() as i64);
        self.text.extend(text);
    }

    /// Numbers no more.
    fn spell_from_now(&mut self) {
        self.is_numbered = false;
        self.spell();
        if !self.has_numbers {
            self.dictionary.clear();
        }
    }

    /// Turns the numbers of the page into texts.
    fn spell(&mut self) {
        for number in mem::take(&mut self.numbers) {
            let text = self.dictionary.get(number);
            self.longest = self.longest.max(text.len());
            self.lengths.push(text.len() as i64);
            self.text.extend(text);
        }
    }

    /// Whether at least half of the texts of the page came before.
    fn does_repeat(&self) -> bool {
        let new = self.dictionary.len() - self.words_before;
        self.numbers.len() < JUDGED || new * 2 <= self.numbers.len()
    }

    fn write_numbers(&mut self, end: usize, press: &mut Press) -> Result<(), ParquetError> {
        let (mut least, mut most): (Option<&[u8]>, Option<&[u8]>) = (None, None);
        self.page += 1;
        self.met.resize(self.dictionary.len(), 0);
        let mut text_bytes = 0;
        for number in &self.numbers {
            let text = self.dictionary.get(*number);
            text_bytes += text.len() as i64;
            let Some(met) = self.met.get_mut(*number as usize).filter(|met| **met != self.page) else { continue };
            *met = self.page;
            least = Some(least.map_or(text, |least| least.min(text)));
            most = Some(most.map_or(text, |most| most.max(text)));
        }
        let values = Values {
            present: &self.rows,
            encoding: Encoding::RLE_DICTIONARY,
            bounds: bounds(least.zip(most), self.folded.take()),
            text_bytes: Some(text_bytes + mem::take(&mut self.folded_bytes)),
        };
        let bits = width(self.dictionary.len().saturating_sub(1) as u32);
        self.has_numbers = true;
        self.chunk.add(end, values, press, |out| {
            out.push(bits as u8);
            write_hybrid(&self.numbers, bits, out);
        })
    }

    fn write_texts(&mut self, end: usize, press: &mut Press) -> Result<(), ParquetError> {
        let (mut least, mut most): (Option<&[u8]>, Option<&[u8]>) = (None, None);
        let mut rest = self.text.as_slice();
        for length in &self.lengths {
            let (text, behind) = rest.split_at_checked(*length as usize).unwrap_or((rest, &[]));
            rest = behind;
            least = Some(least.map_or(text, |least| least.min(text)));
            most = Some(most.map_or(text, |most| most.max(text)));
        }
        let values = Values {
            present: &self.rows,
            encoding: Encoding::DELTA_LENGTH_BYTE_ARRAY,
            bounds: bounds(least.zip(most), self.folded.take()),
            text_bytes: Some(self.text.len() as i64 + mem::take(&mut self.folded_bytes)),
        };
        let before = self.chunk.bytes();
        self.chunk.add(end, values, press, |out| {
            write_deltas(&self.lengths, 32, out);
            out.extend(&self.text);
        })?;
        // A large page costs whoever reads one text of it, so there has to be something in return.
        if self.text.len() >= PAGE_BYTES {
            let is_repetitive = (self.chunk.bytes() - before) * REPETITIVE < self.text.len();
            let next = if is_repetitive { self.most_bytes * 2 } else { self.most_bytes / 2 };
            self.most_bytes = next.clamp(PAGE_BYTES, MOST_PAGE_BYTES);
        }
        Ok(())
    }
}

/// Returns the bounds of the values of a page, and of the texts for which some of them stand.
fn bounds(values: Option<(&[u8], &[u8])>, folded: Option<Bounds>) -> Option<Bounds> {
    let values = values.map(|(least, most)| Bounds::of_texts(least, most));
    match (values, folded) {
        (Some(values), Some(folded)) => Some(values.with(folded)),
        (values, folded) => values.or(folded),
    }
}

impl ColumnPages for TextColumn {
    fn is_full(&self) -> bool {
        self.text.len() >= (self.longest * TEXTS_OF_A_PAGE).clamp(PAGE_BYTES, self.most_bytes)
    }

    fn end_page(&mut self, end: usize, press: &mut Press) -> Result<(), ParquetError> {
        if end == self.chunk.rows() {
            return Ok(());
        }
        if self.is_numbered && !self.does_repeat() {
            self.spell();
        }
        if !self.numbers.is_empty() {
            self.write_numbers(end, press)?;
        } else if !self.lengths.is_empty() {
            self.write_texts(end, press)?;
        } else {
            let values = Values { present: &[], encoding: Encoding::PLAIN, bounds: None, text_bytes: Some(0) };
            self.chunk.add(end, values, press, |_| ())?;
        }
        self.rows.clear();
        self.numbers.clear();
        self.lengths.clear();
        self.text.clear();
        (self.longest, self.words_before) = (0, self.dictionary.len());
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.chunk.bytes() + self.dictionary.page().len() + self.text.len()
    }

    fn end_group(&mut self, press: &mut Press) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
        let dictionary = self.has_numbers.then_some(&self.dictionary);
        let closed = self.chunk.end_group(dictionary, press);
        self.dictionary.clear();
        self.shared.clear();
        self.met.clear();
        (self.is_numbered, self.has_numbers, self.words_before, self.page) = (true, false, 0, 0);
        closed
    }
}
