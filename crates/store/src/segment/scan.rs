//! Which spans are asked for, and which pages can hold them.

use std::{ops::Range, sync::Arc};

use arrow_array::{
    Array, BooleanArray, FixedSizeBinaryArray, Int64Array, LargeStringArray, RecordBatch, TimestampNanosecondArray,
};
use arrow_schema::ArrowError;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowPredicate, ArrowPredicateFn, RowFilter, RowSelection},
    },
    file::{
        metadata::{ParquetMetaData, page_index::RowGroupPageIndex},
        page_index::column_index::ColumnIndexMetaData,
    },
};
use trackway_model::{Elapsed, SpanRecord, StatusCode, Text, Timestamp, TraceId, Value};

use super::{
    columns::STATUSES,
    passages::{StoredPassages, unfold},
    record::{Words, column},
    schema,
};

/// Which spans of a segment are asked for; an absent field asks for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SegmentFilter {
    /// The span is of this trace.
    pub trace: Option<TraceId>,
    /// The span is listed under this project.
    pub project: Option<String>,
    /// The span was recorded by this service.
    pub service: Option<String>,
    /// The span has this name.
    pub name: Option<String>,
    /// The span's verdict is this.
    pub status: Option<StatusCode>,
    /// The span starts at this time or later.
    pub start: Option<Timestamp>,
    /// The span starts before this time.
    pub end: Option<Timestamp>,
    /// The span has ended, and lasts at least this long.
    pub min_duration: Option<Elapsed>,
    /// The first attribute with this key has this value, of the same type.
    pub attribute: Option<(Text, Value)>,
}

/// One thing that is asked of a span.
#[derive(Clone)]
enum Test {
    Trace(TraceId),
    Word(&'static str, String),
    Start(Timestamp),
    End(Timestamp),
    Lasts(Elapsed),
    Attribute(Text, Value),
}

impl SegmentFilter {
    /// Tells whether a span is asked for.
    pub fn matches(&self, span: &SpanRecord) -> bool {
        self.tests().iter().all(|test| test.holds(span))
    }

    fn tests(&self) -> Vec<Test> {
        let status = |code: StatusCode| STATUSES.into_iter().find(|(_, known)| *known == code);
        let word = |name: &'static str, text: &Option<String>| text.clone().map(|text| Test::Word(name, text));
        let tests = [
            self.trace.map(Test::Trace),
            self.start.map(Test::Start),
            self.end.map(Test::End),
            word(schema::PROJECT, &self.project),
            word(schema::SERVICE, &self.service),
            word(schema::NAME, &self.name),
            self.status.and_then(status).map(|(text, _)| Test::Word(schema::STATUS, text.to_owned())),
            self.min_duration.map(Test::Lasts),
            self.attribute.clone().map(|(key, value)| Test::Attribute(key, value)),
        ];
        tests.into_iter().flatten().collect()
    }

    /// Returns what looks at the columns of rows, the quickest first.
    pub(super) fn row_filter(&self, metadata: &ParquetMetaData, passages: Option<&Arc<StoredPassages>>) -> RowFilter {
        let predicate = |test: Test| -> Box<dyn ArrowPredicate> {
            let columns = metadata.file_metadata().schema_descr().columns().iter().enumerate();
            let wanted = columns.filter(|(_, column)| test.reads(column.name())).map(|(place, _)| place);
            let mask = ProjectionMask::leaves(metadata.file_metadata().schema_descr(), wanted);
            let passages = passages.cloned();
            let select = move |batch| test.select(&unfold(passages.as_ref(), batch)?);
            Box::new(ArrowPredicateFn::new(mask, move |batch| select(batch).map_err(ArrowError::ComputeError)))
        };
        RowFilter::new(self.tests().into_iter().map(predicate).collect())
    }

    /// Returns the rows of a row group that can match, as far as statistics tell.
    pub(super) fn selection(&self, metadata: &ParquetMetaData, group: usize) -> RowSelection {
        let rows = metadata.row_group(group).num_rows() as usize;
        let index = metadata.page_index_for_row_group(group);
        let all = RowSelection::from_consecutive_ranges(std::iter::once(0..rows), rows);
        let columns = metadata.file_metadata().schema_descr().columns();
        self.tests().iter().fold(all, |selection, test| {
            let columns = columns.iter().enumerate().filter(|(_, column)| test.reads(column.name()));
            let can_match = columns.map(|(place, column)| {
                let may = |pages: &ColumnIndexMetaData, page| test.may_hold(column.name(), pages, page);
                pages(&index, place, rows, may)
            });
            // A value is in one of the columns that are read for it.
            can_match.reduce(|a, b| a.union(&b)).map_or(selection.clone(), |found| selection.intersection(&found))
        })
    }
}

/// Returns the rows of the pages of a column that may hold what is wanted.
fn pages(
    index: &RowGroupPageIndex,
    column: usize,
    rows: usize,
    may: impl Fn(&ColumnIndexMetaData, usize) -> bool,
) -> RowSelection {
    let whole = || RowSelection::from_consecutive_ranges(std::iter::once(0..rows), rows);
    let (Some(statistics), Some(places)) = (index.column_index(column), index.page_locations(column)) else {
        return whole();
    };
    if statistics.num_pages() != places.len() as u64 {
        return whole();
    }
    let ends = places.iter().skip(1).map(|place| place.first_row_index as usize).chain([rows]);
    let pages = places.iter().zip(ends).enumerate();
    let ranges = pages.filter(|(page, _)| !statistics.is_null_page(*page) && may(statistics, *page));
    let ranges: Vec<Range<usize>> = ranges.map(|(_, (place, end))| place.first_row_index as usize..end).collect();
    RowSelection::from_consecutive_ranges(ranges.into_iter(), rows)
}

impl Test {
    fn holds(&self, span: &SpanRecord) -> bool {
        match self {
            Self::Trace(id) => span.trace_id == *id,
            Self::Word(schema::PROJECT, text) => *span.project == **text,
            Self::Word(schema::SERVICE, text) => span.service() == text,
            Self::Word(schema::NAME, text) => *span.name == **text,
            Self::Word(_, text) => STATUSES.contains(&(text, span.status.code)),
            Self::Start(time) => span.start >= *time,
            Self::End(time) => span.start < *time,
            Self::Lasts(least) => span.end.is_some_and(|end| lasts(end.0.wrapping_sub(span.start.0) as i64, *least)),
            Self::Attribute(key, value) => span.attributes.get(key) == Some(value),
        }
    }

    /// Whether a column has to be read for it.
    fn reads(&self, column: &str) -> bool {
        match self {
            Self::Trace(_) => column == schema::TRACE_ID,
            Self::Word(name, _) => column == *name,
            Self::Start(_) | Self::End(_) => column == schema::START,
            Self::Lasts(_) => column == schema::DURATION,
            Self::Attribute(key, _) => {
                column == schema::ATTRIBUTES_REST || column.strip_prefix(schema::ATTRIBUTE) == Some(&**key)
            }
        }
    }

    /// Tells of each row whether it can be one that is asked for.
    fn select(&self, batch: &RecordBatch) -> Result<BooleanArray, String> {
        let rows = 0..batch.num_rows();
        Ok(match self {
            Self::Trace(id) => {
                let (ids, wanted): (&FixedSizeBinaryArray, _) = (column(batch, schema::TRACE_ID)?, id.bytes());
                rows.map(|row| Some(*ids.value(row) == wanted)).collect()
            }
            Self::Word(name, text) => {
                let words = Words::of(batch, name)?;
                rows.map(|row| Some(words.get(row) == Some(text))).collect()
            }
            Self::Start(time) | Self::End(time) => {
                let starts: &TimestampNanosecondArray = column(batch, schema::START)?;
                let is_end = matches!(self, Self::End(_));
                rows.map(|row| Some(((starts.value(row) as u64) < time.0) == is_end)).collect()
            }
            Self::Lasts(least) => {
                let durations: &Int64Array = column(batch, schema::DURATION)?;
                rows.map(|row| Some(durations.is_valid(row) && lasts(durations.value(row), *least))).collect()
            }
            Self::Attribute(key, value) => return select_attribute(batch, key, value),
        })
    }

    /// Tells whether a page can hold a value that is asked for.
    fn may_hold(&self, column: &str, pages: &ColumnIndexMetaData, page: usize) -> bool {
        match (self, pages) {
            (Self::Trace(id), ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(pages)) => {
                between(pages.min_value(page), pages.max_value(page), &id.bytes())
            }
            (Self::Word(_, text), ColumnIndexMetaData::BYTE_ARRAY(pages)) => {
                between(pages.min_value(page), pages.max_value(page), text.as_bytes())
            }
            (Self::Start(time), ColumnIndexMetaData::INT64(pages)) => {
                times(pages.min_value(page), pages.max_value(page)).is_none_or(|(_, last)| last >= time.0)
            }
            (Self::End(time), ColumnIndexMetaData::INT64(pages)) => {
                times(pages.min_value(page), pages.max_value(page)).is_none_or(|(first, _)| first < time.0)
            }
            (Self::Lasts(least), ColumnIndexMetaData::INT64(pages)) => {
                pages.max_value(page).is_none_or(|most| lasts(*most, *least))
            }
            // Of what has no column the statistics tell nothing but that there is something.
            (Self::Attribute(..), _) if column == schema::ATTRIBUTES_REST => true,
            (Self::Attribute(_, Value::Text(text)), ColumnIndexMetaData::BYTE_ARRAY(pages)) => {
                between(pages.min_value(page), pages.max_value(page), text.as_bytes())
            }
            (Self::Attribute(_, Value::Int(value)), ColumnIndexMetaData::INT64(pages)) => {
                pages.min_value(page).is_none_or(|min| min <= value)
                    && pages.max_value(page).is_none_or(|max| value <= max)
            }
            _ => true,
        }
    }
}

/// Negative is what ended before it began, and then also what lasted longer than 292 years: no span is known to.
fn lasts(duration: i64, least: Elapsed) -> bool {
    duration >= least.0
}

fn between(min: Option<&[u8]>, max: Option<&[u8]>, value: &[u8]) -> bool {
    min.is_none_or(|min| min <= value) && max.is_none_or(|max| value <= max)
}

/// Returns the earliest and the latest start of a page; `None` when the statistics do not tell.
///
/// Times after 2262 are negative in the file, so the smallest of a page that has both kinds is not its earliest.
fn times(min: Option<&i64>, max: Option<&i64>) -> Option<(u64, u64)> {
    let (min, max) = (*min?, *max?);
    if (min < 0) == (max < 0) { Some((min as u64, max as u64)) } else { Some((0, u64::MAX)) }
}

/// Selects rows whose attribute has a value, and those of which only the rest tells.
fn select_attribute(batch: &RecordBatch, key: &str, value: &Value) -> Result<BooleanArray, String> {
    let rest: &LargeStringArray = column(batch, schema::ATTRIBUTES_REST)?;
    let name = schema::column_of(key);
    let held = batch.column_by_name(&name);
    let is_held = |row: usize| -> bool {
        let Some(held) = held.filter(|held| held.is_valid(row)) else { return false };
        let held = held.as_any();
        match value {
            Value::Text(value) => held.downcast_ref::<LargeStringArray>().is_some_and(|it| it.value(row) == &**value),
            Value::Int(value) => held.downcast_ref::<Int64Array>().is_some_and(|it| it.value(row) == *value),
            _ => true,
        }
    };
    Ok((0..batch.num_rows()).map(|row| Some(rest.is_valid(row) || is_held(row))).collect())
}
