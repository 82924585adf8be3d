//! The same run, whichever client told of it: one agent hands over to another, which calls two tools and answers.

use std::collections::HashMap;

use serde_json::Value as Json;
use trackway_model::{Attributes, Content, DataKind, Message, Part, Role, SpanRecord, Text, Value};
use trackway_wire::{genai::content, openai_agents::SPAN_DATA};

use crate::{
    given::value,
    recordings::{native, otlp},
};

/// What every client tells of the three model calls of the run.
const RUN: [&[&str]; 3] = [
    &["system: TRIAGE", "user: How much is invoice 42?", "out", "#0 transfer_to_billing_agent {}"],
    &[
        "system: BILLING",
        "user: How much is invoice 42?",
        "#0 transfer_to_billing_agent {}",
        r#"#0 -> {"assistant": "Billing agent"}"#,
        "out",
        r#"#1 get_invoice {"invoice_id":42}"#,
        r#"#2 get_customer {"name":"ACME"}"#,
    ],
    &[
        "system: BILLING",
        "user: How much is invoice 42?",
        "#0 transfer_to_billing_agent {}",
        r#"#0 -> {"assistant": "Billing agent"}"#,
        r#"#1 get_invoice {"invoice_id":42}"#,
        r#"#2 get_customer {"name":"ACME"}"#,
        r#"#1 -> {"id": 42, "total": 99.5, "currency": "EUR"}"#,
        "#2 -> {'name': 'ACME', 'tier': 'gold'}",
        "out",
        "assistant: Invoice 42 for ACME totals 99.50 EUR and is due 2026-01-31.",
    ],
];

/// Returns what was said in the model calls of a run, with all that clients are known to differ in made equal:
///
/// - ids of calls are each recording's own: they become numbers;
/// - Chat Completions have the calls of one answer in one message, the Responses API each in its own: messages are taken
///   apart;
/// - the Responses API has instructions apart, and OpenInference makes a message of them: they become one;
/// - Logfire says the name of the tool with its result, and why the model stopped: both are left out.
fn calls(spans: &[SpanRecord]) -> Vec<Vec<String>> {
    let is_call = |span: &&SpanRecord| {
        span.data.as_ref().is_some_and(|data| matches!(data.kind, DataKind::Generation | DataKind::Response))
    };
    let mut ids = HashMap::new();
    spans.iter().filter(is_call).map(|span| lines(&content(span), &mut ids)).collect()
}

fn lines(content: &Content, ids: &mut HashMap<Text, usize>) -> Vec<String> {
    let told = content.instructions.iter().map(|text| Message::text(Role::System, text.clone()));
    let input: Vec<Message> = told.chain(content.input.iter().cloned()).collect();
    let mut lines: Vec<String> = input.iter().flat_map(|message| said(message, ids)).collect();
    lines.push("out".to_owned());
    lines.extend(content.output.iter().flat_map(|message| said(message, ids)));
    lines
}

fn said(message: &Message, ids: &mut HashMap<Text, usize>) -> Vec<String> {
    let part = |part: &Part| {
        let mut number = |id: &Option<Text>| {
            let next = ids.len();
            *ids.entry(id.clone().unwrap()).or_insert(next)
        };
        match part {
            Part::Text(text) => format!("{}: {text}", message.role.name()),
            Part::ToolCall { id, name, arguments } => {
                let arguments: Json = serde_json::from_str(arguments).unwrap();
                format!("#{} {name} {arguments}", number(id))
            }
            Part::ToolResult { id, result, .. } => format!("#{} -> {result}", number(id)),
            other => format!("{}: {other:?}", message.role.name()),
        }
    };
    message.parts.iter().map(part).collect()
}

#[test]
fn every_client_tells_the_same_of_a_run_over_chat_completions() {
    assert_eq!(calls(&native("openai-agents/native-python-chat")["handoff_tools"]), RUN, "native");
    assert_eq!(calls(&otlp("openai-agents/otlp-openinference")["chat.handoff_tools"]), RUN, "OpenInference");
    assert_eq!(calls(&otlp("openai-agents/otlp-logfire")["chat.handoff_tools"]), RUN, "Logfire");
}

#[test]
fn every_client_tells_the_same_of_a_run_over_responses() {
    assert_eq!(calls(&otlp("openai-agents/otlp-openinference")["responses.handoff_tools"]), RUN, "OpenInference");
    assert_eq!(calls(&otlp("openai-agents/otlp-logfire")["responses.handoff_tools"]), RUN, "Logfire");
}

/// The SDK itself sends an id. An exporter that adds what was asked and what was answered makes up for it; OpenInference
/// has recorded what these are.
#[test]
fn the_sdk_tells_the_same_of_responses_once_input_and_response_are_added() {
    let recorded = otlp("openai-agents/otlp-openinference").remove("responses.handoff_tools").unwrap();
    let has_answer = |span: &&SpanRecord| span.data.as_ref().is_some_and(|data| data.kind == DataKind::Generation);
    let mut recorded = recorded.iter().filter(has_answer);
    let mut spans = native("openai-agents/native-python-responses").remove("handoff_tools").unwrap();
    for span in spans.iter_mut().filter(|span| span.data.as_ref().unwrap().kind == DataKind::Response) {
        let of = &recorded.next().unwrap().attributes;
        let data = span.attributes.0.iter_mut().find(|(key, _)| &**key == SPAN_DATA);
        let Some((_, Value::Map(data))) = data else { panic!("a native span has its data") };
        data.push("input", json(of, "input.value"));
        data.push("response", json(of, "output.value"));
    }
    assert_eq!(calls(&spans), RUN);
    let tools: Vec<usize> = spans.iter().map(|span| content(span).tools.len()).filter(|count| *count > 0).collect();
    assert_eq!(
        tools,
        [1, 2, 2, 2],
        "the first agent is offered a handoff; the second has two tools, and is offered them twice"
    );
}

/// Returns what an attribute says in JSON, as the decoder of native spans would have it.
fn json(attributes: &Attributes, key: &str) -> Value {
    value(serde_json::from_str(attributes.text(key).unwrap()).unwrap())
}
