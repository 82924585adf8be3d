//! What holds of recognition whatever a client sends.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::select};
use trackway_model::{
    Attributes, Dropped, Event, Repeats, Scope, SpanId, SpanKind, SpanRecord, Status, StatusCode, Text, Timestamp,
    TraceId, Value,
};

use super::{recognise, table::SPELLINGS};

/// Names that mean something on the spans of some clients only.
const OTHER_KEYS: &[&str] = &[
    "logfire.span_type",
    "logfire.pending_parent_id",
    "logfire.msg",
    "logfire.msg_template",
    "langfuse.observation.level",
    "langfuse.observation.status_message",
    "sdk_span_type",
    "name",
    "usage",
    "error",
    "mcp_data",
    "turn",
    "triggered",
    "input.value",
    "output.value",
    "action",
];

/// Texts that somebody reads as something, whole and broken.
const TEXTS: &[&str] = &[
    "",
    "null",
    "LLM",
    "generation",
    "chat",
    "tools/call",
    "ai.generateText",
    "pending_span",
    "0000000000000000",
    "00000000000000ff",
    "task",
    "ERROR",
    "Guardrail {name!r} {triggered=}",
    "[Scrubbed due to 'secret']",
    "Guardrail ",
    "{\"input\":1,\"cache_read\":18446744073709551615,\"input_tokens_details\":{\"cached_tokens\":2}}",
    "{\"total\":-1}",
    "[\"stop\"]",
    "[[[[",
    "{\"message\":7}",
    "1e999",
    "18446744073709551615",
    "\"2026-01-01T00:00:00Z\"",
    "9999-12-31T23:59:59Z",
    "true",
    "é",
];

/// Libraries and names of spans that change what attributes mean.
const NAMES: &[&str] = &[
    "",
    "logfire.openai_agents",
    "openinference.instrumentation.openai_agents",
    "langfuse-sdk",
    "burr.integrations.opentelemetry",
    "ai",
    "handoff to ",
    "handoff to B",
    "turn",
    "agent run",
    "execute_tool ",
];

proptest! {
    #[test]
    fn recognition_ends_and_is_done_after_the_first_time(span in spans()) {
        let mut once = span.clone();
        recognise(&mut once);
        prop_assert_eq!(&once.attributes, &span.attributes);
        prop_assert_eq!(&once.events, &span.events);
        let mut twice = once.clone();
        recognise(&mut twice);
        prop_assert_eq!(once, twice);
    }
}

fn spans() -> impl Strategy<Value = SpanRecord> {
    let parts = (attributes(), attributes(), select(NAMES), select(NAMES), any::<[bool; 3]>());
    parts.prop_map(|(attributes, of_event, scope, name, [has_parent, has_end, is_failed])| SpanRecord {
        trace_id: TraceId::new([1; 16]).unwrap(),
        span_id: SpanId::new([1; 8]).unwrap(),
        parent_id: SpanId::new([2; 8]).filter(|_| has_parent),
        flags: 0,
        trace_state: Text::default(),
        name: name.into(),
        kind: SpanKind::Internal,
        start: Timestamp(1_000),
        end: has_end.then_some(Timestamp(2_000)),
        attributes,
        events: vec![Event { name: "event".into(), attributes: of_event, ..Event::default() }],
        links: Vec::new(),
        status: Status {
            code: if is_failed { StatusCode::Error } else { StatusCode::Unset },
            message: Text::default(),
        },
        dropped: Dropped::default(),
        scope: Arc::new(Scope { name: scope.into(), ..Scope::default() }),
        resource: Arc::default(),
        project: "default".into(),
        data: None,
        foreign: None,
        repeats: Repeats::Stay,
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let spelled: Vec<&str> = SPELLINGS.iter().flat_map(|(_, keys)| keys.iter().copied()).collect();
    let key = prop_oneof![4 => select(spelled), 1 => select(OTHER_KEYS)];
    vec((key, values()), 0..12).prop_map(|pairs| pairs.into_iter().collect())
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        3 => select(TEXTS).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => (0_i64..300).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Empty),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            vec((select(TEXTS), inner), 0..3).prop_map(|pairs| Value::Map(pairs.into_iter().collect())),
        ]
    })
}
