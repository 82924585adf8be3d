//! The pages of a column in a row group.

use std::{
    io::{self, Write},
    mem,
};

use bytes::Bytes;
use parquet::{
    basic::{CompressionCodec, Encoding, EncodingMask},
    column::{
        page::{CompressedPage, Page, PageWriter},
        writer::ColumnCloseResult,
    },
    errors::ParquetError,
    file::{
        metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder},
        statistics::Statistics,
        writer::{SerializedPageWriter, TrackedWrite},
    },
    schema::types::ColumnDescPtr,
};
use zstd::{bulk::Compressor, zstd_safe::CParameter};

use super::{
    columns_bits::{write_hybrid, write_run},
    columns_bounds::Bounds,
    columns_dictionary::Dictionary,
};

/// A page of so many bytes is looked through for what came long before, but not longer than so many bits say.
const LONG: usize = 256 * 1024;
const MOST_WINDOW: u32 = 24;

/// Makes pages small.
pub(super) struct Press {
    short: Compressor<'static>,
    long: Compressor<'static>,
    plain: Vec<u8>,
    pressed: Vec<u8>,
}

impl Press {
    /// Makes one that compresses by a level of zstd.
    pub(super) fn new(level: i32) -> io::Result<Self> {
        let mut long = Compressor::new(level)?;
        long.set_parameter(CParameter::EnableLongDistanceMatching(true))?;
        Ok(Self { short: Compressor::new(level)?, long, plain: Vec::new(), pressed: Vec::new() })
    }

    fn press(&mut self, page: &[u8]) -> io::Result<Bytes> {
        self.pressed.clear();
        self.pressed.reserve(zstd::zstd_safe::compress_bound(page.len()));
        if page.len() < LONG {
            self.short.compress_to_buffer(page, &mut self.pressed)?;
        } else {
            let window = page.len().next_power_of_two().ilog2().min(MOST_WINDOW);
            self.long.set_parameter(CParameter::WindowLog(window))?;
            self.long.compress_to_buffer(page, &mut self.pressed)?;
        }
        Ok(Bytes::copy_from_slice(&self.pressed))
    }
}

/// What stands in a data page beside its values.
pub(super) struct Values<'a> {
    /// The rows of the page, counted from its first, that have a value.
    pub(super) present: &'a [u32],
    pub(super) encoding: Encoding,
    /// Between which values all lie; `None` when nobody knows, or there are none.
    pub(super) bounds: Option<Bounds>,
    /// How many bytes the values have, when they are texts.
    pub(super) text_bytes: Option<i64>,
}

/// The pages of a column in a row group, as they are made.
pub(super) struct Chunk {
    about: ColumnDescPtr,
    pages: TrackedWrite<Vec<u8>>,
    places: Vec<(i64, i32, i64)>,
    index: ColumnIndexBuilder,
    bounds: Option<Bounds>,
    rows: usize,
    nulls: usize,
    plain_bytes: usize,
    text_bytes: Option<i64>,
    text_bytes_of_pages: Vec<i64>,
    encodings: EncodingMask,
}

impl Chunk {
    pub(super) fn new(about: ColumnDescPtr) -> Self {
        let index = ColumnIndexBuilder::new(about.physical_type());
        Self {
            about,
            pages: TrackedWrite::new(Vec::new()),
            places: Vec::new(),
            index,
            bounds: None,
            rows: 0,
            nulls: 0,
            plain_bytes: 0,
            text_bytes: None,
            text_bytes_of_pages: Vec::new(),
            encodings: EncodingMask::default(),
        }
    }

    /// Whether rows may be without a value.
    pub(super) fn is_optional(&self) -> bool {
        self.about.max_def_level() > 0
    }

    /// Returns how many rows of the row group its pages have.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Returns how many bytes its pages take.
    pub(super) fn bytes(&self) -> usize {
        self.pages.bytes_written()
    }

    /// Adds a page up to the row `end` of the row group; `write` writes its values.
    pub(super) fn add(
        &mut self,
        end: usize,
        values: Values<'_>,
        press: &mut Press,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), ParquetError> {
        let rows = end - self.rows;
        let mut plain = mem::take(&mut press.plain);
        plain.clear();
        let nulls = if self.is_optional() {
            write_levels(rows, values.present, &mut plain);
            rows - values.present.len()
        } else {
            0
        };
        write(&mut plain);
        let pressed = press.press(&plain).map_err(|error| ParquetError::External(Box::new(error)))?;
        let page = Page::DataPage {
            buf: pressed,
            num_values: rows as u32,
            encoding: values.encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let spec = SerializedPageWriter::new(&mut self.pages).write_page(CompressedPage::new(page, plain.len()))?;
        press.plain = plain;
        self.places.push((spec.offset as i64, spec.compressed_size as i32, rows as i64));
        self.plain_bytes += spec.uncompressed_size;
        self.encodings.insert(values.encoding);
        self.note(nulls == rows, nulls, values);
        self.rows = end;
        self.nulls += nulls;
        Ok(())
    }

    fn note(&mut self, is_empty: bool, nulls: usize, values: Values<'_>) {
        if let Some(bytes) = values.text_bytes {
            *self.text_bytes.get_or_insert(0) += bytes;
            self.text_bytes_of_pages.push(bytes);
        }
        if self.index.valid() {
            match &values.bounds {
                Some(bounds) => {
                    let (least, most) = bounds.to_bytes();
                    self.index.append(false, least, most, nulls as i64, None);
                }
                None if is_empty => self.index.append(true, Vec::new(), Vec::new(), nulls as i64, None),
                None => self.index.to_invalid(),
            }
        }
        if let Some(bounds) = values.bounds {
            self.bounds = Some(match self.bounds.take() {
                Some(before) => before.with(bounds),
                None => bounds,
            });
        }
    }

    /// Ends the row group; returns its pages with what is said of them. The dictionary is there when a page refers to it.
    pub(super) fn end_group(
        &mut self,
        dictionary: Option<&Dictionary>,
        press: &mut Press,
    ) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
        let next = Self::new(self.about.clone());
        mem::replace(self, next).close(dictionary, press)
    }

    fn close(
        mut self,
        dictionary: Option<&Dictionary>,
        press: &mut Press,
    ) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
        let mut all = TrackedWrite::new(Vec::with_capacity(self.bytes()));
        if let Some(dictionary) = dictionary {
            let pressed = press.press(dictionary.page()).map_err(|error| ParquetError::External(Box::new(error)))?;
            let page = Page::DictionaryPage {
                buf: pressed,
                num_values: dictionary.len() as u32,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            let page = CompressedPage::new(page, dictionary.page().len());
            self.plain_bytes += SerializedPageWriter::new(&mut all).write_page(page)?.uncompressed_size;
            self.encodings.insert(Encoding::PLAIN);
        }
        let first = all.bytes_written() as i64;
        self.pages.flush()?;
        all.write_all(self.pages.inner())?;
        let mut offsets = OffsetIndexBuilder::new();
        for (offset, size, rows) in &self.places {
            offsets.append_row_count(*rows);
            offsets.append_offset_and_size(first + offset, *size);
        }
        for bytes in &self.text_bytes_of_pages {
            offsets.append_unencoded_byte_array_data_bytes(Some(*bytes));
        }
        self.encodings.insert(Encoding::RLE);
        let metadata = ColumnChunkMetaData::builder(self.about.clone())
            .set_compression_codec(CompressionCodec::ZSTD)
            .set_encodings_mask(self.encodings)
            .set_total_compressed_size(all.bytes_written() as i64)
            .set_total_uncompressed_size(self.plain_bytes as i64)
            .set_num_values(self.rows as i64)
            .set_data_page_offset(first)
            .set_dictionary_page_offset(dictionary.map(|_| 0))
            .set_unencoded_byte_array_data_bytes(self.text_bytes)
            .set_statistics(self.statistics())
            .build()?;
        let column_index = if self.index.valid() { Some(self.index.build()?) } else { None };
        let closed = ColumnCloseResult {
            bytes_written: all.bytes_written() as u64,
            rows_written: self.rows as u64,
            metadata,
            bloom_filter: None,
            column_index,
            offset_index: Some(offsets.build()),
        };
        Ok((all.into_inner()?.into(), closed))
    }

    fn statistics(&self) -> Statistics {
        let nulls = Some(self.nulls as u64);
        Bounds::statistics(self.bounds.as_ref(), self.about.physical_type(), nulls)
    }
}

/// Writes which rows have a value.
fn write_levels(rows: usize, present: &[u32], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; 4]);
    if present.is_empty() || present.len() == rows {
        write_run(rows, u32::from(!present.is_empty()), 1, out);
    } else {
        let mut levels = vec![0; rows];
        for row in present {
            if let Some(level) = levels.get_mut(*row as usize) {
                *level = 1;
            }
        }
        write_hybrid(&levels, 1, out);
    }
    let length = (out.len() - start - 4) as u32;
    if let Some(slot) = out.get_mut(start..start + 4) {
        slot.copy_from_slice(&length.to_le_bytes());
    }
}
