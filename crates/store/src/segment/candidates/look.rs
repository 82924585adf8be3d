//! Looks at the columns of a block of rows.

use std::{any::Any, io, ops::Range, sync::Arc};

use arrow_array::{
    Array, BooleanArray, FixedSizeBinaryArray, Float64Array, Int64Array, RecordBatch, TimestampNanosecondArray,
};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection},
    },
    basic::{Encoding, Type},
    column::page::PageReader,
    file::{
        metadata::{ColumnChunkMetaData, RowGroupMetaData, page_index::RowGroupPageIndex},
        page_index::column_index::ColumnIndexMetaData,
        serialized_reader::SerializedPageReader,
    },
};
use trackway_model::{Timestamp, TraceId};

use super::{
    super::{Segment, checked::Window, passages::may_hold_passages, record, schema},
    bits::Bits,
    check::{Check, TextCheck},
    pages::{TextPage, Texts, Values, each_number},
    plan::Node,
};
use crate::{
    Error,
    filter::{Seen, holds},
};

/// The most bytes of a column that are read at once.
const MOST_AT_ONCE: u64 = 8 << 20;

/// The columns of some rows of a row group.
pub(super) struct Look<'a> {
    segment: &'a Segment,
    group: usize,
    /// The rows of the block, counted from the beginning of the row group.
    rows: Range<usize>,
    index: RowGroupPageIndex,
    /// Whether some start of the segment is too late for 63 bits.
    has_far_starts: bool,
    /// How many pages were not read since their statistics told enough.
    pub(super) pruned: u64,
}

/// What is known of texts: whether all pass, whether each word of the dictionary does, and how to judge another.
#[derive(Clone, Copy)]
struct Verdicts<'a> {
    all: bool,
    words: &'a [bool],
    judge: &'a dyn Fn(&[u8]) -> Result<bool, String>,
}

/// A page of a column: its number, and its rows, counted from the beginning of the row group.
type PageRows = (usize, Range<usize>);

impl<'a> Look<'a> {
    pub(super) fn new(segment: &'a Segment, group: usize, rows: Range<usize>) -> Self {
        let index = segment.parquet().page_index_for_row_group(group);
        let has_far_starts = segment.starts().is_none_or(|(_, last)| i64::try_from(last.0).is_err());
        Self { segment, group, rows, index, has_far_starts, pruned: 0 }
    }

    /// Returns which of the rows pass.
    pub(super) fn passing(&mut self, node: &Node, alive: &Bits) -> Result<Bits, Error> {
        match node {
            Node::All(parts) => {
                let mut left = alive.clone();
                for part in parts {
                    if left.is_empty() {
                        break;
                    }
                    left = self.passing(part, &left)?;
                }
                Ok(left)
            }
            Node::Any(parts) => {
                let (mut passed, mut left) = (Bits::none(self.rows.len()), alive.clone());
                for part in parts {
                    if left.is_empty() {
                        break;
                    }
                    let some = self.passing(part, &left)?;
                    passed.add(&some);
                    left = left.without(&some);
                }
                Ok(passed)
            }
            Node::Not(part) => Ok(alive.without(&self.passing(part, alive)?)),
            Node::Column(column, check) => self.column(*column, check, alive),
        }
    }

    fn column(&mut self, column: usize, check: &Check, alive: &Bits) -> Result<Bits, Error> {
        let pages = self.pages(column, check, alive);
        let mut passed = Bits::none(self.rows.len());
        if pages.is_empty() {
            return Ok(passed);
        }
        let is_text = self.chunk().column(column).column_type() == Type::BYTE_ARRAY;
        let read = match check {
            Check::Present if is_text => self.texts(column, None, &pages, alive, &mut passed),
            Check::Text(check) => self.texts(column, Some(check), &pages, alive, &mut passed),
            check => self.scalars(column, check, &pages, &mut passed),
        };
        read.map_err(|reason| self.segment.damaged(reason))?;
        passed.keep(alive);
        Ok(passed)
    }

    fn chunk(&self) -> &'a RowGroupMetaData {
        self.segment.parquet().row_group(self.group)
    }

    /// Returns the pages with rows that are still in question, and of which the statistics do not tell that none can pass.
    fn pages(&mut self, column: usize, check: &Check, alive: &Bits) -> Vec<PageRows> {
        let all = self.chunk().num_rows() as usize;
        let Some(places) = self.index.page_locations(column) else { return vec![(0, 0..all)] };
        let statistics = self.index.column_index(column);
        let statistics = statistics.filter(|statistics| statistics.num_pages() == places.len() as u64);
        let ends = places.iter().skip(1).map(|place| place.first_row_index as usize).chain([all]);
        let mut pages = Vec::new();
        for (page, (place, end)) in places.iter().zip(ends).enumerate() {
            let rows = place.first_row_index as usize..end;
            if !alive.meets(&self.inside(&rows)) {
                continue;
            }
            if statistics.is_none_or(|statistics| self.may_pass(check, statistics, page)) {
                pages.push((page, rows));
            } else {
                self.pruned += 1;
            }
        }
        pages
    }

    /// Returns the part of some rows that is in the block, counted from its beginning.
    fn inside(&self, rows: &Range<usize>) -> Range<usize> {
        let inside = |row: usize| row.clamp(self.rows.start, self.rows.end) - self.rows.start;
        inside(rows.start)..inside(rows.end)
    }

    fn may_pass(&self, check: &Check, statistics: &ColumnIndexMetaData, page: usize) -> bool {
        if statistics.is_null_page(page) {
            return false;
        }
        match (check, statistics) {
            (Check::Text(check), ColumnIndexMetaData::BYTE_ARRAY(pages)) => {
                check.may_be_between(pages.min_value(page), pages.max_value(page))
            }
            (Check::Int(range), ColumnIndexMetaData::INT64(pages)) => {
                pages.min_value(page).is_none_or(|min| min <= range.end())
                    && pages.max_value(page).is_none_or(|max| range.start() <= max)
            }
            // What is negative, or begins late, may be longer than it seems.
            (Check::Duration(range), ColumnIndexMetaData::INT64(pages)) if !self.has_far_starts => {
                pages.min_value(page).is_none_or(|min| *min < 0 || min <= range.end())
                    && (pages.min_value(page).is_none_or(|min| *min < 0)
                        || pages.max_value(page).is_none_or(|max| range.start() <= max))
            }
            (Check::Start(range), ColumnIndexMetaData::INT64(pages)) => {
                let Some((min, max)) = starts(pages.min_value(page), pages.max_value(page)) else { return true };
                min.0 <= *range.end() && *range.start() <= max.0
            }
            (Check::Id(id), ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(pages)) => {
                pages.min_value(page).is_none_or(|min| min <= id.as_slice())
                    && pages.max_value(page).is_none_or(|max| id.as_slice() <= max)
            }
            _ => true,
        }
    }

    /// Judges texts, each word of a dictionary once. Without a check, a text has to be there.
    fn texts(
        &self,
        column: usize,
        check: Option<&TextCheck>,
        pages: &[PageRows],
        alive: &Bits,
        passed: &mut Bits,
    ) -> Result<(), String> {
        let chunk = self.chunk().column(column);
        let is_optional = chunk.column_descr().max_def_level() > 0;
        let passages = self.segment.passages.as_deref().filter(|_| may_hold_passages(chunk.column_descr().name()));
        let passes = |value: &[u8]| match (check, passages) {
            (None, _) => Ok(true),
            (Some(check), None) => check.passes_bytes(value),
            (Some(check), Some(passages)) => check.passes_bytes(&passages.bytes(value)?),
        };
        let mut dictionary = Vec::new();
        if check.is_some() && chunk.dictionary_page_offset().is_some() {
            let first = self.page_reader(column, None)?.get_next_page().map_err(|error| error.to_string())?;
            let (words, count) = Texts::of_dictionary(&first.ok_or("a dictionary is missing")?)?;
            words.each(count, |word| {
                dictionary.push(passes(word)?);
                Ok(())
            })?;
            if !dictionary.contains(&true) && self.is_all_words(chunk) {
                return Ok(());
            }
        }
        let verdicts = Verdicts { all: check.is_none(), words: &dictionary, judge: &passes };
        let mut reader = self.page_reader(column, Some(pages))?;
        if chunk.dictionary_page_offset().is_some() {
            reader.skip_next_page().map_err(|error| error.to_string())?;
        }
        let mut next = 0;
        for (page, rows) in pages {
            for _ in next..*page {
                reader.skip_next_page().map_err(|error| error.to_string())?;
            }
            next = page + 1;
            let found = reader.get_next_page().map_err(|error| error.to_string())?;
            let page = TextPage::of(found.ok_or("a page of texts is missing")?, is_optional)?;
            if page.rows != rows.len() {
                return Err(format!("a page has {} rows where {} were expected", page.rows, rows.len()));
            }
            self.page(page, rows.start, verdicts, alive, passed)?;
        }
        Ok(())
    }

    /// Whether each text of a column is in the dictionary.
    fn is_all_words(&self, chunk: &ColumnChunkMetaData) -> bool {
        match chunk.page_encoding_stats_mask() {
            Some(mask) => mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY),
            // Since the second version there is one other way in which pages hold texts.
            None => self.segment.version() > 1 && !chunk.encodings().any(|it| it == Encoding::DELTA_LENGTH_BYTE_ARRAY),
        }
    }

    fn page(
        &self,
        page: TextPage,
        first: usize,
        verdicts: Verdicts<'_>,
        alive: &Bits,
        passed: &mut Bits,
    ) -> Result<(), String> {
        let before = first.wrapping_sub(self.rows.start);
        let row_of = |value: usize| {
            let row = page.present.as_ref().map_or(Some(value), |present| present.get(value).copied());
            row.map_or(usize::MAX, |row| before.wrapping_add(row))
        };
        let mut value = 0;
        match &page.values {
            _ if verdicts.all => (0..page.count()).for_each(|value| passed.set(row_of(value))),
            Values::Words(width, numbers) => {
                let mut is_known = true;
                each_number(numbers, *width, page.count(), |number, times| {
                    match verdicts.words.get(number as usize) {
                        Some(false) => {}
                        Some(true) => (value..value + times).for_each(|value| passed.set(row_of(value))),
                        None => is_known = false,
                    }
                    value += times;
                })?;
                if !is_known {
                    return Err("a page names a word that its dictionary does not have".to_owned());
                }
            }
            Values::Texts(texts) => texts.each(page.count(), |text| {
                let row = row_of(value);
                if alive.contains(row) && (verdicts.judge)(text)? {
                    passed.set(row);
                }
                value += 1;
                Ok(())
            })?,
        }
        Ok(())
    }

    /// Makes a reader of a column's pages; what the wanted ones have is read at once where they lie close together.
    fn page_reader(&self, column: usize, wanted: Option<&[PageRows]>) -> Result<SerializedPageReader<Window>, String> {
        let chunk = self.chunk();
        let places = self.index.page_locations(column).cloned();
        let window = match wanted {
            Some(wanted) => self.window(column, wanted).map_err(|error| error.to_string())?,
            None => Window::none(&self.segment.file),
        };
        let window = Arc::new(window);
        let rows = chunk.num_rows() as usize;
        SerializedPageReader::new(window, chunk.column(column), rows, places).map_err(|error| error.to_string())
    }

    /// Reads what the wanted pages have at once, unless most of it would be for nothing.
    fn window(&self, column: usize, wanted: &[PageRows]) -> io::Result<Window> {
        let places = self.index.page_locations(column).map_or(&[][..], |places| places);
        let place = |page: usize| {
            let place = places.get(page)?;
            Some(place.offset as u64..place.offset as u64 + place.compressed_page_size as u64)
        };
        let bytes: u64 = wanted.iter().filter_map(|(page, _)| place(*page)).map(|place| place.end - place.start).sum();
        let first = wanted.first().and_then(|(page, _)| place(*page));
        let last = wanted.last().and_then(|(page, _)| place(*page));
        let Some((first, last)) = first.zip(last) else { return Ok(Window::none(&self.segment.file)) };
        let whole = first.start..last.end;
        if whole.end - whole.start <= MOST_AT_ONCE.min(2 * bytes) {
            Window::of(&self.segment.file, whole)
        } else {
            Ok(Window::none(&self.segment.file))
        }
    }

    /// Judges values that are no texts.
    fn scalars(&self, column: usize, check: &Check, pages: &[PageRows], passed: &mut Bits) -> Result<(), String> {
        let mut columns = vec![column];
        if matches!(check, Check::Duration(_)) && !self.durations_fit(column, pages) {
            columns.extend(self.segment.column(schema::START));
        }
        let mut rows = pages.iter().flat_map(|(_, rows)| self.inside(rows));
        for batch in self.arrays(&columns, pages)? {
            let mut those: Vec<usize> = rows.by_ref().take(batch.num_rows()).collect();
            let mut pass = |place: usize| {
                if let Some(row) = those.get_mut(place) {
                    passed.set(*row);
                }
            };
            judge(&batch, check, &mut pass)?;
        }
        Ok(())
    }

    /// Whether the durations of some pages are what they seem: from a start that is not far to a later end.
    fn durations_fit(&self, column: usize, pages: &[PageRows]) -> bool {
        let Some(ColumnIndexMetaData::INT64(statistics)) = self.index.column_index(column) else { return false };
        let is_positive = |page: usize| statistics.min_value(page).is_some_and(|min| *min >= 0);
        !self.has_far_starts && pages.iter().all(|(page, _)| is_positive(*page))
    }

    /// Reads the rows of some pages that are in the block.
    fn arrays(&self, columns: &[usize], pages: &[PageRows]) -> Result<Vec<RecordBatch>, String> {
        let all = self.chunk().num_rows() as usize;
        let rows = pages.iter().map(|(_, rows)| {
            let inside = self.inside(rows);
            inside.start + self.rows.start..inside.end + self.rows.start
        });
        let selection = RowSelection::from_consecutive_ranges(rows, all);
        let window = match columns {
            [column] => self.window(*column, pages).map_err(|error| error.to_string())?,
            _ => Window::none(&self.segment.file),
        };
        let schema = self.segment.parquet().file_metadata().schema_descr();
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(window, self.segment.metadata.clone())
            .with_batch_size(self.rows.len())
            .with_row_groups(vec![self.group])
            .with_row_selection(selection)
            .with_projection(ProjectionMask::leaves(schema, columns.iter().copied()));
        let batches = builder.build().map_err(|error| error.to_string())?;
        batches.collect::<Result<_, _>>().map_err(|error| error.to_string())
    }

    /// Returns the runs of rows of one trace in the pages that have some of the rows, with their rows.
    pub(super) fn runs(&mut self, rows: &Bits) -> Result<Vec<(TraceId, Range<usize>)>, Error> {
        let Some(column) = self.segment.column(schema::TRACE_ID) else {
            return Err(self.segment.damaged("it has no traces"));
        };
        let pages = self.pages(column, &Check::Present, rows);
        let runs = self.runs_of(column, &pages);
        runs.map_err(|reason| self.segment.damaged(reason))
    }

    fn runs_of(&self, column: usize, pages: &[PageRows]) -> Result<Vec<(TraceId, Range<usize>)>, String> {
        let mut runs: Vec<(TraceId, Range<usize>)> = Vec::new();
        let mut rows = pages.iter().flat_map(|(_, rows)| self.inside(rows));
        for batch in self.arrays(&[column], pages)? {
            let ids: &FixedSizeBinaryArray = record::column(&batch, schema::TRACE_ID)?;
            let mut last: &[u8] = &[];
            for (place, row) in (0..batch.num_rows()).zip(&mut rows) {
                let id = ids.value(place);
                match runs.last_mut() {
                    Some((_, run)) if id == last && run.end == row => run.end = row + 1,
                    _ => {
                        let id = TraceId::from_slice(id).map_err(|error| error.to_string())?;
                        runs.push((id, row..row + 1));
                    }
                }
                last = id;
            }
        }
        Ok(runs)
    }
}

/// Gives the places of the values that are there and as they must be to `pass`.
fn judge(batch: &RecordBatch, check: &Check, pass: &mut dyn FnMut(usize)) -> Result<(), String> {
    let column = batch.column(batch.num_columns() - 1);
    let values = column.as_any();
    let is_valid = |row: &usize| column.is_valid(*row);
    let rows = (0..batch.num_rows()).filter(is_valid);
    match check {
        Check::Present | Check::Text(_) => rows.for_each(pass),
        Check::Int(range) => {
            let values: &Int64Array = array(values)?;
            // Few pass, so whether there is a value is asked last.
            let inside = values.values().iter().enumerate().filter(|(_, value)| range.contains(value));
            inside.map(|(row, _)| row).filter(is_valid).for_each(pass);
        }
        Check::Start(range) => {
            let values: &TimestampNanosecondArray = array(values)?;
            rows.filter(|row| range.contains(&(values.value(*row) as u64))).for_each(pass);
        }
        Check::Duration(range) => {
            let durations: &Int64Array = record::column(batch, schema::DURATION)?;
            let starts: Option<&TimestampNanosecondArray> = record::column(batch, schema::START).ok();
            let duration = |row: usize| {
                let duration = durations.value(row);
                let Some(starts) = starts else { return duration };
                let start = Timestamp(starts.value(row) as u64);
                Timestamp(start.0.wrapping_add(duration as u64)).since(start).0
            };
            rows.filter(|row| range.contains(&duration(*row))).for_each(pass);
        }
        Check::Double(test) => {
            let values: &Float64Array = array(values)?;
            rows.filter(|row| holds(test, Seen::Double(values.value(*row)))).for_each(pass);
        }
        Check::Bool([if_false, if_true]) => {
            let values: &BooleanArray = array(values)?;
            rows.filter(|row| if values.value(*row) { *if_true } else { *if_false }).for_each(pass);
        }
        Check::Id(id) => {
            let values: &FixedSizeBinaryArray = array(values)?;
            rows.filter(|row| values.value(*row) == id.as_slice()).for_each(pass);
        }
        Check::Digits(test) => {
            let values: &FixedSizeBinaryArray = array(values)?;
            rows.filter(|row| holds(test, Seen::Text(&digits(values.value(*row))))).for_each(pass);
        }
    }
    Ok(())
}

fn array<T: 'static>(values: &dyn Any) -> Result<&T, String> {
    values.downcast_ref().ok_or_else(|| "a column is of another type than its name says".to_owned())
}

fn digits(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the earliest and the latest start of the rows of a page; `None` when that is not known.
pub(super) fn page_starts(index: &RowGroupPageIndex, column: usize, page: usize) -> Option<(Timestamp, Timestamp)> {
    match index.column_index(column)? {
        ColumnIndexMetaData::INT64(pages) => starts(pages.min_value(page), pages.max_value(page)),
        _ => None,
    }
}

/// Times after 2262 are negative in the file, so the smallest of a page that has both kinds is not its earliest.
fn starts(min: Option<&i64>, max: Option<&i64>) -> Option<(Timestamp, Timestamp)> {
    let (min, max) = (*min?, *max?);
    ((min < 0) == (max < 0)).then_some((Timestamp(min as u64), Timestamp(max as u64)))
}
