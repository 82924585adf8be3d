//! Which rows go into which segment.

use std::{collections::HashMap, sync::Arc};

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
    let mut counts: HashMap<u32, usize> = HashMap::new();
    rows.iter().for_each(|(_, span)| *counts.entry(day_of(span)).or_default() += 1);
    let mut frequent: Vec<(usize, u32)> = counts.iter().map(|(day, spans)| (*spans, *day)).collect();
    frequent.sort_unstable_by(|a, b| b.cmp(a));
    let others = frequent.split_off(MOST_DAYS.min(frequent.len()));
    let shared = others.iter().map(|(_, day)| *day).min();

    let own: HashMap<u32, usize> = frequent.iter().enumerate().map(|(place, (_, day))| (*day, place)).collect();
    let mut days: Vec<Day> = frequent.iter().map(|(spans, day)| Day::new(*day, *spans)).collect();
    days.extend(shared.map(|day| Day::new(day, others.iter().map(|(spans, _)| *spans).sum())));
    for row in rows {
        let place = own.get(&day_of(&row.1)).copied().unwrap_or(MOST_DAYS);
        if let Some(day) = days.get_mut(place) {
            day.rows.push(row);
        }
    }
    days.iter_mut().for_each(|day| day.rows.sort_by_cached_key(|(sequence, span)| file_order(*sequence, span)));
    days
}

impl Day {
    fn new(day: u32, spans: usize) -> Self {
        Self { day, rows: Vec::with_capacity(spans) }
    }
}

fn day_of(span: &SpanRecord) -> u32 {
    (span.start.0 / NANOSECONDS_OF_A_DAY) as u32
}
