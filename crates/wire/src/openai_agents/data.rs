//! What a span's `span_data` says, in the form that every dialect is read into.

use trackway_model::{Attributes, DataKind, Dialect, Elapsed, Handoff, SpanData, Text, Timestamp, Value};

use super::{
    fields::{as_map, last, list, map, text},
    provider::provider,
    time,
    usage::usage,
};

/// The id that the SDK gives to an answer of which it knows no id.
const FAKE_ID: &str = "__fake_id__";

/// Returns what a `span_data` says; `started` is when the span began, where the client told.
///
/// Of a type that is not known, only the name is read.
pub fn data(span_data: &Attributes, started: Option<Timestamp>) -> SpanData {
    let (kind, fields) = kind(span_data);
    let mut data = SpanData::new(kind, Dialect::OpenAiAgents);
    data.usage = map(fields, "usage").and_then(usage);
    match kind {
        DataKind::Turn => {
            data.agent = text(fields, "agent_name");
            data.turn = number(fields, "turn");
        }
        DataKind::Generation | DataKind::Response => model_call(fields, &mut data),
        DataKind::Transcription | DataKind::Speech => {
            model(fields, &mut data);
            data.first_token = first_content(fields, started);
        }
        DataKind::Function => {
            data.subject = text(fields, "name");
            data.server = map(fields, "mcp_data").and_then(|mcp| text(mcp, "server"));
        }
        DataKind::McpTools => {
            data.subject = text(fields, "server");
            data.server = data.subject.clone();
        }
        DataKind::Handoff => {
            data.handoff = Some(Handoff { from: text(fields, "from_agent"), to: text(fields, "to_agent") });
        }
        DataKind::Guardrail => {
            data.subject = text(fields, "name");
            data.triggered = flag(fields, "triggered");
        }
        _ => data.subject = text(fields, "name"),
    }
    data
}

/// Returns what kind of work a span is, and the fields that tell of it.
///
/// The SDK sends its tasks and turns as custom spans; a custom span of a program may have the same name.
fn kind(span_data: &Attributes) -> (DataKind, &Attributes) {
    let kind = match text(span_data, "type").as_deref() {
        Some("custom") => return custom(span_data),
        Some("task") => DataKind::Task,
        Some("turn") => DataKind::Turn,
        Some("agent") => DataKind::Agent,
        Some("generation") => DataKind::Generation,
        Some("response") => DataKind::Response,
        Some("function") => DataKind::Function,
        Some("handoff") => DataKind::Handoff,
        Some("guardrail") => DataKind::Guardrail,
        Some("mcp_tools") => DataKind::McpTools,
        Some("transcription") => DataKind::Transcription,
        Some("speech") => DataKind::Speech,
        Some("speech_group") => DataKind::SpeechGroup,
        _ => DataKind::Custom,
    };
    (kind, span_data)
}

fn custom(span_data: &Attributes) -> (DataKind, &Attributes) {
    let own = map(span_data, "data");
    let kind = own.and_then(|own| text(own, "sdk_span_type"));
    match (kind.as_deref(), own) {
        (Some("task"), Some(own)) => (DataKind::Task, own),
        (Some("turn"), Some(own)) => (DataKind::Turn, own),
        _ => (DataKind::Custom, span_data),
    }
}

/// Reads which model was asked, and where.
fn model(fields: &Attributes, data: &mut SpanData) {
    data.request_model = text(fields, "model");
    let base_url = map(fields, "model_config").and_then(|config| text(config, "base_url"));
    data.provider = provider(base_url.as_deref(), data.request_model.as_deref());
}

fn model_call(fields: &Attributes, data: &mut SpanData) {
    model(fields, data);
    data.response_id = text(fields, "response_id");
    let Some(answer) = answer(fields) else { return };
    data.usage = data.usage.or_else(|| map(answer, "usage").and_then(usage));
    data.finish_reasons = finish_reasons(answer);
    match text(answer, "id") {
        // The SDK put it together from pieces: its model is the one that was asked.
        Some(id) if &*id == FAKE_ID => {
            data.response_id = data.response_id.take().or_else(|| id_of_pieces(answer));
        }
        id => {
            data.response_model = text(answer, "model");
            data.response_id = data.response_id.take().or(id);
        }
    }
}

/// Finds the whole answer as the provider gave it: in `output`, or in the `response` that an exporter may add.
fn answer(fields: &Attributes) -> Option<&Attributes> {
    let is_whole = |answer: &&Attributes| {
        let object = last(answer, "object").and_then(Value::as_text);
        matches!(object, Some("response" | "chat.completion")) || last(answer, "choices").is_some()
    };
    let outputs = list(fields, "output").iter().filter_map(as_map);
    outputs.chain(map(fields, "output")).find(is_whole).or_else(|| map(fields, "response"))
}

/// The id that a streamed answer of the chat API has, which is with its pieces only.
fn id_of_pieces(answer: &Attributes) -> Option<Text> {
    let pieces = list(answer, "output").iter().filter_map(as_map);
    pieces.filter_map(|piece| text(map(piece, "provider_data")?, "response_id")).next()
}

fn finish_reasons(answer: &Attributes) -> Vec<Text> {
    let choices = list(answer, "choices").iter().filter_map(as_map);
    let incomplete = map(answer, "incomplete_details").and_then(|details| text(details, "reason"));
    choices.filter_map(|choice| text(choice, "finish_reason")).chain(incomplete).collect()
}

/// From the span's start to the first sound; `None` when that came before the start, as it cannot.
fn first_content(fields: &Attributes, started: Option<Timestamp>) -> Option<Elapsed> {
    let first = time::read(&text(fields, "first_content_at")?)?;
    Some(first.since(started?)).filter(|elapsed| elapsed.0 >= 0)
}

fn number(fields: &Attributes, key: &str) -> Option<u32> {
    match last(fields, key)? {
        Value::Int(number) => u32::try_from(*number).ok(),
        _ => None,
    }
}

fn flag(fields: &Attributes, key: &str) -> Option<bool> {
    match last(fields, key)? {
        Value::Bool(flag) => Some(*flag),
        _ => None,
    }
}
