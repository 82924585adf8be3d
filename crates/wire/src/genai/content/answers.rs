//! Whole answers of providers: OpenAI's two, Gemini's, Bedrock's, and LangChain's.

use trackway_model::{Message, Role, Text, Value};

use super::{items, json, messages};

/// Returns true for a whole answer of the Responses API.
pub(super) fn is_response(value: &Value) -> bool {
    let says_so = json::word(value, "object") == Some("response");
    says_so || (json::field(value, "role").is_none() && matches!(json::field(value, "output"), Some(Value::Array(_))))
}

/// Reads the messages of a whole answer, one for each choice; `None` for other objects.
pub(super) fn read(value: &Value) -> Option<Vec<Message>> {
    if is_response(value) {
        return Some(response(value).into_iter().collect());
    }
    let choices = ["choices", "candidates"].into_iter().find_map(|key| json::field(value, key));
    if let Some(Value::Array(choices)) = choices {
        return Some(choices.iter().flat_map(choice).collect());
    }
    if let Some(Value::Array(prompts)) = json::field(value, "generations") {
        let each = prompts.iter().flat_map(|answers| match answers {
            Value::Array(answers) => answers.as_slice(),
            one => std::slice::from_ref(one),
        });
        return Some(each.flat_map(choice).collect());
    }
    let converse = json::field(value, "output").and_then(|output| json::field(output, "message"))?;
    Some(finished(messages::read(converse, &Role::Assistant), reason(value)))
}

/// Reads a choice: a message, or what there is of one.
fn choice(value: &Value) -> Vec<Message> {
    let said = json::first(value, &["message", "delta", "content", "text"]).unwrap_or(value);
    let why = reason(value).or_else(|| reason(json::field(value, "generation_info")?));
    finished(messages::read(said, &Role::Assistant), why)
}

fn response(value: &Value) -> Option<Message> {
    let mut message = items::answer(json::list(value, "output"))?;
    let incomplete = json::field(value, "incomplete_details").and_then(|details| json::text(details, &["reason"]));
    message.finish_reason = incomplete.or_else(|| json::text(value, &["status"]));
    Some(message)
}

/// Returns why the model stopped, as an answer, a choice or a message says it.
pub(super) fn reason(value: &Value) -> Option<Text> {
    json::text(value, &["finish_reason", "finishReason", "stop_reason", "stopReason"])
}

fn finished(mut said: Vec<Message>, reason: Option<Text>) -> Vec<Message> {
    for message in &mut said {
        message.finish_reason = message.finish_reason.take().or_else(|| reason.clone());
    }
    said
}
