//! Pydantic Logfire: what a library was given and what it returned, as JSON under the names of the library.

use trackway_model::{Attributes, Content, DataKind, Role, SpanRecord, Text, Value};

use super::{events, exchange, json, messages, parameters, tools};

/// Reads what was said out of a span's attributes.
pub(super) fn read(span: &SpanRecord, kind: DataKind) -> Content {
    let attributes = &span.attributes;
    let mut content = Content::default();
    if super::is_conversation(kind) {
        conversation(attributes, &mut content);
    } else {
        work(attributes, kind, &mut content);
    }
    if let Some(settings) = find(attributes, &["model_settings", "model_config"]) {
        content.parameters = parameters::all(settings);
    }
    content
}

fn conversation(attributes: &Attributes, content: &mut Content) {
    // The request's data of a chat that an agent had has the answer among the messages, so it comes last.
    if let Some(given) = find(attributes, &["raw_input", "input", "request_data"]) {
        exchange::request(given, content);
    }
    if let Some(returned) = find(attributes, &["response", "output", "response_data"]) {
        match json::field(&json::open(returned), "combined_chunk_content") {
            Some(whole) => content.output = messages::read(whole, &Role::Assistant),
            None => exchange::answer(returned, content),
        }
    }
    if let (true, Some(list)) = (content.input.is_empty() && content.output.is_empty(), find(attributes, &["events"])) {
        (content.input, content.output) = events::split(json::items(&json::open(list)));
    }
    if let Some(offered) = find(attributes, &["model_request_parameters"]) {
        let offered = json::open(offered);
        let all = ["function_tools", "output_tools"].iter().filter_map(|key| json::field(&offered, key));
        content.tools.extend(all.flat_map(tools::read));
    }
}

fn work(attributes: &Attributes, kind: DataKind, content: &mut Content) {
    let (given, returned): (&[&str], &[&str]) = match kind {
        DataKind::Agent => (&[], &["final_result"]),
        DataKind::Custom => (&["data", "input"], &["output"]),
        _ => (&["input", "tool_arguments"], &["output", "tool_response"]),
    };
    (content.arguments, content.result) = (text(attributes, given), text(attributes, returned));
    if kind != DataKind::Agent {
        return;
    }
    if let Some(names) = find(attributes, &["tools"]) {
        content.tools = tools::read(names);
    }
    if let Some(all) = find(attributes, &["pydantic_ai.all_messages", "all_messages_events"]) {
        content.input = messages::read(&json::open(all), &Role::User);
    }
}

/// Returns the first of several attributes that says something; Logfire writes what is absent as JSON's null.
fn find<'a>(attributes: &'a Attributes, keys: &[&str]) -> Option<&'a Value> {
    let says = |value: &&Value| !matches!(value, Value::Empty) && value.as_text() != Some("null");
    keys.iter().filter_map(|key| attributes.get(key)).find(says)
}

fn text(attributes: &Attributes, keys: &[&str]) -> Option<Text> {
    json::said(find(attributes, keys))
}
