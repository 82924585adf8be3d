//! Conversations whose every call carries all messages before it: each message is stored once, and none is ever lost.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{fmt::Write, path::Path, time::Duration};

use kit::*;
use tempfile::TempDir;
use trackway_model::{SpanRecord, Text, Timestamp, Value};
use trackway_store::*;

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 24 * 60 * 60 * SECOND;
const PROMPT: &str = "gen_ai.input.messages";

/// Words that a generator chooses.
struct Words(u64);

impl Words {
    fn text(&mut self, bytes: usize) -> String {
        let mut text = String::new();
        while text.len() < bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            write!(text, "{} ", (self.0 >> 33) % 4_000).unwrap();
        }
        text
    }
}

/// The call of a model in a conversation, which starts so many seconds after a time.
fn call(conversation: u128, turn: u64, start: u64, said: &str) -> SpanRecord {
    span(conversation, turn + 1).with(|it| {
        (it.start, it.end) = (Timestamp(start + turn * SECOND), Some(Timestamp(start + turn * SECOND + 5)));
        it.attributes.push(PROMPT, Value::Text(Text::from(format!("[{said}]"))));
    })
}

/// The calls of conversations that go on at the same time, by turn.
fn conversations(count: u128, turns: u64, message: usize, start: u64) -> Vec<Vec<SpanRecord>> {
    let mut words = Words(1);
    let mut said = vec![String::new(); count as usize];
    let mut turn = |turn| {
        let calls = (1..).zip(&mut said).map(|(number, said)| {
            write!(said, "{{\"role\":\"user\",\"content\":\"{}\"}},", words.text(message)).unwrap();
            call(number, turn, start, said)
        });
        calls.collect()
    };
    (0..turns).map(&mut turn).collect()
}

fn prompt(span: &SpanRecord) -> &str {
    match span.attributes.get(PROMPT) {
        Some(Value::Text(text)) => text,
        other => panic!("{other:?} is no prompt"),
    }
}

fn assert_all_there<'a>(store: &dyn Store, spans: impl IntoIterator<Item = &'a SpanRecord>) {
    for span in spans {
        let found = store.span(span.trace_id, span.span_id).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].record == *span, "{} of {} came back as another", span.span_id, span.trace_id);
    }
}

fn finds(store: &dyn Store, part: &str) -> Vec<u128> {
    let filter = format!("{{ span.{PROMPT} contains \"{part}\" }}").parse().unwrap();
    let query = TraceQuery { spans: Some(filter), ..TraceQuery::default() };
    let found = store.traces(&query, &all()).unwrap().items;
    found.iter().map(|trace| u128::from_be_bytes(trace.trace_id.bytes())).collect()
}

fn version_of_segments(path: &Path) -> Vec<u32> {
    let days = std::fs::read_dir(path.join("segments")).unwrap().map(|day| day.unwrap().path());
    let files = days.flat_map(|day| std::fs::read_dir(day).unwrap().map(|file| file.unwrap().path()));
    let segments = files.filter(|file| file.extension().is_some_and(|it| it == "parquet"));
    segments.map(|path| Segment::open(&path).unwrap().version()).collect()
}

#[test]
fn a_hundred_conversations_at_once_are_stored_more_than_ten_times_smaller_than_their_payloads() {
    let directory = TempDir::new().unwrap();
    // However slow the machine is, the search gets to its end.
    let patient = Config { search_time: Duration::from_secs(600), ..config(directory.path()) };
    let store = Embedded::open(patient, decoder()).unwrap().0;
    let turns = conversations(100, 50, 300, DAY);
    let payload: usize = turns.iter().flatten().map(|span| prompt(span).len()).sum();
    for some in turns.chunks(10) {
        append(&store, some.iter().flatten().cloned()).unwrap();
        store.flush().unwrap();
    }
    store.compact().unwrap();
    let stored = counter(&store, "store.segment_bytes");
    assert!(payload as u64 / stored >= 10, "{payload} bytes are {stored} in segments");
    assert_eq!(version_of_segments(directory.path()), [3]);
    let known = Sealed::open(directory.path()).unwrap();
    assert!(known.segments().iter().all(|segment| segment.version == 3), "the catalog knows the version, too");
    let asked = turns.iter().step_by(7).flatten().step_by(13);
    assert_all_there(&store, asked.clone());
    // Words of the first message, which every call of that conversation repeats, and of the last.
    for turn in [0, 49] {
        let last_words = &prompt(&turns[turn][6])[prompt(&turns[turn][6]).len() - 60..][..40];
        assert_eq!(finds(&store, last_words), [7]);
    }
    drop(store);
    assert_all_there(&open(directory.path()).0, asked);
}

#[test]
fn a_text_of_two_days_stays_when_one_of_them_goes() {
    let directory = TempDir::new().unwrap();
    let hands = Hands::default();
    hands.set(4 * DAY / SECOND);
    let keep = |days| Retention {
        all: Keep { time: Some(Duration::from_secs(DAY / SECOND) * days), bytes: None },
        ..Retention::default()
    };
    let open_keeping = |days| {
        let config = Config { clock: hands.clock(), retention: keep(days), ..config(directory.path()) };
        Embedded::open(config, decoder()).unwrap().0
    };
    let store = open_keeping(30);
    // The same words on two days, in traces of their own.
    let first = conversations(3, 12, 2_000, DAY);
    let mut second = conversations(3, 12, 2_000, 3 * DAY);
    second.iter_mut().flatten().for_each(|span| {
        let number = u128::from_be_bytes(span.trace_id.bytes());
        span.trace_id = trace_id(number + 100);
    });
    for (first, second) in first.chunks(4).zip(second.chunks(4)) {
        append(&store, first.iter().chain(second).flatten().cloned()).unwrap();
        store.flush().unwrap();
    }
    store.compact().unwrap();
    assert_eq!(version_of_segments(directory.path()), [3, 3]);
    assert_all_there(&store, first.iter().chain(&second).flatten());

    // What brought the text first is deleted, and what is left of its day is written anew.
    store.delete_trace(trace_id(1)).unwrap();
    append(&store, [call(50, 1, DAY, "another"), call(51, 1, 3 * DAY, "another")]).unwrap();
    store.flush().unwrap();
    store.compact().unwrap();
    let left = || first.iter().flatten().filter(|span| span.trace_id != trace_id(1));
    assert_all_there(&store, left().chain(second.iter().flatten()));
    drop(store);

    let store = open_keeping(2);
    store.compact().unwrap();
    assert!(first.iter().flatten().all(|span| store.span(span.trace_id, span.span_id).unwrap().is_empty()));
    assert_all_there(&store, second.iter().flatten());
}
