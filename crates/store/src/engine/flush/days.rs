//! Which rows go into which segment.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use trackway_model::SpanRecord;

use crate::{engine::Sequence, segment::file_order};

const NANOSECONDS_OF_A_DAY: u64 = 24 * 60 * 60 * 1_000_000_000;

/// How many days of a head have a segment of their own: those with the most spans. The others share one.
const MOST_DAYS: usize = 16;

/// A record on its way into a segment.
pub(crate) type Row = (Sequence, Arc<SpanRecord>);

/// The rows of one segment.
pub(super) struct Day {
    /// Days since 1970 in UTC; of several days the first.
    pub(super) day: u32,
    /// In the order of the file.
    pub(super) rows: Vec<Row>,
}

/// Divides rows by the day in which they start, and orders those of each.
pub(super) fn by_day(rows: Vec<Row>) -> Vec<Day> {
    let mut days: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    for (sequence, span) in rows {
        // With what orders it, for which a row is looked at only once.
        days.entry(day_of(&span)).or_default().push((file_order(sequence, &span), (sequence, span)));
    }
    let mut days: Vec<_> = days.into_iter().collect();
    days.sort_by_key(|(day, rows)| Reverse((rows.len(), *day)));
    let others = days.split_off(MOST_DAYS.min(days.len()));
    if let Some(first) = others.iter().map(|(day, _)| *day).min() {
        days.push((first, others.into_iter().flat_map(|(_, rows)| rows).collect()));
    }
    let ordered = |(day, mut rows): (u32, Vec<_>)| {
        rows.sort_by(|(one, _), (other, _)| Ord::cmp(one, other));
        Day { day, rows: rows.into_iter().map(|(_, row)| row).collect() }
    };
    days.into_iter().map(ordered).collect()
}

fn day_of(span: &SpanRecord) -> u32 {
    (span.start.0 / NANOSECONDS_OF_A_DAY) as u32
}
