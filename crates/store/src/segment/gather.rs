//! Reads the rows of traces.

use std::{collections::HashSet, fs::File, ops::Range, sync::Arc};

use arrow_array::{Array, BooleanArray, FixedSizeBinaryArray, Int64Array, RecordBatch, TimestampNanosecondArray};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector},
};
use trackway_model::{SpanId, SpanRecord, Timestamp, TraceId};

use super::{
    candidates::{Candidates, Wanted},
    index_path,
    listed::{Flags, Listed, Mark},
    passages::unfold,
    read::{Segment, SegmentSpan},
    record::{Fields, Known, Words, column},
    scan::SegmentFilter,
    schema,
    trace_index::{Opened, Ranges, TraceIndex},
};
use crate::{
    Error,
    cursor::{SpanPlace, TracePlace},
    files::file_error,
};

impl Segment {
    /// Returns the rows that may be of a trace, in their order, as ranges of row numbers.
    ///
    /// # Errors
    /// [`Error::File`] when the index of traces is missing, [`Error::Segment`] when a file is damaged.
    pub(crate) fn ranges(&self, id: TraceId) -> Result<Vec<Range<u64>>, Error> {
        self.index()?.rows(id)
    }

    /// Returns what the segment lists of a trace; `None` when it has no row of it.
    ///
    /// # Errors
    /// As [`ranges`](Self::ranges).
    pub(crate) fn listed(&self, id: TraceId) -> Result<Option<Listed>, Error> {
        self.index()?.listed(id)
    }

    /// Returns the traces that are listed before a place, at most so many, the newest place first.
    ///
    /// # Errors
    /// As [`ranges`](Self::ranges).
    pub(crate) fn list_before(&self, before: Option<TracePlace>, most: usize) -> Result<Vec<Listed>, Error> {
        self.index()?.list_before(before, most)
    }

    /// Looks for the traces that may be an answer, those that start last first.
    ///
    /// # Errors
    /// As [`ranges`](Self::ranges).
    pub(crate) fn candidates(self: &Arc<Self>, wanted: &Wanted) -> Result<Candidates, Error> {
        Candidates::new(self, wanted)
    }

    /// Gives the rows of several traces to `each`, in one pass in the order of the file; the ids may come in any order.
    ///
    /// # Errors
    /// As [`ranges`](Self::ranges).
    pub(crate) fn gather(&self, ids: &[TraceId], each: &mut dyn FnMut(TraceId, SegmentSpan)) -> Result<(), Error> {
        let index = self.index()?;
        let mut ranges = Vec::with_capacity(ids.len());
        for id in ids {
            ranges.extend(index.rows(*id)?);
        }
        let wanted: HashSet<TraceId> = ids.iter().copied().collect();
        self.read_rows(ranges, &wanted, each)
    }

    fn read_rows(
        &self,
        ranges: Vec<Range<u64>>,
        wanted: &HashSet<TraceId>,
        each: &mut dyn FnMut(TraceId, SegmentSpan),
    ) -> Result<(), Error> {
        let mut known = Known::default();
        for batch in self.batches(ranges, ProjectionMask::all())? {
            let batch = batch.map_err(|error| self.damaged(error))?;
            let batch = unfold(self.passages.as_ref(), batch).map_err(|reason| self.damaged(reason))?;
            read_batch(&batch, wanted, &mut known, each).map_err(|reason| self.damaged(reason))?;
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
        let mut page = Vec::new();
        let (wanted, mut left) = (HashSet::from([id]), self.ranges(id)?);
        if let Some(after) = after {
            left = self.behind(self.that_may_start(after.0, left), after)?;
        }
        // The rows of a trace are in order of their place. Those of another with the same hash may be among them.
        while !left.is_empty() && page.len() < most {
            let (some, rest) = split_ranges(left, (most - page.len()) as u64);
            left = rest;
            self.read_rows(some, &wanted, &mut |_, span| page.push(span))?;
        }
        Ok(page)
    }

    /// Returns the part of ranges that lies in pages with a row that starts at a time or later, as statistics tell.
    fn that_may_start(&self, time: Timestamp, ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
        let filter = SegmentFilter { start: Some(time), ..SegmentFilter::default() };
        let (mut left, mut first) = (Vec::new(), 0);
        for (group, rows) in self.parquet().row_groups().iter().map(|group| group.num_rows() as u64).enumerate() {
            let inside: Vec<_> =
                ranges.iter().filter(|range| range.start < first + rows && first < range.end).collect();
            if !inside.is_empty() {
                let pages = selected(&filter.selection(self.parquet(), group), first);
                left.extend(inside.iter().flat_map(|range| pages.iter().map(|page| common(range, page))));
            }
            first += rows;
        }
        left.retain(|range| !range.is_empty());
        left
    }

    /// Returns the part of ranges that is behind a place.
    fn behind(&self, ranges: Vec<Range<u64>>, after: SpanPlace) -> Result<Vec<Range<u64>>, Error> {
        let mask = self.columns(&[schema::START, schema::SPAN_ID, schema::SEQUENCE]);
        let mut passed = 0;
        'rows: for batch in self.batches(ranges.clone(), mask)? {
            let batch = batch.map_err(|error| self.damaged(error))?;
            let (starts, ids, sequences) = span_places(&batch).map_err(|reason| self.damaged(reason))?;
            for row in 0..batch.num_rows() {
                let id = SpanId::from_slice(ids.value(row)).map_err(|error| self.damaged(error))?;
                if (Timestamp(starts.value(row) as u64), id, sequences.value(row) as u64) > after {
                    break 'rows;
                }
                passed += 1;
            }
        }
        Ok(split_ranges(ranges, passed).1)
    }

    /// Reads rows, which may come as ranges in any order, in the order of the file.
    pub(super) fn batches(
        &self,
        mut ranges: Vec<Range<u64>>,
        mask: ProjectionMask,
    ) -> Result<ParquetRecordBatchReader, Error> {
        ranges.sort_unstable_by_key(|range| range.start);
        if ranges.last().is_some_and(|range| range.end > self.len()) {
            return Err(self.damaged("its index of traces names rows that it does not have"));
        }
        let (mut selectors, mut groups, mut first): (Vec<RowSelector>, _, _) = (Vec::new(), Vec::new(), 0);
        for (group, rows) in self.parquet().row_groups().iter().map(|group| group.num_rows() as u64).enumerate() {
            let inside = ranges.iter().map(|range| clipped(range, first, rows)).filter(|range| !range.is_empty());
            let selection = RowSelection::from_consecutive_ranges(inside, rows as usize);
            if selection.selects_any() {
                groups.push(group);
                selectors.extend(selection.iter());
            }
            first += rows;
        }
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.metadata.clone())
            .with_batch_size(self.weight.rows_at_once)
            .with_row_groups(groups)
            .with_row_selection(RowSelection::from(selectors))
            .with_projection(mask);
        builder.build().map_err(|error| self.damaged(error))
    }

    pub(super) fn columns(&self, names: &[&str]) -> ProjectionMask {
        ProjectionMask::columns(self.parquet().file_metadata().schema_descr(), names.iter().copied())
    }

    /// Returns the index of traces, which is read when it is first needed.
    pub(super) fn index(&self) -> Result<&TraceIndex, Error> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let path = index_path(self.file.0.path());
        let file = match &self.index_file {
            Some(file) => file.try_clone().map_err(file_error("open", &path))?,
            // To say why it could not be opened, or to find it when it came since.
            None => File::open(&path).map_err(file_error("open", &path))?,
        };
        let index = match TraceIndex::open(file, path.clone(), self.file.0.print())? {
            Opened::Index(index) => index,
            Opened::First => TraceIndex::made(self.marked()?, path)?,
        };
        Ok(self.index.get_or_init(|| index))
    }

    /// Works out from the rows what the index says.
    fn marked(&self) -> Result<Ranges, Error> {
        let columns = [
            schema::TRACE_ID,
            schema::START,
            schema::DURATION,
            schema::STATUS,
            schema::PROJECT,
            schema::REPEATS,
            schema::DATA,
            schema::FOREIGN,
            schema::LATE_EVENTS,
        ];
        let (mut ranges, mut row) = (Ranges::default(), 0);
        let everything = std::iter::once(0..self.len()).filter(|range| !range.is_empty());
        for batch in self.batches(everything.collect(), self.columns(&columns))? {
            let batch = batch.map_err(|error| self.damaged(error))?;
            note_batch(&batch, &mut ranges, row).map_err(|reason| self.damaged(reason))?;
            row += batch.num_rows() as u64;
        }
        Ok(ranges)
    }
}

impl Fields<'_> {
    /// Returns a row whose record was read.
    pub(super) fn with_record(&self, row: usize, record: SpanRecord) -> Result<SegmentSpan, String> {
        Ok(SegmentSpan { sequence: self.sequence(row), record, late_events: self.late_events(row)? })
    }
}

type SpanPlaces<'a> = (&'a TimestampNanosecondArray, &'a FixedSizeBinaryArray, &'a Int64Array);

fn span_places(batch: &RecordBatch) -> Result<SpanPlaces<'_>, String> {
    Ok((column(batch, schema::START)?, column(batch, schema::SPAN_ID)?, column(batch, schema::SEQUENCE)?))
}

fn read_batch(
    batch: &RecordBatch,
    wanted: &HashSet<TraceId>,
    known: &mut Known,
    each: &mut dyn FnMut(TraceId, SegmentSpan),
) -> Result<(), String> {
    let fields = Fields::of(batch)?;
    let ids: &FixedSizeBinaryArray = column(batch, schema::TRACE_ID)?;
    for row in 0..batch.num_rows() {
        let id = TraceId::from_slice(ids.value(row)).map_err(|error| error.to_string())?;
        if wanted.contains(&id) {
            each(id, fields.with_record(row, fields.record(row, known)?)?);
        }
    }
    Ok(())
}

fn note_batch(batch: &RecordBatch, ranges: &mut Ranges, first: u64) -> Result<(), String> {
    let ids: &FixedSizeBinaryArray = column(batch, schema::TRACE_ID)?;
    let starts: &TimestampNanosecondArray = column(batch, schema::START)?;
    let durations: &Int64Array = column(batch, schema::DURATION)?;
    let repeats: &BooleanArray = column(batch, schema::REPEATS)?;
    let (statuses, projects) = (Words::of(batch, schema::STATUS)?, Words::of(batch, schema::PROJECT)?);
    let special = [(schema::DATA, Flags::AGENT), (schema::FOREIGN, Flags::FOREIGN), (schema::LATE_EVENTS, Flags::LATE)];
    for row in 0..batch.num_rows() {
        let start = starts.value(row) as u64;
        let mut flags = if repeats.value(row) { Flags::REPLACE } else { Flags::default() };
        for (name, flag) in special {
            if batch.column_by_name(name).is_some_and(|column| column.is_valid(row)) {
                flags |= flag;
            }
        }
        let mark = Mark {
            trace_id: TraceId::from_slice(ids.value(row)).map_err(|error| error.to_string())?,
            start: Timestamp(start),
            end: durations.is_valid(row).then(|| Timestamp(start.wrapping_add(durations.value(row) as u64))),
            flags,
            is_error: statuses.get(row) == Some("error"),
            project: projects.get(row).unwrap_or_default(),
        };
        ranges.note(first + row as u64, &mark);
    }
    Ok(())
}

/// Takes so many rows from the beginning of ranges; returns these, and what is left.
fn split_ranges(ranges: Vec<Range<u64>>, rows: u64) -> (Vec<Range<u64>>, Vec<Range<u64>>) {
    let (mut taken, mut left, mut missing) = (Vec::new(), Vec::new(), rows);
    for range in ranges {
        let middle = range.end.min(range.start + missing);
        missing -= middle - range.start;
        taken.push(range.start..middle);
        left.push(middle..range.end);
    }
    taken.retain(|range| !range.is_empty());
    left.retain(|range| !range.is_empty());
    (taken, left)
}

/// Returns the rows that are selected of a row group whose first row has this number.
fn selected(selection: &RowSelection, first: u64) -> Vec<Range<u64>> {
    let (mut rows, mut at) = (Vec::new(), first);
    for selector in selection.iter() {
        let end = at + selector.row_count as u64;
        if !selector.skip {
            rows.push(at..end);
        }
        at = end;
    }
    rows
}

fn common(a: &Range<u64>, b: &Range<u64>) -> Range<u64> {
    a.start.max(b.start)..a.end.min(b.end)
}

/// Returns the part of a range of a segment's rows that lies in a row group, counted from its beginning.
fn clipped(range: &Range<u64>, first: u64, rows: u64) -> Range<usize> {
    let inside = |row: u64| row.clamp(first, first + rows).saturating_sub(first) as usize;
    inside(range.start)..inside(range.end)
}
