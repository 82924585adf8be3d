//! The parts of a message, in the shapes of OpenTelemetry, OpenAI, Anthropic, Gemini, Bedrock and Vercel.

use trackway_model::{Part, Text, Value};

use super::{json, media};

/// What clients call the id of a tool call.
const CALL_IDS: [&str; 8] =
    ["tool_call_id", "toolCallId", "call_id", "callId", "tool_use_id", "toolUseId", "id", "tool_id"];

/// In what field clients have what a tool answered.
const RESULTS: [&str; 5] = ["response", "result", "output", "content", "error"];

/// What a block of text without a type may have; an object with more is some other text's field.
const WITH_TEXT: [&str; 6] = ["text", "thought", "thoughtSignature", "thought_signature", "annotations", "citations"];

/// Reads what a message says: a text, a block, or a list of these.
pub(super) fn read(content: &Value) -> Vec<Part> {
    match content {
        Value::Empty => Vec::new(),
        Value::Text(text) if text.is_empty() => Vec::new(),
        Value::Array(blocks) => blocks.iter().flat_map(block).collect(),
        other => block(other),
    }
}

/// Returns true for an object that is a part of a message, and no message.
pub(super) fn is_part(value: &Value) -> bool {
    let has_role = json::field(value, "role").is_some();
    !has_role && known(value).is_some()
}

/// Returns the parts that a text holds as JSON, where a client could only send a text.
pub(super) fn list_in(text: &str) -> Option<Value> {
    json::parse(text).filter(|list| !json::items(list).is_empty() && json::items(list).iter().all(is_part))
}

/// Reads one block, and the media in it if it is the result of a tool. One that nobody here knows stays as the client's
/// JSON; thoughts that are only there encrypted are left out.
fn block(value: &Value) -> Vec<Part> {
    let part = match value {
        Value::Empty => return Vec::new(),
        Value::Text(text) => Part::Text(text.clone()),
        Value::Map(_) => known(value).unwrap_or_else(|| Part::Other(json::written(value))),
        other => Part::Other(json::written(other)),
    };
    match part {
        Part::Reasoning(thought) if thought.is_empty() => Vec::new(),
        Part::ToolResult { .. } => {
            let result = json::first(value, &["functionResponse", "function_response", "toolResult"]).unwrap_or(value);
            std::iter::once(part).chain(json::first(result, &RESULTS).into_iter().flat_map(media_of)).collect()
        }
        part => vec![part],
    }
}

fn known(value: &Value) -> Option<Part> {
    let Some(kind) = json::word(value, "type") else { return untyped(value) };
    let text = |keys: &[&str]| json::text(value, keys).unwrap_or_default();
    let part = match kind {
        "text" | "input_text" | "output_text" | "summary_text" => Part::Text(words(value)),
        "refusal" => Part::Refusal(text(&["refusal", "content", "text"])),
        "reasoning" | "thinking" | "reasoning_text" => Part::Reasoning(reasoning(value).unwrap_or_default()),
        "tool_call" | "tool-call" | "tool_use" | "server_tool_use" | "mcp_tool_use" => tool_call(value)?,
        "tool_call_response" | "tool-result" => tool_result(value, None),
        other if other.ends_with("tool_result") => tool_result(value, None),
        _ => return media::read(value),
    };
    Some(part)
}

/// Returns the text of a block; OpenAI's assistants have it in an object, beside notes on it.
fn words(block: &Value) -> Text {
    let said = json::first(block, &["text", "content", "value"]);
    let said = said.map(|said| json::field(said, "value").unwrap_or(said));
    said.map(json::written).unwrap_or_default()
}

/// Reads the blocks of Gemini and of Amazon Bedrock, which say by the name of a field what they are.
fn untyped(value: &Value) -> Option<Part> {
    if let Some(call) = json::first(value, &["functionCall", "function_call", "toolUse"]) {
        return tool_call(call);
    }
    if let Some(result) = json::first(value, &["functionResponse", "function_response", "toolResult"]) {
        return Some(tool_result(result, None));
    }
    if let Some(thought) = json::field(value, "reasoningContent") {
        return reasoning(thought).map(Part::Reasoning);
    }
    if let Some(Value::Text(text)) = json::field(value, "text") {
        if !json::without(value, &WITH_TEXT).is_empty() {
            return None;
        }
        let is_thought = matches!(json::field(value, "thought"), Some(Value::Bool(true)));
        return Some(if is_thought { Part::Reasoning(text.clone()) } else { Part::Text(text.clone()) });
    }
    media::untyped(value)
}

/// Reads what a model thought to itself; `None` when it is only there encrypted.
pub(super) fn reasoning(value: &Value) -> Option<Text> {
    if let Value::Text(text) = value {
        return (!text.is_empty()).then(|| text.clone());
    }
    const THOUGHTS: [&str; 6] = ["content", "text", "thinking", "reasoning", "summary", "reasoningText"];
    THOUGHTS.iter().filter_map(|key| json::field(value, key)).find_map(|thoughts| match thoughts {
        Value::Array(list) => joined(list.iter().filter_map(reasoning)),
        other => reasoning(other),
    })
}

/// Reads a call of a tool, whose name and arguments may lie a level deeper; `None` when it names no tool.
pub(super) fn tool_call(value: &Value) -> Option<Part> {
    let inner = json::first(value, &["function", "custom", "tool_call"]).filter(|inner| matches!(inner, Value::Map(_)));
    let inner = inner.unwrap_or(value);
    let name = json::text(inner, &["name", "toolName", "tool_name"])?;
    let arguments = json::first(inner, &["arguments", "args", "input", "parameters"]);
    let id = json::text(value, &["call_id", "callId", "toolCallId", "tool_call_id", "toolUseId", "id"]);
    Some(Part::ToolCall { id, name, arguments: arguments.map(json::written).unwrap_or_default() })
}

/// Reads what a tool answered: its result, and after it the media in that.
pub(super) fn tool_results(value: &Value, content: Option<&Value>) -> Vec<Part> {
    let media = content.map(media_of).unwrap_or_default();
    std::iter::once(tool_result(value, content)).chain(media).collect()
}

/// Reads what a tool answered, out of `content` or of the field in which clients have it.
fn tool_result(value: &Value, content: Option<&Value>) -> Part {
    let result = content.or_else(|| json::first(value, &RESULTS));
    Part::ToolResult {
        id: json::text(value, &CALL_IDS),
        name: json::text(value, &["name", "toolName", "tool_name"]),
        result: result.map(result_text).unwrap_or_default(),
    }
}

/// Returns what a tool answered as a text: blocks of text one after the other, media left out, anything else as JSON.
pub(super) fn result_text(value: &Value) -> Text {
    let texts = match value {
        Value::Array(blocks) if !blocks.is_empty() => blocks.iter().map(plain).collect::<Option<Vec<_>>>(),
        Value::Map(_) => match json::word(value, "type") {
            Some("text" | "error-text" | "json" | "error-json" | "content") => {
                return json::first(value, &["text", "value"]).map_or_else(|| json::written(value), result_text);
            }
            _ => media::read(value).map(|_| Vec::new()),
        },
        _ => None,
    };
    let Some(texts) = texts else { return json::written(value) };
    joined(texts.into_iter().flatten()).unwrap_or_default()
}

/// Returns the text of a block that is nothing else, none for a medium; `None` for other blocks.
fn plain(block: &Value) -> Option<Option<Text>> {
    match known(block)? {
        Part::Text(text) => Some(Some(text)),
        Part::Media { .. } => Some(None),
        _ => None,
    }
}

/// Returns the media in what a tool answered.
fn media_of(result: &Value) -> Vec<Part> {
    let inner = json::field(result, "value").unwrap_or(result);
    let blocks = if let Value::Array(blocks) = inner { blocks.as_slice() } else { std::slice::from_ref(inner) };
    blocks.iter().filter_map(|block| media::read(block).or_else(|| media::untyped(block))).collect()
}

/// Joins texts by line breaks; `None` when there are none. One text alone is not copied.
pub(super) fn joined(mut texts: impl Iterator<Item = Text>) -> Option<Text> {
    let first = texts.next()?;
    let Some(second) = texts.next() else { return Some(first) };
    let mut all = String::from(&*first);
    for text in std::iter::once(second).chain(texts) {
        all.push('\n');
        all.push_str(&text);
    }
    Some(all.into())
}
