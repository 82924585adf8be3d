use trackway_model::{Event, Link, Status, Timestamp, Value};

use super::*;

fn span(trace: u8, id: u32, parent: u32, name: &str, start: u64, end: u64) -> SpanRecord {
    let span_id = |id: u32| SpanId::new(u64::from(id).to_be_bytes());
    SpanRecord {
        trace_id: TraceId::new([trace; 16]).unwrap(),
        span_id: span_id(id).unwrap(),
        parent_id: span_id(parent),
        flags: 0,
        trace_state: Default::default(),
        name: name.into(),
        kind: Default::default(),
        start: Timestamp(start * 1_000_000_000),
        end: (end > 0).then_some(Timestamp(end * 1_000_000_000)),
        attributes: Attributes::default(),
        events: Vec::new(),
        links: Vec::new(),
        status: Status::default(),
        dropped: Default::default(),
        scope: Default::default(),
        resource: Default::default(),
        project: Default::default(),
        data: None,
        foreign: None,
        repeats: Default::default(),
    }
}

#[test]
fn children_stand_below_their_parent_in_the_order_of_their_starts() {
    let spans = [
        span(1, 4, 2, "leaf", 2, 3),
        span(2, 1, 0, "other trace", 1, 2),
        span(1, 3, 1, "second", 5, 6),
        span(1, 2, 1, "first", 1, 4),
        span(1, 1, 0, "root", 0, 0),
        span(1, 5, 99, "orphan", 3, 4),
    ];
    assert_eq!(tree(&spans), "root open\n  first 3s\n    leaf 1s\n  second 1s\norphan 1s\nother trace 1s\n");
}

#[test]
fn everything_a_span_tells_is_in_its_lines() {
    let mut first = span(1, 1, 0, "GET /x\n\u{1b}[31m", 0, 1);
    first.attributes = [
        ("empty", Value::Empty),
        ("text", Value::from("two words")),
        ("quoted", Value::from("say \"\\\"\u{202e}")),
        ("bytes", Value::Bytes([1, 255].into())),
        ("list", Value::Array(vec![Value::Int(1), Value::Double(1.0), Value::from("a")])),
        ("map", Value::Map([("k", Value::Bool(true))].into_iter().collect())),
    ]
    .into_iter()
    .collect();
    first.status = Status { code: StatusCode::Error, message: "no\tway".into() };
    let attributes: Attributes = [("n", Value::Int(2))].into_iter().collect();
    first.events.push(Event { name: "retry".into(), attributes: attributes.clone(), ..Event::default() });
    let link = |span: &SpanRecord| Link {
        trace_id: Some(span.trace_id),
        span_id: Some(span.span_id),
        trace_state: Default::default(),
        flags: 0,
        attributes: attributes.clone(),
        dropped_attributes: 0,
    };
    let second = span(1, 2, 1, "child", 0, 1);
    first.links = vec![link(&second), link(&span(9, 9, 0, "unseen", 0, 0))];
    let expected = r#"GET /x\n\u{1b}[31m 1s empty=() text="two words" quoted="say \"\\\"\u{202e}" bytes=0x01ff list=[1,1.0,a] map={k=true} ERROR no\tway
  - retry n=2
  ~ child n=2
  ~ elsewhere n=2
  child 1s
"#;
    assert_eq!(tree(&[first, second]), expected);
}

#[test]
fn circles_and_copies_are_drawn_once_each() {
    let spans = [
        span(1, 1, 1, "itself", 5, 6),
        span(1, 2, 3, "a", 2, 3),
        span(1, 3, 2, "b", 1, 3),
        span(1, 4, 0, "twice", 0, 1),
        span(1, 4, 0, "twice", 0, 1),
        span(1, 5, 4, "below", 0, 1),
    ];
    assert_eq!(tree(&spans), "twice 1s\n  below 1s\ntwice 1s\nb 2s\n  a 1s\nitself 1s\n");
}

#[test]
fn a_long_chain_is_drawn_without_recursion_and_in_bounds() {
    let spans: Vec<_> = (1..=100_000).map(|id| span(1, id, id - 1, "s", 0, 1)).collect();
    assert!(tree(&spans).len() < 100_000 * (2 * DEEPEST_INDENT + 10));
}

#[test]
fn durations_are_short() {
    for (ns, text) in [(0, "0ns"), (999, "999ns"), (1_500, "1.5µs"), (2_000_000, "2ms"), (-1, "-1ns")] {
        assert_eq!(duration(Elapsed(ns)), text);
    }
    assert_eq!(duration(Elapsed(61_234_567_890)), "61.234s");
    assert_eq!(duration(Elapsed(i64::MIN)), "-9223372036.854s");
}
