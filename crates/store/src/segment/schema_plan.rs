//! What a segment will hold, counted before it is written.

use std::collections::HashMap;

use trackway_model::{SpanRecord, Text};

use super::{
    read::Segment,
    schema::{self, Scalar},
    schema_shapes::Shapes,
};

/// How many values of each type there are.
pub(super) type Counts = [u64; Scalar::ALL.len()];

/// So many spans are all looked at, and of what comes behind them one in so many: which keys are frequent is clear then.
const ALL: u64 = 8 * 1024;
const ONE_IN: u64 = 8;

/// What the spans of a segment hold, from which its columns are chosen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// How many spans were there to be counted, and for how many were those that were.
    offered: u64,
    spans: u64,
    shapes: Shapes,
    /// How often each key holds each type of a value, where the shapes do not tell.
    keys: HashMap<Text, Counts>,
}

impl Plan {
    /// Counts in a span that will be written; of many spans only some are looked at.
    pub(crate) fn count(&mut self, span: &SpanRecord) {
        self.offered += 1;
        let weight = if self.offered > ALL { ONE_IN } else { 1 };
        if !self.offered.is_multiple_of(weight) {
            return;
        }
        self.spans += weight;
        let mut place = Some(Shapes::START);
        for (key, value) in &span.attributes.0 {
            let way = place.and_then(|place| self.shapes.follow(place, key, value));
            place = way.map(|(way, to)| {
                way.count += weight;
                to
            });
            if place.is_none() {
                note(&mut self.keys, key, Scalar::of(value), weight);
            }
        }
    }

    /// Counts in the spans of a segment that will be written anew: of the attributes those that have a column there, since
    /// of the others there are few.
    pub(crate) fn count_segment(&mut self, segment: &Segment) {
        for group in segment.parquet().row_groups() {
            let rows = u64::try_from(group.num_rows()).unwrap_or_default();
            self.spans += rows;
            for column in group.columns() {
                let Some(key) = column.column_descr().name().strip_prefix(schema::ATTRIBUTE) else { continue };
                let nulls = column.statistics().and_then(|it| it.null_count_opt()).unwrap_or_default();
                note(&mut self.keys, &key.into(), Scalar::of_column(column.column_type()), rows.saturating_sub(nulls));
            }
        }
    }

    /// Returns about how many spans were counted; of none, zero.
    pub(crate) fn spans(&self) -> u64 {
        self.spans
    }

    /// Returns every key with how often it holds each type of a value.
    pub(super) fn keys(&self) -> HashMap<Text, Counts> {
        let mut keys = self.keys.clone();
        for way in self.shapes.ways() {
            note(&mut keys, &way.key, way.scalar, way.count);
        }
        keys
    }

    /// Returns the orders in which spans have their attributes.
    pub(super) fn shapes(&self) -> Shapes {
        self.shapes.clone()
    }
}

fn note(keys: &mut HashMap<Text, Counts>, key: &Text, scalar: Option<Scalar>, times: u64) {
    let counts = match keys.get_mut(key) {
        Some(counts) => counts,
        None => keys.entry(key.clone()).or_default(),
    };
    if let Some(count) = scalar.and_then(|scalar| counts.get_mut(scalar as usize)) {
        *count += times;
    }
}
