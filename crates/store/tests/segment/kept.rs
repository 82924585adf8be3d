//! The spans of `fixtures/store/segment-v*.parquet`, which every later version reads as this one does.

use std::sync::Arc;

use trackway_model::{
    Attributes, Cost, DataKind, Dialect, Dollars, Dropped, Elapsed, Event, Foreign, Handoff, Link, Repeats, Resource,
    Scope, SpanData, SpanId, SpanKind, SpanRecord, Status, StatusCode, Text, Timestamp, Usage, Value,
};

use trackway_store::SegmentSpan;

use super::{in_order, span, trace_id};

const START: u64 = 1_795_275_600_000_000_000;

pub(crate) fn spans() -> Vec<SpanRecord> {
    vec![whole(), open(), span(1, 3, START + 1), backwards(), span(2, 5, START + 2_000_000_000)]
}

/// The spans of the second version, in the order of the file; the first of them has an event that came apart.
pub(crate) fn with_late_events() -> Vec<SegmentSpan> {
    let mut spans = in_order(&spans());
    let attributes = [("exception.type", Value::from("Late"))].into_iter().collect();
    let event = Event { time: Timestamp(START), name: "log".into(), attributes, dropped_attributes: 0 };
    spans[0].late_events.push(event);
    spans
}

/// The spans of the third version: what their long texts have in common is in the file once.
pub(crate) fn with_passages() -> Vec<SegmentSpan> {
    let mut said = String::new();
    let mut state = 1_u64;
    let call = |turn: u64| {
        while said.len() < 3_000 * (turn as usize + 1) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            said += &format!("{}ß ", (state >> 33) % 4_000);
        }
        let mut call = span(u128::from(turn % 2) + 1, turn + 1, START + turn * 1_000_000_000);
        call.attributes.push("prompt", Value::Text(Text::from(said.as_str())));
        let attributes = [("said", Value::Text(Text::from(said.as_str())))].into_iter().collect();
        call.events.push(Event { time: Timestamp(START), name: "said".into(), attributes, dropped_attributes: 0 });
        call.attributes.push("marked", Value::from("\u{1}a"));
        call
    };
    in_order(&(0..8).map(call).collect::<Vec<_>>())
}

/// A span that has everything.
fn whole() -> SpanRecord {
    let values = [
        ("http.route", Value::from("/items/{id}")),
        ("http.response.status_code", Value::Int(200)),
        ("ratio", Value::Double(5.0)),
        ("nothing", Value::Double(f64::NAN)),
        ("cached", Value::Bool(true)),
        ("empty", Value::Empty),
        ("bytes", Value::Bytes(Box::from([0, 255]))),
        ("list", Value::from(vec![1_i64, 2])),
        ("map", Value::Map([("$a", Value::Int(1)), ("$a", Value::from("две"))].into_iter().collect())),
        ("http.route", Value::from("again")),
    ];
    let values: Attributes = values.into_iter().collect();
    SpanRecord {
        parent_id: SpanId::new([9; 8]),
        flags: 769,
        trace_state: "vendor=1".into(),
        name: "GET /items".into(),
        events: vec![Event {
            time: Timestamp(u64::MAX),
            name: "exception".into(),
            attributes: [("exception.message", Value::from("no \"template\""))].into_iter().collect(),
            dropped_attributes: 1,
        }],
        links: vec![
            Link {
                trace_id: Some(trace_id(7)),
                span_id: SpanId::new([7; 8]),
                trace_state: "a=b".into(),
                flags: 1,
                attributes: values.clone(),
                dropped_attributes: 2,
            },
            Link {
                trace_id: None,
                span_id: None,
                trace_state: Text::default(),
                flags: 0,
                attributes: Attributes::default(),
                dropped_attributes: 0,
            },
        ],
        status: Status { code: StatusCode::Error, message: "no template".into() },
        dropped: Dropped { attributes: 1, events: 2, links: u32::MAX },
        scope: Arc::new(Scope {
            name: "tests".into(),
            version: "1.0".into(),
            attributes: values.clone(),
            dropped_attributes: 3,
            schema_url: "https://opentelemetry.io/schemas/1.30.0".into(),
        }),
        resource: Arc::new(Resource {
            attributes: [("service.name", Value::from("shop")), ("host.cpus", Value::Int(8))].into_iter().collect(),
            dropped_attributes: 4,
            schema_url: "https://opentelemetry.io/schemas/1.30.0".into(),
        }),
        project: "agents".into(),
        data: Some(Box::new(data())),
        foreign: Some(Box::new(Foreign {
            id: "span_1".into(),
            trace_id: "trace_1".into(),
            parent_id: Some("span_0".into()),
        })),
        repeats: Repeats::Replace,
        attributes: values,
        ..span(1, 1, START)
    }
}

fn data() -> SpanData {
    let word = |text: &str| Some(Text::from(text));
    SpanData {
        title: word("chat"),
        subject: word("triage"),
        agent: word("Triage"),
        provider: word("openai"),
        request_model: word("gpt-5.4"),
        response_model: word("gpt-5.4-2026-01-01"),
        response_id: word("resp_1"),
        finish_reasons: vec!["stop".into(), "length".into()],
        call_id: word("call_1"),
        server: word("files"),
        conversation: word("chat-1"),
        user: word("ada"),
        turn: Some(2),
        handoff: Some(Handoff { from: word("Triage"), to: None }),
        triggered: Some(false),
        usage: Some(Usage {
            input: Some(1),
            output: Some(2),
            total: Some(3),
            cache_read: Some(4),
            cache_write: Some(5),
            reasoning: Some(6),
            audio_input: Some(7),
            audio_output: Some(8),
            requests: Some(u64::MAX),
        }),
        first_token: Some(Elapsed(-1)),
        cost: Some(Cost {
            total: Dollars(3),
            input: Some(Dollars(1)),
            output: Some(Dollars(2)),
            source: "client".into(),
        }),
        ..SpanData::new(DataKind::Generation, Dialect::OpenAiAgents)
    }
}

fn open() -> SpanRecord {
    SpanRecord { end: None, kind: SpanKind::Unspecified, attributes: Attributes::default(), ..span(1, 2, START) }
}

fn backwards() -> SpanRecord {
    SpanRecord { end: Some(Timestamp(0)), ..span(u128::MAX, u64::MAX, u64::MAX) }
}
