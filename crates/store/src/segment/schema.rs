//! The columns of a segment.

use std::{collections::HashMap, sync::Arc};

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::basic::Type;
use trackway_model::{Text, Value};

use super::schema_plan::Plan;

pub(super) const SEQUENCE: &str = "sequence";
pub(super) const PROJECT: &str = "project";
pub(super) const TRACE_ID: &str = "trace_id";
pub(super) const SPAN_ID: &str = "span_id";
pub(super) const PARENT_ID: &str = "parent_id";
pub(super) const SERVICE: &str = "service";
pub(super) const NAME: &str = "name";
pub(super) const KIND: &str = "kind";
pub(super) const STATUS: &str = "status";
pub(super) const STATUS_MESSAGE: &str = "status_message";
pub(super) const START: &str = "start";
pub(super) const DURATION: &str = "duration_ns";
pub(super) const FLAGS: &str = "flags";
pub(super) const TRACE_STATE: &str = "trace_state";
pub(super) const DROPPED_ATTRIBUTES: &str = "dropped_attributes";
pub(super) const DROPPED_EVENTS: &str = "dropped_events";
pub(super) const DROPPED_LINKS: &str = "dropped_links";
pub(super) const RESOURCE: &str = "resource";
pub(super) const SCOPE: &str = "scope";
pub(super) const ATTRIBUTE_ORDER: &str = "attribute_order";
pub(super) const ATTRIBUTES_REST: &str = "attributes_rest";
pub(super) const EVENTS: &str = "events";
pub(super) const LINKS: &str = "links";
pub(super) const DATA: &str = "data";
pub(super) const FOREIGN: &str = "foreign";
pub(super) const REPEATS: &str = "repeats";
/// Events that came apart from their span; missing in the first version.
pub(super) const LATE_EVENTS: &str = "late_events";
/// What the name of an attribute's column begins with.
pub(super) const ATTRIBUTE: &str = "a.";

/// The most attributes that have a column of their own.
pub(super) const MOST_COLUMNS: usize = 256;
/// An attribute has a column when one row of so many has it.
const RARE: u64 = 1000;

/// A type of values that a column can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Bool,
    Int,
    Double,
    Text,
}

impl Scalar {
    pub(super) const ALL: [Self; 4] = [Self::Bool, Self::Int, Self::Double, Self::Text];

    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(_) => Some(Self::Bool),
            Value::Int(_) => Some(Self::Int),
            Value::Double(_) => Some(Self::Double),
            Value::Text(_) => Some(Self::Text),
            _ => None,
        }
    }

    /// Returns the type of the values of an attribute's column.
    pub(super) fn of_column(physical: Type) -> Option<Self> {
        match physical {
            Type::BOOLEAN => Some(Self::Bool),
            Type::INT64 => Some(Self::Int),
            Type::DOUBLE => Some(Self::Double),
            Type::BYTE_ARRAY => Some(Self::Text),
            _ => None,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Text => DataType::LargeUtf8,
        }
    }
}

/// The attributes of a segment that have a column, each of one type.
#[derive(Default)]
pub(super) struct Chosen {
    pub(super) columns: Vec<(Text, Scalar)>,
    /// The place among them.
    by_key: HashMap<Text, (u16, Scalar)>,
}

impl Chosen {
    /// Chooses the keys that enough rows have, each with the type that most of its values have.
    pub(super) fn of(plan: &Plan) -> Self {
        let least = plan.spans().div_ceil(RARE).max(1);
        let mut candidates = Vec::new();
        for (key, counts) in plan.keys() {
            let most = Scalar::ALL.into_iter().zip(counts).max_by_key(|(_, count)| *count);
            candidates.extend(most.filter(|(_, count)| *count >= least).map(|(it, count)| (count, key, it)));
        }
        candidates.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        candidates.truncate(MOST_COLUMNS);
        candidates.sort_by(|a, b| a.1.cmp(&b.1));
        let columns: Vec<_> = candidates.into_iter().map(|(_, key, scalar)| (key, scalar)).collect();
        let places = (0..).zip(&columns).map(|(place, (key, scalar))| (key.clone(), (place, *scalar)));
        Self { by_key: places.collect(), columns }
    }

    /// Returns the place of a key's column, when its values of this type go there.
    pub(super) fn place(&self, key: &Text, scalar: Option<Scalar>) -> Option<u16> {
        let (place, held) = self.by_key.get(key)?;
        (scalar == Some(*held)).then_some(*place)
    }

    pub(super) fn schema(&self) -> Schema {
        let attributes = self.columns.iter().map(|(key, scalar)| optional(&column_of(key), scalar.data_type()));
        Schema::new(fixed().into_iter().chain(attributes).collect::<Vec<_>>())
    }
}

/// Returns the name of the column of an attribute.
pub(super) fn column_of(key: &str) -> String {
    format!("{ATTRIBUTE}{key}")
}

/// Texts of which there are few.
pub(super) fn word() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::LargeUtf8))
}

pub(super) fn time() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::from("UTC")))
}

fn required(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

fn optional(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

fn fixed() -> Vec<Field> {
    vec![
        required(SEQUENCE, DataType::Int64),
        required(PROJECT, word()),
        required(TRACE_ID, DataType::FixedSizeBinary(16)),
        required(SPAN_ID, DataType::FixedSizeBinary(8)),
        optional(PARENT_ID, DataType::FixedSizeBinary(8)),
        required(SERVICE, word()),
        required(NAME, word()),
        required(KIND, word()),
        required(STATUS, word()),
        optional(STATUS_MESSAGE, DataType::LargeUtf8),
        required(START, time()),
        optional(DURATION, DataType::Int64),
        required(FLAGS, DataType::UInt32),
        optional(TRACE_STATE, DataType::LargeUtf8),
        required(DROPPED_ATTRIBUTES, DataType::UInt32),
        required(DROPPED_EVENTS, DataType::UInt32),
        required(DROPPED_LINKS, DataType::UInt32),
        required(RESOURCE, word()),
        required(SCOPE, word()),
        optional(ATTRIBUTE_ORDER, word()),
        optional(ATTRIBUTES_REST, DataType::LargeUtf8),
        optional(EVENTS, DataType::LargeUtf8),
        optional(LINKS, DataType::LargeUtf8),
        optional(DATA, DataType::LargeUtf8),
        optional(FOREIGN, DataType::LargeUtf8),
        required(REPEATS, DataType::Boolean),
        optional(LATE_EVENTS, DataType::LargeUtf8),
    ]
}
