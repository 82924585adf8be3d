//! A value that is messages, in whatever shape a client has them.
//!
//! Every dialect gathers its attributes into such a value and asks here. Known are the messages of OpenTelemetry, OpenAI
//! (both APIs), Anthropic, Gemini, Bedrock, Ollama, LangChain, Vercel and Logfire's events, alone, in lists, and in whole
//! requests and answers.

use trackway_model::{Message, Part, Role, Text, Value};

use super::{answers, events, items, json, media, parts};

/// Reads messages; what has no role is of `role`. What is in no known shape is one message, a text of it as it came.
pub(super) fn read(value: &Value, role: &Role) -> Vec<Message> {
    let mut out = Vec::new();
    gather(value, role, &mut out);
    out
}

fn gather(value: &Value, role: &Role, out: &mut Vec<Message>) {
    match value {
        Value::Empty => {}
        Value::Text(text) if text.is_empty() => {}
        Value::Array(values) if !values.is_empty() && values.iter().all(parts::is_part) => {
            out.push(message_of(role.clone(), parts::read(value)));
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, role, out)),
        Value::Map(_) => object(value, role, out),
        other => out.push(Message::text(role.clone(), json::written(other))),
    }
}

fn object(value: &Value, role: &Role, out: &mut Vec<Message>) {
    if let Some(list) = list_of(value) {
        return gather(list, role, out);
    }
    if let Some(event) = events::read(value) {
        return out.push(event);
    }
    if let Some(item) = items::read(value) {
        // Thoughts that are only there encrypted say nothing.
        return out.extend((!item.parts.is_empty()).then_some(item));
    }
    if let Some(answer) = answers::read(value) {
        return out.extend(answer);
    }
    if let Some((inner, role)) = constructed(value) {
        return out.push(message(inner, &role));
    }
    if role_of(value).is_some() {
        return out.push(message(value, role));
    }
    if parts::is_part(value) {
        return out.push(message_of(role.clone(), parts::read(value)));
    }
    if is_roleless(value) {
        return out.push(message(value, role));
    }
    if let Some(inner) = json::field(value, "message").filter(|inner| !matches!(inner, Value::Text(_))) {
        return gather(inner, role, out);
    }
    out.push(Message::text(role.clone(), json::written(value)));
}

/// Returns true for a message that leaves out who says it, and has nothing that a message has not.
fn is_roleless(value: &Value) -> bool {
    const BODY: [&str; 4] = ["content", "parts", "tool_calls", "toolCalls"];
    const BESIDE: [&str; 16] = [
        "refusal",
        "annotations",
        "audio",
        "function_call",
        "reasoning",
        "reasoning_content",
        "thinking",
        "finish_reason",
        "finishReason",
        "stop_reason",
        "name",
        "id",
        "index",
        "additional_kwargs",
        "response_metadata",
        "type",
    ];
    let Value::Map(map) = value else { return false };
    json::first(value, &BODY).is_some() && map.iter().all(|(key, _)| BODY.contains(&key) || BESIDE.contains(&key))
}

/// Returns the list of messages in a request.
pub(super) fn list_of(value: &Value) -> Option<&Value> {
    if json::field(value, "role").is_some() {
        return None;
    }
    json::first(value, &["messages", "contents"]).filter(|list| matches!(list, Value::Array(_)))
}

/// Returns the fields of a message, and who says it, where LangChain wrote it as a call of a constructor or has its fields
/// in `data`.
fn constructed(value: &Value) -> Option<(&Value, Role)> {
    let inner = match json::field(value, "lc") {
        Some(_) => json::field(value, "kwargs")?,
        None => json::field(value, "data")?,
    };
    let role = role_of(inner).or_else(|| role_by_type(value))?;
    json::field(inner, "content").is_some().then_some((inner, role))
}

/// Reads who says a message, out of its role or, in LangChain's, of its type.
fn role_of(value: &Value) -> Option<Role> {
    match json::word(value, "role") {
        Some(role) => Some(Role::named(role)),
        None => json::field(value, "content").and_then(|_| role_by_type(value)),
    }
}

fn role_by_type(value: &Value) -> Option<Role> {
    let kind = json::word(value, "type")?;
    let is_role = matches!(kind, "human" | "ai" | "system" | "user" | "assistant" | "tool" | "developer");
    is_role.then(|| Role::named(kind))
}

/// Reads an object that is one message.
pub(super) fn message(value: &Value, role: &Role) -> Message {
    let role = role_of(value).unwrap_or_else(|| role.clone());
    let is_tool = role == Role::Tool;
    let mut all = thoughts(value);
    match (json::field(value, "parts"), json::field(value, "content")) {
        (Some(list), _) => all.extend(parts::read(list)),
        (None, content) if is_tool => all.extend(answer_of_tool(value, content)),
        (None, Some(content)) => all.extend(parts::read(content)),
        (None, None) => {}
    }
    all.extend(json::text(value, &["refusal"]).map(Part::Refusal));
    if let Some(spoken) = json::field(value, "audio") {
        all.extend(json::text(spoken, &["transcript"]).map(Part::Text));
        all.extend(media::sound(spoken));
    }
    // Some clients have the calls among the blocks and apart from them.
    if !all.iter().any(|part| matches!(part, Part::ToolCall { .. })) {
        all.extend(json::list(value, "tool_calls").iter().filter_map(parts::tool_call));
        all.extend(json::list(value, "toolCalls").iter().filter_map(parts::tool_call));
        all.extend(json::field(value, "function_call").and_then(parts::tool_call));
    }
    let mut message = message_of(role, all);
    message.name = if is_tool { None } else { json::text(value, &["name"]) };
    message.finish_reason = answers::reason(value);
    message
}

/// Makes a message; results of tools that a client says to be the user's, as Anthropic's API wants them, are the tools'.
fn message_of(role: Role, parts: Vec<Part>) -> Message {
    let has_results = parts.iter().any(|part| matches!(part, Part::ToolResult { .. }));
    let is_tools = has_results && parts.iter().all(|part| matches!(part, Part::ToolResult { .. } | Part::Media { .. }));
    let role = if role == Role::User && is_tools { Role::Tool } else { role };
    Message { role, name: None, parts, finish_reason: None }
}

/// Reads what a model thought, where that is a field beside what it said.
fn thoughts(value: &Value) -> Vec<Part> {
    let thoughts = ["reasoning_content", "reasoning", "thinking"].iter().filter_map(|key| json::field(value, key));
    thoughts.filter_map(parts::reasoning).take(1).map(Part::Reasoning).collect()
}

/// Reads what a message of a tool says: results in its content, or a result that is its content.
fn answer_of_tool(value: &Value, content: Option<&Value>) -> Vec<Part> {
    let inside = content.map(parts::read).unwrap_or_default();
    let has_results = inside.iter().any(|part| matches!(part, Part::ToolResult { .. }));
    if has_results { inside } else { parts::tool_results(value, content) }
}

/// Returns all that messages say, for what came apart from them: the instructions.
pub(super) fn plain_text(value: &Value) -> Option<Text> {
    let said = read(value, &Role::System).into_iter().flat_map(|message| message.parts);
    parts::joined(said.filter_map(|part| match part {
        Part::Text(text) | Part::Other(text) => Some(text),
        _ => None,
    }))
}
