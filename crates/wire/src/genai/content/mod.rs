//! What was said in a span of an agent.
//!
//! Each dialect has a file that gathers the attributes in which its clients have it. What a message looks like is read in
//! one place whoever sent it: [`messages`], with [`parts`] for what a message consists of, [`items`] for the items of the
//! Responses API, [`answers`] for whole answers of providers, and [`tools`] and [`parameters`] for what goes with a call.

mod answers;
mod events;
mod exchange;
mod items;
mod json;
mod langfuse;
mod logfire;
mod media;
mod messages;
mod native;
mod numbered;
mod openinference;
mod openllmetry;
mod opentelemetry;
mod parameters;
mod parts;
mod tools;
mod vercel;

use trackway_model::{Content, DataKind, Dialect, Missing, SpanData, SpanRecord, Value};

/// The attribute that holds the `span_data` of the OpenAI Agents SDK as it came.
const SPAN_DATA: &str = "openai.agents.span_data";

/// Reads what was said in a span that has [`SpanRecord::data`]; empty for others.
///
/// Texts have the length that the client sent. What cannot be read as messages is one message of text.
pub fn content(span: &SpanRecord) -> Content {
    let Some(data) = &span.data else { return Content::default() };
    let mut content = said(span, data.kind, data.dialect);
    if data.dialect != Dialect::OpenAiAgents {
        complete(&mut content, span, data);
    }
    content.missing = missing(&content, span, data.kind);
    content
}

/// Reads what a span says in the words of one dialect.
fn said(span: &SpanRecord, kind: DataKind, dialect: Dialect) -> Content {
    match dialect {
        Dialect::OpenAiAgents => native::read(span),
        Dialect::OpenInference => openinference::read(span, kind),
        Dialect::OpenLlmetry => openllmetry::read(span, kind),
        Dialect::Logfire => logfire::read(span, kind),
        Dialect::Langfuse => langfuse::read(span, kind),
        Dialect::Vercel => vercel::read(span),
        Dialect::OpenTelemetry | Dialect::Burr => opentelemetry::read(span),
    }
}

/// Adds what a client says in other words than its own: few clients keep to one dialect. The words of the SDK and of Logfire
/// are left out, which mean something else elsewhere.
fn complete(content: &mut Content, span: &SpanRecord, data: &SpanData) {
    const OTHERS: [Dialect; 5] =
        [Dialect::OpenTelemetry, Dialect::OpenInference, Dialect::OpenLlmetry, Dialect::Langfuse, Dialect::Vercel];
    for other in OTHERS.into_iter().filter(|other| *other != data.dialect) {
        add(content, said(span, data.kind, other));
    }
    if data.kind == DataKind::McpTools && content.tools.is_empty() {
        let listed = content.result.take().map(Value::Text);
        content.tools = listed.as_ref().map(tools::read).unwrap_or_default();
    }
}

/// Takes from another reading what is not there yet.
fn add(content: &mut Content, other: Content) {
    // Instructions are in the messages or beside them: one reading must not give what the other has.
    if content.input.is_empty() && content.instructions.is_none() {
        (content.input, content.instructions) = (other.input, other.instructions);
    }
    if content.output.is_empty() {
        content.output = other.output;
    }
    if content.tools.is_empty() {
        content.tools = other.tools;
    }
    if content.parameters.is_empty() {
        content.parameters = other.parameters;
    }
    content.arguments = content.arguments.take().or(other.arguments);
    content.result = content.result.take().or(other.result);
}

/// Returns true for work whose input and output are messages.
fn is_conversation(kind: DataKind) -> bool {
    matches!(kind, DataKind::Generation | DataKind::Response)
}

/// Says why a model call has no messages. An open span may still get some.
fn missing(content: &Content, span: &SpanRecord, kind: DataKind) -> Option<Missing> {
    let has_messages = !content.input.is_empty() || !content.output.is_empty();
    if !is_conversation(kind) || has_messages || span.end.is_none() {
        return None;
    }
    Some(if native::is_id_only(span) { Missing::ResponseIdOnly } else { Missing::NotRecorded })
}
