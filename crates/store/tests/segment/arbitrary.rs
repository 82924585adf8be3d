//! Spans of any kind, odd ones included.

use std::sync::Arc;

use proptest::{collection::vec, option, prelude::*, sample::select};
use trackway_model::{
    Attributes, Cost, DataKind, Dialect, Dollars, Dropped, Elapsed, Event, Foreign, Handoff, Link, Repeats, Resource,
    Scope, SpanData, SpanId, SpanKind, SpanRecord, Status, StatusCode, Text, Timestamp, TraceId, Usage, Value,
};

fn text() -> impl Strategy<Value = Text> {
    prop_oneof![
        select(vec!["", "a", "$map", "$double", "\u{0}", "say \"no\"\n\\", "дорога", "a.b", "-", "null"])
            .prop_map(Text::from),
        ".{0,40}".prop_map(Text::from),
    ]
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![select(vec![0, 1, 999_999_999, 1_000_000_000, i64::MAX as u64, 1 << 63, u64::MAX]), any::<u64>()]
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![number(), 1_700_000_000_000_000_000..1_700_000_003_000_000_000_u64].prop_map(Timestamp)
}

fn value() -> impl Strategy<Value = Value> {
    let bits = select(vec![0x7ff8_0000_0000_0001, 0xfff0_0000_0000_0000, 0x8000_0000_0000_0000, 1]);
    let leaf = prop_oneof![
        Just(Value::Empty),
        any::<bool>().prop_map(Value::Bool),
        prop_oneof![any::<i64>(), select(vec![0, -1, i64::MIN, i64::MAX])].prop_map(Value::Int),
        prop_oneof![any::<f64>(), bits.prop_map(f64::from_bits), Just(5.0), Just(1e300)].prop_map(Value::Double),
        text().prop_map(Value::Text),
        vec(any::<u8>(), 0..9).prop_map(|bytes| Value::Bytes(bytes.into())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec((text(), inner), 0..4).prop_map(|pairs| Value::Map(Attributes(pairs))),
        ]
    })
}

/// Few keys, so that they come again with other types, and in one span twice.
fn attributes() -> impl Strategy<Value = Attributes> {
    let key = prop_oneof![
        3 => select(vec!["http.route", "Http.Route", "n", "", "$bytes", "a"]).prop_map(Text::from),
        1 => text(),
    ];
    vec((key, value()), 0..7).prop_map(Attributes)
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    (time(), text(), attributes(), any::<u32>()).prop_map(|(time, name, attributes, dropped_attributes)| Event {
        time,
        name,
        attributes,
        dropped_attributes,
    })
}

fn trace_id() -> impl Strategy<Value = TraceId> {
    prop_oneof![1_u128..5, 1..=u128::MAX].prop_map(|id| TraceId::new(id.to_be_bytes()).unwrap())
}

fn span_id() -> impl Strategy<Value = SpanId> {
    prop_oneof![1_u64..5, 1..=u64::MAX].prop_map(|id| SpanId::new(id.to_be_bytes()).unwrap())
}

fn link() -> impl Strategy<Value = Link> {
    let ids = (option::of(trace_id()), option::of(span_id()));
    (ids, text(), any::<u32>(), attributes(), any::<u32>()).prop_map(
        |(ids, trace_state, flags, attributes, dropped)| Link {
            trace_id: ids.0,
            span_id: ids.1,
            trace_state,
            flags,
            attributes,
            dropped_attributes: dropped,
        },
    )
}

fn resource() -> impl Strategy<Value = Arc<Resource>> {
    let service = option::of(text()).prop_map(|name| name.map(|name| (Text::from("service.name"), Value::Text(name))));
    (service, attributes(), any::<u32>(), text()).prop_map(
        |(service, mut attributes, dropped_attributes, schema_url)| {
            attributes.0.extend(service);
            Arc::new(Resource { attributes, dropped_attributes, schema_url })
        },
    )
}

fn scope() -> impl Strategy<Value = Arc<Scope>> {
    (text(), text(), attributes(), any::<u32>(), text()).prop_map(|(name, version, attributes, dropped, schema_url)| {
        Arc::new(Scope { name, version, attributes, dropped_attributes: dropped, schema_url })
    })
}

const KINDS: [DataKind; 18] = [
    DataKind::Workflow,
    DataKind::Task,
    DataKind::Agent,
    DataKind::Turn,
    DataKind::Generation,
    DataKind::Response,
    DataKind::Function,
    DataKind::Handoff,
    DataKind::Guardrail,
    DataKind::McpTools,
    DataKind::Transcription,
    DataKind::Speech,
    DataKind::SpeechGroup,
    DataKind::Retrieval,
    DataKind::Rerank,
    DataKind::Embedding,
    DataKind::Evaluation,
    DataKind::Custom,
];

const DIALECTS: [Dialect; 8] = [
    Dialect::OpenAiAgents,
    Dialect::OpenTelemetry,
    Dialect::OpenInference,
    Dialect::OpenLlmetry,
    Dialect::Logfire,
    Dialect::Langfuse,
    Dialect::Vercel,
    Dialect::Burr,
];

fn usage() -> impl Strategy<Value = Usage> {
    vec(option::of(number()), 9).prop_map(|it| Usage {
        input: it[0],
        output: it[1],
        total: it[2],
        cache_read: it[3],
        cache_write: it[4],
        reasoning: it[5],
        audio_input: it[6],
        audio_output: it[7],
        requests: it[8],
    })
}

fn cost() -> impl Strategy<Value = Cost> {
    let part = || option::of(number().prop_map(Dollars));
    (number(), part(), part(), text()).prop_map(|(total, input, output, source)| Cost {
        total: Dollars(total),
        input,
        output,
        source,
    })
}

fn data() -> impl Strategy<Value = SpanData> {
    let words = vec(option::of(text()), 13);
    let handoff = any::<bool>();
    let work = (option::of(any::<u32>()), option::of(any::<bool>()), option::of(usage()), option::of(any::<i64>()));
    (select(KINDS.to_vec()), select(DIALECTS.to_vec()), words, vec(text(), 0..3), handoff, work, option::of(cost()))
        .prop_map(|(kind, dialect, words, finish_reasons, has_handoff, (turn, triggered, usage, first), cost)| {
            let word = |place: usize| words[place].clone();
            SpanData {
                kind,
                dialect,
                title: word(0),
                subject: word(1),
                agent: word(2),
                provider: word(3),
                request_model: word(4),
                response_model: word(5),
                response_id: word(6),
                finish_reasons,
                call_id: word(7),
                server: word(8),
                conversation: word(9),
                user: word(10),
                turn,
                handoff: has_handoff.then(|| Handoff { from: word(11), to: word(12) }),
                triggered,
                usage,
                first_token: first.map(Elapsed),
                cost,
            }
        })
}

fn foreign() -> impl Strategy<Value = Foreign> {
    (text(), text(), option::of(text())).prop_map(|(id, trace_id, parent_id)| Foreign { id, trace_id, parent_id })
}

pub(crate) fn span() -> impl Strategy<Value = SpanRecord> {
    let kind = select(vec![
        SpanKind::Unspecified,
        SpanKind::Internal,
        SpanKind::Server,
        SpanKind::Client,
        SpanKind::Producer,
        SpanKind::Consumer,
    ]);
    let code = select(vec![StatusCode::Unset, StatusCode::Ok, StatusCode::Error]);
    let ids = (trace_id(), span_id(), option::of(span_id()), any::<u32>(), text());
    let main = (text(), kind, time(), option::of(time()), code, text(), any::<[u32; 3]>());
    let lists = (attributes(), vec(event(), 0..3), vec(link(), 0..3));
    let about = (scope(), resource(), text(), option::of(data()), option::of(foreign()), any::<bool>());
    (ids, main, lists, about).prop_map(|(ids, main, lists, about)| SpanRecord {
        trace_id: ids.0,
        span_id: ids.1,
        parent_id: ids.2,
        flags: ids.3,
        trace_state: ids.4,
        name: main.0,
        kind: main.1,
        start: main.2,
        end: main.3,
        attributes: lists.0,
        events: lists.1,
        links: lists.2,
        status: Status { code: main.4, message: main.5 },
        dropped: Dropped { attributes: main.6[0], events: main.6[1], links: main.6[2] },
        scope: about.0,
        resource: about.1,
        project: about.2,
        data: about.3.map(Box::new),
        foreign: about.4.map(Box::new),
        repeats: if about.5 { Repeats::Replace } else { Repeats::Stay },
    })
}
