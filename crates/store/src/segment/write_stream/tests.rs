//! What the engine asks of the writer: columns of segments that are joined, spans that nobody counted, giving up.

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use trackway_model::{Attributes, Event, SpanRecord, Timestamp, Value};

use super::{Effort, Plan, SegmentStream, file_order};
use crate::{
    kit,
    segment::{Segment, SegmentFilter, SegmentSpan},
};

fn span(number: u64) -> SpanRecord {
    let values = [
        ("route", Value::Text(format!("/items/{}", number % 3).into())),
        ("size", Value::Int(number as i64)),
        ("ratio", Value::Double(0.5)),
        ("cached", Value::Bool(number.is_multiple_of(2))),
    ];
    let start = number * 1_000_000;
    SpanRecord {
        end: Some(Timestamp(start + 5)),
        attributes: values.into_iter().collect(),
        ..kit::span(u128::from(number / 10) + 1, number + 1, start)
    }
}

/// Spans of which one has an event that came apart, in the order of a file.
fn spans(numbers: std::ops::Range<u64>) -> Vec<SegmentSpan> {
    let late = |number| Event { time: Timestamp(number), name: "log".into(), ..Event::default() };
    let span = |number| SegmentSpan {
        sequence: number,
        record: span(number),
        late_events: if number == 7 { vec![late(number)] } else { Vec::new() },
    };
    let mut spans: Vec<_> = numbers.map(span).collect();
    spans.sort_by_cached_key(|it| file_order(it.sequence, &it.record));
    spans
}

fn push(stream: &mut SegmentStream, spans: &[SegmentSpan]) {
    for it in spans {
        stream.push(it.sequence, &it.record, &it.late_events).unwrap();
    }
}

fn write(path: &Path, plan: &Plan, spans: &[SegmentSpan]) -> Segment {
    let mut stream = SegmentStream::begin(path, plan, Effort::Quick).unwrap();
    push(&mut stream, spans);
    let written = stream.finish().unwrap();
    assert_eq!(written.spans, spans.len() as u64);
    assert!(spans.iter().all(|it| written.bloom.may_hold(it.record.trace_id)));
    Segment::open(path).unwrap()
}

fn all(segment: &Segment) -> Vec<SegmentSpan> {
    segment.spans(&SegmentFilter::default()).unwrap().collect::<Result<_, _>>().unwrap()
}

fn columns(segment: &Segment) -> Vec<String> {
    let columns = segment.parquet().file_metadata().schema_descr().columns();
    columns.iter().map(|column| column.name().to_owned()).collect()
}

#[test]
fn segments_become_one_with_the_columns_that_they_have() {
    let directory = tempfile::tempdir().unwrap();
    let mut counted = Plan::default();
    (0..20_000).for_each(|number| counted.count(&span(number)));
    let one = write(&directory.path().join("1.parquet"), &counted, &spans(0..12_000));
    let two = write(&directory.path().join("2.parquet"), &counted, &spans(12_000..20_000));
    let mut plan = Plan::default();
    plan.count_segment(&one);
    plan.count_segment(&two);
    assert_eq!(plan.spans(), 20_000);
    let both = write(&directory.path().join("3.parquet"), &plan, &spans(0..20_000));
    assert_eq!(columns(&both), columns(&one));
    assert_eq!(columns(&both).iter().filter(|name| name.starts_with("a.")).count(), 4);
    assert!(all(&both) == spans(0..20_000));
}

#[test]
fn spans_that_nobody_counted_are_written_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let mut plan = Plan::default();
    let few: Attributes = [("route", Value::Int(1))].into_iter().collect();
    plan.count(&SpanRecord { attributes: few, ..span(1) });
    let segment = write(&directory.path().join("1.parquet"), &plan, &spans(0..100));
    assert!(all(&segment) == spans(0..100));
}

#[test]
fn of_a_segment_that_is_given_up_nothing_stays() {
    let directory = tempfile::tempdir().unwrap();
    let mut stream =
        SegmentStream::begin(&directory.path().join("1.parquet"), &Plan::default(), Effort::Quick).unwrap();
    push(&mut stream, &spans(0..100));
    drop(stream);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn of_large_rows_few_are_read_at_once() {
    let rows_at_once = |bytes: usize, effort: Effort| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("spans.parquet");
        // The same text in all rows is once in the file, and in each row that is read.
        let mut spans: Vec<_> = (0..100).map(span).collect();
        spans.iter_mut().for_each(|span| span.attributes.0.push(("prompt".into(), "x".repeat(bytes).as_str().into())));
        let mut plan = Plan::default();
        spans.iter().for_each(|span| plan.count(span));
        let mut stream = SegmentStream::begin(&path, &plan, effort).unwrap();
        for (sequence, span) in (0..).zip(&spans) {
            stream.push(sequence, span, &[]).unwrap();
        }
        stream.finish().unwrap();
        let segment = Segment::open(&path).unwrap();
        let read: Vec<_> = segment.spans(&SegmentFilter::default()).unwrap().map(|span| span.unwrap().record).collect();
        assert!(read == spans, "all are read, however few at once");
        segment.rows_at_once()
    };
    for effort in [Effort::Quick, Effort::Thorough, Effort::Shared] {
        assert_eq!(rows_at_once(10, effort), 1024);
        assert!((30..=42).contains(&rows_at_once(100_000, effort)));
        assert_eq!(rows_at_once(1_000_000, effort), 16);
    }
}
