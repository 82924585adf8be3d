//! The items of OpenAI's Responses API: what goes into a call, and what comes out.

use trackway_model::{Message, Part, Role, Text, Value};

use super::{json, media, messages, parts};

/// Fields that say nothing of what a hosted tool was asked.
const FRAME: [&str; 8] = ["type", "id", "status", "results", "outputs", "output", "result", "provider_data"];

/// Returns true for an item that is no message.
pub(super) fn is_item(value: &Value) -> bool {
    json::field(value, "role").is_none() && json::word(value, "type").is_some_and(|kind| class(kind, value).is_some())
}

/// Reads an item that is no message; `None` for other objects. An item that says nothing is a message without parts.
pub(super) fn read(value: &Value) -> Option<Message> {
    if json::field(value, "role").is_some() {
        return None;
    }
    let (role, parts) = class(json::word(value, "type")?, value)?.read(value);
    Some(Message { role, name: None, parts, finish_reason: None })
}

/// Reads the items of one answer as one message.
pub(super) fn answer(items: &[Value]) -> Option<Message> {
    let mut said = items.iter().flat_map(|item| messages::read(item, &Role::Assistant)).peekable();
    said.peek()?;
    let parts = said.flat_map(|message| message.parts).collect();
    Some(Message { role: Role::Assistant, name: None, parts, finish_reason: None })
}

/// What an item is.
enum Class {
    Call,
    Result,
    Reasoning,
    Image,
    Hosted,
    Other,
}

fn class(kind: &str, value: &Value) -> Option<Class> {
    let class = match kind {
        "function_call" | "custom_tool_call" => Class::Call,
        "function_call_result" => Class::Result,
        "reasoning" => {
            // A part of a message that OpenTelemetry describes has a text for content.
            let is_part = json::word(value, "content").is_some() || json::word(value, "text").is_some();
            return (!is_part).then_some(Class::Reasoning);
        }
        "image_generation_call" => Class::Image,
        "mcp_list_tools" | "mcp_approval_request" | "mcp_approval_response" | "item_reference" | "compaction" => {
            Class::Other
        }
        kind if kind.ends_with("_call_output") => Class::Result,
        kind if kind.ends_with("_call") && kind != "tool_call" => Class::Hosted,
        _ => return None,
    };
    Some(class)
}

impl Class {
    fn read(self, value: &Value) -> (Role, Vec<Part>) {
        let other = || Part::Other(json::written(value));
        match self {
            Self::Call => (Role::Assistant, vec![parts::tool_call(value).unwrap_or_else(other)]),
            Self::Result => (Role::Tool, parts::tool_results(value, json::field(value, "output"))),
            Self::Reasoning => (Role::Assistant, parts::reasoning(value).map(Part::Reasoning).into_iter().collect()),
            Self::Image => (Role::Assistant, json::field(value, "result").map(media::picture).into_iter().collect()),
            Self::Hosted => (Role::Assistant, hosted(value)),
            Self::Other => (Role::Assistant, vec![other()]),
        }
    }
}

/// Reads the call of a tool that the provider runs, and its result if there is one.
fn hosted(value: &Value) -> Vec<Part> {
    let kind = json::word(value, "type").unwrap_or_default();
    let id = json::text(value, &["call_id", "id"]);
    let name = json::text(value, &["name"]).unwrap_or_else(|| Text::from(kind.strip_suffix("_call").unwrap_or(kind)));
    let arguments = json::first(value, &["arguments", "action"]).map(json::written);
    let arguments = arguments.unwrap_or_else(|| json::written(&Value::Map(json::without(value, &FRAME))));
    let result = json::first(value, &["output", "results", "outputs", "error"]);
    let result = result.map(|result| Part::ToolResult {
        id: id.clone(),
        name: Some(name.clone()),
        result: parts::result_text(result),
    });
    std::iter::once(Part::ToolCall { id, name: name.clone(), arguments }).chain(result).collect()
}
