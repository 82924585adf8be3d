//! Spans on their way into a segment: small rows beside the texts and values that they point to.

use std::cmp::Ordering;

use trackway_model::{
    Dropped, Repeats, Resource, Scope, SpanId, SpanKind, SpanRecord, StatusCode, Timestamp, TraceId, Value,
};

use super::{
    agent::write_data,
    listed::{Flags, Mark},
    parts::{write_events, write_foreign, write_links, write_resource, write_scope},
    schema::Scalar,
    words::{Sources, Words},
};

/// How long spans lie in one bucket of the file's order, in nanoseconds.
const BUCKET: u64 = 1_000_000_000;

/// What is kept of a span until its row is written.
pub(super) struct Row {
    pub(super) sequence: u64,
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) parent_id: Option<SpanId>,
    pub(super) start: u64,
    pub(super) end: Option<u64>,
    pub(super) flags: u32,
    pub(super) dropped: Dropped,
    pub(super) kind: SpanKind,
    pub(super) status: StatusCode,
    pub(super) repeats: Repeats,
    pub(super) project: u32,
    pub(super) service: u32,
    pub(super) name: u32,
    pub(super) resource: u32,
    pub(super) scope: u32,
    /// Its attributes: the first, and how many.
    cells: (u64, u32),
    /// Its texts, which stand one behind the other: where, and how long each is.
    texts: (u64, [u32; TEXTS]),
}

/// The texts of a row that are its own, in their order.
#[derive(Clone, Copy)]
pub(super) enum Own {
    StatusMessage,
    TraceState,
    Events,
    Links,
    Data,
    Foreign,
}

const TEXTS: usize = 6;

impl Own {
    pub(super) const ALL: [Self; TEXTS] =
        [Self::StatusMessage, Self::TraceState, Self::Events, Self::Links, Self::Data, Self::Foreign];
}

/// An attribute of a row.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    /// The number of its key.
    pub(super) key: u32,
    content: Content,
}

#[derive(Clone, Copy)]
enum Content {
    Bool(bool),
    Int(i64),
    Double(f64),
    /// Where in all the texts, and how long.
    Text(u64, u32),
    /// Which of the other values.
    Other(u32),
}

/// The value of an attribute of a row.
pub(super) enum Held<'a> {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(&'a str),
    Other(&'a Value),
}

/// All rows of a segment.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    cells: Vec<Cell>,
    text: String,
    others: Vec<Value>,
    other_bytes: usize,
    pub(super) projects: Words,
    pub(super) services: Words,
    pub(super) names: Words,
    pub(super) keys: Words,
    pub(super) resources: Sources<Resource>,
    pub(super) scopes: Sources<Scope>,
    /// How often each key holds each type of a value, by the key's number.
    pub(super) counts: Vec<[u64; Scalar::ALL.len()]>,
}

impl Rows {
    pub(super) fn push(&mut self, sequence: u64, span: &SpanRecord) -> Result<(), String> {
        let json = |is_there: bool, write: &dyn Fn() -> Result<String, String>| {
            if is_there { write() } else { Ok(String::new()) }
        };
        let events = json(!span.events.is_empty(), &|| write_events(&span.events))?;
        let links = json(!span.links.is_empty(), &|| write_links(&span.links))?;
        let data = span.data.as_deref().map(write_data).transpose()?.unwrap_or_default();
        let foreign = span.foreign.as_deref().map(write_foreign).transpose()?.unwrap_or_default();
        let texts = [&*span.status.message, &*span.trace_state, &events, &links, &data, &foreign];
        let mut lengths = [0; TEXTS];
        for (length, text) in lengths.iter_mut().zip(texts) {
            *length = short(text.len())?;
        }
        let resource = self.resources.number(&span.resource, write_resource)?;
        let scope = self.scopes.number(&span.scope, write_scope)?;
        let place = self.text.len() as u64;
        texts.into_iter().for_each(|text| self.text.push_str(text));
        let cells = (self.cells.len() as u64, short(span.attributes.len())?);
        for (key, value) in span.attributes.iter() {
            self.push_cell(key, value)?;
        }
        self.rows.push(Row {
            sequence,
            trace_id: span.trace_id,
            span_id: span.span_id,
            parent_id: span.parent_id,
            start: span.start.0,
            end: span.end.map(|end| end.0),
            flags: span.flags,
            dropped: span.dropped,
            kind: span.kind,
            status: span.status.code,
            repeats: span.repeats,
            project: self.projects.number(&span.project),
            service: self.services.number(span.service()),
            name: self.names.number(&span.name),
            resource,
            scope,
            cells,
            texts: (place, lengths),
        });
        Ok(())
    }

    fn push_cell(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let key = self.keys.number(key);
        let content = match value {
            Value::Bool(value) => Content::Bool(*value),
            Value::Int(value) => Content::Int(*value),
            Value::Double(value) => Content::Double(*value),
            Value::Text(value) => {
                let place = self.text.len() as u64;
                self.text.push_str(value);
                Content::Text(place, short(value.len())?)
            }
            other => {
                self.other_bytes += size_of::<Value>() + other.heap_bytes();
                self.others.push(other.clone());
                Content::Other(short(self.others.len() - 1)?)
            }
        };
        self.counts.resize(self.counts.len().max(key as usize + 1), Default::default());
        let counts = self.counts.get_mut(key as usize);
        if let Some(count) = counts.zip(Scalar::of(value)).and_then(|(counts, scalar)| counts.get_mut(scalar as usize))
        {
            *count += 1;
        }
        self.cells.push(Cell { key, content });
        Ok(())
    }

    /// Returns about how many bytes of memory all of it takes.
    pub(super) fn memory_bytes(&self) -> usize {
        let words = [&self.projects, &self.services, &self.names, &self.keys];
        let words = words.into_iter().chain([&self.resources.words, &self.scopes.words]);
        self.rows.len() * size_of::<Row>()
            + self.cells.len() * size_of::<Cell>()
            + self.text.len()
            + self.other_bytes
            + words.map(Words::memory_bytes).sum::<usize>()
    }

    /// Brings the rows into the order of the file.
    pub(super) fn sort(&mut self) {
        self.rows.sort_unstable_by(order);
    }

    pub(super) fn cells(&self, row: &Row) -> &[Cell] {
        let (first, count) = row.cells;
        self.cells.get(first as usize..first as usize + count as usize).unwrap_or_default()
    }

    pub(super) fn held(&self, cell: Cell) -> Held<'_> {
        match cell.content {
            Content::Bool(value) => Held::Bool(value),
            Content::Int(value) => Held::Int(value),
            Content::Double(value) => Held::Double(value),
            Content::Text(place, length) => Held::Text(self.text(place, length)),
            Content::Other(number) => Held::Other(self.others.get(number as usize).unwrap_or(&Value::Empty)),
        }
    }

    /// Returns a text of a row; empty for none.
    pub(super) fn own(&self, row: &Row, which: Own) -> &str {
        let (place, lengths) = row.texts;
        let (before, from) = lengths.split_at(which as usize);
        let place = place + before.iter().map(|length| u64::from(*length)).sum::<u64>();
        self.text(place, from.first().copied().unwrap_or_default())
    }

    /// Returns what the index of traces has to know of a row.
    pub(super) fn mark(&self, row: &Row) -> Mark<'_> {
        let mut flags = if row.repeats == Repeats::Replace { Flags::REPLACE } else { Flags::default() };
        for (which, flag) in [(Own::Data, Flags::AGENT), (Own::Foreign, Flags::FOREIGN)] {
            if !self.own(row, which).is_empty() {
                flags |= flag;
            }
        }
        Mark {
            trace_id: row.trace_id,
            start: Timestamp(row.start),
            end: row.end.map(Timestamp),
            flags,
            is_error: row.status == StatusCode::Error,
            project: self.projects.texts().get(row.project as usize).map_or("", |project| project),
        }
    }

    /// Returns how many bytes the texts of a row take.
    pub(super) fn weight(&self, row: &Row) -> usize {
        let values = self.cells(row).iter().map(|cell| match self.held(*cell) {
            Held::Text(text) => text.len(),
            Held::Other(value) => value.heap_bytes(),
            _ => 0,
        });
        Own::ALL.into_iter().map(|which| self.own(row, which).len()).sum::<usize>() + values.sum::<usize>()
    }

    fn text(&self, place: u64, length: u32) -> &str {
        self.text.get(place as usize..place as usize + length as usize).unwrap_or_default()
    }
}

impl Held<'_> {
    /// Returns the value on its own.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Double(value) => Value::Double(*value),
            Self::Text(value) => Value::Text((*value).into()),
            Self::Other(value) => (*value).clone(),
        }
    }

    pub(super) fn scalar(&self) -> Option<Scalar> {
        match self {
            Self::Bool(_) => Some(Scalar::Bool),
            Self::Int(_) => Some(Scalar::Int),
            Self::Double(_) => Some(Scalar::Double),
            Self::Text(_) => Some(Scalar::Text),
            Self::Other(_) => None,
        }
    }
}

fn order(a: &Row, b: &Row) -> Ordering {
    let key = |row: &Row| (row.start / BUCKET, row.trace_id, row.start, row.span_id, row.sequence);
    key(a).cmp(&key(b))
}

fn short(length: usize) -> Result<u32, String> {
    u32::try_from(length).map_err(|_| "a span holds a text of more than 4 GiB".to_owned())
}
