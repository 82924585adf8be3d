//! The walk over OTLP's protobuf against prost, which is written for every message there is: what one takes the other
//! takes, and they read the same.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../src/otlp/message.rs"]
#[allow(dead_code, unreachable_pub)]
mod message;

use message::{Any, AnyValue, Event, KeyValue, Link, Span};
use proptest::{collection::vec, prelude::*};
use prost::Message;
use trackway_model::{Attributes, SpanId, SpanRecord, TraceId, Value};
use trackway_wire::otlp::{Encoding, decode_traces};

/// What a span says, as far as prost's types and our record both have it.
type Read<'a> = (
    (Option<TraceId>, Option<SpanId>, Option<SpanId>, u32, String, String),
    (i32, u64, u64, String, i32, [u32; 3]),
    Attributes,
    Vec<(u64, String, Attributes, u32)>,
    Vec<(Option<TraceId>, Option<SpanId>, String, u32, Attributes, u32)>,
);

fn of_prost(span: Span) -> Read<'static> {
    let status = span.status.unwrap_or_default();
    let event = |it: Event| (it.time_unix_nano, it.name, list(it.attributes), it.dropped_attributes_count);
    let link = |it: Link| {
        let ids = (TraceId::from_slice(&it.trace_id).ok(), SpanId::from_slice(&it.span_id).ok());
        (ids.0, ids.1, it.trace_state, it.flags, list(it.attributes), it.dropped_attributes_count)
    };
    (
        (
            TraceId::from_slice(&span.trace_id).ok(),
            SpanId::from_slice(&span.span_id).ok(),
            SpanId::from_slice(&span.parent_span_id).ok(),
            span.flags,
            span.trace_state,
            span.name,
        ),
        (
            if (1..=5).contains(&span.kind) { span.kind } else { 0 },
            span.start_time_unix_nano,
            span.end_time_unix_nano,
            status.message,
            if (1..=2).contains(&status.code) { status.code } else { 0 },
            [span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count],
        ),
        list(span.attributes),
        span.events.into_iter().map(event).collect(),
        span.links.into_iter().map(link).collect(),
    )
}

fn list(pairs: Vec<KeyValue>) -> Attributes {
    pairs.into_iter().map(|pair| (pair.key, value(pair.value.unwrap_or_default()))).collect()
}

fn value(any: AnyValue) -> Value {
    match any.value {
        None => Value::Empty,
        Some(Any::Text(text)) => text.into(),
        Some(Any::Bool(bool)) => bool.into(),
        Some(Any::Int(int)) => int.into(),
        Some(Any::Double(double)) => double.into(),
        Some(Any::Bytes(bytes)) => Value::Bytes(bytes.into()),
        Some(Any::Array(array)) => Value::Array(array.values.into_iter().map(value).collect()),
        Some(Any::Map(map)) => Value::Map(list(map.values)),
    }
}

fn of_record(span: &SpanRecord) -> Read<'static> {
    let event =
        |it: &trackway_model::Event| (it.time.0, it.name.to_string(), it.attributes.clone(), it.dropped_attributes);
    let link = |it: &trackway_model::Link| {
        let state = it.trace_state.to_string();
        (it.trace_id, it.span_id, state, it.flags, it.attributes.clone(), it.dropped_attributes)
    };
    (
        (
            Some(span.trace_id),
            Some(span.span_id),
            span.parent_id,
            span.flags,
            span.trace_state.to_string(),
            span.name.to_string(),
        ),
        (
            span.kind as i32,
            span.start.0,
            span.end.map_or(0, |end| end.0),
            span.status.message.to_string(),
            span.status.code as i32,
            [span.dropped.attributes, span.dropped.events, span.dropped.links],
        ),
        span.attributes.clone(),
        span.events.iter().map(event).collect(),
        span.links.iter().map(link).collect(),
    )
}

/// A field of bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    prost::encoding::encode_varint(content.len() as u64, &mut out);
    out.extend_from_slice(content);
    out
}

/// Reads the bytes of one span both ways; ids are put before them, so that most of what is wrong is wrong elsewhere.
fn compare(tail: &[u8]) {
    let span = [field(1, &[1; 16]), field(2, &[2; 8]), tail.to_vec()].concat();
    let request = field(1, &field(2, &field(2, &span)));
    let ours = decode_traces(Encoding::Protobuf, &request, None, &mut |_| true).unwrap();
    let prosts = Span::decode(span.as_slice()).ok().map(of_prost);
    // Ids that are missing or wrong are refused by OTLP and not by protobuf.
    let prosts = prosts.filter(|(ids, ..)| ids.0.is_some() && ids.1.is_some());
    match ours.batch.spans.first() {
        Some(span) => assert_eq!(Some(of_record(span)), prosts, "{tail:02x?}"),
        None => {
            let reason = &ours.rejected.reasons[0];
            let is_rule_of_otlp = reason.contains("id: ") || reason.contains("link: ");
            let is_group = reason.contains("unknown wire type 3") || reason.contains("unknown wire type 4");
            assert!(prosts.is_none() || is_rule_of_otlp || is_group, "{reason}: {tail:02x?}");
        }
    }
}

/// Any bytes that have the form of fields, with those of the schema among them.
fn fields(depth: u32) -> BoxedStrategy<Vec<u8>> {
    let number = prop_oneof![8 => 1u8..=16, 1 => 17u8..=31];
    let scalar = (number.clone(), any::<u64>(), 0usize..4).prop_map(|(number, value, kind)| {
        let small = value % 200;
        let mut out = Vec::new();
        let key = |wire: u32| u64::from(u32::from(number) << 3 | wire);
        match kind {
            0 => {
                prost::encoding::encode_varint(key(0), &mut out);
                prost::encoding::encode_varint(if value % 3 == 0 { value } else { small }, &mut out);
            }
            1 => {
                prost::encoding::encode_varint(key(1), &mut out);
                out.extend_from_slice(&value.to_le_bytes());
            }
            2 => {
                prost::encoding::encode_varint(key(5), &mut out);
                out.extend_from_slice(&value.to_le_bytes()[..4]);
            }
            _ => {
                prost::encoding::encode_varint(key(2), &mut out);
                let text = format!("text {small}");
                prost::encoding::encode_varint(text.len() as u64, &mut out);
                out.extend_from_slice(text.as_bytes());
            }
        }
        out
    });
    if depth == 0 {
        return vec(scalar, 0..4).prop_map(|parts| parts.concat()).boxed();
    }
    // 1, 2, 5, 6: what values lie in; 9, 11, 13, 15: what spans have.
    let holders =
        prop_oneof![Just(1u8), Just(2), Just(3), Just(4), Just(5), Just(6), Just(9), Just(11), Just(13), Just(15)];
    let message = (holders, fields(depth - 1)).prop_map(|(number, inner)| field(number, &inner));
    vec(prop_oneof![1 => scalar, 3 => message], 0..5).prop_map(|parts| parts.concat()).boxed()
}

/// Values that lie in values, several times under one name: what protobuf merges.
fn any_values(depth: u32) -> BoxedStrategy<Vec<u8>> {
    let leaf = prop_oneof![
        "[a-zé]{0,30}".prop_map(|text| field(1, text.as_bytes())),
        any::<bool>().prop_map(|bool| vec![2 << 3, u8::from(bool)]),
        any::<i64>().prop_map(|int| AnyValue { value: Some(Any::Int(int)) }.encode_to_vec()),
        any::<f64>().prop_map(|double| AnyValue { value: Some(Any::Double(double)) }.encode_to_vec()),
        vec(any::<u8>(), 0..9).prop_map(|bytes| field(7, &bytes)),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let items = vec(any_values(depth - 1), 0..3);
    let array = items.prop_map(|items| field(5, &items.iter().flat_map(|item| field(1, item)).collect::<Vec<_>>()));
    let pairs = vec(("[a-c]{1,2}", vec(any_values(depth - 1), 0..3)), 0..3);
    let map = pairs.prop_map(|pairs| {
        field(6, &pairs.iter().flat_map(|(key, values)| field(1, &pair(key, values))).collect::<Vec<_>>())
    });
    vec(prop_oneof![2 => leaf, 2 => array, 2 => map], 0..4).prop_map(|parts| parts.concat()).boxed()
}

fn pair(key: &str, values: &[Vec<u8>]) -> Vec<u8> {
    let values = values.iter().flat_map(|value| field(2, value));
    field(1, key.as_bytes()).into_iter().chain(values).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn fields_of_every_kind_in_every_place(tail in fields(4)) {
        compare(&tail);
    }

    #[test]
    fn values_are_merged_as_protobuf_merges_them(values in vec(any_values(3), 0..4)) {
        compare(&field(9, &pair("key", &values)));
    }

    #[test]
    fn bytes_that_were_cut_or_changed(
        values in vec(any_values(2), 1..4),
        cut in any::<prop::sample::Index>(),
        change in proptest::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut tail = [field(5, b"name"), field(9, &pair("key", &values)), field(15, &field(2, b"why"))].concat();
        if let Some((place, byte)) = change {
            let place = place.index(tail.len());
            tail[place] = byte;
            compare(&tail);
        }
        tail.truncate(cut.index(tail.len() + 1));
        compare(&tail);
    }
}
