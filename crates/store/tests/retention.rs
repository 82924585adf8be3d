//! What is too old, or too much, goes; nothing else does, and nothing unless somebody asked for it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{collections::BTreeMap, path::Path, time::Duration};

use kit::*;
use tempfile::TempDir;
use trackway_model::{SpanRecord, Timestamp};
use trackway_store::*;

const DAY: u64 = 24 * 60 * 60;

/// A store at the beginning of the eleventh day.
fn keeping(path: &Path, retention: Retention) -> Embedded {
    let hands = Hands::default();
    hands.set(10 * DAY);
    Embedded::open(Config { clock: hands.clock(), retention, ..config(path) }, decoder()).unwrap().0
}

fn days(days: u32) -> Keep {
    Keep { time: Some(Duration::from_secs(DAY) * days), bytes: None }
}

/// A span of a project that starts on a day.
fn on(day: u64, trace: u128, project: &str) -> SpanRecord {
    let start = day * DAY * 1_000_000_000 + 7;
    span(trace, 1)
        .with(|it| (it.start, it.end, it.project) = (Timestamp(start), Some(Timestamp(start)), project.into()))
}

fn ids(store: &dyn Store) -> Vec<u128> {
    let found = store.traces(&TraceQuery::default(), &all()).unwrap().items;
    let mut ids: Vec<_> = found.iter().map(|trace| u128::from_be_bytes(trace.trace_id.bytes())).collect();
    ids.sort_unstable();
    ids
}

/// Each day has a trace of the shop and one of the agents.
fn filled(path: &Path, retention: Retention) -> Embedded {
    let store = keeping(path, retention);
    for day in 1..=9 {
        append(&store, [on(day, u128::from(day), "shop"), on(day, u128::from(day) + 100, "agents")]).unwrap();
    }
    store.flush().unwrap();
    store.compact().unwrap();
    store
}

#[test]
fn everything_stays_unless_somebody_asks_for_less() {
    let directory = TempDir::new().unwrap();
    let store = filled(directory.path(), Retention::default());
    assert_eq!((ids(&store).len(), counter(&store, "store.expired_spans")), (18, 0));
}

#[test]
fn what_began_too_long_ago_goes_by_the_day() {
    let directory = TempDir::new().unwrap();
    let store = filled(directory.path(), Retention { all: days(3), ..Retention::default() });
    assert_eq!(ids(&store), [7, 8, 9, 107, 108, 109]);
    assert_eq!(counter(&store, "store.expired_spans"), 12);
    drop(store);
    let store = keeping(directory.path(), Retention::default());
    assert_eq!(ids(&store), [7, 8, 9, 107, 108, 109]);
    assert_eq!(store.projects().unwrap().iter().map(|project| project.span_count).sum::<u64>(), 6);
}

#[test]
fn a_project_may_keep_less_than_the_others() {
    let directory = TempDir::new().unwrap();
    let projects = BTreeMap::from([("shop".to_owned(), days(2))]);
    let store = filled(directory.path(), Retention { all: days(8), projects });
    assert_eq!(ids(&store), [8, 9, 102, 103, 104, 105, 106, 107, 108, 109]);
    let counts: Vec<_> = store.projects().unwrap().iter().map(|it| (it.name.to_string(), it.trace_count)).collect();
    assert_eq!(counts, [("agents".to_owned(), 8), ("shop".to_owned(), 2)]);
}

#[test]
fn what_began_first_goes_when_there_is_too_much() {
    let directory = TempDir::new().unwrap();
    let store = filled(directory.path(), Retention::default());
    let most = counter(&store, "store.segment_bytes") / 3;
    drop(store);
    let all = Keep { time: None, bytes: Some(most) };
    let store = keeping(directory.path(), Retention { all, ..Retention::default() });
    store.compact().unwrap();
    let left = ids(&store);
    assert!(left.contains(&9) && left.contains(&109) && !left.contains(&1), "{left:?}");
    assert!(counter(&store, "store.segment_bytes") <= most);
}
