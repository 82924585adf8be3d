//! A clock that jumps: back by an hour, ahead by a day.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::time::Duration;

use kit::*;
use trackway_model::*;
use trackway_store::*;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// Some day at noon.
const NOON: u64 = 20_000 * DAY + 12 * HOUR;

/// A span that begins at a second, and whose trace has its number.
fn at(second: u64, number: u64) -> SpanRecord {
    span(u128::from(number), number).with(|it| {
        it.start = Timestamp(second * 1_000_000_000);
        it.end = Some(Timestamp(second * 1_000_000_000 + 5));
    })
}

#[test]
fn nothing_is_lost_or_out_of_order_when_the_clock_jumps_between_segments() {
    let mut world = World::embedded();
    // The spans' own clocks go on evenly, whatever the server's does.
    for (number, now) in (1..).zip([NOON, NOON - HOUR, NOON + DAY, NOON - DAY, 0, NOON]) {
        world.hands.set(now);
        world.append_at(now, batch([at(NOON + number, number)]));
        world.flush();
        world.tend(now);
    }
    assert_eq!(world.ids(TraceQuery::default()), [6, 5, 4, 3, 2, 1]);
    world.compact();
    assert_eq!(world.ids(TraceQuery::default()), [6, 5, 4, 3, 2, 1]);
    world.hands.set(NOON + 30 * DAY);
    world.reopen();
    assert_eq!(world.ids(TraceQuery::default()), [6, 5, 4, 3, 2, 1]);
}

#[test]
fn a_span_that_runs_is_lost_only_while_the_clock_is_ahead() {
    let mut world = World::embedded();
    world.hands.set(NOON);
    world.append_at(NOON, batch([open_span(1, 1)]));
    world.flush();
    let state = |world: &mut World, now| {
        world.hands.set(now);
        let query = TraceQuery { status: Some(TraceStatus::Running), ..TraceQuery::default() };
        world.ids(query) == [1]
    };
    assert_eq!([NOON, NOON + DAY, NOON - HOUR, NOON].map(|now| state(&mut world, now)), [true, false, true, true]);
}

#[test]
fn a_clock_that_was_set_back_lets_retention_delete_nothing() {
    let (directory, hands) = (tempfile::tempdir().unwrap(), Hands::default());
    hands.set(NOON);
    let keep = Keep { time: Some(Duration::from_secs(2 * DAY)), bytes: None };
    let retention = Retention { all: keep, ..Retention::default() };
    let config = Config { clock: hands.clock(), retention, ..config(directory.path()) };
    let (store, _) = Embedded::open(config, decoder()).unwrap();
    append(&store, [at(NOON, 1), at(NOON - DAY, 2), at(NOON - 5 * DAY, 3)]).unwrap();
    store.flush().unwrap();
    let count = || store.traces(&TraceQuery::default(), &all()).unwrap().items.len();
    for now in [NOON - 30 * DAY, 0] {
        hands.set(now);
        store.compact().unwrap();
        assert!(count() >= 2, "what is young at second {now} is gone");
    }
    hands.set(NOON);
    store.compact().unwrap();
    assert_eq!(count(), 2);
}
