//! Rows of a batch as the records that they were.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    Array, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Float64Array, Int64Array, LargeStringArray,
    RecordBatch, TimestampNanosecondArray, UInt32Array, types::Int32Type,
};
use arrow_schema::DataType;
use trackway_model::{
    Attributes, Dropped, Event, Repeats, Resource, Scope, SpanId, SpanRecord, Status, Text, Timestamp, TraceId, Value,
};

use super::{
    agent::read_data,
    columns::{KINDS, STATUSES},
    columns_attributes::REST,
    parts::{read_attributes, read_events, read_foreign, read_links, read_resource, read_scope},
    schema,
};

/// How many resources and scopes are kept read.
const MOST_KNOWN: usize = 4096;

/// Resources and scopes that were read, by their texts.
#[derive(Default)]
pub(super) struct Known {
    resources: HashMap<String, Arc<Resource>>,
    scopes: HashMap<String, Arc<Scope>>,
}

/// The columns of a batch.
pub(super) struct Fields<'a> {
    sequence: &'a Int64Array,
    project: Words<'a>,
    trace_id: &'a FixedSizeBinaryArray,
    span_id: &'a FixedSizeBinaryArray,
    parent_id: &'a FixedSizeBinaryArray,
    name: Words<'a>,
    kind: Words<'a>,
    status: Words<'a>,
    status_message: &'a LargeStringArray,
    start: &'a TimestampNanosecondArray,
    duration: &'a Int64Array,
    flags: &'a UInt32Array,
    trace_state: &'a LargeStringArray,
    dropped: [&'a UInt32Array; 3],
    resource: Words<'a>,
    scope: Words<'a>,
    order: Words<'a>,
    rest: &'a LargeStringArray,
    events: &'a LargeStringArray,
    links: &'a LargeStringArray,
    data: &'a LargeStringArray,
    foreign: &'a LargeStringArray,
    repeats: &'a BooleanArray,
    /// Missing in the first version.
    late_events: Option<&'a LargeStringArray>,
    attributes: Vec<(Text, Scalars<'a>)>,
}

/// Texts by number.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    numbers: &'a DictionaryArray<Int32Type>,
    texts: &'a LargeStringArray,
}

/// The values of an attribute.
enum Scalars<'a> {
    Bool(&'a BooleanArray),
    Int(&'a Int64Array),
    Double(&'a Float64Array),
    Text(&'a LargeStringArray),
}

/// Returns a column of a batch as what it has to be.
pub(super) fn column<'a, T: 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a T, String> {
    let column = batch.column_by_name(name).ok_or_else(|| format!("the column {name} is missing"))?;
    column.as_any().downcast_ref().ok_or_else(|| format!("the column {name} is of the type {}", column.data_type()))
}

impl<'a> Words<'a> {
    pub(super) fn of(batch: &'a RecordBatch, name: &str) -> Result<Self, String> {
        let numbers: &DictionaryArray<Int32Type> = column(batch, name)?;
        let texts = numbers.values().as_any().downcast_ref();
        Ok(Self { numbers, texts: texts.ok_or_else(|| format!("the column {name} holds no texts"))? })
    }

    pub(super) fn get(self, row: usize) -> Option<&'a str> {
        self.numbers.key(row).map(|number| self.texts.value(number))
    }

    fn must(self, row: usize) -> Result<&'a str, String> {
        self.get(row).ok_or_else(|| format!("row {row} has no text where there must be one"))
    }
}

impl Scalars<'_> {
    fn get(&self, row: usize) -> Option<Value> {
        match self {
            Self::Bool(column) => column.is_valid(row).then(|| Value::Bool(column.value(row))),
            Self::Int(column) => column.is_valid(row).then(|| Value::Int(column.value(row))),
            Self::Double(column) => column.is_valid(row).then(|| Value::Double(column.value(row))),
            Self::Text(column) => text(column, row).map(Value::from),
        }
    }
}

fn text(column: &LargeStringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// Reads a part of a span that is JSON, where there is one.
fn part<T>(
    column: &LargeStringArray,
    row: usize,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    text(column, row).map(read).transpose()
}

impl<'a> Fields<'a> {
    /// Finds the columns of a batch.
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self, String> {
        let mut attributes = Vec::new();
        for field in batch.schema_ref().fields() {
            let Some(key) = field.name().strip_prefix(schema::ATTRIBUTE) else { continue };
            let name = field.name();
            let scalars = match field.data_type() {
                DataType::Boolean => Scalars::Bool(column(batch, name)?),
                DataType::Int64 => Scalars::Int(column(batch, name)?),
                DataType::Float64 => Scalars::Double(column(batch, name)?),
                _ => Scalars::Text(column(batch, name)?),
            };
            attributes.push((Text::from(key), scalars));
        }
        let late_events = batch.column_by_name(schema::LATE_EVENTS);
        Ok(Self {
            sequence: column(batch, schema::SEQUENCE)?,
            project: Words::of(batch, schema::PROJECT)?,
            trace_id: column(batch, schema::TRACE_ID)?,
            span_id: column(batch, schema::SPAN_ID)?,
            parent_id: column(batch, schema::PARENT_ID)?,
            name: Words::of(batch, schema::NAME)?,
            kind: Words::of(batch, schema::KIND)?,
            status: Words::of(batch, schema::STATUS)?,
            status_message: column(batch, schema::STATUS_MESSAGE)?,
            start: column(batch, schema::START)?,
            duration: column(batch, schema::DURATION)?,
            flags: column(batch, schema::FLAGS)?,
            trace_state: column(batch, schema::TRACE_STATE)?,
            dropped: [
                column(batch, schema::DROPPED_ATTRIBUTES)?,
                column(batch, schema::DROPPED_EVENTS)?,
                column(batch, schema::DROPPED_LINKS)?,
            ],
            resource: Words::of(batch, schema::RESOURCE)?,
            scope: Words::of(batch, schema::SCOPE)?,
            order: Words::of(batch, schema::ATTRIBUTE_ORDER)?,
            rest: column(batch, schema::ATTRIBUTES_REST)?,
            events: column(batch, schema::EVENTS)?,
            links: column(batch, schema::LINKS)?,
            data: column(batch, schema::DATA)?,
            foreign: column(batch, schema::FOREIGN)?,
            repeats: column(batch, schema::REPEATS)?,
            late_events: late_events.map(|_| column(batch, schema::LATE_EVENTS)).transpose()?,
            attributes,
        })
    }

    /// Returns the sequence of a row.
    pub(super) fn sequence(&self, row: usize) -> u64 {
        self.sequence.value(row) as u64
    }

    /// Returns the events of a row that came apart from it.
    pub(super) fn late_events(&self, row: usize) -> Result<Vec<Event>, String> {
        let events = self.late_events.map(|column| part(column, row, read_events)).transpose()?;
        Ok(events.flatten().unwrap_or_default())
    }

    /// Returns the record of a row, which is in the batch.
    pub(super) fn record(&self, row: usize, known: &mut Known) -> Result<SpanRecord, String> {
        let start = self.start.value(row) as u64;
        let ended = |column: &Int64Array| start.wrapping_add(column.value(row) as u64);
        let parent = self.parent_id.is_valid(row).then(|| SpanId::from_slice(self.parent_id.value(row)));
        let [attributes, events, links] = self.dropped.map(|column| column.value(row));
        let trace_id = TraceId::from_slice(self.trace_id.value(row)).map_err(|error| error.to_string())?;
        let span_id = SpanId::from_slice(self.span_id.value(row)).map_err(|error| error.to_string())?;
        let message = text(self.status_message, row).unwrap_or_default();
        Ok(SpanRecord {
            trace_id,
            span_id,
            parent_id: parent.transpose().map_err(|error| error.to_string())?,
            flags: self.flags.value(row),
            trace_state: text(self.trace_state, row).unwrap_or_default().into(),
            name: self.name.must(row)?.into(),
            kind: one_of(KINDS, self.kind.must(row)?)?,
            start: Timestamp(start),
            end: self.duration.is_valid(row).then(|| Timestamp(ended(self.duration))),
            attributes: self.attributes(row)?,
            events: part(self.events, row, read_events)?.unwrap_or_default(),
            links: part(self.links, row, read_links)?.unwrap_or_default(),
            status: Status { code: one_of(STATUSES, self.status.must(row)?)?, message: message.into() },
            dropped: Dropped { attributes, events, links },
            scope: shared(&mut known.scopes, self.scope.must(row)?, read_scope)?,
            resource: shared(&mut known.resources, self.resource.must(row)?, read_resource)?,
            project: self.project.must(row)?.into(),
            data: part(self.data, row, read_data)?.map(Box::new),
            foreign: part(self.foreign, row, read_foreign)?.map(Box::new),
            repeats: if self.repeats.value(row) { Repeats::Replace } else { Repeats::Stay },
        })
    }

    /// Puts the attributes of a row in the order in which the span had them.
    fn attributes(&self, row: usize) -> Result<Attributes, String> {
        let rest = part(self.rest, row, read_attributes)?.unwrap_or_default();
        let mut rest = rest.0.into_iter();
        let Some(order) = self.order.get(row) else { return Ok(Attributes::default()) };
        let mut attributes = Vec::new();
        for token in order.split(',') {
            let attribute = if token == REST {
                rest.next()
            } else {
                let column = token.parse().ok().and_then(|place: usize| self.attributes.get(place));
                column.and_then(|(key, column)| Some((key.clone(), column.get(row)?)))
            };
            attributes.push(attribute.ok_or_else(|| format!("an attribute of row {row} is missing"))?);
        }
        if rest.next().is_some() {
            Err(format!("row {row} has an attribute too many"))
        } else {
            Ok(Attributes(attributes))
        }
    }
}

fn one_of<T, const N: usize>(known: [(&str, T); N], text: &str) -> Result<T, String> {
    let found = known.into_iter().find(|(known, _)| *known == text);
    found.map(|(_, value)| value).ok_or_else(|| format!("{text:?} is a word of a newer version"))
}

/// Returns what a text says, read once for all rows that have it.
fn shared<T>(
    known: &mut HashMap<String, Arc<T>>,
    text: &str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Arc<T>, String> {
    if let Some(known) = known.get(text) {
        return Ok(Arc::clone(known));
    }
    let value = Arc::new(read(text)?);
    if known.len() == MOST_KNOWN {
        known.clear();
    }
    known.insert(text.to_owned(), Arc::clone(&value));
    Ok(value)
}
