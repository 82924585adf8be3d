//! What was asked of a model and what it answered, put into a [`Content`].

use trackway_model::{Content, Role, Text, Value};

use super::{answers, items, json, messages, parameters, tools};

/// What clients call the instructions in a request.
const INSTRUCTIONS: [&str; 5] = ["system", "instructions", "system_instruction", "systemInstruction", "system_prompt"];

/// What clients call the tools in a request.
const TOOLS: [&str; 3] = ["tools", "functions", "toolConfig"];

/// What clients call the settings in a request, where these are apart.
const SETTINGS: [&str; 4] = ["inferenceConfig", "generationConfig", "generation_config", "config"];

/// Reads a request: messages, or an object that has them beside instructions, tools and settings.
pub(super) fn request(value: &Value, content: &mut Content) {
    let value = json::open(value);
    let Some(said) = messages::list_of(&value).or_else(|| prompt(&value)) else {
        content.input = messages::read(&value, &Role::User);
        return;
    };
    content.input = messages::read(said, &Role::User);
    about(&value, content);
}

/// Reads an answer: messages, or a whole answer of a provider, which may repeat what was asked.
pub(super) fn answer(value: &Value, content: &mut Content) {
    let value = json::open(value);
    let all = json::items(&value);
    if all.iter().any(items::is_item) {
        content.output = items::answer(all).into_iter().collect();
        return;
    }
    for whole in all.iter().chain([&*value]).filter(|whole| answers::is_response(whole)) {
        about(whole, content);
    }
    content.output = messages::read(&value, &Role::Assistant);
}

/// Writes what a tool was called with. Where an instrumentation of Python has positional arguments beside named ones and
/// there are only named ones, it is these: that is what the model asked for.
pub(super) fn called(value: Option<&Value>) -> Option<Text> {
    let opened = json::open(value?);
    match only_named(&opened) {
        Some(Value::Map(named)) if named.is_empty() => None,
        Some(named) => Some(json::written(named)),
        None => json::said(value),
    }
}

fn only_named(value: &Value) -> Option<&Value> {
    let Value::Map(map) = value else { return None };
    let has_none_by_place = matches!(map.get("args"), Some(Value::Array(list)) if list.is_empty());
    let named = map.get("kwargs").filter(|named| matches!(named, Value::Map(_)));
    named.filter(|_| has_none_by_place && map.len() == 2)
}

/// Reads what a request, or an answer that repeats it, says of the call: only what is not known yet.
fn about(value: &Value, content: &mut Content) {
    if content.instructions.is_none() {
        content.instructions = json::first(value, &INSTRUCTIONS).and_then(messages::plain_text);
    }
    if content.tools.is_empty() {
        content.tools = json::first(value, &TOOLS).map(tools::read).unwrap_or_default();
    }
    if content.parameters.is_empty() {
        // OpenAI's and Anthropic's lie in the request itself, Bedrock's and Gemini's in an object of their own.
        let apart = json::first(value, &SETTINGS);
        content.parameters = parameters::known(apart.unwrap_or(value));
    }
}

/// Returns the prompt of a request that has one in the place of messages, and nothing that would be lost.
fn prompt(value: &Value) -> Option<&Value> {
    const BESIDE: [&str; 5] = ["model", "user", "metadata", "id", "messages"];
    let Value::Map(map) = value else { return None };
    if json::field(value, "role").is_some() {
        return None;
    }
    let said = json::first(value, &["prompt", "input"])?;
    let is_request = map.iter().all(|(key, _)| {
        key == "prompt"
            || key == "input"
            || BESIDE.contains(&key)
            || INSTRUCTIONS.contains(&key)
            || TOOLS.contains(&key)
            || parameters::is_known(key)
    });
    is_request.then_some(said)
}
