//! Every bound refuses before anything is written, says why, is counted, and gives way when there is room again.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{
    fs,
    sync::{Arc, Barrier},
    thread,
};

use kit::*;
use tempfile::TempDir;
use trackway_store::*;

fn refusal(answer: Result<Ack, Error>) -> String {
    match answer {
        Err(Error::Full { bound }) => bound,
        other => panic!("{other:?}"),
    }
}

#[test]
fn at_the_most_bytes_of_log_what_is_in_segments_makes_room() {
    let directory = TempDir::new().unwrap();
    let config = Config { max_log_bytes: 30_000, ..config(directory.path()) };
    let (store, _) = Embedded::open(config, decoder()).unwrap();
    let large = |trace| span(trace, 1).with(|it| it.name = "x".repeat(10_000).as_str().into());
    append(&store, [large(1)]).unwrap();
    let told = refusal(append(&store, [large(2)]));
    assert!(told.contains("raise --max-log-bytes"), "{told}");
    assert_eq!(counter(&store, "store.refused_full"), 1);
    store.flush().unwrap();
    append(&store, [large(2)]).unwrap();
    drop(store);
    assert_eq!(open(directory.path()).1.spans, 2);
}

#[test]
fn what_can_never_fit_is_told_apart_from_what_may_fit_later() {
    let directory = TempDir::new().unwrap();
    let config = Config { memory_bytes: 50_000, max_log_bytes: 10_000, ..config(directory.path()) };
    let (store, _) = Embedded::open(config, decoder()).unwrap();
    let told = |spans: Vec<trackway_model::SpanRecord>| match append(&store, spans) {
        Err(Error::TooLarge { bound }) => bound,
        other => panic!("{other:?}"),
    };
    let named = |length| span(1, 1).with(|it| it.name = "x".repeat(length).as_str().into());
    assert_eq!(
        [told(vec![named(60_000)]), told(vec![named(6_000)])],
        [
            "its records take 59 KiB of memory, and at most 49 KiB are used; send it in parts or raise --memory-bytes",
            "it takes 12 KiB of the log, which has at most 10 KiB; send it in parts or raise --max-log-bytes",
        ]
    );
    assert_eq!((counter(&store, "store.refused_too_large"), counter(&store, "store.refused_full")), (2, 0));
    append(&store, (1..=3).map(|id| span(1, id))).unwrap();
}

#[test]
fn a_request_that_is_larger_than_a_head_is_taken_alone() {
    let directory = TempDir::new().unwrap();
    let (store, _) = Embedded::open(Config { memory_bytes: 600_000, ..config(directory.path()) }, decoder()).unwrap();
    let named = |trace| span(trace, 1).with(|it| it.name = "x".repeat(500_000).as_str().into());
    for trace in 1..=3 {
        append(&store, [named(trace)]).unwrap();
        store.flush().unwrap();
    }
    assert_eq!(store.traces(&TraceQuery::default(), &all()).unwrap().items.len(), 3);
}

#[test]
fn what_is_in_memory_is_written_as_segments_when_there_is_much() {
    let directory = TempDir::new().unwrap();
    let small = || Config { memory_bytes: 1 << 20, ..config(directory.path()) };
    let (store, _) = Embedded::open(small(), decoder()).unwrap();
    let mut refused = 0;
    for trace in 1..=200 {
        while let Err(error) = append(&store, (1..=20).map(|id| span(trace, id))) {
            assert!(matches!(error, Error::Full { .. }), "{error:?}");
            refused += 1;
            store.flush().unwrap();
        }
    }
    assert!(counter(&store, "store.flushes") > 5, "{} flushes", counter(&store, "store.flushes"));
    assert_eq!(counter(&store, "store.refused_full"), refused);
    assert_eq!(counter(&store, "store.spans"), 4_000);
    drop(store);
    let (store, recovery) = Embedded::open(small(), decoder()).unwrap();
    assert!(recovery.frames < 200, "what is in segments is not read from the log again");
    assert_eq!((recovery.spans, counter(&store, "store.segments_opened")), (4_000, 0));
    assert_eq!(store.summary(trace_id(1)).unwrap().unwrap().span_count, 20);
}

#[test]
fn everything_gives_back_the_memory_it_took() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    let events = late(1, 7, 1, "waiting");
    wait(store.append(frame(1, &events), events)).unwrap();
    append(&store, [open_span(1, 1), span(1, 1), span(1, 1), span(2, 2).with(|it| it.name = "twin".into())]).unwrap();
    append(&store, [span(2, 2).with(|it| it.resource = resource("db"))]).unwrap();
    store.delete_project("default").unwrap();
    store.delete_trace(trace_id(1)).unwrap();
    for name in ["store.spans", "store.traces", "store.events_waiting"] {
        assert_eq!(counter(&store, name), 0, "{name}");
    }
    store.flush().unwrap();
    assert_eq!(counter(&store, "store.memory_bytes"), 0, "places of rows stay until the next flush");
}

#[test]
fn below_the_least_free_space_nothing_is_accepted_and_reading_and_deleting_go_on() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    append(&store, [span(1, 1)]).unwrap();
    drop(store);
    let config = Config { min_free_bytes: Some(u64::MAX), ..config(directory.path()) };
    let (store, _) = Embedded::open(config, decoder()).unwrap();
    assert!(refusal(append(&store, [span(2, 1)])).contains("free some space or lower --min-free-bytes"));
    assert_eq!(counter(&store, "store.refused_disk"), 1);
    assert!(store.summary(trace_id(1)).unwrap().is_some());
    assert_eq!(store.delete_trace(trace_id(1)).unwrap().spans, 1);
}

#[test]
fn after_the_disk_failed_nothing_is_accepted_and_reading_goes_on() {
    let directory = TempDir::new().unwrap();
    let small = Config { wal_file_bytes: 1, ..config(directory.path()) };
    let (store, _) = Embedded::open(small, decoder()).unwrap();
    append(&store, [span(1, 1)]).unwrap();
    fs::rename(directory.path().join("wal"), directory.path().join("elsewhere")).unwrap();
    for _ in 0..2 {
        let refusal = append(&store, [span(2, 1)]);
        assert!(
            matches!(&refusal, Err(Error::ReadOnly { reason }) if reason.contains("make a log file")),
            "{refusal:?}"
        );
    }
    assert!(matches!(store.delete_trace(trace_id(1)), Err(Error::ReadOnly { .. })));
    assert_eq!(counter(&store, "store.refused_read_only"), 3);
    assert_eq!(store.summary(trace_id(1)).unwrap().unwrap().span_count, 1);
    drop(store);
    fs::rename(directory.path().join("elsewhere"), directory.path().join("wal")).unwrap();
    let (store, recovery) = open(directory.path());
    assert_eq!(recovery.spans, 1);
    append(&store, [span(2, 1)]).unwrap();
}

#[test]
fn events_that_wait_for_ever_are_bounded() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    let mut many = late(1, 1, 0, "log");
    let one = many.events[0].clone();
    many.events =
        (0..100_010).map(|time| trackway_model::SpanEvent { event: event(time, "log"), ..one.clone() }).collect();
    wait(store.append(frame(1, &many), many)).unwrap();
    assert_eq!(counter(&store, "store.events_waiting"), 100_000);
    assert_eq!(counter(&store, "store.events_dropped"), 10);
    append_event(&store, 1, 2);
    drop(store);
    let (store, _) = open(directory.path());
    append_event(&store, 1, 3);
    append(&store, [span(2, 1), span(3, 1)]).unwrap();
    for trace in [2, 3] {
        assert_eq!(
            store.span(trace_id(trace), span_id(1)).unwrap()[0].record.events.len(),
            1,
            "a late one finds its span"
        );
    }

    append(&store, [span(1, 1)]).unwrap();
    assert_eq!(counter(&store, "store.events_waiting"), 0);
    let events = &store.span(trace_id(1), span_id(1)).unwrap()[0].record.events;
    assert_eq!((events.len(), events[0].time.0), (99_998, 12), "the oldest went");
}

fn append_event(store: &Embedded, second: u64, trace: u128) {
    let events = late(trace, 1, second, "log");
    wait(store.append(frame(second, &events), events)).unwrap();
}

#[test]
fn an_event_waits_for_ten_minutes() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    append_event(&store, 0, 1);
    append_event(&store, 300, 2);
    append_event(&store, 600, 3);
    assert_eq!(counter(&store, "store.events_dropped"), 0);
    append_event(&store, 601, 4);
    assert_eq!((counter(&store, "store.events_waiting"), counter(&store, "store.events_dropped")), (3, 1));
    append(&store, (1..=4).map(|trace| span(trace, 1))).unwrap();
    let events = |trace| store.span(trace_id(trace), span_id(1)).unwrap()[0].record.events.len();
    assert_eq!((1..=4).map(events).collect::<Vec<_>>(), [0, 1, 1, 1]);
}

#[test]
fn an_event_outlives_the_open_record_that_it_joined() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    append(&store, [open_span(1, 1)]).unwrap();
    append_event(&store, 2, 1);
    store.flush().unwrap();
    for second in [1_000, 2_000] {
        append_event(&store, second, 2);
    }
    append(&store, [span(1, 1)]).unwrap();
    store.flush().unwrap();
    drop(store);
    let (store, _) = open(directory.path());
    assert_eq!(store.span(trace_id(1), span_id(1)).unwrap()[0].record.events.len(), 1);
}

#[test]
fn appends_that_come_together_share_a_sync() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for thread in 0..4u64 {
            let (store, start) = (&store, &start);
            scope.spawn(move || {
                start.wait();
                let batches = (1..=100).map(|number| batch([span(1, thread * 100 + number)]));
                let answers: Vec<_> = batches.map(|batch| store.append(frame(1, &batch), batch)).collect();
                answers.into_iter().for_each(|answer| assert_eq!(wait(answer).unwrap().changed.len(), 1));
            });
        }
    });
    assert_eq!(counter(&store, "store.wal_frames"), 400);
    assert!(counter(&store, "store.wal_syncs") < 200, "{} syncs", counter(&store, "store.wal_syncs"));
    drop(store);
    assert_eq!(open(directory.path()).1.spans, 400);
}

#[test]
fn an_answer_that_nobody_waits_for_does_no_harm() {
    let directory = TempDir::new().unwrap();
    let large = |trace| batch([span(trace, 1).with(|it| it.name = "x".repeat(200_000).as_str().into())]);
    let (store, _) = Embedded::open(Config { memory_bytes: 1 << 20, ..config(directory.path()) }, decoder()).unwrap();
    for trace in 1..=20 {
        drop(store.append(frame(1, &large(trace)), large(trace)));
    }
    store.flush().unwrap();
    append(&store, (1..=100).map(|number| span(99, number))).unwrap();
    assert_eq!(store.summary(trace_id(99)).unwrap().unwrap().span_count, 100, "every one of them gave its place back");
}

#[test]
fn closing_writes_what_is_queued() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    let batches = (1..=300).map(|number| batch([span(number, 1)]));
    let answers: Vec<_> = batches.map(|batch| store.append(frame(1, &batch), batch)).collect();
    store.close();
    answers.into_iter().for_each(|answer| assert!(wait(answer).is_ok()));
    assert_eq!(open(directory.path()).1.spans, 300);
}

#[test]
fn the_log_goes_on_in_a_new_file_at_the_size_that_is_set() {
    let directory = TempDir::new().unwrap();
    let small = || Config { wal_file_bytes: 1000, ..config(directory.path()) };
    let (store, _) = Embedded::open(small(), decoder()).unwrap();
    (1..=20).for_each(|trace| drop(append(&store, [span(trace, 1)]).unwrap()));
    drop(store);
    let sizes: Vec<_> = fs::read_dir(directory.path().join("wal")).unwrap().map(|it| it.unwrap()).collect();
    assert!(sizes.len() > 1 && sizes.iter().all(|file| file.metadata().unwrap().len() <= 1000));
    assert_eq!(Embedded::open(small(), decoder()).unwrap().1.spans, 20);
}

#[test]
fn questions_are_answered_while_others_append() {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(open(directory.path()).0);
    let appending = {
        let store = Arc::clone(&store);
        thread::spawn(move || {
            (1..=50).for_each(|number| drop(append(&*store, [span(1, number), span(2, number)]).unwrap()))
        })
    };
    let mut seen = 0;
    while seen < 50 {
        let count = |trace| store.summary(trace_id(trace)).unwrap().map_or(0, |summary| summary.span_count);
        // Asked in this order, a batch that shows in the first shows in the second.
        let (first, second) = (count(1), count(2));
        assert!(seen <= first && first <= second);
        seen = first;
    }
    appending.join().unwrap();
}

#[test]
fn a_search_goes_on_behind_what_it_looks_at_at_once() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    append(&store, (1..=70_000).map(|number| span(number, number as u64))).unwrap();
    let mut query = TraceQuery { name: Some("span 1".into()), ..TraceQuery::default() };
    let page = store.traces(&query, &PageRequest { limit: 100_000, cursor: None }).unwrap();
    let begins_with_one = |number: &u64| number.to_string().starts_with('1');
    assert_eq!(page.items.len(), (1..=70_000).filter(begins_with_one).count());
    query.end = Some(trackway_model::Timestamp(20));
    assert_eq!(store.traces(&query, &first(1)).unwrap().items.len(), 1);
}
