//! OTLP as JSON: what is written is what is read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;

use proptest::prelude::*;
use trackway_model::{
    Attributes, Dropped, Event, Link, Repeats, Resource, Scope, SpanId, SpanKind, SpanRecord, Status, StatusCode, Text,
    Timestamp, TraceId, Value,
};
use trackway_wire::otlp::{Encoding, decode_traces, encode_traces};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Empty),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Double),
        Just(Value::Double(f64::NAN)),
        Just(Value::Double(f64::NEG_INFINITY)),
        any::<String>().prop_map(Value::from),
        proptest::collection::vec(any::<u8>(), 0..5).prop_map(|bytes| Value::Bytes(bytes.into())),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            proptest::collection::vec((text(), inner), 0..3).prop_map(|pairs| Value::Map(Attributes(pairs))),
        ]
    })
}

fn text() -> impl Strategy<Value = Text> {
    "[a-z.]{0,6}".prop_map(Text::from)
}

fn attributes() -> impl Strategy<Value = Attributes> {
    proptest::collection::vec((text(), value()), 0..4).prop_map(Attributes)
}

fn span() -> impl Strategy<Value = SpanRecord> {
    // Few resources and scopes, so that some spans share them.
    let about = (0..3_u32, 0..3_u32, attributes(), attributes(), any::<[u32; 4]>(), any::<[u64; 3]>());
    let ids = (1..u128::MAX, 1..u64::MAX, proptest::option::of(1..u64::MAX), proptest::option::of(1..u64::MAX));
    (about, ids, text(), 0..3_usize, 0..6_usize).prop_map(|(about, ids, name, status, kind)| {
        let (resource, scope, attributes, others, numbers, times) = about;
        let (trace, span, parent, end) = ids;
        let span_id = |id: u64| SpanId::new(id.to_be_bytes()).unwrap();
        let kinds = [
            SpanKind::Unspecified,
            SpanKind::Internal,
            SpanKind::Server,
            SpanKind::Client,
            SpanKind::Producer,
            SpanKind::Consumer,
        ];
        let service: Attributes = [("service.name", Value::from("shop"))].into_iter().collect();
        SpanRecord {
            trace_id: TraceId::new(trace.to_be_bytes()).unwrap(),
            span_id: span_id(span),
            parent_id: parent.map(span_id),
            flags: numbers[0],
            trace_state: name.clone(),
            name: name.clone(),
            kind: kinds[kind],
            start: Timestamp(times[0]),
            end: end.map(Timestamp),
            attributes,
            events: vec![Event {
                time: Timestamp(times[1]),
                name: name.clone(),
                attributes: others.clone(),
                dropped_attributes: numbers[1],
            }],
            links: vec![Link {
                trace_id: None,
                span_id: Some(span_id(span)),
                trace_state: name.clone(),
                flags: numbers[2],
                attributes: others,
                dropped_attributes: 0,
            }],
            status: Status {
                code: [StatusCode::Unset, StatusCode::Ok, StatusCode::Error][status],
                message: name.clone(),
            },
            dropped: Dropped { attributes: numbers[3], events: 1, links: 0 },
            scope: Arc::new(Scope { name, dropped_attributes: scope, ..Scope::default() }),
            resource: Arc::new(Resource { attributes: service, dropped_attributes: resource, ..Resource::default() }),
            project: "default".into(),
            data: None,
            foreign: None,
            repeats: Repeats::Stay,
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(spans in proptest::collection::vec(span(), 0..6)) {
        let line = encode_traces(&spans);
        prop_assert!(!line.contains('\n'));
        let decoded = decode_traces(Encoding::Json, line.as_bytes(), None, &mut |_| true).unwrap();
        prop_assert_eq!(decoded.rejected.count, 0);
        prop_assert_eq!(decoded.batch.spans, spans);
    }
}
