//! Reads a segment.

use std::{ops::Range, path::Path, sync::Arc};

use arrow_array::RecordBatch;
use parquet::{
    arrow::arrow_reader::{
        ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
        RowSelection, RowSelector,
    },
    file::metadata::{PageIndexPolicy, ParquetMetaData},
};
use trackway_model::{SpanRecord, Timestamp, TraceId};

use super::{
    MAX_END, MAX_START, MIN_START, VERSION, VERSION_KEY,
    checked::{Checked, Shared},
    index_path,
    record::{Fields, Known},
    scan::SegmentFilter,
    trace_index::TraceIndex,
};
use crate::Error;

/// How many rows are read at once.
const BATCH_ROWS: usize = 1024;

/// A segment that was written: its footer is in memory, and of the rest what a question needs is read.
pub struct Segment {
    file: Shared,
    metadata: ArrowReaderMetadata,
    version: u32,
}

/// A span of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentSpan {
    /// When the span came among the others of its store.
    pub sequence: u64,
    /// What was recorded of it.
    pub record: SpanRecord,
}

impl Segment {
    /// Opens a segment by the path of its Parquet file.
    ///
    /// # Errors
    /// [`Error::File`] when there is none, [`Error::Newer`] when a newer version wrote it, [`Error::Segment`] when it is
    /// damaged, or no segment.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = Shared(Arc::new(Checked::open(path)?));
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let metadata = ArrowReaderMetadata::load(&file, options).map_err(|error| file.0.damaged(error))?;
        let mut segment = Self { file, metadata, version: 0 };
        let version = segment.about(VERSION_KEY).and_then(|version| u32::try_from(version).ok());
        segment.version = version.ok_or_else(|| segment.file.0.damaged("it does not say which version it has"))?;
        if segment.version > VERSION {
            return Err(Error::Newer { path: path.to_owned(), found: segment.version, supported: VERSION });
        }
        Ok(segment)
    }

    /// Returns how many spans there are.
    pub fn len(&self) -> u64 {
        u64::try_from(self.parquet().file_metadata().num_rows()).unwrap_or_default()
    }

    /// Returns true when there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the version of the format in which the segment was written.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Returns the earliest and the latest start of a span; `None` when there is none.
    pub fn starts(&self) -> Option<(Timestamp, Timestamp)> {
        Some((Timestamp(self.about(MIN_START)?), Timestamp(self.about(MAX_START)?)))
    }

    /// Returns the latest end of a span; `None` when none has ended.
    pub fn latest_end(&self) -> Option<Timestamp> {
        self.about(MAX_END).map(Timestamp)
    }

    /// Returns the spans of a trace in the order of the file; of the file only the pages are read that hold them.
    ///
    /// # Errors
    /// [`Error::File`] when the index of traces is missing, [`Error::Segment`] when a file is damaged.
    pub fn trace(&self, id: TraceId) -> Result<Vec<SegmentSpan>, Error> {
        let index = TraceIndex::open(&index_path(self.file.0.path()), self.file.0.print())?;
        let wanted = index.rows(id)?;
        let mut first = 0;
        let mut groups = Vec::new();
        for (group, rows) in self.parquet().row_groups().iter().map(|group| group.num_rows() as u64).enumerate() {
            let inside = wanted.iter().map(|range| clipped(range, first, rows)).filter(|range| !range.is_empty());
            let selection = RowSelection::from_consecutive_ranges(inside, rows as usize);
            groups.push((group, selection));
            first += rows;
        }
        if wanted.iter().any(|range| range.end > first) {
            return Err(self.file.0.damaged("its index of traces names rows that it does not have"));
        }
        let filter = SegmentFilter { trace: Some(id), ..SegmentFilter::default() };
        self.read(groups, filter)?.collect()
    }

    /// Returns the spans that are asked for in the order of the file; pages that cannot hold one are not read.
    ///
    /// # Errors
    /// [`Error::Segment`] when the file is damaged.
    pub fn spans(&self, filter: &SegmentFilter) -> Result<SegmentSpans, Error> {
        let groups = 0..self.parquet().num_row_groups();
        let selected = groups.map(|group| (group, filter.selection(self.parquet(), group))).collect();
        self.read(selected, filter.clone())
    }

    fn read(&self, groups: Vec<(usize, RowSelection)>, filter: SegmentFilter) -> Result<SegmentSpans, Error> {
        let mut selectors: Vec<RowSelector> = Vec::new();
        let mut wanted = Vec::new();
        for (group, selection) in groups.into_iter().filter(|(_, selection)| selection.selects_any()) {
            wanted.push(group);
            selectors.extend(selection.iter());
        }
        let selection = RowSelection::from(selectors);
        let scanned = selection.row_count() as u64;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.metadata.clone())
            .with_batch_size(BATCH_ROWS)
            .with_row_groups(wanted)
            .with_row_selection(selection)
            .with_row_filter(filter.row_filter(self.parquet()));
        let batches = builder.build().map_err(|error| self.file.0.damaged(error))?;
        let spans = Vec::new().into_iter();
        Ok(SegmentSpans { file: self.file.clone(), batches, filter, known: Known::default(), spans, scanned })
    }

    fn parquet(&self) -> &ParquetMetaData {
        self.metadata.metadata()
    }

    /// Returns what the file says of itself.
    fn about(&self, key: &str) -> Option<u64> {
        let pairs = self.parquet().file_metadata().key_value_metadata()?;
        pairs.iter().find(|pair| pair.key == key)?.value.as_ref()?.parse().ok()
    }
}

/// Returns the part of a range of a segment's rows that lies in a row group, counted from its beginning.
fn clipped(range: &Range<u64>, first: u64, rows: u64) -> Range<usize> {
    let inside = |row: u64| row.clamp(first, first + rows).saturating_sub(first) as usize;
    inside(range.start)..inside(range.end)
}

/// Spans of a segment, read as they are asked for.
pub struct SegmentSpans {
    file: Shared,
    batches: ParquetRecordBatchReader,
    filter: SegmentFilter,
    known: Known,
    spans: std::vec::IntoIter<SegmentSpan>,
    scanned: u64,
}

impl SegmentSpans {
    /// Returns how many rows are looked at: all but those of which the statistics told.
    pub fn scanned(&self) -> u64 {
        self.scanned
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), String> {
        let fields = Fields::of(batch)?;
        let mut spans = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let record = fields.record(row, &mut self.known)?;
            if self.filter.matches(&record) {
                spans.push(SegmentSpan { sequence: fields.sequence(row), record });
            }
        }
        self.spans = spans.into_iter();
        Ok(())
    }
}

impl Iterator for SegmentSpans {
    type Item = Result<SegmentSpan, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(span) = self.spans.next() {
                return Some(Ok(span));
            }
            let read = match self.batches.next()? {
                Ok(batch) => self.batch(&batch),
                Err(error) => Err(error.to_string()),
            };
            if let Err(reason) = read {
                return Some(Err(self.file.0.damaged(reason)));
            }
        }
    }
}
