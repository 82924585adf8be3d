//! A row group as columns, filled row by row.

use std::collections::BTreeSet;

use bytes::Bytes;
use parquet::{
    column::writer::ColumnCloseResult,
    errors::ParquetError,
    schema::types::{ColumnDescPtr, SchemaDescriptor},
};
use trackway_model::{Dropped, Event, Repeats, Resource, Scope, SpanKind, SpanRecord, StatusCode, Text};

use super::{
    agent::write_data,
    columns_attributes::AttributeColumns,
    columns_number::{BoolColumn, IdColumn, NumberColumn, Numbers},
    columns_page::Press,
    columns_text::TextColumn,
    parts::{write_events, write_foreign, write_links, write_resource, write_scope},
    passages::Passages,
    schema::{self, Chosen},
    schema_plan::Plan,
    words::Sources,
};

/// The most rows of a row group, and about how many bytes of memory it takes at most.
const GROUP_ROWS: usize = 64 * 1024;
const GROUP_BYTES: usize = 32 << 20;
/// The most rows of a page: what is read for one span.
const PAGE_ROWS: usize = 2048;
/// After how many bytes of texts pages are looked at, whether they are full.
const FRESH_BYTES: usize = 128 * 1024;
/// The most bytes of a span's texts, for a page has no more than 2 GiB.
const MOST_SPAN_BYTES: usize = 1 << 30;

pub(super) const KINDS: [(&str, SpanKind); 6] = [
    ("unspecified", SpanKind::Unspecified),
    ("internal", SpanKind::Internal),
    ("server", SpanKind::Server),
    ("client", SpanKind::Client),
    ("producer", SpanKind::Producer),
    ("consumer", SpanKind::Consumer),
];
pub(super) const STATUSES: [(&str, StatusCode); 3] =
    [("unset", StatusCode::Unset), ("ok", StatusCode::Ok), ("error", StatusCode::Error)];

/// What columns of all types do; rows are counted in their row group.
pub(super) trait ColumnPages {
    /// Whether the page has so many bytes that it should end.
    fn is_full(&self) -> bool;

    /// Ends the page before the row `end`.
    fn end_page(&mut self, end: usize, press: &mut Press) -> Result<(), ParquetError>;

    /// Returns about how many bytes of memory the column takes.
    fn bytes(&self) -> usize;

    /// Ends the row group, and begins the next.
    fn end_group(&mut self, press: &mut Press) -> Result<(Bytes, ColumnCloseResult), ParquetError>;
}

/// The columns of a row group.
pub(super) struct Columns {
    press: Press,
    /// Where texts store what they repeat; `None` where all are plain.
    passages: Option<Passages>,
    rows: usize,
    /// Where the page begins that is filled, unless a column began a new one early.
    page_rows: usize,
    /// How many bytes of texts came since pages were looked at.
    fresh_bytes: usize,
    resources: Sources<Resource>,
    scopes: Sources<Scope>,
    sequence: NumberColumn,
    project: TextColumn,
    trace_id: IdColumn,
    span_id: IdColumn,
    parent_id: IdColumn,
    service: TextColumn,
    name: TextColumn,
    kind: TextColumn,
    status: TextColumn,
    status_message: TextColumn,
    start: NumberColumn,
    duration: NumberColumn,
    flags: NumberColumn,
    trace_state: TextColumn,
    dropped: [NumberColumn; 3],
    resource: TextColumn,
    scope: TextColumn,
    attributes: AttributeColumns,
    events: TextColumn,
    links: TextColumn,
    data: TextColumn,
    foreign: TextColumn,
    repeats: BoolColumn,
    late_events: TextColumn,
}

impl Columns {
    /// Makes the columns of a segment, of which the attributes in `chosen` have one.
    pub(super) fn new(
        schema: &SchemaDescriptor,
        plan: &Plan,
        chosen: Chosen,
        press: Press,
        passages: Option<Passages>,
    ) -> Result<Self, ParquetError> {
        let text = |name: &str| about(schema, name).map(TextColumn::new);
        let id = |name: &str| about(schema, name).map(IdColumn::new);
        let count = |name: &str| about(schema, name).map(|it| NumberColumn::new(it, Numbers::Unsigned));
        let number = |name: &str| about(schema, name).map(NumberColumn::without_dictionary);
        let dropped = [schema::DROPPED_ATTRIBUTES, schema::DROPPED_EVENTS, schema::DROPPED_LINKS];
        let [attributes, events, links] = dropped.map(count);
        Ok(Self {
            press,
            passages,
            rows: 0,
            page_rows: 0,
            fresh_bytes: 0,
            resources: Sources::default(),
            scopes: Sources::default(),
            sequence: number(schema::SEQUENCE)?,
            project: text(schema::PROJECT)?,
            trace_id: id(schema::TRACE_ID)?,
            span_id: id(schema::SPAN_ID)?,
            parent_id: id(schema::PARENT_ID)?,
            service: text(schema::SERVICE)?,
            name: text(schema::NAME)?,
            kind: text(schema::KIND)?,
            status: text(schema::STATUS)?,
            status_message: text(schema::STATUS_MESSAGE)?,
            start: number(schema::START)?,
            duration: number(schema::DURATION)?,
            flags: count(schema::FLAGS)?,
            trace_state: text(schema::TRACE_STATE)?,
            dropped: [attributes?, events?, links?],
            resource: text(schema::RESOURCE)?,
            scope: text(schema::SCOPE)?,
            attributes: AttributeColumns::new(schema, plan, chosen)?,
            events: text(schema::EVENTS)?,
            links: text(schema::LINKS)?,
            data: text(schema::DATA)?,
            foreign: text(schema::FOREIGN)?,
            repeats: about(schema, schema::REPEATS).map(BoolColumn::new)?,
            late_events: text(schema::LATE_EVENTS)?,
        })
    }

    /// Adds a row, with the events of the span that came apart from it.
    ///
    /// # Errors
    /// What could not be written of the span, in words; there is half a row then.
    pub(super) fn push(&mut self, sequence: u64, span: &SpanRecord, late: &[Event]) -> Result<(), String> {
        let row = self.rows;
        self.sequence.push(row, sequence as i64);
        self.project.push(row, &span.project);
        self.trace_id.push(row, &span.trace_id.bytes());
        self.span_id.push(row, &span.span_id.bytes());
        if let Some(parent) = span.parent_id {
            self.parent_id.push(row, &parent.bytes());
        }
        self.name.push(row, &span.name);
        push_word(&mut self.kind, row, KINDS, span.kind);
        push_word(&mut self.status, row, STATUSES, span.status.code);
        push_some(&mut self.status_message, row, &span.status.message);
        self.start.push(row, span.start.0 as i64);
        if let Some(end) = span.end {
            // As it was sent, also where it is negative or does not fit.
            self.duration.push(row, end.0.wrapping_sub(span.start.0) as i64);
        }
        self.flags.push(row, i64::from(span.flags));
        push_some(&mut self.trace_state, row, &span.trace_state);
        let Dropped { attributes, events, links } = span.dropped;
        for (column, count) in self.dropped.iter_mut().zip([attributes, events, links]) {
            column.push(row, i64::from(count));
        }
        self.fresh_bytes += self.attributes.push(row, &span.attributes, &mut self.passages)?;
        self.repeats.push(row, span.repeats == Repeats::Replace);
        self.push_shared(row, span)?;
        self.push_parts(row, span, late)?;
        self.fresh_bytes += span.name.len() + span.project.len() + span.trace_state.len() + span.status.message.len();
        self.rows += 1;
        if self.fresh_bytes > MOST_SPAN_BYTES {
            return Err(format!("the texts of a span have more than {MOST_SPAN_BYTES} bytes"));
        }
        Ok(())
    }

    fn push_shared(&mut self, row: usize, span: &SpanRecord) -> Result<(), String> {
        let resource = self.resources.number(&span.resource, Resource::service, write_resource)?;
        if let Some(source) = self.resources.get(resource) {
            self.resource.push_shared(row, resource, &source.text);
            self.service.push_shared(row, resource, &source.name);
        }
        let scope = self.scopes.number(&span.scope, |scope| &scope.name, write_scope)?;
        if let Some(source) = self.scopes.get(scope) {
            self.scope.push_shared(row, scope, &source.text);
        }
        Ok(())
    }

    fn push_parts(&mut self, row: usize, span: &SpanRecord, late: &[Event]) -> Result<(), String> {
        let passages = &mut self.passages;
        if !span.events.is_empty() {
            self.fresh_bytes += push_part(&mut self.events, row, write_events(&span.events), passages)?;
        }
        if !span.links.is_empty() {
            self.fresh_bytes += push_part(&mut self.links, row, write_links(&span.links), passages)?;
        }
        if let Some(data) = &span.data {
            self.fresh_bytes += push_part(&mut self.data, row, write_data(data), passages)?;
        }
        if let Some(foreign) = &span.foreign {
            self.fresh_bytes += push_part(&mut self.foreign, row, write_foreign(foreign), &mut None)?;
        }
        if !late.is_empty() {
            self.fresh_bytes += push_part(&mut self.late_events, row, write_events(late), passages)?;
        }
        Ok(())
    }

    /// Ends pages that are full; returns whether the row group is.
    pub(super) fn end_pages(&mut self) -> Result<bool, ParquetError> {
        let are_all_full = self.rows >= self.page_rows + PAGE_ROWS;
        if !are_all_full && self.fresh_bytes < FRESH_BYTES {
            return Ok(false);
        }
        self.fresh_bytes = 0;
        let rows = self.rows;
        if are_all_full {
            self.page_rows = rows;
        }
        let mut bytes = 0;
        self.each(|column, press| {
            if are_all_full || column.is_full() {
                column.end_page(rows, press)?;
            }
            bytes += column.bytes();
            Ok(())
        })?;
        bytes += self.passages.as_ref().map_or(0, Passages::bytes);
        Ok(rows >= GROUP_ROWS || bytes >= GROUP_BYTES)
    }

    /// Returns the keys that have values without a column, in their order; `None` when there are too many.
    pub(super) fn take_rest_keys(&mut self) -> Option<BTreeSet<Text>> {
        self.attributes.take_rest_keys()
    }

    /// Returns what texts repeat; `None` where all are plain.
    pub(super) fn passages(&mut self) -> Option<&mut Passages> {
        self.passages.as_mut()
    }

    /// Returns how many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Ends the row group and begins the next; returns each column with what is said of it.
    pub(super) fn end_group(&mut self) -> Result<Vec<(Bytes, ColumnCloseResult)>, ParquetError> {
        let rows = self.rows;
        let mut columns = Vec::new();
        self.each(|column, press| {
            column.end_page(rows, press)?;
            columns.push(column.end_group(press)?);
            Ok(())
        })?;
        (self.rows, self.page_rows) = (0, 0);
        (self.resources, self.scopes) = Default::default();
        Ok(columns)
    }

    /// Does something with every column, in the order of the schema.
    fn each(
        &mut self,
        mut act: impl FnMut(&mut dyn ColumnPages, &mut Press) -> Result<(), ParquetError>,
    ) -> Result<(), ParquetError> {
        let [dropped_attributes, dropped_events, dropped_links] = &mut self.dropped;
        let AttributeColumns { order, rest, columns, .. } = &mut self.attributes;
        let fixed: [&mut dyn ColumnPages; 27] = [
            &mut self.sequence,
            &mut self.project,
            &mut self.trace_id,
            &mut self.span_id,
            &mut self.parent_id,
            &mut self.service,
            &mut self.name,
            &mut self.kind,
            &mut self.status,
            &mut self.status_message,
            &mut self.start,
            &mut self.duration,
            &mut self.flags,
            &mut self.trace_state,
            dropped_attributes,
            dropped_events,
            dropped_links,
            &mut self.resource,
            &mut self.scope,
            order,
            rest,
            &mut self.events,
            &mut self.links,
            &mut self.data,
            &mut self.foreign,
            &mut self.repeats,
            &mut self.late_events,
        ];
        for column in fixed {
            act(column, &mut self.press)?;
        }
        columns.iter_mut().try_for_each(|column| act(column.pages(), &mut self.press))
    }
}

/// Returns what the schema says of a column.
pub(super) fn about(schema: &SchemaDescriptor, name: &str) -> Result<ColumnDescPtr, ParquetError> {
    let column = schema.columns().iter().find(|column| column.name() == name);
    column.cloned().ok_or_else(|| ParquetError::General(format!("the column {name} is missing")))
}

fn push_word<T: PartialEq, const N: usize>(column: &mut TextColumn, row: usize, words: [(&str, T); N], value: T) {
    let found = (0..).zip(words).find(|(_, (_, known))| *known == value);
    if let Some((number, (word, _))) = found {
        column.push_shared(row, number, word);
    }
}

fn push_some(column: &mut TextColumn, row: usize, text: &str) {
    if !text.is_empty() {
        column.push(row, text);
    }
}

fn push_part(
    column: &mut TextColumn,
    row: usize,
    text: Result<String, String>,
    passages: &mut Option<Passages>,
) -> Result<usize, String> {
    let text = text?;
    column.push_long(row, &text, passages)?;
    Ok(text.len())
}
