//! OpenInference: messages and tools flattened into attributes.

use trackway_model::{Attributes, Content, DataKind, Role, SpanRecord, Text, Value};

use super::{exchange, json, messages, numbered, parameters, parts, tools};

/// Reads what was said out of a span's attributes.
pub(super) fn read(span: &SpanRecord, kind: DataKind) -> Content {
    let attributes = &span.attributes;
    let mut content = Content::default();
    if super::is_conversation(kind) {
        conversation(attributes, &mut content);
    } else if kind != DataKind::Handoff {
        (content.arguments, content.result) = work(attributes);
    }
    if let Some(offered) = numbered::list(attributes, "llm.tools") {
        let schemas = json::items(&offered).iter().filter_map(|tool| json::field(tool, "tool"));
        let schemas = schemas.filter_map(|tool| json::first(tool, &["json_schema", "definition"]));
        content.tools = schemas.flat_map(tools::read).collect();
    }
    if let Some(settings) = attributes.get("llm.invocation_parameters").map(json::open) {
        content.parameters = parameters::known(&settings);
        if content.tools.is_empty() {
            content.tools = json::first(&settings, &["tools", "functions"]).map(tools::read).unwrap_or_default();
        }
    }
    content
}

fn conversation(attributes: &Attributes, content: &mut Content) {
    let read = |prefix: &str, role: Role| {
        let list = numbered::list(attributes, prefix)?;
        Some(json::items(&list).iter().flat_map(|item| messages::read(&chat(item), &role)).collect())
    };
    let given = read("llm.input_messages", Role::User).or_else(|| read("llm.prompts", Role::User));
    let said = read("llm.output_messages", Role::Assistant).or_else(|| read("llm.choices", Role::Assistant));
    match (given, attributes.get("llm.prompts"), attributes.get("input.value")) {
        (Some(given), ..) => content.input = given,
        (None, Some(prompts), _) => content.input = messages::read(prompts, &Role::User),
        (None, None, Some(value)) => exchange::request(value, content),
        (None, None, None) => {}
    }
    match (said, attributes.get("output.value")) {
        (Some(said), _) => content.output = said,
        (None, Some(value)) => exchange::answer(value, content),
        (None, None) => {}
    }
}

/// Returns what other work was given and what it resulted in.
fn work(attributes: &Attributes) -> (Option<Text>, Option<Text>) {
    let texts = numbered::list(attributes, "embedding.embeddings").map(|list| {
        let inner = json::items(&list).iter().filter_map(|item| json::field(item, "embedding"));
        Value::Array(inner.filter_map(|item| json::field(item, "text")).cloned().collect())
    });
    let documents = ["retrieval.documents", "reranker.output_documents"].into_iter().find_map(|prefix| {
        let list = numbered::list(attributes, prefix)?;
        Some(Value::Array(
            json::items(&list).iter().map(|item| json::field(item, "document").unwrap_or(item).clone()).collect(),
        ))
    });
    let given = attributes.get("reranker.query").or_else(|| attributes.get("input.value")).or(texts.as_ref());
    (json::said(given), json::said(documents.as_ref().or_else(|| attributes.get("output.value"))))
}

/// Returns a flattened message as OpenAI's Chat Completions have it: without the names that stand around every object,
/// and with the arguments `{}` that the instrumentations leave out.
fn chat(item: &Value) -> Value {
    let inner = json::first(item, &["message", "prompt", "completion"]).unwrap_or(item);
    let Value::Map(fields) = inner else { return inner.clone() };
    let contents = json::list(inner, "contents").iter();
    let contents: Vec<Value> =
        contents.map(|part| json::field(part, "message_content").unwrap_or(part).clone()).collect();
    let mut message = Attributes::default();
    for (key, value) in fields.iter() {
        match key {
            "contents" => message.push("content", Value::Array(contents.clone())),
            "content" if !contents.is_empty() => {}
            "content" => {
                let list = value.as_text().and_then(parts::list_in);
                message.push(key, list.unwrap_or_else(|| value.clone()));
            }
            "tool_calls" => message.push(key, Value::Array(json::items(value).iter().map(tool_call).collect())),
            _ => message.push(key, value.clone()),
        }
    }
    if let Some(name) = json::field(inner, "function_call_name") {
        let arguments = json::field(inner, "function_call_arguments_json").cloned().unwrap_or(Value::from("{}"));
        let call: Attributes = [("name", name.clone()), ("arguments", arguments)].into_iter().collect();
        message.push("function_call", Value::Map(call));
    }
    Value::Map(message)
}

fn tool_call(item: &Value) -> Value {
    let call = json::field(item, "tool_call").unwrap_or(item);
    let function = json::field(call, "function").unwrap_or(call);
    let mut flat = Attributes::default();
    for (key, value) in [("id", json::field(call, "id")), ("name", json::field(function, "name"))] {
        if let Some(value) = value {
            flat.push(key, value.clone());
        }
    }
    flat.push("arguments", json::field(function, "arguments").cloned().unwrap_or(Value::from("{}")));
    Value::Map(flat)
}
