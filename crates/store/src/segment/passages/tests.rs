//! Texts that repeat each other are stored once, and come back as they were.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;

use proptest::prelude::*;
use trackway_model::{Attributes, Event, SpanRecord, Text, Timestamp, Value};

use super::{
    cut::pieces,
    form::{Part, Passage, read_part, write_part},
};
use crate::{
    kit,
    segment::{Alone, Effort, Plan, Segment, SegmentFilter, SegmentSpan, SegmentStream, Written},
};

fn words(seed: u64, bytes: usize) -> String {
    let (mut state, mut text) = (seed, String::new());
    while text.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text += &format!("{} ", (state >> 33) % 4_000);
    }
    text
}

fn span(number: u64, text: &str) -> SpanRecord {
    let attributes: Attributes = [("prompt", Value::Text(Text::from(text)))].into_iter().collect();
    SpanRecord { start: Timestamp(number), attributes, ..kit::span(1, number + 1, number) }
}

fn write(path: &Path, spans: &[SpanRecord]) -> Written {
    let mut plan = Plan::default();
    spans.iter().for_each(|span| plan.count(span));
    let mut stream = SegmentStream::begin(path, &plan, Effort::Shared).unwrap();
    for (sequence, span) in (0..).zip(spans) {
        stream.push(sequence, span, &span.events).unwrap();
    }
    stream.finish().unwrap()
}

fn all(segment: &Segment) -> Vec<SegmentSpan> {
    segment.spans(&SegmentFilter::default()).unwrap().collect::<Result<_, _>>().unwrap()
}

fn assert_come_back(texts: &[String]) -> u64 {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spans.parquet");
    let spans: Vec<_> = (0..).zip(texts).map(|(number, text)| span(number, text)).collect();
    let written = write(&path, &spans);
    let segment = Segment::open(&path).unwrap();
    let read: Vec<_> = all(&segment).into_iter().map(|span| span.record).collect();
    assert!(read == spans);
    let of_trace: Vec<_> = segment.trace(spans[0].trace_id).unwrap().into_iter().map(|span| span.record).collect();
    assert!(of_trace == spans);
    let mut alone = Vec::new();
    let lost = Alone::open(&path).unwrap().read(&mut |span| {
        alone.push(span.record);
        Ok(())
    });
    assert_eq!(lost.unwrap(), 0);
    assert!(alone == spans);
    for (text, span) in texts.iter().zip(&spans).take(12) {
        let attribute = Some((Text::from("prompt"), Value::Text(Text::from(text.as_str()))));
        let filter = SegmentFilter { attribute, ..SegmentFilter::default() };
        let found: Vec<_> = segment.spans(&filter).unwrap().map(|it| it.unwrap().record).collect();
        assert!(found.contains(span), "a text is found by what it says");
    }
    written.bytes
}

#[test]
fn texts_with_what_others_say_come_back() {
    let (a, b, c) = (words(1, 20_000), words(2, 9_000), words(3, 900));
    let texts = [
        a.clone(),
        a.clone(),
        format!("{a}{b}"),
        format!("{b}{a}"),
        format!("before {a} between {b} behind"),
        format!("{a}{b}{a}{c}"),
        c.clone(),
        c,
        "x".repeat(200_000),
        "ß€𝄞".repeat(3_000),
        "ß€𝄞".repeat(3_000),
        String::new(),
    ];
    assert_come_back(&texts);
}

#[test]
fn texts_that_begin_like_a_value_that_names_passages_come_back() {
    let long = words(1, 5_000);
    let texts = ["\u{1}", "\u{1}!a", "\u{1}\u{1}", "\u{0}", "a\u{1}"].map(str::to_owned);
    assert_come_back(&texts);
    let texts = [format!("\u{1}{long}"), format!("\u{1}{long}"), format!("\u{1}{long}"), long];
    assert_come_back(&texts);
}

#[test]
fn a_text_that_comes_again_far_behind_costs_next_to_nothing() {
    // Each is far from its next: megabytes of others lie between.
    let texts: Vec<_> = (0..900).map(|number| words(number % 300 + 1, 20_000)).collect();
    let bytes = assert_come_back(&texts[..600]);
    let with_more = assert_come_back(&texts);
    assert!(with_more < bytes + bytes / 50, "{bytes} bytes became {with_more}");
}

#[test]
fn events_and_what_has_no_column_name_passages_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spans.parquet");
    let long = Value::Text(words(1, 50_000).as_str().into());
    let attributes: Attributes = [("message", long.clone())].into_iter().collect();
    let event = Event { time: Timestamp(1), name: "said".into(), attributes, dropped_attributes: 0 };
    let rest: Attributes = [("list", Value::Array(vec![long; 2]))].into_iter().collect();
    let spans: Vec<_> = (0..50)
        .map(|number| SpanRecord { events: vec![event.clone()], attributes: rest.clone(), ..span(number, "") })
        .collect();
    let written = write(&path, &spans);
    assert!(written.bytes < 150_000, "{} bytes", written.bytes);
    let read = all(&Segment::open(&path).unwrap());
    assert!(read.iter().all(|it| it.late_events == it.record.events));
    assert!(read.into_iter().map(|it| it.record).eq(spans));
}

#[test]
fn a_file_says_its_third_version_only_where_a_text_names_passages() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spans.parquet");
    write(&path, &[span(1, &words(1, 5_000)), span(2, &words(2, 5_000))]);
    assert_eq!(Segment::open(&path).unwrap().version(), 2);
    write(&path, &[span(1, &words(1, 5_000)), span(2, &words(1, 5_000))]);
    assert_eq!(Segment::open(&path).unwrap().version(), 3);
}

#[test]
fn where_a_passage_is_damaged_only_the_spans_that_name_it_are_lost() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spans.parquet");
    let text = |number: u64| if number.is_multiple_of(2) { words(1, 62_000) } else { format!("short {number}") };
    let spans: Vec<_> = (0..100).map(|number| span(number, &text(number))).collect();
    write(&path, &spans);
    let mut bytes = std::fs::read(&path).unwrap();
    // The only block stands before the table; what is damaged has no checksum in common with what comes behind.
    let table = Segment::open(&path).unwrap().passages.as_ref().unwrap().table_at() as usize;
    bytes[table - 17_000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(Segment::open(&path).unwrap().spans(&SegmentFilter::default()).unwrap().any(|span| span.is_err()));
    let mut read = Vec::new();
    let lost = Alone::open(&path).unwrap().read(&mut |span| {
        read.push(span.record);
        Ok(())
    });
    // The first one of the long texts stands in its page, as nobody knew yet that it would come again.
    assert_eq!((lost.unwrap(), read.len()), (49, 51));
}

proptest! {
    #[test]
    fn pieces_are_the_text(text in "[a-zß€𝄞]{0,9000}") {
        prop_assert_eq!(pieces(&text).collect::<String>(), text.clone());
        prop_assert!(pieces(&text).all(|piece| piece.len() < 4096 + 4));
    }

    #[test]
    fn a_value_says_the_parts_that_it_was_made_of(parts in proptest::collection::vec(
        prop_oneof![
            "[a-z \u{1}ß€]{1,90}".prop_map(Ok),
            (any::<u64>().prop_map(|it| it >> 8), any::<u32>()).prop_map(Err),
        ], 0..9)
    ) {
        let mut value = Vec::new();
        let parts: Vec<_> = parts.iter().map(|it| match it {
            Ok(text) => Part::Literal(text),
            Err((place, length)) => Part::Passage(Passage { place: *place, length: *length }),
        }).collect();
        parts.iter().for_each(|part| write_part(*part, &mut value));
        let value = String::from_utf8(value).unwrap();
        let mut rest = value.as_str();
        let mut read = Vec::new();
        while !rest.is_empty() {
            read.push(read_part(&mut rest).unwrap());
        }
        prop_assert_eq!(read, parts);
    }
}
