//! The AI SDK of Vercel: prompts as JSON, answers an attribute for each thing that an answer can hold.

use trackway_model::{Attributes, Content, Message, Part, Role, SpanRecord};

use super::{exchange, json, parameters, parts, tools};

/// Reads what was said out of a span's attributes.
pub(super) fn read(span: &SpanRecord) -> Content {
    let attributes = &span.attributes;
    let find = |keys: &[&str]| json::attribute(attributes, keys);
    let mut content = Content::default();
    // The outer span has the prompt as the program gave it; the inner one the messages as the model got them.
    if let Some(given) = find(&["ai.prompt.messages", "ai.prompt"]) {
        exchange::request(given, &mut content);
    }
    content.output = answer(attributes).into_iter().collect();
    if let Some(offered) = find(&["ai.prompt.tools"]) {
        content.tools = tools::read(offered);
    }
    content.parameters = parameters::below(attributes, "gen_ai.request.", &["model"]);
    for (key, value) in parameters::below(attributes, "ai.settings.", &[]).0 {
        if content.parameters.get(&key).is_none() {
            content.parameters.push(key, value);
        }
    }
    const GIVEN: [&str; 5] = ["ai.toolCall.args", "ai.toolCall.input", "ai.value", "ai.values", "ai.documents"];
    const RETURNED: [&str; 3] = ["ai.toolCall.result", "ai.toolCall.output", "ai.ranking"];
    (content.arguments, content.result) = (json::said(find(&GIVEN)), json::said(find(&RETURNED)));
    content
}

/// Makes one message of the attributes of an answer; `None` when there are none.
fn answer(attributes: &Attributes) -> Option<Message> {
    let find = |name| json::attribute(attributes, &[&format!("ai.response.{name}"), &format!("ai.result.{name}")]);
    let mut all: Vec<Part> = find("reasoning").and_then(parts::reasoning).map(Part::Reasoning).into_iter().collect();
    all.extend(json::said(find("text")).map(Part::Text));
    all.extend(json::said(find("object")).map(Part::Text));
    if let Some(files) = find("files") {
        all.extend(parts::read(&json::open(files)));
    }
    if let Some(calls) = find("toolCalls") {
        all.extend(json::items(&json::open(calls)).iter().filter_map(parts::tool_call));
    }
    let finish_reason = json::said(find("finishReason"));
    (!all.is_empty()).then_some(Message { role: Role::Assistant, name: None, parts: all, finish_reason })
}
