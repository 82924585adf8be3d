//! Pydantic Logfire: its instrumentation of the OpenAI Agents SDK, of models, and Pydantic AI.
//!
//! A span is named by a template with the values left out; what a person is to read is in `logfire.msg`.

use trackway_model::{DataKind, SpanData, SpanId, SpanRecord, Text};

use super::table::{Fact, Facts};
use crate::genai::read;

/// The library that instruments the OpenAI Agents SDK.
const AGENTS_SDK: &str = "logfire.openai_agents";

/// What the names mean that the library for the Agents SDK gives its attributes.
const OF_AGENTS_SDK: &[(Fact, &str)] = &[
    (Fact::AgentName, "agent_name"),
    (Fact::Turn, "turn"),
    (Fact::Triggered, "triggered"),
    (Fact::HandoffFrom, "from_agent"),
    (Fact::HandoffTo, "to_agent"),
    (Fact::ResponseId, "response_id"),
    (Fact::Conversation, "group_id"),
    (Fact::UsageMap, "usage"),
    (Fact::Server, "server"),
];

/// What the names mean on other spans of Logfire and Pydantic AI.
const OF_OTHERS: &[(Fact, &str)] = &[(Fact::AgentName, "agent_name"), (Fact::RequestModel, "model_name")];

/// What spans of the Agents SDK are, by how their templates begin.
const TEMPLATES: &[(&str, DataKind)] = &[
    ("OpenAI Agents trace", DataKind::Workflow),
    ("Agent run", DataKind::Agent),
    ("Function", DataKind::Function),
    ("Chat completion", DataKind::Generation),
    ("Responses API", DataKind::Response),
    ("Guardrail", DataKind::Guardrail),
    ("Handoff", DataKind::Handoff),
    ("MCP: list tools", DataKind::McpTools),
    ("Speech → Text", DataKind::Transcription),
    ("Text → Speech group", DataKind::SpeechGroup),
    ("Text → Speech", DataKind::Speech),
];

/// How messages end whose span has not come to its result.
const UNKNOWN_YET: &[&str] = &[" triggered=False", " → None"];

/// Makes a pending span the open span that it stands for: its parent is that span, and its parent's id in an attribute.
pub(super) fn open_pending(span: &mut SpanRecord) {
    let is_pending = span.attributes.text("logfire.span_type") == Some("pending_span");
    let (true, Some(id), Some(_)) = (is_pending, span.parent_id, span.end) else { return };
    let parent = span.attributes.text("logfire.pending_parent_id");
    span.span_id = id;
    // Zeros, which are no id, stand for no parent.
    span.parent_id = parent.and_then(|parent| parent.parse::<SpanId>().ok());
    span.end = None;
}

/// Takes the message of what failed for the span's, which the library for the Agents SDK mostly leaves empty.
pub(super) fn explain(span: &mut SpanRecord) {
    if span.is_error() && span.status.message.is_empty() && is_of_agents_sdk(span) {
        let error = span.attributes.get("error").and_then(read::json);
        if let Some(message) = error.as_ref().and_then(|error| error.get("message")?.as_str()) {
            span.status.message = message.into();
        }
    }
}

/// Learns what only spans of Logfire say in these names.
pub(super) fn learn<'a>(span: &'a SpanRecord, facts: &mut Facts<'a>) {
    facts.also(&span.attributes, if is_of_agents_sdk(span) { OF_AGENTS_SDK } else { OF_OTHERS });
}

/// Returns the kind of a span; the templates say more than the attributes.
pub(super) fn kind(span: &SpanRecord, kind: Option<DataKind>) -> Option<DataKind> {
    if !is_of_agents_sdk(span) {
        return if repeats_a_call(span, kind) { Some(DataKind::Custom) } else { kind };
    }
    let template = span.attributes.text("logfire.msg_template").unwrap_or(&span.name);
    let by_template = || TEMPLATES.iter().find(|(begin, _)| template.starts_with(begin)).map(|(_, kind)| *kind);
    match span.attributes.text("sdk_span_type") {
        Some("task") => Some(DataKind::Task),
        Some("turn") => Some(DataKind::Turn),
        _ => by_template().or(Some(DataKind::Custom)),
    }
}

/// Returns true for the message that a streamed answer ended with, where the span of the call already tells what it used.
fn repeats_a_call(span: &SpanRecord, kind: Option<DataKind>) -> bool {
    let is_message = span.attributes.text("logfire.span_type") == Some("log");
    is_message && kind == Some(DataKind::Generation) && !span.attributes.has_prefix("gen_ai.usage.")
}

/// Fills in what a table cannot say.
pub(super) fn amend(span: &SpanRecord, data: &mut SpanData) {
    data.title = title(span);
    if !is_of_agents_sdk(span) {
        return;
    }
    let is_named = matches!(
        data.kind,
        DataKind::Workflow
            | DataKind::Task
            | DataKind::Agent
            | DataKind::Function
            | DataKind::Guardrail
            | DataKind::Custom
    );
    if is_named {
        data.subject = name(span);
    }
    if let Some(mcp) = span.attributes.get("mcp_data").and_then(read::json) {
        data.server = mcp.get("server").and_then(|server| server.as_str()).map(Text::from);
    }
    if data.kind == DataKind::Workflow {
        // A list of traces shows the workflow by this, as it does with other clients.
        data.title = data.subject.clone().or(data.title.take());
    }
    // A guardrail that is announced has not decided yet.
    data.triggered = data.triggered.filter(|_| span.end.is_some());
}

/// Returns the message for a person, without what a span that is announced says of its end.
fn title(span: &SpanRecord) -> Option<Text> {
    let message = span.attributes.get("logfire.msg").and_then(read::text)?;
    let is_open = span.end.is_none() && is_of_agents_sdk(span);
    let begun = |unknown: &str| is_open.then(|| message.strip_suffix(unknown)).flatten().map(Text::from);
    UNKNOWN_YET.iter().find_map(|unknown| begun(unknown)).or(Some(message))
}

/// Returns the name of what did the work; Logfire takes a name like `no_secrets` for a secret, and keeps it in the message.
fn name(span: &SpanRecord) -> Option<Text> {
    let name = span.attributes.get("name").and_then(read::text)?;
    let is_scrubbed = name.starts_with("[Scrubbed due to");
    if is_scrubbed { name_in_message(span).or(Some(name)) } else { Some(name) }
}

/// Finds the name in the message that was made of a template with `{name}` or `{name!r}` in it.
fn name_in_message(span: &SpanRecord) -> Option<Text> {
    let template = span.attributes.text("logfire.msg_template")?;
    let (before, placeholder) = template.split_once("{name")?;
    let rest = span.attributes.text("logfire.msg")?.strip_prefix(before)?;
    let name = if placeholder.starts_with("!r}") {
        let quote = rest.chars().next()?;
        rest.strip_prefix(quote)?.split_once(quote)?.0
    } else {
        rest.split_once(" failed: ").map_or(rest, |(name, _)| name)
    };
    Some(name.into())
}

/// Returns true for a span of the OpenAI Agents SDK.
fn is_of_agents_sdk(span: &SpanRecord) -> bool {
    &*span.scope.name == AGENTS_SDK
}
