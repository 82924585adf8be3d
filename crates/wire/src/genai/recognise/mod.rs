//! What a span says of itself, in the few words that are kept in memory.
//!
//! `signs` finds whose words a span uses, `table` reads what they say, and `kind` and `usage` make it the same for all. What
//! a table cannot say of a client is in the client's own file.

mod burr;
mod kind;
mod langfuse;
mod logfire;
mod openinference;
mod openllmetry;
mod opentelemetry;
mod own;
#[cfg(test)]
mod properties;
mod signs;
mod table;
mod time;
mod usage;
mod vercel;

use trackway_model::{DataKind, Dialect, Handoff, SpanData, SpanRecord, Text, Value};

pub use self::own::trace;
use self::table::{Fact, Facts};

/// Reads what a span says of itself into [`SpanRecord::data`]; a span of no agent stays as it is.
///
/// The attributes stay as they came. A span that a client of Logfire announces as pending becomes the open span that it
/// stands for.
pub fn recognise(span: &mut SpanRecord) {
    let Some(dialect) = signs::dialect(span) else { return };
    if dialect == Dialect::Logfire {
        logfire::open_pending(span);
        logfire::explain(span);
    }
    if let Some(data) = read(span, dialect) {
        span.data = Some(Box::new(data));
    }
    langfuse::judge(span);
}

/// Reads a span that uses the words of `dialect`.
fn read(span: &SpanRecord, dialect: Dialect) -> Option<SpanData> {
    let telling_events = span.events.iter().filter(|event| signs::is_told(event));
    let mut facts = Facts::of(&span.attributes, telling_events.map(|event| &event.attributes));
    match dialect {
        Dialect::Logfire => logfire::learn(span, &mut facts),
        Dialect::Burr => burr::learn(span, &mut facts),
        _ => {}
    }
    let kind = kind::of(span, &facts);
    let kind = match dialect {
        Dialect::OpenInference => openinference::kind(span, &facts, kind),
        Dialect::Logfire => logfire::kind(span, kind),
        Dialect::Langfuse => langfuse::kind(span, kind),
        Dialect::Vercel => vercel::kind(&facts, kind),
        Dialect::Burr => burr::kind(kind),
        Dialect::OpenTelemetry | Dialect::OpenLlmetry | Dialect::OpenAiAgents => kind,
    }?;
    let mut data = said(&facts, kind, dialect);
    data.first_token = time::first_token(span, &facts);
    match dialect {
        Dialect::OpenInference => openinference::amend(span, &facts, &mut data),
        Dialect::OpenLlmetry => openllmetry::amend(span, &facts, &mut data),
        Dialect::Logfire => logfire::amend(span, &mut data),
        Dialect::Langfuse => langfuse::amend(span, &mut data),
        Dialect::Vercel => vercel::amend(&facts, &mut data),
        Dialect::Burr => burr::amend(span, &mut data),
        Dialect::OpenTelemetry | Dialect::OpenAiAgents => opentelemetry::amend(span, &mut data),
    }
    own::amend(span, &facts, &mut data);
    Some(data)
}

/// Gathers what the attributes say, which means the same in all dialects.
fn said(facts: &Facts<'_>, kind: DataKind, dialect: Dialect) -> SpanData {
    let mut data = SpanData::new(kind, dialect);
    data.subject = subject(facts, kind);
    data.agent = (kind != DataKind::Agent).then(|| facts.text(Fact::AgentName)).flatten();
    data.provider = facts.text(Fact::Provider).map(lowercase);
    data.request_model = facts.text(Fact::RequestModel);
    data.response_model = facts.text(Fact::ResponseModel);
    data.response_id = facts.text(Fact::ResponseId);
    data.finish_reasons = facts.get(Fact::FinishReasons).map(usage::finish_reasons).unwrap_or_default();
    data.call_id = facts.text(Fact::CallId);
    data.server = facts.text(Fact::Server);
    data.conversation = facts.text(Fact::Conversation);
    data.user = facts.text(Fact::User);
    data.turn = facts.count(Fact::Turn).and_then(|turn| u32::try_from(turn).ok());
    data.triggered = triggered(facts);
    data.usage = usage::usage(facts, dialect);
    data.cost = usage::cost(facts);
    if kind == DataKind::Handoff {
        let end = |fact| facts.text(fact).filter(|name| &**name != "unknown");
        data.handoff = Some(Handoff { from: end(Fact::HandoffFrom), to: end(Fact::HandoffTo) });
    }
    data
}

/// Returns the name of what did the work.
fn subject(facts: &Facts<'_>, kind: DataKind) -> Option<Text> {
    let fact = match kind {
        DataKind::Workflow | DataKind::Task => Fact::WorkflowName,
        DataKind::Agent => Fact::AgentName,
        DataKind::Function => Fact::ToolName,
        DataKind::Guardrail => Fact::GuardrailName,
        DataKind::McpTools => Fact::Server,
        DataKind::Retrieval => Fact::DataSource,
        _ => return None,
    };
    facts.text(fact)
}

/// Reads whether a guardrail was triggered.
fn triggered(facts: &Facts<'_>) -> Option<bool> {
    match facts.get(Fact::Triggered)? {
        Value::Bool(bool) => Some(*bool),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// Writes a provider's name as all but a few clients do.
fn lowercase(name: Text) -> Text {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name }
}

/// Returns what follows a prefix in a span's name: `get_weather` of `execute_tool get_weather`.
fn after(name: &str, prefix: &str) -> Option<Text> {
    let rest = name.strip_prefix(prefix)?.trim();
    (!rest.is_empty()).then(|| rest.into())
}
