//! The attributes of a row group as columns.

use std::{collections::BTreeSet, mem};

use parquet::{errors::ParquetError, schema::types::SchemaDescriptor};
use trackway_model::{Attributes, Text, Value};

use super::{
    columns::{ColumnPages, about},
    columns_number::{BoolColumn, NumberColumn, Numbers},
    columns_text::TextColumn,
    parts::write_attributes,
    passages::Passages,
    schema::{self, Chosen, Scalar},
    schema_plan::Plan,
    schema_shapes::Shapes,
};

/// In the order of a span's attributes: what has no column of its own.
pub(super) const REST: &str = "-";

/// The most keys without a column that a segment names.
const MOST_REST_KEYS: usize = 1024;

/// The columns of attributes, with what tells which attribute goes where.
pub(super) struct AttributeColumns {
    pub(super) order: TextColumn,
    pub(super) rest: TextColumn,
    pub(super) columns: Vec<AttributeColumn>,
    chosen: Chosen,
    shapes: Shapes,
    /// The orders that have a name: the columns by number, apart by commas.
    orders: Vec<String>,
    /// Where the attributes of the row go.
    path: Vec<Option<u16>>,
    rest_keys: Option<BTreeSet<Text>>,
}

/// The column of an attribute.
pub(super) enum AttributeColumn {
    Text(TextColumn),
    Number(NumberColumn),
    Bool(BoolColumn),
}

impl AttributeColumns {
    pub(super) fn new(schema: &SchemaDescriptor, plan: &Plan, chosen: Chosen) -> Result<Self, ParquetError> {
        let column = |(key, scalar): &(Text, Scalar)| {
            let about = about(schema, &schema::column_of(key))?;
            Ok(match scalar {
                Scalar::Bool => AttributeColumn::Bool(BoolColumn::new(about)),
                Scalar::Int => AttributeColumn::Number(NumberColumn::new(about, Numbers::Int)),
                Scalar::Double => AttributeColumn::Number(NumberColumn::new(about, Numbers::Double)),
                Scalar::Text => AttributeColumn::Text(TextColumn::new(about)),
            })
        };
        Ok(Self {
            order: about(schema, schema::ATTRIBUTE_ORDER).map(TextColumn::new)?,
            rest: about(schema, schema::ATTRIBUTES_REST).map(TextColumn::new)?,
            columns: chosen.columns.iter().map(column).collect::<Result<_, ParquetError>>()?,
            chosen,
            shapes: plan.shapes(),
            orders: Vec::new(),
            path: Vec::new(),
            rest_keys: Some(BTreeSet::new()),
        })
    }

    /// Adds the attributes of a row of the row group; returns how many bytes their texts have.
    pub(super) fn push(
        &mut self,
        row: usize,
        attributes: &Attributes,
        passages: &mut Option<Passages>,
    ) -> Result<usize, String> {
        if attributes.is_empty() {
            return Ok(0);
        }
        self.path.clear();
        let mut rest = Attributes::default();
        let (mut place, mut bytes) = (Some(Shapes::START), 0);
        for (key, value) in &attributes.0 {
            let way = place.and_then(|place| self.shapes.follow(place, key, value));
            // A column holds one value a row, so of a key that is repeated the first. Whoever goes a way has gone the
            // same way before, so this is the same for all.
            let look_up = || {
                let place = self.chosen.place(key, Scalar::of(value));
                place.filter(|place| self.columns.get(usize::from(*place)).is_some_and(|column| !column.has(row)))
            };
            let column = match way {
                Some((way, to)) => {
                    place = Some(to);
                    *way.column.get_or_insert_with(look_up)
                }
                None => {
                    place = None;
                    look_up()
                }
            };
            self.path.push(column);
            match column.and_then(|column| self.columns.get_mut(usize::from(column))) {
                Some(column) => bytes += column.push(row, value, passages)?,
                None => rest.0.push((key.clone(), value.clone())),
            }
        }
        self.push_order(row, place);
        if !rest.is_empty() {
            bytes += self.push_rest(row, &rest, passages)?;
        }
        Ok(bytes)
    }

    fn push_order(&mut self, row: usize, place: Option<usize>) {
        let known = place.and_then(|place| self.shapes.order(place));
        let known = known.and_then(|name| Some((name, self.orders.get(name as usize)?)));
        if let Some((name, order)) = known {
            return self.order.push_shared(row, name, order);
        }
        let column = |column: &Option<u16>| column.map_or(REST.to_owned(), |column| column.to_string());
        let order = self.path.iter().map(column).collect::<Vec<_>>().join(",");
        self.order.push(row, &order);
        if let Some(place) = place {
            self.shapes.name_order(place, self.orders.len() as u32);
            self.orders.push(order);
        }
    }

    fn push_rest(&mut self, row: usize, rest: &Attributes, passages: &mut Option<Passages>) -> Result<usize, String> {
        let text = write_attributes(rest)?;
        self.rest.push_long(row, &text, passages)?;
        if let Some(keys) = &mut self.rest_keys {
            for (key, _) in &rest.0 {
                if !keys.contains(key) {
                    keys.insert(key.clone());
                }
            }
            if keys.len() > MOST_REST_KEYS {
                self.rest_keys = None;
            }
        }
        Ok(text.len())
    }

    /// Returns the keys that have values without a column, in their order; `None` when there are too many.
    pub(super) fn take_rest_keys(&mut self) -> Option<BTreeSet<Text>> {
        mem::take(&mut self.rest_keys)
    }
}

impl AttributeColumn {
    /// Adds the value of a row of the row group, which is of the column's type; returns how many bytes its text has.
    fn push(&mut self, row: usize, value: &Value, passages: &mut Option<Passages>) -> Result<usize, String> {
        match (self, value) {
            (Self::Text(column), Value::Text(text)) => {
                column.push_long(row, text, passages)?;
                return Ok(text.len());
            }
            (Self::Number(column), Value::Int(number)) => column.push(row, *number),
            (Self::Number(column), Value::Double(number)) => column.push(row, number.to_bits() as i64),
            (Self::Bool(column), Value::Bool(value)) => column.push(row, *value),
            // Only values of the column's type are given a place in it.
            _ => {}
        }
        Ok(0)
    }

    fn has(&self, row: usize) -> bool {
        match self {
            Self::Text(column) => column.has(row),
            Self::Number(column) => column.has(row),
            Self::Bool(column) => column.has(row),
        }
    }

    pub(super) fn pages(&mut self) -> &mut dyn ColumnPages {
        match self {
            Self::Text(column) => column,
            Self::Number(column) => column,
            Self::Bool(column) => column,
        }
    }
}
