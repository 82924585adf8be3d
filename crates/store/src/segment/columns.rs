//! Rows as columns, a batch at a time.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Int32Array, Int64Array, LargeStringArray,
    RecordBatch, TimestampNanosecondArray, UInt32Array,
    builder::{BooleanBuilder, FixedSizeBinaryBuilder, Float64Builder, Int64Builder, LargeStringBuilder},
    types::Int32Type,
};
use arrow_schema::{ArrowError, SchemaRef};
use trackway_model::{Attributes, Repeats, SpanKind, StatusCode};

use super::{
    parts::write_attributes,
    rows::{Held, Own, Row, Rows},
    schema::{Chosen, Scalar},
    words::Words,
};

/// The most rows of a batch, and about how many bytes of texts it has at most.
const BATCH_ROWS: usize = 8 * 1024;
const BATCH_BYTES: usize = 32 << 20;

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

/// In the order of a span's attributes: what has no column of its own.
pub(super) const REST: &str = "-";

/// Makes batches of rows that are in their order.
pub(super) struct Batches<'a> {
    rows: &'a Rows,
    chosen: &'a Chosen,
    schema: SchemaRef,
    next: usize,
    projects: Arc<LargeStringArray>,
    services: Arc<LargeStringArray>,
    names: Arc<LargeStringArray>,
    resources: Arc<LargeStringArray>,
    scopes: Arc<LargeStringArray>,
    orders: Orders,
}

/// The orders in which spans have their attributes; each a list of columns, `None` for what has none.
#[derive(Default)]
struct Orders {
    numbers: HashMap<Vec<Option<u16>>, i32>,
    texts: Vec<String>,
}

impl<'a> Batches<'a> {
    pub(super) fn new(rows: &'a Rows, chosen: &'a Chosen, schema: SchemaRef) -> Self {
        Self {
            projects: array_of(&rows.projects),
            services: array_of(&rows.services),
            names: array_of(&rows.names),
            resources: array_of(&rows.resources.words),
            scopes: array_of(&rows.scopes.words),
            orders: Orders::default(),
            next: 0,
            rows,
            chosen,
            schema,
        }
    }

    /// Returns the next batch; `None` when all rows were returned.
    pub(super) fn next_batch(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        let all = self.rows;
        let rest = all.rows.get(self.next..).unwrap_or_default();
        let mut weight = 0;
        let fits = |row: &&Row| {
            weight += all.weight(row);
            weight <= BATCH_BYTES
        };
        // A row that alone is over the bound goes alone.
        let count = rest.iter().take(BATCH_ROWS).take_while(fits).count().max(1);
        let Some(rows) = rest.get(..count) else { return Ok(None) };
        self.next += count;
        let attributes = self.attributes(rows)?;
        let own = |which: Own| {
            let texts = rows.iter().map(|row| Some(all.own(row, which)).filter(|text| !text.is_empty()));
            Arc::new(texts.collect::<LargeStringArray>()) as ArrayRef
        };
        let counts =
            |count: &dyn Fn(&Row) -> u32| Arc::new(rows.iter().map(count).collect::<UInt32Array>()) as ArrayRef;
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(rows.iter().map(|row| row.sequence as i64).collect::<Int64Array>()),
            words(rows, &self.projects, |row| row.project)?,
            ids(rows, 16, |row| Some(row.trace_id.bytes()))?,
            ids(rows, 8, |row| Some(row.span_id.bytes()))?,
            ids(rows, 8, |row| row.parent_id.map(|id| id.bytes()))?,
            words(rows, &self.services, |row| row.service)?,
            words(rows, &self.names, |row| row.name)?,
            few(rows, KINDS, |row| row.kind)?,
            few(rows, STATUSES, |row| row.status)?,
            own(Own::StatusMessage),
            Arc::new(
                TimestampNanosecondArray::from_iter_values(rows.iter().map(|row| row.start as i64))
                    .with_timezone("UTC"),
            ),
            Arc::new(rows.iter().map(duration).collect::<Int64Array>()),
            counts(&|row| row.flags),
            own(Own::TraceState),
            counts(&|row| row.dropped.attributes),
            counts(&|row| row.dropped.events),
            counts(&|row| row.dropped.links),
            words(rows, &self.resources, |row| row.resource)?,
            words(rows, &self.scopes, |row| row.scope)?,
            attributes.order,
            attributes.rest,
            own(Own::Events),
            own(Own::Links),
            own(Own::Data),
            own(Own::Foreign),
            Arc::new(rows.iter().map(|row| Some(row.repeats == Repeats::Replace)).collect::<BooleanArray>()),
        ];
        columns.extend(attributes.columns);
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map(Some)
    }

    fn attributes(&mut self, rows: &[Row]) -> Result<AttributeArrays, ArrowError> {
        let mut columns: Vec<_> = self.chosen.columns.iter().map(|(_, scalar)| Column::new(*scalar)).collect();
        let (mut orders, mut rest) = (Vec::with_capacity(rows.len()), LargeStringBuilder::new());
        let mut order = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            order.clear();
            let mut others = Attributes::default();
            for cell in self.rows.cells(row) {
                let held = self.rows.held(*cell);
                let place = self.chosen.place(cell.key, held.scalar());
                // A column holds one value a row, so of a key that is repeated the first.
                let column = place.and_then(|place| columns.get_mut(place)).filter(|column| column.is_free(at));
                match column {
                    Some(column) => {
                        column.set(at, &held);
                        order.push(place.and_then(|place| u16::try_from(place).ok()));
                    }
                    None => {
                        let key = self.rows.keys.texts().get(cell.key as usize).cloned().unwrap_or_default();
                        others.0.push((key, held.to_value()));
                        order.push(None);
                    }
                }
            }
            orders.push((!order.is_empty()).then(|| self.orders.number(&order)));
            if others.is_empty() {
                rest.append_null();
            } else {
                rest.append_value(write_attributes(&others).map_err(ArrowError::JsonError)?);
            }
        }
        let texts: Arc<LargeStringArray> = Arc::new(self.orders.texts.iter().map(Some).collect());
        let order = DictionaryArray::<Int32Type>::try_new(Int32Array::from(orders), texts)?;
        let columns = columns.into_iter().map(|column| column.finish(rows.len())).collect();
        Ok(AttributeArrays { order: Arc::new(order), rest: Arc::new(rest.finish()), columns })
    }
}

struct AttributeArrays {
    order: ArrayRef,
    rest: ArrayRef,
    columns: Vec<ArrayRef>,
}

impl Orders {
    fn number(&mut self, order: &[Option<u16>]) -> i32 {
        if let Some(number) = self.numbers.get(order) {
            return *number;
        }
        let tokens = order.iter().map(|place| place.map_or(REST.to_owned(), |place| place.to_string()));
        self.texts.push(tokens.collect::<Vec<_>>().join(","));
        let number = (self.texts.len() - 1) as i32;
        self.numbers.insert(order.to_vec(), number);
        number
    }
}

/// A column of an attribute; rows that are skipped have no value.
struct Column {
    filled: usize,
    builder: Builder,
}

enum Builder {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Double(Float64Builder),
    Text(LargeStringBuilder),
}

impl Column {
    fn new(scalar: Scalar) -> Self {
        let builder = match scalar {
            Scalar::Bool => Builder::Bool(BooleanBuilder::new()),
            Scalar::Int => Builder::Int(Int64Builder::new()),
            Scalar::Double => Builder::Double(Float64Builder::new()),
            Scalar::Text => Builder::Text(LargeStringBuilder::new()),
        };
        Self { filled: 0, builder }
    }

    fn is_free(&self, row: usize) -> bool {
        self.filled <= row
    }

    fn set(&mut self, row: usize, held: &Held<'_>) {
        self.skip_to(row);
        self.filled = row + 1;
        match (&mut self.builder, held) {
            (Builder::Bool(builder), Held::Bool(value)) => builder.append_value(*value),
            (Builder::Int(builder), Held::Int(value)) => builder.append_value(*value),
            (Builder::Double(builder), Held::Double(value)) => builder.append_value(*value),
            (Builder::Text(builder), Held::Text(value)) => builder.append_value(value),
            // Only values of the column's type are given a place in it.
            _ => self.filled = row,
        }
    }

    fn skip_to(&mut self, row: usize) {
        let skipped = row.saturating_sub(self.filled);
        self.filled += skipped;
        match &mut self.builder {
            Builder::Bool(builder) => builder.append_nulls(skipped),
            Builder::Int(builder) => builder.append_nulls(skipped),
            Builder::Double(builder) => builder.append_nulls(skipped),
            Builder::Text(builder) => (0..skipped).for_each(|_| builder.append_null()),
        }
    }

    fn finish(mut self, rows: usize) -> ArrayRef {
        self.skip_to(rows);
        match self.builder {
            Builder::Bool(mut builder) => Arc::new(builder.finish()),
            Builder::Int(mut builder) => Arc::new(builder.finish()),
            Builder::Double(mut builder) => Arc::new(builder.finish()),
            Builder::Text(mut builder) => Arc::new(builder.finish()),
        }
    }
}

fn array_of(words: &Words) -> Arc<LargeStringArray> {
    Arc::new(words.texts().iter().map(|text| Some(&**text)).collect())
}

fn words(rows: &[Row], texts: &Arc<LargeStringArray>, number: impl Fn(&Row) -> u32) -> Result<ArrayRef, ArrowError> {
    let numbers = Int32Array::from_iter_values(rows.iter().map(|row| number(row) as i32));
    let texts: Arc<dyn Array> = Arc::clone(texts) as _;
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(numbers, texts)?))
}

fn few<T: PartialEq, const N: usize>(
    rows: &[Row],
    texts: [(&str, T); N],
    of: impl Fn(&Row) -> T,
) -> Result<ArrayRef, ArrowError> {
    let number = |row: &Row| texts.iter().position(|(_, known)| *known == of(row)).unwrap_or_default() as i32;
    let numbers = Int32Array::from_iter_values(rows.iter().map(number));
    let texts: LargeStringArray = texts.iter().map(|(text, _)| Some(*text)).collect();
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(numbers, Arc::new(texts))?))
}

fn ids<const N: usize>(rows: &[Row], width: i32, id: impl Fn(&Row) -> Option<[u8; N]>) -> Result<ArrayRef, ArrowError> {
    let mut builder = FixedSizeBinaryBuilder::with_capacity(rows.len(), width);
    for row in rows {
        match id(row) {
            Some(id) => builder.append_value(id)?,
            None => builder.append_null(),
        }
    }
    let ids: FixedSizeBinaryArray = builder.finish();
    Ok(Arc::new(ids))
}

/// The time from start to end as it was sent, also where it is negative or does not fit.
fn duration(row: &Row) -> Option<i64> {
    row.end.map(|end| end.wrapping_sub(row.start) as i64)
}
