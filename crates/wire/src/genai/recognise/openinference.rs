//! OpenInference, and its instrumentation of the OpenAI Agents SDK, which has fewer kinds than the SDK.

use trackway_model::{DataKind, Handoff, SpanData, SpanRecord, Text};

use super::{
    after,
    table::{Fact, Facts},
};

/// The library that instruments the OpenAI Agents SDK.
const AGENTS_SDK: &str = "openinference.instrumentation.openai_agents";

/// How that library names a handoff.
const HANDOFF: &str = "handoff to ";

/// Returns the kind of a span, with those that the library for the Agents SDK hides behind others.
pub(super) fn kind(span: &SpanRecord, facts: &Facts<'_>, kind: Option<DataKind>) -> Option<DataKind> {
    let is_root = span.parent_id.is_none();
    let is_of_agents_sdk = &*span.scope.name == AGENTS_SDK;
    let has_name = facts.has(Fact::AgentName) || facts.has(Fact::NodeName);
    match kind {
        Some(DataKind::Function) if is_of_agents_sdk && span.name.starts_with(HANDOFF) => Some(DataKind::Handoff),
        Some(DataKind::Agent) if is_of_agents_sdk && is_root && !has_name => Some(DataKind::Workflow),
        Some(DataKind::Custom) if is_of_agents_sdk && &*span.name == "turn" => Some(DataKind::Turn),
        Some(DataKind::Custom) if is_of_agents_sdk && &*span.name == "mcp_tools" => Some(DataKind::McpTools),
        Some(DataKind::Custom) if is_root && is_chain(facts) => Some(DataKind::Workflow),
        other => other,
    }
}

/// Returns true for a chain: what holds other work together.
fn is_chain(facts: &Facts<'_>) -> bool {
    facts.word(Fact::OpenInferenceKind).is_some_and(|kind| kind.eq_ignore_ascii_case("CHAIN"))
}

/// Names what did the work after the span, and finds the ends of a handoff.
pub(super) fn amend(span: &SpanRecord, facts: &Facts<'_>, data: &mut SpanData) {
    let named = |fact| facts.text(fact).or_else(|| Some(span.name.clone()).filter(|name| !name.is_empty()));
    match data.kind {
        DataKind::Agent if data.subject.is_none() => data.subject = named(Fact::NodeName),
        DataKind::Function if data.subject.is_none() => data.subject = named(Fact::ToolName),
        DataKind::Workflow if data.subject.is_none() => data.subject = named(Fact::WorkflowName),
        DataKind::Guardrail | DataKind::Evaluation if data.subject.is_none() => {
            data.subject = named(Fact::GuardrailName)
        }
        DataKind::Handoff => data.handoff = Some(handoff(span)),
        _ => {}
    }
}

/// Reads between which agents a handoff goes.
fn handoff(span: &SpanRecord) -> Handoff {
    let end = |key| span.attributes.text(key).filter(|name| !name.is_empty()).map(Text::from);
    Handoff { from: end("input.value"), to: end("output.value").or_else(|| after(&span.name, HANDOFF)) }
}
