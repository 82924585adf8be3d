//! Announced spans take as much memory as they may, and nothing of the disk.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{collections::BTreeMap, path::Path};

use kit::*;
use tempfile::TempDir;
use trackway_model::*;
use trackway_store::*;

fn bounded(path: &Path, hands: &Hands, announced: Announced) -> Embedded {
    let config = Config { clock: hands.clock(), announced, ..config(path) };
    Embedded::open(config, decoder()).unwrap().0
}

fn announce(store: &Embedded, hands: &Hands, second: u64, spans: impl IntoIterator<Item = SpanRecord>) -> Held {
    hands.set(second);
    store.announce(Timestamp(second * 1_000_000_000), spans.into_iter().collect()).unwrap()
}

fn ids(store: &Embedded) -> Vec<u128> {
    let traces = store.traces(&TraceQuery::default(), &all()).unwrap().items;
    traces.iter().map(|trace| u128::from_be_bytes(trace.trace_id.bytes())).collect()
}

fn lines(spans: &[Span]) -> Vec<String> {
    spans.iter().map(span_line).collect()
}

#[test]
fn more_announced_spans_than_are_held_are_left_out_and_counted() {
    let (directory, hands) = (TempDir::new().unwrap(), Hands::default());
    let store = bounded(directory.path(), &hands, Announced { max_spans: 2, ..Announced::default() });
    announce(&store, &hands, 100, [open_span(1, 1), open_span(2, 2)]);
    let held = announce(&store, &hands, 110, [open_span(3, 3), open_span(2, 2)]);
    assert_eq!(held, Held::default());
    assert_eq!(ids(&store), [2, 1], "none of those that run makes room");
    assert_eq!((counter(&store, "store.announced_spans"), counter(&store, "store.announced_dropped")), (2, 1));

    let held = announce(&store, &hands, 131, [open_span(3, 3)]);
    assert_eq!(lines(&held.gone), ["1 span 1 10-lost announced@100"]);
    assert_eq!((held.changed, held.created), (vec![trace_id(1), trace_id(3)], vec![trace_id(3)]));
    assert_eq!(ids(&store), [3, 2], "the longest lost makes room");
    assert_eq!(counter(&store, "store.announced_forgotten"), 1);
    append(&store, [span(2, 2)]).unwrap();
    announce(&store, &hands, 132, [open_span(4, 4)]);
    assert_eq!(ids(&store), [4, 3, 2], "a stored span makes room");
}

#[test]
fn announced_spans_take_no_more_memory_than_they_may() {
    let (directory, hands) = (TempDir::new().unwrap(), Hands::default());
    let store = bounded(directory.path(), &hands, Announced { max_bytes: 200_000, ..Announced::default() });
    let large =
        |id: u64, bytes: usize| open_span(u128::from(id), id).with(|it| it.name = "x".repeat(bytes).as_str().into());
    announce(&store, &hands, 1, (1..=9).map(|id| large(id, 30_000)));
    let spans = counter(&store, "store.announced_spans");
    assert!((4..=6).contains(&spans), "{spans}");
    assert!(counter(&store, "store.announced_bytes") <= 200_000);
    assert_eq!(counter(&store, "store.announced_dropped"), 9 - spans);

    let held = announce(&store, &hands, 2, [large(1, 300_000)]);
    assert_eq!((held.changed, held.gone.len()), (vec![trace_id(1)], 1), "what has grown too large is no longer shown");
    let wide = open_span(20, 1).with(|it| it.resource = resource(&"y".repeat(300_000)));
    assert_eq!(announce(&store, &hands, 2, [wide]), Held::default(), "a resource counts");
    hands.set(700);
    store.tend().unwrap();
    assert_eq!((counter(&store, "store.announced_bytes"), counter(&store, "store.announced_spans")), (0, 0));
    assert_eq!(ids(&store), []);
}

#[test]
fn announced_spans_are_not_refused_for_what_is_stored_nor_the_other_way_round() {
    let (directory, hands) = (TempDir::new().unwrap(), Hands::default());
    let config = Config { clock: hands.clock(), memory_bytes: 50_000, ..config(directory.path()) };
    let (store, _) = Embedded::open(config, decoder()).unwrap();
    announce(&store, &hands, 1, (1..=9).map(|id| open_span(1, id)));
    append(&store, [span(1, 1), span(1, 2)]).unwrap();
    let large = span(1, 3).with(|it| it.name = "x".repeat(60_000).as_str().into());
    assert!(matches!(append(&store, [large]), Err(Error::TooLarge { .. })));
    announce(&store, &hands, 2, [open_span(1, 10)]);
    let summary = store.summary(trace_id(1)).unwrap().unwrap();
    assert_eq!((summary.span_count, summary.open_count), (10, 8));
}

/// Every file below a directory with its bytes.
fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
    files
}

#[test]
fn nothing_of_an_announcement_reaches_the_disk() {
    let (directory, hands) = (TempDir::new().unwrap(), Hands::default());
    let store = bounded(directory.path(), &hands, Announced { max_spans: 3, ..Announced::default() });
    append(&store, [span(1, 1)]).unwrap();
    // The writer still tidies up behind its answer; what it is asked next it does when that is done.
    store.delete_trace(trace_id(9)).unwrap();
    let before = files(directory.path());
    announce(&store, &hands, 1, [child(1, 2, 1).with(|it| it.end = None), open_span(2, 3), open_span(3, 4)]);
    announce(&store, &hands, 11, [open_span(2, 3).with(|it| it.name = "again".into()), open_span(4, 5)]);
    assert_eq!(ids(&store), [3, 2, 1]);
    store.delete_trace(trace_id(2)).unwrap();
    announce(&store, &hands, 40, [open_span(5, 6)]);
    hands.set(3600);
    store.tend().unwrap();
    assert!(before == files(directory.path()), "a file has changed");

    announce(&store, &hands, 3600, [open_span(6, 7)]);
    drop(store);
    let store = bounded(directory.path(), &hands, Announced::default());
    assert_eq!(ids(&store), [1], "a new start knows what is stored");
    assert_eq!(counter(&store, "store.spans"), 1);
    announce(&store, &hands, 3610, [open_span(6, 7)]);
    assert_eq!(ids(&store), [6, 1], "and the next announcement brings the others back");
    drop(store);
    let secret = b"span 7";
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let holds = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(files(directory.path()).values().all(|it| !holds(it, secret) && !holds(it, hex.as_bytes())));
}
