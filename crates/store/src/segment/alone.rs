//! The Parquet file of a segment by itself, for whoever does not trust it, or has no index.

use std::{ops::Range, path::Path, sync::Arc};

use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::{metadata::PageIndexPolicy, reader::ChunkReader};

use super::{
    PASSAGES, SegmentSpan, VERSION, VERSION_KEY,
    checked::{Checked, Shared},
    listed::{Listed, Mark},
    passages::{StoredPassages, unfold},
    record::{Fields, Known},
};
use crate::Error;

/// How many bytes are looked at before it is told how far it is.
const STRETCH: u64 = 1 << 20;
/// How many bytes have a checksum together.
const BLOCK: u64 = 16 * 1024;
/// How many rows are given up together where one of them cannot be read: those of a page.
const PIECE: usize = 2048;

/// A Parquet file that is read without its index of traces.
pub(crate) struct Alone {
    file: Shared,
    metadata: ArrowReaderMetadata,
    passages: Option<Arc<StoredPassages>>,
}

impl Alone {
    /// Opens a file; its footer has to be whole.
    ///
    /// # Errors
    /// As [`Segment::open`](super::Segment::open).
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let file = Shared(Arc::new(Checked::open(path)?));
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Skip);
        let metadata = ArrowReaderMetadata::load(&file, options).map_err(|error| file.0.damaged(error))?;
        let pairs = metadata.metadata().file_metadata().key_value_metadata();
        let text = |key: &str| pairs?.iter().find(|pair| pair.key == key)?.value.as_deref();
        let version = text(VERSION_KEY).and_then(|version| version.parse::<u32>().ok());
        let passages = text(PASSAGES).and_then(|about| StoredPassages::of(&file, about)).map(Arc::new);
        match version {
            Some(found) if found > VERSION => Err(Error::Newer { path: path.to_owned(), found, supported: VERSION }),
            Some(_) => Ok(Self { file, metadata, passages }),
            None => Err(file.0.damaged("it does not say which version it has")),
        }
    }

    /// Compares every checksum; `each` is told of stretches, and where in them the first damage is.
    pub(crate) fn verify(&self, each: &mut dyn FnMut(u64, Option<u64>)) {
        let end = self.file.0.covered();
        let mut at = 0;
        while at < end {
            let bytes = STRETCH.min(end - at);
            let is_whole = |at: u64, bytes: u64| self.file.get_bytes(at, bytes as usize).is_ok();
            let damaged = if is_whole(at, bytes) {
                None
            } else {
                let blocks = (at..at + bytes).step_by(BLOCK as usize);
                blocks.clone().find(|block| !is_whole(*block, BLOCK.min(end - block))).or(Some(at))
            };
            each(bytes, damaged);
            at += bytes;
        }
    }

    /// Gives every span that can be read to `each`, in the order of the file; returns how many cannot.
    ///
    /// # Errors
    /// What `each` fails with.
    pub(crate) fn read(&self, each: &mut dyn FnMut(SegmentSpan) -> Result<(), Error>) -> Result<u64, Error> {
        let mut lost = 0;
        let groups: Vec<_> = self.metadata.metadata().row_groups().iter().map(|it| it.num_rows() as usize).collect();
        for (group, rows) in groups.into_iter().enumerate() {
            for first in (0..rows).step_by(PIECE) {
                let piece = first..rows.min(first + PIECE);
                let length = piece.len() as u64;
                match self.piece(group, rows, piece) {
                    Ok((spans, unreadable)) if spans.len() as u64 + unreadable == length => {
                        spans.into_iter().try_for_each(&mut *each)?;
                        lost += unreadable;
                    }
                    _ => lost += length,
                }
            }
        }
        Ok(lost)
    }

    /// Returns the spans of some rows, and how many cannot be read alone because of a passage that they name.
    fn piece(&self, group: usize, rows: usize, piece: Range<usize>) -> Result<(Vec<SegmentSpan>, u64), String> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.metadata.clone())
            .with_batch_size(PIECE)
            .with_row_groups(vec![group])
            .with_row_selection(RowSelection::from_consecutive_ranges(std::iter::once(piece), rows));
        let mut spans = Vec::with_capacity(PIECE);
        let (mut known, mut unreadable) = (Known::default(), 0);
        for batch in builder.build().map_err(|error| error.to_string())? {
            let batch = batch.map_err(|error| error.to_string())?;
            let whole = unfold(self.passages.as_ref(), batch.clone());
            // Rows of many pages name the same passage, so where one is damaged each row is tried by itself.
            let rows = || (0..batch.num_rows()).map(|row| unfold(self.passages.as_ref(), batch.slice(row, 1)));
            let batches = whole.map_or_else(|_| rows().collect::<Vec<_>>(), |whole| vec![Ok(whole)]);
            unreadable += batches.iter().filter(|batch| batch.is_err()).count() as u64;
            for batch in batches.into_iter().flatten() {
                read(&batch, &mut known, &mut spans)?;
            }
        }
        Ok((spans, unreadable))
    }
}

fn read(batch: &RecordBatch, known: &mut Known, spans: &mut Vec<SegmentSpan>) -> Result<(), String> {
    let fields = Fields::of(batch)?;
    for row in 0..batch.num_rows() {
        spans.push(fields.with_record(row, fields.record(row, known)?)?);
    }
    Ok(())
}

/// What the rows of one trace come to, by themselves.
pub(crate) struct Counted {
    /// What an index has to list.
    pub(crate) listed: Listed,
    /// Where the rows are.
    pub(crate) rows: Vec<Range<u64>>,
}

impl Counted {
    /// Counts in the first row of a trace.
    pub(crate) fn first(row: u64, span: &SegmentSpan) -> Self {
        Self { listed: Listed::first(&mark(span)), rows: std::iter::once(row..row + 1).collect() }
    }

    /// Counts in a row that stands behind the others.
    pub(crate) fn add(&mut self, row: u64, span: &SegmentSpan) {
        self.listed.add(&mark(span));
        match self.rows.last_mut().filter(|last| last.end == row) {
            Some(last) => last.end += 1,
            None => self.rows.push(row..row + 1),
        }
    }
}

fn mark(span: &SegmentSpan) -> Mark<'_> {
    Mark::of(&span.record, !span.late_events.is_empty())
}
