//! What is written, read again by the official protobuf types and by our own decoder.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;

use insta::assert_snapshot;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest as Request, common::v1 as common, resource::v1 as resources,
    trace::v1 as traces,
};
use proptest::{collection::vec, option, prelude::*};
use prost::Message;
use trackway_model::{
    Attributes, Dropped, Event, Link, Resource, Scope, SpanId, SpanKind, SpanRecord, Status, StatusCode, Text,
    Timestamp, TraceId, Value, project_of,
};
use trackway_wire::{
    encode::{self, EVENT_ATTRIBUTES, LINK_ATTRIBUTES, SPAN_ATTRIBUTES, SpanHead, SpanTail},
    otlp::{DEEPEST, Encoding, decode_traces},
};

/// A span with nothing in it but its ids and the attributes.
fn span(attributes: Attributes) -> SpanRecord {
    SpanRecord {
        trace_id: TraceId::new([1; 16]).unwrap(),
        span_id: SpanId::new([2; 8]).unwrap(),
        parent_id: None,
        flags: 0,
        trace_state: Text::default(),
        name: Text::default(),
        kind: SpanKind::Unspecified,
        start: Timestamp(0),
        end: None,
        attributes,
        events: Vec::new(),
        links: Vec::new(),
        status: Status::default(),
        dropped: Dropped::default(),
        scope: Arc::default(),
        resource: Arc::default(),
        project: project_of(None, &Resource::default()),
        data: None,
        foreign: None,
        repeats: Default::default(),
    }
}

fn one(value: Value) -> Attributes {
    [("k", value)].into_iter().collect()
}

fn read(body: &[u8]) -> Vec<SpanRecord> {
    let decoded = decode_traces(Encoding::Protobuf, body, None, &mut |_| true).unwrap();
    assert_eq!(decoded.rejected.reasons, [""; 0]);
    decoded.batch.spans
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn attribute_hex(value: &Value) -> String {
    let mut out = Vec::new();
    encode::attribute_value(&mut out, SPAN_ATTRIBUTES, "k", value);
    hex(&out)
}

#[test]
fn values_have_the_bytes_that_protobuf_gives_them() {
    let nested: Attributes =
        [("a", Value::Array(vec![Value::Int(1), Value::Empty])), ("", Value::Map(Attributes::default()))]
            .into_iter()
            .collect();
    let values = [
        Value::Empty,
        Value::Bool(false),
        Value::Bool(true),
        Value::Int(0),
        Value::Int(300),
        Value::Int(-1),
        Value::Int(i64::MIN),
        Value::Double(0.0),
        Value::Double(-0.0),
        Value::Double(f64::NAN),
        Value::from(""),
        Value::from("ü"),
        Value::Bytes(Box::default()),
        Value::Bytes([0, 255].into()),
        Value::Array(Vec::new()),
        Value::Map(nested),
    ];
    let text: Vec<String> = values.into_iter().map(|value| format!("{value:?}\n  {}", attribute_hex(&value))).collect();
    assert_snapshot!(text.join("\n"));
}

#[test]
fn numbers_take_their_fewest_bytes() {
    for bits in 0..u64::BITS {
        for number in [1 << bits, (1 << bits) - 1, u64::MAX >> bits] {
            let mut out = Vec::new();
            encode::varint(&mut out, number);
            let back = out.iter().rev().fold(0u64, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
            assert_eq!((back, out.len()), (number, encode::varint_len(number)), "{number}");
            assert!(out.iter().rev().skip(1).all(|byte| byte & 0x80 != 0), "{number}");
            assert!(out.len() == 1 || out.last() != Some(&0), "{number} ends with a byte that says nothing");
        }
    }
}

#[test]
fn an_empty_span_is_its_ids() {
    let mut out = Vec::new();
    encode::record(&mut out, &span(Attributes::default()));
    assert_snapshot!(hex(&out), @"12 1c 0a 10 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 12 08 02 02 02 02 02 02 02 02");
    out.clear();
    encode::event(&mut out, 0, "", &[], 0);
    encode::link(&mut out, [0; 16], [0; 8], "", 0, &[], 0);
    assert_snapshot!(hex(&out), @"5a 00 6a 00");
}

#[test]
fn a_span_without_verdict_has_no_status_and_a_message_alone_is_one() {
    let mut record = span(Attributes::default());
    let status = |record: &SpanRecord| {
        let request = Request::decode(&*encode::records(std::slice::from_ref(record))).unwrap();
        request.resource_spans[0].scope_spans[0].spans[0].status.clone()
    };
    assert_eq!(status(&record), None);
    record.status.message = "why".into();
    assert_eq!(status(&record), Some(traces::Status { message: "why".into(), code: 0 }));
}

#[test]
fn a_buffer_with_room_is_not_allocated_anew() {
    let write = |out: &mut Vec<u8>| {
        encode::attribute_i64(out, SPAN_ATTRIBUTES, "tokens", -12);
        encode::attribute_text(out, SPAN_ATTRIBUTES, "model", "gpt");
        encode::attribute_value(out, SPAN_ATTRIBUTES, "list", &Value::Array(vec![Value::Int(1)]));
        encode::event(out, 1, "token", &[], 0);
    };
    let mut measured = Vec::new();
    write(&mut measured);
    let mut exact = Vec::with_capacity(measured.len());
    let before = exact.as_ptr();
    write(&mut exact);
    assert_eq!((exact.as_ptr(), exact.capacity()), (before, measured.len()));
}

/// Text of every length around those at which a length takes another byte.
fn lengths() -> impl Iterator<Item = usize> {
    (60..140).chain(16_290..16_400)
}

#[test]
fn every_length_around_a_boundary_is_exact() {
    for length in lengths() {
        let text = Text::from("x".repeat(length));
        let mut record = span(one(Value::Map(one(Value::Array(vec![Value::Text(text.clone())])))));
        record.attributes.push(text.clone(), text.clone());
        record.attributes.push("bytes", Value::Bytes(text.as_bytes().into()));
        record.name = text.clone();
        record.trace_state = text.clone();
        record.status.message = text.clone();
        record.events.push(Event { name: text.clone(), ..Event::default() });
        record.events.push(Event { attributes: one(Value::Text(text.clone())), ..Event::default() });
        record.links.push(link_to(text.clone(), Attributes::default()));
        record.links.push(link_to(Text::default(), one(Value::Text(text.clone()))));
        record.scope = Arc::new(Scope { version: text.clone(), ..Scope::default() });
        record.resource = Arc::new(Resource { attributes: one(Value::Text(text)), ..Resource::default() });
        let body = encode::records(std::slice::from_ref(&record));
        assert_eq!(Request::decode(&*body).unwrap().encoded_len(), body.len(), "{length}");
        assert_eq!(read(&body), [record], "{length}");
    }
}

fn link_to(trace_state: Text, attributes: Attributes) -> Link {
    Link { trace_id: None, span_id: None, trace_state, flags: 0, attributes, dropped_attributes: 0 }
}

#[test]
fn a_message_that_is_far_smaller_than_its_record_keeps_its_length() {
    // A value of two bytes takes some fifty in memory, which is all that can be known beforehand.
    let small = span((0..300).map(|_| ("", Value::Empty)).collect());
    let body = encode::records(std::slice::from_ref(&small));
    assert_eq!(read(&body), [small]);
}

#[test]
fn values_nest_as_deep_as_opentelemetry_allows() {
    let deep = (0..DEEPEST).fold(Value::from(true), |inner, level| match level % 2 {
        0 => Value::Array(vec![inner]),
        _ => Value::Map(one(inner)),
    });
    let record = span(one(deep));
    assert_eq!(read(&encode::records(std::slice::from_ref(&record))), [record]);
}

#[test]
fn a_span_in_parts_is_the_same_as_its_record() {
    let mut fields = Vec::new();
    let mut inner = Vec::new();
    encode::attribute_bool(&mut inner, EVENT_ATTRIBUTES, "cached", false);
    encode::event(&mut fields, 1_500, "token", &inner, 1);
    encode::attribute_i64(&mut fields, SPAN_ATTRIBUTES, "tokens", -12);
    inner.clear();
    encode::attribute_bytes(&mut inner, LINK_ATTRIBUTES, "raw", &[7]);
    encode::link(&mut fields, [3; 16], [4; 8], "v=1", 256, &inner, 2);
    encode::attribute_text(&mut fields, SPAN_ATTRIBUTES, "model", "gpt");
    encode::attribute_f64(&mut fields, SPAN_ATTRIBUTES, "temperature", 0.5);
    let head = SpanHead {
        trace: [1; 16],
        span: [2; 8],
        parent: Some([5; 8]),
        trace_state: "a=b",
        flags: 0x301,
        name: "llm.call",
        kind: SpanKind::Client,
        start: 1_000,
        end: 2_000,
    };
    let tail = SpanTail {
        dropped_attributes: 3,
        dropped_events: 4,
        dropped_links: 5,
        code: StatusCode::Error,
        message: "timeout",
    };
    let mut chunk = Vec::new();
    encode::span(&mut chunk, &head, &fields, &tail);

    let record = SpanRecord {
        parent_id: SpanId::new([5; 8]),
        flags: 0x301,
        trace_state: "a=b".into(),
        name: "llm.call".into(),
        kind: SpanKind::Client,
        start: Timestamp(1_000),
        end: Some(Timestamp(2_000)),
        events: vec![Event {
            time: Timestamp(1_500),
            name: "token".into(),
            attributes: [("cached", Value::Bool(false))].into_iter().collect(),
            dropped_attributes: 1,
        }],
        links: vec![Link {
            trace_id: TraceId::new([3; 16]),
            span_id: SpanId::new([4; 8]),
            trace_state: "v=1".into(),
            flags: 256,
            attributes: [("raw", Value::Bytes([7].into()))].into_iter().collect(),
            dropped_attributes: 2,
        }],
        status: Status { code: StatusCode::Error, message: "timeout".into() },
        dropped: Dropped { attributes: 3, events: 4, links: 5 },
        ..span(
            [("tokens", Value::Int(-12)), ("model", Value::from("gpt")), ("temperature", Value::Double(0.5))]
                .into_iter()
                .collect(),
        )
    };
    let body = encode::request(&Resource::default(), &Scope::default(), &[&chunk, &chunk]);
    assert_eq!(read(&body), [record.clone(), record]);
}

/// Draws the groups of a request: service, scope, names of the spans.
fn groups(body: &[u8]) -> String {
    let mut out = Vec::new();
    for group in Request::decode(body).unwrap().resource_spans {
        out.push(format!("resource {:?}", group.resource.unwrap().dropped_attributes_count));
        for group in group.scope_spans {
            let names: Vec<String> = group.spans.into_iter().map(|span| span.name).collect();
            out.push(format!("  {} {}", group.scope.unwrap().name, names.join(" ")));
        }
    }
    out.join("\n")
}

fn span_of(name: &str, resource: u32, scope: &str) -> SpanRecord {
    SpanRecord {
        name: name.into(),
        resource: Arc::new(Resource { dropped_attributes: resource, ..Resource::default() }),
        scope: Arc::new(Scope { name: scope.into(), ..Scope::default() }),
        ..span(Attributes::default())
    }
}

#[test]
fn equal_resources_and_scopes_are_sent_once_in_the_order_in_which_they_come() {
    let shared = span_of("d", 2, "y");
    let records = [
        span_of("a", 2, "y"),
        span_of("b", 1, "x"),
        span_of("c", 2, "x"),
        shared.clone(),
        SpanRecord { name: "e".into(), ..shared },
        span_of("f", 1, "y"),
        span_of("g", 1, "x"),
    ];
    assert_snapshot!(groups(&encode::records(&records)), @r"
    resource 2
      y a d e
      x c
    resource 1
      x b g
      y f
    ");
    assert_eq!(encode::records(&[]), [0; 0]);
}

#[test]
fn one_request_after_the_other_is_a_request_with_both() {
    let mut body = encode::records(&[span_of("a", 1, "x")]);
    body.extend(encode::records(&[span_of("b", 2, "y")]));
    assert_snapshot!(groups(&body), @r"
    resource 1
      x a
    resource 2
      y b
    ");
}

/// The official message of a record, made field by field.
fn official(record: &SpanRecord) -> traces::Span {
    traces::Span {
        trace_id: record.trace_id.bytes().into(),
        span_id: record.span_id.bytes().into(),
        trace_state: record.trace_state.to_string(),
        parent_span_id: record.parent_id.map_or(Vec::new(), |id| id.bytes().into()),
        flags: record.flags,
        name: record.name.to_string(),
        kind: match record.kind {
            SpanKind::Unspecified => traces::span::SpanKind::Unspecified,
            SpanKind::Internal => traces::span::SpanKind::Internal,
            SpanKind::Server => traces::span::SpanKind::Server,
            SpanKind::Client => traces::span::SpanKind::Client,
            SpanKind::Producer => traces::span::SpanKind::Producer,
            SpanKind::Consumer => traces::span::SpanKind::Consumer,
        }
        .into(),
        start_time_unix_nano: record.start.0,
        end_time_unix_nano: record.end.map_or(0, |end| end.0),
        attributes: official_attributes(&record.attributes),
        dropped_attributes_count: record.dropped.attributes,
        events: record.events.iter().map(official_event).collect(),
        dropped_events_count: record.dropped.events,
        links: record.links.iter().map(official_link).collect(),
        dropped_links_count: record.dropped.links,
        status: (record.status != Status::default()).then(|| traces::Status {
            message: record.status.message.to_string(),
            code: match record.status.code {
                StatusCode::Unset => traces::status::StatusCode::Unset,
                StatusCode::Ok => traces::status::StatusCode::Ok,
                StatusCode::Error => traces::status::StatusCode::Error,
            }
            .into(),
        }),
    }
}

fn official_event(event: &Event) -> traces::span::Event {
    traces::span::Event {
        time_unix_nano: event.time.0,
        name: event.name.to_string(),
        attributes: official_attributes(&event.attributes),
        dropped_attributes_count: event.dropped_attributes,
    }
}

fn official_link(link: &Link) -> traces::span::Link {
    traces::span::Link {
        trace_id: link.trace_id.map_or(Vec::new(), |id| id.bytes().into()),
        span_id: link.span_id.map_or(Vec::new(), |id| id.bytes().into()),
        trace_state: link.trace_state.to_string(),
        attributes: official_attributes(&link.attributes),
        dropped_attributes_count: link.dropped_attributes,
        flags: link.flags,
    }
}

fn official_attributes(list: &Attributes) -> Vec<common::KeyValue> {
    let pair = |(key, value): (&str, &Value)| common::KeyValue {
        key: key.into(),
        value: Some(official_value(value)),
        ..Default::default()
    };
    list.iter().map(pair).collect()
}

fn official_value(value: &Value) -> common::AnyValue {
    use common::any_value::Value as Any;
    let value = match value {
        Value::Empty => None,
        Value::Bool(value) => Some(Any::BoolValue(*value)),
        Value::Int(value) => Some(Any::IntValue(*value)),
        Value::Double(value) => Some(Any::DoubleValue(*value)),
        Value::Text(value) => Some(Any::StringValue(value.to_string())),
        Value::Bytes(value) => Some(Any::BytesValue(value.to_vec())),
        Value::Array(values) => {
            Some(Any::ArrayValue(common::ArrayValue { values: values.iter().map(official_value).collect() }))
        }
        Value::Map(map) => Some(Any::KvlistValue(common::KeyValueList { values: official_attributes(map) })),
    };
    common::AnyValue { value }
}

fn official_request(record: &SpanRecord) -> Request {
    let resource = resources::Resource {
        attributes: official_attributes(&record.resource.attributes),
        dropped_attributes_count: record.resource.dropped_attributes,
        ..Default::default()
    };
    let scope = common::InstrumentationScope {
        name: record.scope.name.to_string(),
        version: record.scope.version.to_string(),
        attributes: official_attributes(&record.scope.attributes),
        dropped_attributes_count: record.scope.dropped_attributes,
    };
    let scope_spans = traces::ScopeSpans {
        scope: Some(scope),
        spans: vec![official(record)],
        schema_url: record.scope.schema_url.to_string(),
    };
    let resource_spans = traces::ResourceSpans {
        resource: Some(resource),
        scope_spans: vec![scope_spans],
        schema_url: record.resource.schema_url.to_string(),
    };
    Request { resource_spans: vec![resource_spans] }
}

prop_compose! {
    fn text()(text in prop_oneof![4 => ".{0,12}", 1 => "[a-z]{120,140}"]) -> Text { text.into() }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Empty),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-300i64..300).prop_map(Value::Int),
        any::<u64>().prop_map(|bits| Value::Double(f64::from_bits(bits))),
        text().prop_map(Value::Text),
        vec(any::<u8>(), 0..200).prop_map(|bytes| Value::Bytes(bytes.into())),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        let pair = (".{1,8}", inner.clone());
        prop_oneof![
            vec(inner, 0..6).prop_map(Value::Array),
            vec(pair, 0..6).prop_map(|pairs| Value::Map(pairs.into_iter().collect())),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    vec((".{1,8}", value()), 0..5).prop_map(|pairs| pairs.into_iter().collect())
}

fn trace_id() -> impl Strategy<Value = TraceId> {
    any::<[u8; 16]>().prop_filter_map("zeros", TraceId::new)
}

fn span_id() -> impl Strategy<Value = SpanId> {
    any::<[u8; 8]>().prop_filter_map("zeros", SpanId::new)
}

/// A number that is mostly 0, as it is in life.
fn count() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), 1..300u32, any::<u32>()]
}

prop_compose! {
    fn some_event()(time: u64, name in text(), attributes in attributes(), dropped_attributes in count()) -> Event {
        Event { time: Timestamp(time), name, attributes, dropped_attributes }
    }
}

prop_compose! {
    fn some_link()(
        trace_id in option::of(trace_id()),
        span_id in option::of(span_id()),
        trace_state in text(),
        flags in count(),
        attributes in attributes(),
        dropped_attributes in count(),
    ) -> Link {
        Link { trace_id, span_id, trace_state, flags, attributes, dropped_attributes }
    }
}

prop_compose! {
    fn some_resource()(attributes in attributes(), dropped_attributes in count(), schema_url in text()) -> Resource {
        Resource { attributes, dropped_attributes, schema_url }
    }
}

prop_compose! {
    fn some_scope()(
        (name, version, schema_url) in (text(), text(), text()),
        attributes in attributes(),
        dropped_attributes in count(),
    ) -> Scope {
        Scope { name, version, attributes, dropped_attributes, schema_url }
    }
}

prop_compose! {
    fn some_record()(
        (trace_id, span_id, parent_id) in (trace_id(), span_id(), option::of(span_id())),
        flags in count(),
        (trace_state, name, message) in (text(), text(), text()),
        kind in prop::sample::select(vec![
            SpanKind::Unspecified, SpanKind::Internal, SpanKind::Server,
            SpanKind::Client, SpanKind::Producer, SpanKind::Consumer,
        ]),
        (start, end) in (any::<u64>(), option::of(1..=u64::MAX)),
        attributes in attributes(),
        events in vec(some_event(), 0..3),
        links in vec(some_link(), 0..3),
        code in prop::sample::select(vec![StatusCode::Unset, StatusCode::Ok, StatusCode::Error]),
        (dropped_attributes, dropped_events, dropped_links) in (count(), count(), count()),
        (scope, resource) in (some_scope(), some_resource()),
    ) -> SpanRecord {
        SpanRecord {
            trace_id, span_id, parent_id, flags, trace_state, name, kind, attributes, events, links,
            start: Timestamp(start),
            end: end.map(Timestamp),
            status: Status { code, message },
            dropped: Dropped { attributes: dropped_attributes, events: dropped_events, links: dropped_links },
            project: project_of(None, &resource),
            data: None,
            foreign: None,
            repeats: Default::default(),
            scope: Arc::new(scope),
            resource: Arc::new(resource),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_record_is_what_the_official_types_read(record in some_record()) {
        let body = encode::records(std::slice::from_ref(&record));
        let request = Request::decode(&*body).unwrap();
        prop_assert_eq!(request.encoded_len(), body.len(), "every byte is needed");
        // Not compared as they are: NaN differs from itself.
        prop_assert_eq!(format!("{request:#?}"), format!("{:#?}", official_request(&record)));
    }

    #[test]
    fn records_come_back_as_they_went(
        mut records in vec(some_record(), 0..6),
        sources in vec((0..2usize, 0..2usize), 6),
    ) {
        // Some resources and scopes are shared, and some only equal.
        let earlier = records.clone();
        for (record, (resource, scope)) in records.iter_mut().zip(sources) {
            if let Some(other) = earlier.get(resource) {
                record.resource = Arc::clone(&other.resource);
                record.project = other.project.clone();
            }
            if let Some(other) = earlier.get(scope) {
                record.scope = Arc::new((*other.scope).clone());
            }
        }
        let first = |same: &dyn Fn(&SpanRecord) -> bool| records.iter().position(same);
        let mut expected = records.clone();
        expected.sort_by_key(|record| (
            first(&|other| other.resource == record.resource),
            first(&|other| other.resource == record.resource && other.scope == record.scope),
        ));
        prop_assert_eq!(read(&encode::records(&records)), expected);
    }
}
