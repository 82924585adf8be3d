//! What attributes say, and all the names under which clients say it.
//!
//! A new spelling is a line in [`SPELLINGS`], at the place that says how much it counts: of two attributes of a span that
//! say the same thing, the one that stands first is read.

use std::{collections::HashMap, sync::LazyLock};

use trackway_model::{Attributes, Text, Value, keys};

use crate::genai::read;

/// A thing that an attribute can say of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    /// The kind, in our own library's words.
    OwnKind,
    /// The kind, in OpenInference's words.
    OpenInferenceKind,
    /// The kind, in Langfuse's words.
    LangfuseType,
    /// The kind, in OpenLLMetry's words.
    TraceloopKind,
    /// The kind, as the function of Vercel's AI SDK.
    VercelOperation,
    /// The kind, in OpenTelemetry's words.
    Operation,
    /// The kind, as the method of MCP.
    McpMethod,
    /// The kind of a model call, in old words of OpenLLMetry.
    RequestType,
    Provider,
    RequestModel,
    ResponseModel,
    ResponseId,
    FinishReasons,
    AgentName,
    /// A node of a graph of agents, which mostly is the agent.
    NodeName,
    ToolName,
    CallId,
    /// What a decorated function is called, whatever its kind.
    EntityName,
    WorkflowName,
    GuardrailName,
    /// What a search looks into.
    DataSource,
    Server,
    Conversation,
    User,
    Turn,
    HandoffFrom,
    HandoffTo,
    Triggered,
    InputTokens,
    OutputTokens,
    TotalTokens,
    CacheReadTokens,
    CacheWriteTokens,
    /// What went in past the cache; whoever says it counts the cache as a part of the input.
    FreshInputTokens,
    ReasoningTokens,
    AudioInputTokens,
    AudioOutputTokens,
    Requests,
    /// All of the tokens in one map.
    UsageMap,
    CostTotal,
    CostInput,
    CostOutput,
    /// All of the cost in one map.
    CostMap,
    FirstTokenSeconds,
    FirstTokenMillis,
    /// When the first part of the answer came.
    FirstTokenAt,
}

/// How many kinds of facts there are.
const FACTS: usize = Fact::FirstTokenAt as usize + 1;

/// Under which names each fact comes, the best first. These names mean the same on whatever span they are.
pub(super) const SPELLINGS: &[(Fact, &[&str])] = &[
    (Fact::OwnKind, &[keys::TRACKWAY_SPAN_KIND]),
    (Fact::OpenInferenceKind, &["openinference.span.kind"]),
    (Fact::LangfuseType, &["langfuse.observation.type", "langfuse.type"]),
    (Fact::TraceloopKind, &["traceloop.span.kind"]),
    (Fact::VercelOperation, &["ai.operationId"]),
    (Fact::Operation, &["gen_ai.operation.name"]),
    (Fact::McpMethod, &["mcp.method.name"]),
    (Fact::RequestType, &["llm.request.type"]),
    (
        Fact::Provider,
        &[
            "gen_ai.provider.name",
            "gen_ai.system",
            "llm.provider",
            "llm.system",
            "ai.model.provider",
            "embedding.provider",
            "llm.vendor",
        ],
    ),
    (
        Fact::RequestModel,
        &[
            "gen_ai.request.model",
            "llm.request.model_name",
            "llm.request.model",
            "ai.model.id",
            "langfuse.observation.model.name",
            "langfuse.model",
            "embedding.model_name",
            "reranker.model_name",
            "llm.model_name",
            "gcp.vertex.agent.model",
            "model.name",
        ],
    ),
    (
        Fact::ResponseModel,
        &["gen_ai.response.model", "llm.response.model_name", "llm.response.model", "ai.response.model"],
    ),
    (Fact::ResponseId, &["gen_ai.response.id", "llm.response.id", "ai.response.id"]),
    (
        Fact::FinishReasons,
        &[
            "gen_ai.response.finish_reasons",
            "gen_ai.response.finish_reason",
            "gen_ai.response.stop_reason",
            "llm.finish_reason",
            "llm.response.finish_reason",
            "llm.response.stop_reason",
            "ai.response.finishReason",
            "ai.finishReason",
            "langfuse.observation.metadata.finish_reason",
        ],
    ),
    (Fact::AgentName, &["gen_ai.agent.name", "agent.name"]),
    (Fact::NodeName, &["graph.node.name", "graph.node.id"]),
    (Fact::ToolName, &["gen_ai.tool.name", "tool.name", "ai.toolCall.name"]),
    (Fact::CallId, &["gen_ai.tool.call.id", "tool.id", "tool_call.id", "ai.toolCall.id"]),
    (Fact::EntityName, &["traceloop.entity.name"]),
    (
        Fact::WorkflowName,
        &["gen_ai.workflow.name", "traceloop.workflow.name", "langfuse.trace.name", "ai.telemetry.functionId"],
    ),
    (Fact::GuardrailName, &["gen_ai.guardrail.name"]),
    (Fact::DataSource, &["gen_ai.data_source.id"]),
    (Fact::Server, &["mcp.server.name", "gen_ai.tool.server.name"]),
    (
        Fact::Conversation,
        &[
            "gen_ai.conversation.id",
            "session.id",
            "langfuse.session.id",
            "langfuse.trace.session_id",
            "traceloop.association.properties.session_id",
            "traceloop.association.properties.thread_id",
            "traceloop.association.properties.conversation_id",
            "traceloop.association.properties.chat_id",
            "ai.telemetry.metadata.sessionId",
            "ai.telemetry.metadata.session_id",
            "ai.telemetry.metadata.threadId",
            "ai.telemetry.metadata.conversationId",
            "ai.telemetry.metadata.chatId",
            "gcp.vertex.agent.session_id",
            "gen_ai.session.id",
            "gen_ai.thread.id",
            "gen_ai.openai.thread.id",
        ],
    ),
    (
        Fact::User,
        &[
            "user.id",
            "enduser.id",
            "langfuse.user.id",
            "langfuse.trace.user_id",
            "traceloop.association.properties.user_id",
            "ai.telemetry.metadata.userId",
            "ai.telemetry.metadata.user_id",
            "gen_ai.user",
            "llm.user",
        ],
    ),
    (Fact::Turn, &["gen_ai.agent.turn", "gen_ai.turn.number"]),
    (Fact::HandoffFrom, &["gen_ai.handoff.from_agent"]),
    (Fact::HandoffTo, &["gen_ai.handoff.to_agent"]),
    (Fact::Triggered, &["gen_ai.guardrail.triggered"]),
    (
        Fact::InputTokens,
        &[
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.prompt_tokens",
            "llm.token_count.prompt",
            "llm.usage.prompt_tokens",
            "llm.usage.input_tokens",
            "ai.usage.inputTokens",
            "ai.usage.promptTokens",
            "ai.usage.tokens",
        ],
    ),
    (
        Fact::OutputTokens,
        &[
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens",
            "llm.token_count.completion",
            "llm.usage.completion_tokens",
            "llm.usage.output_tokens",
            "ai.usage.outputTokens",
            "ai.usage.completionTokens",
        ],
    ),
    (
        Fact::TotalTokens,
        &["gen_ai.usage.total_tokens", "llm.token_count.total", "llm.usage.total_tokens", "ai.usage.totalTokens"],
    ),
    (
        Fact::CacheReadTokens,
        &[
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.cache_read_tokens",
            "gen_ai.usage.cached_input_tokens",
            "gen_ai.usage.cached_tokens",
            "gen_ai.usage.details.cache_read_tokens",
            "gen_ai.usage.details.cache_read_input_tokens",
            "gen_ai.usage.details.cached_tokens",
            "llm.token_count.prompt_details.cache_read",
            "llm.token_count.prompt_details.cache_input",
            "llm.usage.cache_read_input_tokens",
            "ai.usage.inputTokenDetails.cacheReadTokens",
            "ai.usage.cachedInputTokens",
        ],
    ),
    (
        Fact::CacheWriteTokens,
        &[
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "gen_ai.usage.cache_write_input_tokens",
            "gen_ai.usage.cache_creation_tokens",
            "gen_ai.usage.cache_write_tokens",
            "gen_ai.usage.details.cache_write_tokens",
            "gen_ai.usage.details.cache_creation_input_tokens",
            "llm.token_count.prompt_details.cache_write",
            "llm.usage.cache_creation_input_tokens",
            "ai.usage.inputTokenDetails.cacheWriteTokens",
        ],
    ),
    (Fact::FreshInputTokens, &["ai.usage.inputTokenDetails.noCacheTokens"]),
    (
        Fact::ReasoningTokens,
        &[
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.reasoning_tokens",
            "gen_ai.usage.thinking_tokens",
            "gen_ai.usage.details.reasoning_tokens",
            "gen_ai.usage.details.thoughts_tokens",
            "llm.token_count.completion_details.reasoning",
            "llm.usage.reasoning_tokens",
            "ai.usage.outputTokenDetails.reasoningTokens",
            "ai.usage.reasoningTokens",
        ],
    ),
    (
        Fact::AudioInputTokens,
        &[
            "gen_ai.usage.audio.input_tokens",
            "gen_ai.usage.input_audio_tokens",
            "gen_ai.usage.details.input_audio_tokens",
            "llm.token_count.prompt_details.audio",
        ],
    ),
    (
        Fact::AudioOutputTokens,
        &[
            "gen_ai.usage.audio.output_tokens",
            "gen_ai.usage.output_audio_tokens",
            "gen_ai.usage.details.output_audio_tokens",
            "llm.token_count.completion_details.audio",
        ],
    ),
    (Fact::Requests, &["gen_ai.usage.requests"]),
    (Fact::UsageMap, &["langfuse.observation.usage_details", "langfuse.usage", "gen_ai.usage"]),
    (Fact::CostTotal, &["llm.cost.total", "operation.cost", "gen_ai.usage.cost", "gen_ai.usage.total_cost"]),
    (Fact::CostInput, &["llm.cost.prompt", "gen_ai.usage.input_cost"]),
    (Fact::CostOutput, &["llm.cost.completion", "gen_ai.usage.output_cost"]),
    (Fact::CostMap, &["langfuse.observation.cost_details"]),
    (
        Fact::FirstTokenSeconds,
        &[
            "gen_ai.response.time_to_first_chunk",
            "gen_ai.client.operation.time_to_first_chunk",
            "gen_ai.response.time_to_first_token",
            "gen_ai.server.time_to_first_token",
        ],
    ),
    (Fact::FirstTokenMillis, &["ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"]),
    (Fact::FirstTokenAt, &["trackway.response.first_content_at", "langfuse.observation.completion_start_time"]),
];

/// What each name says, and how far down its list it stands.
static INDEX: LazyLock<HashMap<&str, (Fact, usize)>> = LazyLock::new(|| {
    let ranked = |(fact, keys): &(Fact, &'static [&'static str])| {
        let fact = *fact;
        keys.iter().enumerate().map(move |(rank, key)| (*key, (fact, rank)))
    };
    SPELLINGS.iter().flat_map(ranked).collect()
});

/// What the attributes of a span say.
#[derive(Debug)]
pub(super) struct Facts<'a>([Option<(usize, &'a Value)>; FACTS]);

/// How much names count that do not say which client they are of, and are read only where that is known.
const UNQUALIFIED: usize = 1_000;

/// How much what an event says counts, against what its span says.
const OF_AN_EVENT: usize = 10_000;

impl<'a> Facts<'a> {
    /// Reads what a span says, and what it leaves to its events.
    pub(super) fn of(attributes: &'a Attributes, events: impl Iterator<Item = &'a Attributes>) -> Self {
        let mut facts = Self([None; FACTS]);
        for (key, value) in attributes.iter() {
            if let Some((fact, rank)) = INDEX.get(key) {
                facts.learn(*fact, *rank, value);
            }
        }
        for (key, value) in events.flat_map(Attributes::iter) {
            if let Some((fact, rank)) = INDEX.get(key) {
                facts.learn(*fact, OF_AN_EVENT + rank, value);
            }
        }
        facts
    }

    /// Reads further names that mean what `spellings` says only on spans of one client.
    pub(super) fn also(&mut self, attributes: &'a Attributes, spellings: &[(Fact, &str)]) {
        for (rank, (fact, key)) in spellings.iter().enumerate() {
            if let Some(value) = attributes.get(key) {
                self.learn(*fact, UNQUALIFIED + rank, value);
            }
        }
    }

    /// Keeps a value unless it says nothing or a better one is known.
    fn learn(&mut self, fact: Fact, rank: usize, value: &'a Value) {
        let says_nothing = match value {
            Value::Empty => true,
            Value::Text(text) => text.is_empty() || &**text == "null",
            _ => false,
        };
        let Some(known) = self.0.get_mut(fact as usize) else { return };
        if !says_nothing && known.is_none_or(|(best, _)| rank < best) {
            *known = Some((rank, value));
        }
    }

    /// Returns what is said of `fact`.
    pub(super) fn get(&self, fact: Fact) -> Option<&'a Value> {
        self.0.get(fact as usize).copied().flatten().map(|(_, value)| value)
    }

    /// Returns true when something is said of `fact`.
    pub(super) fn has(&self, fact: Fact) -> bool {
        self.get(fact).is_some()
    }

    /// Returns what is said of `fact`, as text; an id that came as a number is text too.
    pub(super) fn text(&self, fact: Fact) -> Option<Text> {
        match self.get(fact)? {
            Value::Int(number) => Some(number.to_string().into()),
            value => read::text(value),
        }
    }

    /// Returns the text that is said of `fact`, without copying it.
    pub(super) fn word(&self, fact: Fact) -> Option<&'a str> {
        self.get(fact)?.as_text()
    }

    /// Returns the count that is said of `fact`.
    pub(super) fn count(&self, fact: Fact) -> Option<u64> {
        read::count(self.get(fact)?)
    }

    /// Returns the number that is said of `fact`.
    pub(super) fn number(&self, fact: Fact) -> Option<f64> {
        read::number(self.get(fact)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_one_thing_and_a_thing_has_one_list() {
        let names: usize = SPELLINGS.iter().map(|(_, keys)| keys.len()).sum();
        assert_eq!(INDEX.len(), names, "a name stands twice");
        for (at, (fact, _)) in SPELLINGS.iter().enumerate() {
            assert_eq!(*fact as usize, at, "the lists stand in the order of the facts");
        }
        assert_eq!(SPELLINGS.len(), FACTS);
    }
}
