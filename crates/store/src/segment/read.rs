//! Reads a segment.

use std::{collections::HashMap, ops::Range, path::Path, sync::Arc};

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
    MAX_END, MAX_START, MIN_START, VERSION, VERSION_KEY,
    candidates::{Candidates, Wanted},
    checked::{Checked, Shared},
    index_path,
    listed::{Listed, Mark},
    record::{Fields, Known},
    scan::SegmentFilter,
    trace_index::TraceIndex,
};
use crate::{
    Error,
    cursor::{SpanPlace, TracePlace},
};

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

    /// Returns the rows that may be of a trace, in their order, as ranges of row numbers.
    ///
    /// # Errors
    /// [`Error::File`] when the index of traces is missing, [`Error::Segment`] when a file is damaged.
    pub(crate) fn ranges(&self, id: TraceId) -> Result<Vec<Range<u64>>, Error> {
        TraceIndex::open(&index_path(self.file.0.path()), self.file.0.print())?.rows(id)
    }

    /// Returns what the segment lists of a trace; `None` when it has no row of it.
    ///
    /// # Errors
    /// As [`ranges`](Self::ranges).
    pub(crate) fn listed(&self, id: TraceId) -> Result<Option<Listed>, Error> {
        Ok(self.listing()?.into_iter().find(|listed| listed.trace_id == id))
    }

    /// Returns the traces that are listed before a place, at most so many, the newest place first.
    ///
    /// # Errors
    /// As [`ranges`](Self::ranges).
    pub(crate) fn list_before(&self, before: Option<TracePlace>, most: usize) -> Result<Vec<Listed>, Error> {
        let listed = self.listing()?.into_iter().rev();
        Ok(listed.filter(|listed| before.is_none_or(|before| listed.place() < before)).take(most).collect())
    }

    /// Gives the rows of several traces to `each`, in one pass in the order of the file; the ids may come in any order.
    ///
    /// # Errors
    /// As [`ranges`](Self::ranges).
    pub(crate) fn gather(&self, ids: &[TraceId], each: &mut dyn FnMut(TraceId, SegmentSpan)) -> Result<(), Error> {
        for id in ids {
            self.trace(*id)?.into_iter().for_each(|span| each(*id, span));
        }
        Ok(())
    }

    /// Returns rows of a trace that stand behind a place, at most so many, in order of start, span id and sequence.
    ///
    /// # Errors
    /// As [`ranges`](Self::ranges).
    pub(crate) fn trace_behind(
        &self,
        id: TraceId,
        after: Option<SpanPlace>,
        most: usize,
    ) -> Result<Vec<SegmentSpan>, Error> {
        let place = |span: &SegmentSpan| (span.record.start, span.record.span_id, span.sequence);
        let spans = self.trace(id)?.into_iter();
        Ok(spans.filter(|span| after.is_none_or(|after| place(span) > after)).take(most).collect())
    }

    /// Looks for the traces that may be an answer, those that start last first.
    ///
    /// # Errors
    /// As [`ranges`](Self::ranges).
    pub(crate) fn candidates(&self, wanted: &Wanted) -> Result<Candidates<'_>, Error> {
        Ok(Candidates::new(self, wanted))
    }

    /// Returns about how many bytes of memory the open segment takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.parquet().memory_size()
    }

    fn listing(&self) -> Result<Vec<Listed>, Error> {
        let mut listed: HashMap<TraceId, Listed> = HashMap::new();
        for span in self.spans(&SegmentFilter::default())? {
            let SegmentSpan { record, late_events, .. } = span?;
            let mark = Mark::of(&record, !late_events.is_empty());
            listed.entry(mark.trace_id).and_modify(|listed| listed.add(&mark)).or_insert_with(|| Listed::first(&mark));
        }
        let mut listed: Vec<_> = listed.into_values().collect();
        listed.sort_by_key(Listed::place);
        Ok(listed)
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
                spans.push(SegmentSpan { sequence: fields.sequence(row), record, late_events: Vec::new() });
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
