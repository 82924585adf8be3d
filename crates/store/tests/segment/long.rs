//! Segments of many spans and of long texts.

use std::fmt::Write;

use trackway_model::{SpanRecord, Text, Value};
use trackway_store::{Segment, SegmentSpan};

use super::{Directory, SECOND, all, in_order, span, trace_id, write, write_all};

#[test]
fn more_spans_than_a_row_group_holds_come_back() {
    let spans: Vec<_> = (0..70_000_u64).map(|it| span(u128::from(it / 7) + 1, it + 1, it * SECOND / 1000)).collect();
    let directory = Directory::new();
    assert_eq!(write(&directory.segment(), &spans).traces, 10_000);
    let segment = Segment::open(&directory.segment()).unwrap();
    let expected = in_order(&spans);
    assert!(all(&segment) == expected);
    for trace in [1, 9_362, 10_000] {
        let of_trace = expected.iter().filter(|it| it.record.trace_id == trace_id(trace)).cloned();
        assert_eq!(segment.trace(trace_id(trace)).unwrap(), of_trace.collect::<Vec<_>>());
    }
}

#[test]
fn texts_that_begin_to_repeat_or_cease_to_come_back() {
    // Few texts at first, then another in each row, then a very long one, then few again.
    let text = |it: u64| match it {
        0..3_000 => format!("state {}", it % 5),
        3_000..9_000 => format!("request {it} of a kind that never comes again"),
        9_000 => "x".repeat(3 << 20),
        _ => format!("state {}", it % 3),
    };
    let spans: Vec<_> = (0..12_000_u64)
        .map(|it| {
            let mut span = span(1, it + 1, it * 1000);
            span.attributes.push("text", Value::Text(text(it).into()));
            span.attributes.push("number", Value::Int(if it < 5_000 { it as i64 % 3 } else { i64::MAX / (it as i64) }));
            span.attributes.push("ratio", Value::Double(if it < 5_000 { 0.5 } else { 1.0 / it as f64 }));
            span
        })
        .collect();
    let directory = Directory::new();
    write(&directory.segment(), &spans);
    assert!(all(&Segment::open(&directory.segment()).unwrap()) == in_order(&spans));
}

#[test]
fn spans_whose_keys_have_no_common_order_come_back() {
    let spans: Vec<_> = (0..2_000_u64)
        .map(|it| {
            let mut span = span(1, it + 1, it * 1000);
            for place in 0..20 {
                let key = Text::from(format!("key.{}", (it * 7 + place * (it % 19 + 1)) % 40));
                span.attributes.push(key, if it % 3 == 0 { Value::Int(place as i64) } else { Value::from("text") });
            }
            span
        })
        .collect();
    let directory = Directory::new();
    write(&directory.segment(), &spans);
    assert!(all(&Segment::open(&directory.segment()).unwrap()) == in_order(&spans));
}

/// Texts of words that a generator chooses.
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

/// Model calls of conversations that go on at the same time, each with all messages before it.
fn conversations(count: u128, turns: u64, message: usize) -> Vec<SpanRecord> {
    let mut words = Words(1);
    let mut said = vec![String::new(); count as usize];
    let mut spans = Vec::new();
    for turn in 0..turns {
        for (number, said) in (1..).zip(&mut said) {
            write!(said, "{{\"role\":\"user\",\"content\":\"{}\"}},", words.text(message)).unwrap();
            let mut span = span(number, turn + 1, turn * SECOND);
            span.attributes.push("gen_ai.input.messages", Value::Text(Text::from(format!("[{said}]"))));
            spans.push(span);
        }
    }
    assert_eq!(spans.len() as u128, count * u128::from(turns));
    spans
}

#[test]
fn what_every_call_of_a_conversation_repeats_is_stored_a_few_times_only() {
    for (count, turns, message) in [(1, 50, 1_000), (4, 30, 1_000), (1, 30, 20_000)] {
        let spans = conversations(count, turns, message);
        let payload: usize = spans.iter().map(SpanRecord::memory_bytes).sum();
        let directory = Directory::new();
        let written = write_all(&directory.segment(), in_order(&spans));
        assert!(payload as u64 / written.bytes >= 10, "{payload} bytes are {} in a segment", written.bytes);
        let found: Vec<SegmentSpan> = all(&Segment::open(&directory.segment()).unwrap());
        assert!(found == in_order(&spans));
    }
}
