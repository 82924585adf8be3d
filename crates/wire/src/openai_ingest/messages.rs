//! Messages of OpenTelemetry's conventions as messages of OpenAI's chat API.

use trackway_model::{Attributes, Text, Value};

use super::{map, or_null};

/// Returns messages as the chat API has them; null where there are none. What is in another form stays as it is.
pub(super) fn list(messages: Option<&Value>) -> Value {
    match messages {
        Some(Value::Array(messages)) => Value::Array(messages.iter().flat_map(message).collect()),
        other => or_null(other.cloned()),
    }
}

/// Returns the text of the first message; null where there is none.
pub(super) fn text(messages: Option<&Value>) -> Value {
    or_null(parts_text(first(messages).and_then(|message| message.get("parts"))))
}

/// Returns the sound of the first message as the SDK has it; null where there is none.
pub(super) fn sound(messages: Option<&Value>) -> Value {
    let Some(Value::Array(parts)) = first(messages).and_then(|message| message.get("parts")) else {
        return Value::Empty;
    };
    let Some(Value::Map(blob)) = parts.first() else { return Value::Empty };
    let format = blob.text("mime_type").and_then(|kind| kind.strip_prefix("audio/")).unwrap_or("pcm");
    map([("data", Value::from(blob.text("content").unwrap_or_default())), ("format", Value::from(format))])
}

/// Returns the texts of parts, a line each.
pub(super) fn parts_text(parts: Option<&Value>) -> Option<Text> {
    let Some(Value::Array(parts)) = parts else { return None };
    let texts: Vec<&str> = parts.iter().filter_map(|part| of_kind(part, &["text"])).collect();
    Some(texts.join("\n").into())
}

fn first(messages: Option<&Value>) -> Option<&Attributes> {
    match messages {
        Some(Value::Array(messages)) => messages.first().and_then(as_map),
        _ => None,
    }
}

fn as_map(value: &Value) -> Option<&Attributes> {
    match value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

/// Returns the content of a part of one of these kinds.
fn of_kind<'a>(part: &'a Value, kinds: &[&str]) -> Option<&'a str> {
    let part = as_map(part)?;
    kinds.contains(&part.text("type")?).then(|| part.text("content")).flatten()
}

/// Returns a message in the form of the chat API: the result of each tool is a message there.
fn message(message: &Value) -> Vec<Value> {
    let Some((fields, Value::Array(parts))) = as_map(message).and_then(|fields| Some((fields, fields.get("parts")?)))
    else {
        return vec![message.clone()];
    };
    let role = or_null(fields.get("role").cloned());
    let (results, others): (Vec<_>, Vec<_>) = parts.iter().partition(|part| is(part, "tool_call_response"));
    let mut out = Vec::new();
    if results.is_empty() || !others.is_empty() {
        out.push(said(fields, role, &others));
    }
    out.extend(results.into_iter().filter_map(as_map).map(result));
    out
}

fn is(part: &Value, kind: &str) -> bool {
    as_map(part).and_then(|part| part.text("type")) == Some(kind)
}

fn said(fields: &Attributes, role: Value, parts: &[&Value]) -> Value {
    let mut message = Attributes::default();
    message.push("role", role);
    if let Some(name) = fields.get("name") {
        message.push("name", name.clone());
    }
    message.push("content", content(parts));
    let joined = |kind: &str| {
        let texts: Vec<&str> = parts.iter().filter_map(|part| of_kind(part, &[kind])).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    };
    for (key, kind) in [("reasoning_content", "reasoning"), ("refusal", "refusal")] {
        if let Some(text) = joined(kind) {
            message.push(key, text);
        }
    }
    let calls: Vec<Value> =
        parts.iter().filter(|part| is(part, "tool_call")).filter_map(|part| as_map(part)).map(call).collect();
    if !calls.is_empty() {
        message.push("tool_calls", Value::Array(calls));
    }
    if let Some(reason) = fields.get("finish_reason") {
        message.push("finish_reason", reason.clone());
    }
    Value::Map(message)
}

/// Returns the content: a text where it is nothing else, null where nothing is said, else a list of parts.
fn content(parts: &[&Value]) -> Value {
    let shown: Vec<_> =
        parts.iter().filter(|part| !["tool_call", "reasoning", "refusal"].iter().any(|kind| is(part, kind))).collect();
    if shown.is_empty() {
        return Value::Empty;
    }
    if shown.iter().all(|part| is(part, "text")) {
        let texts: Vec<&str> = shown.iter().filter_map(|part| of_kind(part, &["text"])).collect();
        return Value::from(texts.join("\n"));
    }
    let part = |part: &Value| match of_kind(part, &["text"]) {
        Some(text) => map([("type", Value::from("text")), ("text", Value::from(text))]),
        None => part.clone(),
    };
    Value::Array(shown.into_iter().map(|shown| part(shown)).collect())
}

fn call(part: &Attributes) -> Value {
    let function =
        map([("name", or_null(part.get("name").cloned())), ("arguments", or_null(part.get("arguments").cloned()))]);
    map([("id", or_null(part.get("id").cloned())), ("type", Value::from("function")), ("function", function)])
}

fn result(part: &Attributes) -> Value {
    map([
        ("role", Value::from("tool")),
        ("tool_call_id", or_null(part.get("id").cloned())),
        ("content", or_null(part.get("response").cloned())),
    ])
}
