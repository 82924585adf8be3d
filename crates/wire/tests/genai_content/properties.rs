//! What holds for any messages, and for anything at all.

use proptest::{collection::vec, option, prelude::*};
use serde_json::{Value as Json, json};
use trackway_model::{DataKind, Dialect, Message, Part, Role, Text};
use trackway_wire::genai::content;

use crate::given::span;

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

const KINDS: [DataKind; 6] = [
    DataKind::Generation,
    DataKind::Response,
    DataKind::Function,
    DataKind::Agent,
    DataKind::McpTools,
    DataKind::Retrieval,
];

/// Attributes in which some dialect has what was said.
const KEYS: [&str; 32] = [
    "openai.agents.span_data",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.tool.call.arguments",
    "gen_ai.prompt",
    "gen_ai.completion",
    "gen_ai.prompt.0.content",
    "gen_ai.completion.7.tool_calls.1",
    "llm.input_messages.0.message",
    "llm.input_messages.3.message.contents.0.message_content",
    "llm.output_messages.0.message.tool_calls.0.tool_call",
    "llm.tools.0.tool.json_schema",
    "llm.invocation_parameters",
    "llm.prompts",
    "input.value",
    "output.value",
    "retrieval.documents.0.document",
    "llm.request.functions.0",
    "traceloop.entity.input",
    "events",
    "raw_input",
    "response",
    "request_data",
    "response_data",
    "langfuse.observation.input",
    "langfuse.observation.output",
    "ai.prompt",
    "ai.response.toolCalls",
    "ai.prompt.tools",
    "pydantic_ai.all_messages",
];

/// Fields and words that readers look for.
const WORDS: [&str; 36] = [
    "role",
    "user",
    "tool",
    "content",
    "type",
    "text",
    "parts",
    "messages",
    "message",
    "choices",
    "output",
    "object",
    "response",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "id",
    "reasoning",
    "summary",
    "image_url",
    "url",
    "data",
    "source",
    "tool_use",
    "tool_result",
    "function_call",
    "function_call_output",
    "web_search_call",
    "event.name",
    "gen_ai.choice",
    "generations",
    "candidates",
    "kwargs",
    "instructions",
    "generation",
];

fn text() -> impl Strategy<Value = Text> {
    "[a-zé\"{ ]{1,8}".prop_map(Text::from)
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        text().prop_map(Part::Text),
        text().prop_map(Part::Reasoning),
        text().prop_map(Part::Refusal),
        (option::of(text()), text(), text()).prop_map(|(id, name, arguments)| Part::ToolCall { id, name, arguments }),
        (option::of(text()), option::of(text()), text()).prop_map(|(id, name, result)| Part::ToolResult {
            id,
            name,
            result
        }),
        (text(), "https://[a-z]{3}").prop_map(|(format, uri)| Part::Media {
            kind: "image".into(),
            format: Some(format),
            uri: Some(uri.into()),
            bytes: 0,
        }),
        (0_u64..40).prop_map(|bytes| Part::Media {
            kind: "audio".into(),
            format: Some("wav".into()),
            uri: None,
            bytes
        }),
    ]
}

/// Messages as some client could have had them; what has results of tools is the tools'.
fn messages() -> impl Strategy<Value = Vec<Message>> {
    let roles = [Role::System, Role::User, Role::Assistant, Role::Tool, Role::Other("critic".into())];
    let message = (prop::sample::select(roles.to_vec()), option::of(text()), vec(part(), 1..4), option::of(text()));
    let message = message.prop_map(|(role, name, parts, finish_reason)| {
        let has_results = parts.iter().any(|part| matches!(part, Part::ToolResult { .. }));
        let role = if role == Role::User && has_results { Role::Tool } else { role };
        let name = name.filter(|_| role != Role::Tool);
        Message { role, name, parts, finish_reason }
    });
    vec(message, 1..4)
}

/// Writes messages as OpenTelemetry has them.
fn written(messages: &[Message]) -> Json {
    let part = |part: &Part| match part {
        Part::Text(text) => json!({"type": "text", "content": &**text}),
        Part::Reasoning(text) => json!({"type": "reasoning", "content": &**text}),
        Part::Refusal(text) => json!({"type": "refusal", "content": &**text}),
        Part::ToolCall { id, name, arguments } => {
            json!({"type": "tool_call", "id": id.as_deref(), "name": &**name, "arguments": &**arguments})
        }
        Part::ToolResult { id, name, result } => {
            json!({"type": "tool_call_response", "id": id.as_deref(), "name": name.as_deref(), "response": &**result})
        }
        Part::Media { kind, format, uri: Some(uri), .. } => {
            json!({"type": "uri", "modality": &**kind, "mime_type": format.as_deref(), "uri": &**uri})
        }
        Part::Media { kind, format, bytes, .. } => {
            let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, vec![7; *bytes as usize]);
            json!({"type": "blob", "modality": &**kind, "mime_type": format.as_deref(), "content": base64})
        }
        Part::Other(json) => serde_json::from_str(json).unwrap(),
    };
    let message = |message: &Message| {
        json!({"role": message.role.name(), "name": message.name.as_deref(), "finish_reason": message.finish_reason.as_deref(),
            "parts": message.parts.iter().map(part).collect::<Vec<_>>()})
    };
    messages.iter().map(message).collect()
}

/// Any JSON, mostly of words that mean something to a reader.
fn anything() -> impl Strategy<Value = Json> {
    let word = || prop_oneof![4 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => ".{0,6}"];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        word().prop_map(Json::from)
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let field = (word(), inner.clone());
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Json::from),
            vec(field, 0..6).prop_map(|fields| Json::Object(fields.into_iter().collect())),
            inner.prop_map(|json| Json::from(json.to_string()))
        ]
    })
}

proptest! {
    #[test]
    fn messages_of_opentelemetry_are_read_as_they_were_written(input in messages(), output in messages()) {
        for as_text in [false, true] {
            let sent = |all: &[Message]| if as_text { json!(written(all).to_string()) } else { written(all) };
            let attributes = json!({"gen_ai.input.messages": sent(&input), "gen_ai.output.messages": sent(&output)});
            let read = content(&span(Dialect::OpenTelemetry, DataKind::Generation, attributes));
            prop_assert_eq!(&read.input, &input);
            prop_assert_eq!(&read.output, &output);
        }
    }

    #[test]
    fn nothing_that_a_client_sends_is_too_much(sent in vec((prop::sample::select(&KEYS[..]), anything(), any::<bool>()), 1..4)) {
        let value = |(key, json, as_text): &(&str, Json, bool)| {
            (key.to_string(), if *as_text { json!(json.to_string()) } else { json.clone() })
        };
        let attributes: Json = sent.iter().map(value).collect::<serde_json::Map<_, _>>().into();
        for dialect in DIALECTS {
            for kind in KINDS {
                content(&span(dialect, kind, attributes.clone()));
            }
        }
    }
}
