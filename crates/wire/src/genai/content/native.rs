//! The spans of the OpenAI Agents SDK, by its own words.

use trackway_model::{Content, Message, Role, SpanRecord, Text, Value};

use super::{SPAN_DATA, exchange, json, media, messages, parameters, tools};

/// Reads what was said out of a span's `span_data`.
pub(super) fn read(span: &SpanRecord) -> Content {
    let mut content = Content::default();
    let Some(data) = span.attributes.get(SPAN_DATA) else { return content };
    let written = |key: &str| json::said(json::field(data, key));
    match json::word(data, "type").unwrap_or_default() {
        "generation" => generation(data, &mut content),
        "response" => response(data, &mut content),
        "function" => (content.arguments, content.result) = (written("input"), written("output")),
        "agent" => content.tools = json::field(data, "tools").map(tools::read).unwrap_or_default(),
        "mcp_tools" => content.tools = json::field(data, "result").map(tools::read).unwrap_or_default(),
        "custom" => content.arguments = custom(data),
        "speech_group" => content.arguments = written("input"),
        "transcription" => {
            content.input = heard(json::field(data, "input"), Role::User);
            content.result = written("output");
        }
        "speech" => {
            content.arguments = written("input");
            content.output = heard(json::field(data, "output"), Role::Assistant);
        }
        "handoff" => {}
        _ => (content.arguments, content.result) = (written("input"), written("output")),
    }
    if let Some(settings) = json::field(data, "model_config") {
        content.parameters = parameters::all(settings);
    }
    content
}

/// Returns true when a response span has no place for messages: the SDK sends only an id, and no more was added to it.
pub(super) fn is_id_only(span: &SpanRecord) -> bool {
    let Some(Value::Map(data)) = span.attributes.get(SPAN_DATA) else { return false };
    data.text("type") == Some("response") && data.get("input").is_none() && data.get("response").is_none()
}

fn generation(data: &Value, content: &mut Content) {
    if let Some(input) = json::field(data, "input") {
        content.input = messages::read(input, &Role::User);
    }
    if let Some(output) = json::field(data, "output") {
        exchange::answer(output, content);
    }
}

/// Reads a response span to which its client added what the SDK leaves out.
fn response(data: &Value, content: &mut Content) {
    if let Some(input) = json::field(data, "input") {
        exchange::request(input, content);
    }
    if let Some(response) = json::field(data, "response") {
        exchange::answer(response, content);
    }
}

/// Returns the data of a custom span; a task or a turn has none of the user's.
fn custom(data: &Value) -> Option<Text> {
    let custom = json::field(data, "data")?;
    let is_empty = matches!(custom, Value::Map(map) if map.is_empty());
    let is_frame = json::field(custom, "sdk_span_type").is_some();
    (!is_empty && !is_frame).then(|| json::written(custom))
}

/// Returns a sound as a message; `None` when it was not recorded.
fn heard(sound: Option<&Value>, role: Role) -> Vec<Message> {
    let part = sound.and_then(media::sound);
    part.map(|part| Message { role, name: None, parts: vec![part], finish_reason: None }).into_iter().collect()
}
