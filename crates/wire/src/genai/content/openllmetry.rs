//! OpenLLMetry of Traceloop: messages flattened into attributes, and inputs and outputs of entities.

use trackway_model::{Attributes, Content, DataKind, Message, Role, SpanRecord, Text, Value};

use super::{exchange, json, messages, numbered, parameters, parts, tools};

/// What OpenLLMetry had settings in before OpenTelemetry had names for them.
const SETTINGS: [(&str, &str); 6] = [
    ("llm.temperature", "temperature"),
    ("llm.top_p", "top_p"),
    ("llm.top_k", "top_k"),
    ("llm.frequency_penalty", "frequency_penalty"),
    ("llm.presence_penalty", "presence_penalty"),
    ("llm.chat.stop_sequences", "stop_sequences"),
];

/// Reads what was said out of a span's attributes.
pub(super) fn read(span: &SpanRecord, kind: DataKind) -> Content {
    let attributes = &span.attributes;
    let mut content = Content {
        input: said(attributes, &["gen_ai.prompt", "llm.prompts"], &Role::User),
        output: said(attributes, &["gen_ai.completion", "llm.completions"], &Role::Assistant),
        ..Content::default()
    };
    if let Some(offered) = numbered::list(attributes, "llm.request.functions") {
        content.tools = tools::read(&offered);
    }
    content.parameters = parameters::below(attributes, "gen_ai.request.", &["model"]);
    for (key, name) in SETTINGS {
        if let Some(value) = attributes.get(key) {
            content.parameters.push(name, value.clone());
        }
    }
    entity(attributes, kind, &mut content);
    content
}

/// Reads what an entity was given and what it returned, which its decorators write as JSON whatever it is.
fn entity(attributes: &Attributes, kind: DataKind, content: &mut Content) {
    let value = |key: &str| match attributes.get(key)? {
        Value::Text(text) => Some(json::any(text).unwrap_or_else(|| Value::Text(text.clone()))),
        other => Some(other.clone()),
    };
    let (given, returned) = (value("traceloop.entity.input"), value("traceloop.entity.output"));
    if !super::is_conversation(kind) {
        let written = |key: &str, value: Option<&Value>| -> Option<Text> {
            // A list or an object keeps the spelling that it came in.
            let is_written = matches!(value, Some(Value::Array(_) | Value::Map(_)));
            exchange::called(if is_written { attributes.get(key) } else { value })
        };
        content.arguments = written("traceloop.entity.input", given.as_ref());
        content.result = written("traceloop.entity.output", returned.as_ref());
        return;
    }
    if let (true, Some(given)) = (content.input.is_empty(), given) {
        exchange::request(&given, content);
    }
    if let (true, Some(returned)) = (content.output.is_empty(), returned) {
        exchange::answer(&returned, content);
    }
}

/// Reads the messages below the first of several prefixes that has any.
fn said(attributes: &Attributes, prefixes: &[&str], role: &Role) -> Vec<Message> {
    let list = prefixes.iter().find_map(|prefix| numbered::list(attributes, prefix));
    let items = list.as_ref().map(json::items).unwrap_or_default();
    items.iter().flat_map(|item| messages::read(&with_parts(item), role)).collect()
}

/// Returns a message with its content as a list, where that is what was written as JSON into the attribute.
fn with_parts(item: &Value) -> Value {
    let Value::Map(fields) = item else { return item.clone() };
    let opened = |(key, value): &(Text, Value)| {
        let list = value.as_text().filter(|_| &**key == "content").and_then(parts::list_in);
        (key.clone(), list.unwrap_or_else(|| value.clone()))
    };
    Value::Map(Attributes(fields.0.iter().map(opened).collect()))
}
