//! Reads a segment.

use std::{
    fs::File,
    path::Path,
    sync::{Arc, OnceLock},
};

use arrow_array::RecordBatch;
use parquet::{
    arrow::arrow_reader::{
        ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
        RowSelection, RowSelector,
    },
    file::metadata::{PageIndexPolicy, ParquetMetaData},
};
use trackway_model::{Event, SpanRecord, Timestamp, TraceId};

use super::{
    MAX_END, MAX_START, MIN_START, PASSAGES, REST_KEYS, VERSION, VERSION_KEY,
    checked::{Checked, Shared},
    index_path,
    passages::{StoredPassages, unfold},
    record::{Fields, Known},
    scan::SegmentFilter,
    trace_index::TraceIndex,
    weight::Weight,
};
use crate::{Error, files::file_error};

/// A segment that was written: its footer is in memory, and of the rest what a question needs is read.
pub struct Segment {
    pub(super) file: Shared,
    pub(super) metadata: ArrowReaderMetadata,
    version: u32,
    /// What texts name in the place of what they repeat; `None` where all are plain.
    pub(super) passages: Option<Arc<StoredPassages>>,
    pub(super) weight: Weight,
    /// The file of the index, which is open from the beginning: somebody else may take both files away.
    pub(super) index_file: Option<File>,
    pub(super) index: OnceLock<TraceIndex>,
}

/// A span of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentSpan {
    /// When the span came among the others of its store.
    pub sequence: u64,
    /// What was recorded of it.
    pub record: SpanRecord,
    /// Events of it that came apart from it.
    pub late_events: Vec<Event>,
}

impl Segment {
    /// Opens a segment by the path of its Parquet file.
    ///
    /// # Errors
    /// [`Error::File`] when there is none, [`Error::Newer`] when a newer version wrote it, [`Error::Segment`] when it is
    /// damaged, or no segment.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(file_error("open", path))?;
        Self::of_files(path, file, File::open(index_path(path)).ok())
    }

    /// Takes a segment whose files are open already; what is at `path` by now makes no difference.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn of_files(path: &Path, file: File, index_file: Option<File>) -> Result<Self, Error> {
        let file = Shared(Arc::new(Checked::of_file(path, file)?));
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let metadata = ArrowReaderMetadata::load(&file, options).map_err(|error| file.0.damaged(error))?;
        let weight = Weight::of(metadata.metadata());
        let mut segment =
            Self { file, metadata, version: 0, passages: None, weight, index_file, index: OnceLock::new() };
        let version = segment.about(VERSION_KEY).and_then(|version| u32::try_from(version).ok());
        segment.version = version.ok_or_else(|| segment.file.0.damaged("it does not say which version it has"))?;
        if segment.version > VERSION {
            return Err(Error::Newer { path: path.to_owned(), found: segment.version, supported: VERSION });
        }
        if let Some(about) = segment.text(PASSAGES) {
            let passages = StoredPassages::of(&segment.file, about).map(Arc::new);
            segment.passages = Some(passages.ok_or_else(|| segment.damaged("it does not say where its passages are"))?);
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
        let mut spans = Vec::new();
        self.gather(&[id], &mut |_, span| spans.push(span))?;
        Ok(spans)
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
            .with_batch_size(self.weight.rows_at_once)
            .with_row_groups(wanted)
            .with_row_selection(selection)
            .with_row_filter(filter.row_filter(self.parquet(), self.passages.as_ref()));
        let batches = builder.build().map_err(|error| self.damaged(error))?;
        let spans = Vec::new().into_iter();
        let passages = self.passages.clone();
        Ok(SegmentSpans { file: self.file.clone(), passages, batches, filter, known: Known::default(), spans, scanned })
    }

    /// Returns about how many bytes of memory a row takes once it is read, on average.
    pub(crate) fn row_bytes(&self) -> u64 {
        self.weight.row_bytes
    }

    /// Returns how many rows should be in memory at a time: fewer where they are large.
    pub(crate) fn rows_at_once(&self) -> usize {
        self.weight.rows_at_once
    }

    /// Returns about how many bytes of memory the open segment takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        let index = self.index.get().map_or(0, TraceIndex::memory_bytes);
        let passages = self.passages.as_ref().map_or(0, |passages| passages.memory_bytes());
        self.parquet().memory_size() + self.file.0.memory_bytes() + index + passages
    }

    /// Says that something in the file is not what it has to be.
    pub(super) fn damaged(&self, reason: impl ToString) -> Error {
        self.file.0.damaged(reason)
    }

    /// Returns which leaf of the schema a column is.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        let columns = self.parquet().file_metadata().schema_descr().columns();
        columns.iter().position(|column| column.name() == name)
    }

    /// Returns the keys of attributes that have values outside their columns; `None` when the file does not tell.
    pub(super) fn rest_keys(&self) -> Option<Vec<String>> {
        serde_json::from_str(self.text(REST_KEYS)?).ok()
    }

    pub(super) fn parquet(&self) -> &ParquetMetaData {
        self.metadata.metadata()
    }

    /// Returns what the file says of itself.
    fn about(&self, key: &str) -> Option<u64> {
        self.text(key)?.parse().ok()
    }

    fn text(&self, key: &str) -> Option<&str> {
        let pairs = self.parquet().file_metadata().key_value_metadata()?;
        pairs.iter().find(|pair| pair.key == key)?.value.as_deref()
    }
}

/// Spans of a segment, read as they are asked for.
pub struct SegmentSpans {
    file: Shared,
    passages: Option<Arc<StoredPassages>>,
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

    fn batch(&mut self, batch: RecordBatch) -> Result<(), String> {
        let batch = unfold(self.passages.as_ref(), batch)?;
        let fields = Fields::of(&batch)?;
        let mut spans = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let record = fields.record(row, &mut self.known)?;
            if self.filter.matches(&record) {
                spans.push(fields.with_record(row, record)?);
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
                Ok(batch) => self.batch(batch),
                Err(error) => Err(error.to_string()),
            };
            if let Err(reason) = read {
                return Some(Err(self.file.0.damaged(reason)));
            }
        }
    }
}
