//! What kind of work a span is, in every client's words for it.

use trackway_model::{DataKind, SpanRecord};

use super::table::{Fact, Facts};

/// The words for kinds, by the attribute they come in; the first attribute that says more than [`DataKind::Custom`] decides.
///
/// A word that is not here says nothing, and the other facts of the span decide.
const WORDS: &[(Fact, &[(&str, DataKind)])] = &[
    (
        Fact::OwnKind,
        &[
            ("agent", DataKind::Agent),
            ("task", DataKind::Task),
            ("turn", DataKind::Turn),
            ("generation", DataKind::Generation),
            ("response", DataKind::Response),
            ("function", DataKind::Function),
            ("handoff", DataKind::Handoff),
            ("guardrail", DataKind::Guardrail),
            ("mcp_tools", DataKind::McpTools),
            ("transcription", DataKind::Transcription),
            ("speech", DataKind::Speech),
            ("speech_group", DataKind::SpeechGroup),
            ("custom", DataKind::Custom),
        ],
    ),
    (
        Fact::OpenInferenceKind,
        &[
            ("LLM", DataKind::Generation),
            ("TOOL", DataKind::Function),
            ("AGENT", DataKind::Agent),
            ("CHAIN", DataKind::Custom),
            ("RETRIEVER", DataKind::Retrieval),
            ("RERANKER", DataKind::Rerank),
            ("EMBEDDING", DataKind::Embedding),
            ("GUARDRAIL", DataKind::Guardrail),
            ("EVALUATOR", DataKind::Evaluation),
            ("PROMPT", DataKind::Custom),
            ("DECISION", DataKind::Custom),
            ("UNKNOWN", DataKind::Custom),
        ],
    ),
    (
        Fact::LangfuseType,
        &[
            ("generation", DataKind::Generation),
            ("tool", DataKind::Function),
            ("agent", DataKind::Agent),
            ("span", DataKind::Custom),
            ("chain", DataKind::Custom),
            ("event", DataKind::Custom),
            ("retriever", DataKind::Retrieval),
            ("embedding", DataKind::Embedding),
            ("guardrail", DataKind::Guardrail),
            ("evaluator", DataKind::Evaluation),
        ],
    ),
    (
        Fact::TraceloopKind,
        &[
            ("workflow", DataKind::Workflow),
            ("task", DataKind::Custom),
            ("agent", DataKind::Agent),
            ("tool", DataKind::Function),
            ("handoff", DataKind::Handoff),
            ("guardrail", DataKind::Guardrail),
            ("unknown", DataKind::Custom),
        ],
    ),
    (
        Fact::VercelOperation,
        &[
            ("ai.generateText.doGenerate", DataKind::Generation),
            ("ai.streamText.doStream", DataKind::Generation),
            ("ai.generateObject.doGenerate", DataKind::Generation),
            ("ai.streamObject.doStream", DataKind::Generation),
            ("ai.toolCall", DataKind::Function),
            ("ai.embed.doEmbed", DataKind::Embedding),
            ("ai.embedMany.doEmbed", DataKind::Embedding),
            ("ai.rerank.doRerank", DataKind::Rerank),
            // What holds these together, and repeats their usage.
            ("ai.generateText", DataKind::Workflow),
            ("ai.streamText", DataKind::Workflow),
            ("ai.generateObject", DataKind::Workflow),
            ("ai.streamObject", DataKind::Workflow),
            ("ai.embed", DataKind::Workflow),
            ("ai.embedMany", DataKind::Workflow),
            ("ai.rerank", DataKind::Workflow),
        ],
    ),
    (
        Fact::McpMethod,
        &[
            ("tools/call", DataKind::Function),
            ("tools/list", DataKind::McpTools),
            ("initialize", DataKind::Custom),
            ("server/discover", DataKind::Custom),
            ("ping", DataKind::Custom),
            ("resources/list", DataKind::Custom),
            ("resources/read", DataKind::Custom),
            ("prompts/list", DataKind::Custom),
            ("prompts/get", DataKind::Custom),
            ("completion/complete", DataKind::Custom),
        ],
    ),
    (
        Fact::Operation,
        &[
            ("chat", DataKind::Generation),
            ("chat_streaming", DataKind::Generation),
            ("text_completion", DataKind::Generation),
            ("completion", DataKind::Generation),
            ("generate_content", DataKind::Generation),
            ("image_generation", DataKind::Generation),
            ("responses", DataKind::Generation),
            ("response", DataKind::Generation),
            ("embeddings", DataKind::Embedding),
            ("embedding", DataKind::Embedding),
            ("rerank", DataKind::Rerank),
            ("retrieval", DataKind::Retrieval),
            ("invoke_agent", DataKind::Agent),
            // Made once and then invoked: no work of the agent's.
            ("create_agent", DataKind::Custom),
            ("invoke_workflow", DataKind::Workflow),
            ("execute_event_loop_cycle", DataKind::Turn),
            ("execute_tool", DataKind::Function),
            ("handoff", DataKind::Handoff),
            ("agent_handoff", DataKind::Handoff),
            ("guardrail", DataKind::Guardrail),
            ("guardrail_check", DataKind::Guardrail),
            ("apply_guardrail", DataKind::Guardrail),
            ("evaluation", DataKind::Evaluation),
            ("evaluate", DataKind::Evaluation),
            ("transcription", DataKind::Transcription),
            ("speech", DataKind::Speech),
            ("speech_generation", DataKind::Speech),
            ("audio_generation", DataKind::Speech),
            ("plan", DataKind::Custom),
            ("create_memory", DataKind::Custom),
            ("search_memory", DataKind::Custom),
            ("update_memory", DataKind::Custom),
            ("upsert_memory", DataKind::Custom),
            ("delete_memory", DataKind::Custom),
        ],
    ),
    (
        Fact::RequestType,
        &[
            ("chat", DataKind::Generation),
            ("completion", DataKind::Generation),
            ("embedding", DataKind::Embedding),
            ("rerank", DataKind::Rerank),
        ],
    ),
];

/// Facts that tell a kind where no word for one does, the most telling first.
const TELLING: &[(Fact, DataKind)] = &[
    (Fact::ToolName, DataKind::Function),
    (Fact::HandoffTo, DataKind::Handoff),
    (Fact::GuardrailName, DataKind::Guardrail),
    (Fact::ResponseModel, DataKind::Generation),
    (Fact::ResponseId, DataKind::Generation),
    (Fact::RequestModel, DataKind::Generation),
    (Fact::InputTokens, DataKind::Generation),
    (Fact::OutputTokens, DataKind::Generation),
];

/// How the names begin of spans that are the work of an agent, in clients that give no other word for it.
const AGENT_NAMES: &[&str] = &["invoke_agent", "agent run", "agent.run"];

/// Returns the kind of a span; `None` when it is not known to be of an agent at all.
pub(super) fn of(span: &SpanRecord, facts: &Facts<'_>) -> Option<DataKind> {
    let by_word = by_word(facts);
    if let Some(kind) = by_word
        && kind != DataKind::Custom
    {
        return by_word;
    }
    let is_named_like_an_agent = AGENT_NAMES.iter().any(|name| span.name.starts_with(name));
    let by_name = (is_named_like_an_agent && facts.has(Fact::AgentName)).then_some(DataKind::Agent);
    let has_said_something = by_word.is_some() || says_a_word(facts);
    by_name
        .or(by_word)
        .or_else(|| TELLING.iter().find(|(fact, _)| facts.has(*fact)).map(|(_, kind)| *kind))
        .or(has_said_something.then_some(DataKind::Custom))
}

/// Reads the words for the kind; [`DataKind::Custom`] only when no word says more.
fn by_word(facts: &Facts<'_>) -> Option<DataKind> {
    let mut known = None;
    for (fact, words) in WORDS {
        let Some(said) = facts.word(*fact) else { continue };
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(said)).map(|(_, kind)| *kind);
        match found {
            Some(DataKind::Custom) | None => known = known.or(found),
            Some(kind) => return Some(kind),
        }
    }
    known
}

/// Returns true when there is a word for the kind, though we do not know it.
fn says_a_word(facts: &Facts<'_>) -> bool {
    WORDS.iter().any(|(fact, _)| facts.word(*fact).is_some())
}
