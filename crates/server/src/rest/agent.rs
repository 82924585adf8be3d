//! What a span of an agent says of itself, and what was said in it, as JSON.

use serde::Serialize;
use trackway_model as model;
use utoipa::ToSchema;

use super::{
    cut::cut,
    value::{Attribute, attributes},
};

/// What is known of a span of an agent; null is what its client did not send.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct SpanData {
    kind: DataKind,
    dialect: Dialect,
    /// What to call the span, where that says more than its name.
    #[schema(required)]
    title: Option<String>,
    /// The name of what did the work: of the agent, tool, guardrail, MCP server, workflow or task.
    #[schema(required)]
    subject: Option<String>,
    /// The agent that the work belongs to, where the span itself says so.
    #[schema(required)]
    agent: Option<String>,
    /// Who runs the model.
    #[schema(required)]
    provider: Option<String>,
    /// The model that was asked for.
    #[schema(required)]
    request_model: Option<String>,
    /// The model that answered.
    #[schema(required)]
    response_model: Option<String>,
    /// The answer's id at the provider.
    #[schema(required)]
    response_id: Option<String>,
    /// Why the model stopped, once for each choice.
    finish_reasons: Vec<String>,
    /// The id by which a tool call and its result find each other.
    #[schema(required)]
    call_id: Option<String>,
    /// The MCP server that a tool belongs to.
    #[schema(required)]
    server: Option<String>,
    /// The conversation, session, thread or group that the trace belongs to.
    #[schema(required)]
    conversation: Option<String>,
    /// Whom the work was done for.
    #[schema(required)]
    user: Option<String>,
    /// The number of a turn.
    #[schema(required)]
    turn: Option<u32>,
    /// Between which agents a handoff goes.
    #[schema(required)]
    handoff: Option<Handoff>,
    /// Whether a guardrail was triggered.
    #[schema(required)]
    triggered: Option<bool>,
    /// What the work used of a model; what holds other work together repeats what the model calls below report.
    #[schema(required)]
    usage: Option<Usage>,
    /// From the span's start to the first part of the answer.
    #[schema(required)]
    first_token_ns: Option<i64>,
    /// What the work cost; null when no price is known, and never a guess.
    #[schema(required)]
    cost: Option<Cost>,
}

/// What kind of work a span of an agent is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum DataKind {
    Workflow,
    Task,
    Agent,
    Turn,
    Generation,
    Response,
    Function,
    Handoff,
    Guardrail,
    McpTools,
    Transcription,
    Speech,
    SpeechGroup,
    Retrieval,
    Rerank,
    Embedding,
    Evaluation,
    Custom,
}

/// Whose words a client uses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Dialect {
    #[serde(rename = "openai_agents")]
    OpenAiAgents,
    OpenTelemetry,
    OpenInference,
    OpenLlmetry,
    Logfire,
    Langfuse,
    Vercel,
    Burr,
}

/// Between which agents a handoff goes; an end that is not known yet is null.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Handoff {
    #[schema(required)]
    from: Option<String>,
    #[schema(required)]
    to: Option<String>,
}

/// What model calls used, in tokens; a number that was not sent is null.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Usage {
    /// What went in, with all that was read from or written to a cache.
    #[schema(required)]
    input_tokens: Option<u64>,
    /// What came out, with what the model thought to itself.
    #[schema(required)]
    output_tokens: Option<u64>,
    /// The sum: as it was sent, or else of what went in and out.
    #[schema(required)]
    total_tokens: Option<u64>,
    /// The part of the input that was read from a cache.
    #[schema(required)]
    cache_read_tokens: Option<u64>,
    /// The part of the input that was written to a cache.
    #[schema(required)]
    cache_write_tokens: Option<u64>,
    /// The part of the output that the model thought to itself.
    #[schema(required)]
    reasoning_tokens: Option<u64>,
    /// The part of the input that is sound.
    #[schema(required)]
    audio_input_tokens: Option<u64>,
    /// The part of the output that is sound.
    #[schema(required)]
    audio_output_tokens: Option<u64>,
    /// How many requests it was.
    #[schema(required)]
    requests: Option<u64>,
}

/// What work cost, and who says so.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Cost {
    /// All of it, in US dollars.
    total_usd: f64,
    /// What went in, where that is known apart.
    #[schema(required)]
    input_usd: Option<f64>,
    /// What came out, where that is known apart.
    #[schema(required)]
    output_usd: Option<f64>,
    /// Where the prices are from: `client`, `settings`, a price list with its version, or `several`.
    source: String,
}

/// What went into a span of an agent and what came out, as far as it was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = SpanContent)]
pub(super) struct Content {
    /// What the model was told to be, where that came apart from the messages.
    #[schema(required)]
    instructions: Option<String>,
    /// The messages that a model was given, in order.
    input: Vec<Message>,
    /// The messages that it answered with: one for each choice.
    output: Vec<Message>,
    /// The tools that the model was offered.
    tools: Vec<ToolDefinition>,
    /// The settings of the call that were set.
    parameters: Vec<Attribute>,
    /// What a tool was called with; what other work was given.
    #[schema(required)]
    arguments: Option<String>,
    /// What a tool answered; what other work resulted in.
    #[schema(required)]
    result: Option<String>,
    /// Why there are no messages, for a model call that must have had some.
    #[schema(required)]
    missing: Option<Missing>,
    /// True when texts of more than 1 MiB were cut to that; the span's attributes hold them whole.
    cut: bool,
    /// How many bytes all its texts have, where some were cut.
    #[schema(required)]
    text_bytes: Option<u64>,
}

/// Why a model call has no messages: its client sends only the id of the answer, or does not record content.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Missing {
    ResponseIdOnly,
    NotRecorded,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Message {
    /// `system`, `user`, `assistant`, `tool`, or the client's own word.
    role: String,
    /// The name that the sender gave itself.
    #[schema(required)]
    name: Option<String>,
    parts: Vec<Part>,
    /// Why the model stopped, in an answer.
    #[schema(required)]
    finish_reason: Option<String>,
}

/// A part of a message, with the fields of its type.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = MessagePart)]
pub(super) enum Part {
    /// Plain text, Markdown or JSON.
    Text { text: String },
    /// What the model thought to itself.
    Reasoning { text: String },
    /// The model declined.
    Refusal { text: String },
    /// The model calls a tool.
    ToolCall {
        #[schema(required)]
        id: Option<String>,
        name: String,
        /// Mostly JSON.
        arguments: String,
    },
    /// A tool answered.
    ToolResult {
        #[schema(required)]
        id: Option<String>,
        #[schema(required)]
        name: Option<String>,
        /// JSON or plain text.
        result: String,
    },
    /// An image, sound or file.
    Media {
        /// `image`, `audio`, `video` or `file`.
        kind: String,
        /// Its MIME type or format.
        #[schema(required)]
        format: Option<String>,
        /// Where it is, when it is not in the message.
        #[schema(required)]
        uri: Option<String>,
        /// How many bytes it has as it was sent, when it is in the message.
        bytes: u64,
    },
    /// What none of these is, as the client's JSON.
    Other { text: String },
}

/// A tool that a model was offered.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct ToolDefinition {
    name: String,
    /// What it is said to do.
    #[schema(required)]
    description: Option<String>,
    /// JSON Schema of its arguments, as JSON.
    #[schema(required)]
    parameters: Option<String>,
}

/// Writes a text that may be absent.
pub(super) fn text(text: &Option<model::Text>) -> Option<String> {
    text.as_ref().map(ToString::to_string)
}

impl From<&model::SpanData> for SpanData {
    fn from(data: &model::SpanData) -> Self {
        Self {
            kind: data.kind.into(),
            dialect: data.dialect.into(),
            title: text(&data.title),
            subject: text(&data.subject),
            agent: text(&data.agent),
            provider: text(&data.provider),
            request_model: text(&data.request_model),
            response_model: text(&data.response_model),
            response_id: text(&data.response_id),
            finish_reasons: data.finish_reasons.iter().map(ToString::to_string).collect(),
            call_id: text(&data.call_id),
            server: text(&data.server),
            conversation: text(&data.conversation),
            user: text(&data.user),
            turn: data.turn,
            handoff: data.handoff.as_ref().map(Handoff::from),
            triggered: data.triggered,
            usage: data.usage.as_ref().map(Usage::from),
            first_token_ns: data.first_token.map(|elapsed| elapsed.0),
            cost: data.cost.as_ref().map(Cost::from),
        }
    }
}

impl From<model::DataKind> for DataKind {
    fn from(kind: model::DataKind) -> Self {
        match kind {
            model::DataKind::Workflow => Self::Workflow,
            model::DataKind::Task => Self::Task,
            model::DataKind::Agent => Self::Agent,
            model::DataKind::Turn => Self::Turn,
            model::DataKind::Generation => Self::Generation,
            model::DataKind::Response => Self::Response,
            model::DataKind::Function => Self::Function,
            model::DataKind::Handoff => Self::Handoff,
            model::DataKind::Guardrail => Self::Guardrail,
            model::DataKind::McpTools => Self::McpTools,
            model::DataKind::Transcription => Self::Transcription,
            model::DataKind::Speech => Self::Speech,
            model::DataKind::SpeechGroup => Self::SpeechGroup,
            model::DataKind::Retrieval => Self::Retrieval,
            model::DataKind::Rerank => Self::Rerank,
            model::DataKind::Embedding => Self::Embedding,
            model::DataKind::Evaluation => Self::Evaluation,
            model::DataKind::Custom => Self::Custom,
        }
    }
}

impl From<model::Dialect> for Dialect {
    fn from(dialect: model::Dialect) -> Self {
        match dialect {
            model::Dialect::OpenAiAgents => Self::OpenAiAgents,
            model::Dialect::OpenTelemetry => Self::OpenTelemetry,
            model::Dialect::OpenInference => Self::OpenInference,
            model::Dialect::OpenLlmetry => Self::OpenLlmetry,
            model::Dialect::Logfire => Self::Logfire,
            model::Dialect::Langfuse => Self::Langfuse,
            model::Dialect::Vercel => Self::Vercel,
            model::Dialect::Burr => Self::Burr,
        }
    }
}

impl From<&model::Handoff> for Handoff {
    fn from(handoff: &model::Handoff) -> Self {
        Self { from: text(&handoff.from), to: text(&handoff.to) }
    }
}

impl From<&model::Usage> for Usage {
    fn from(usage: &model::Usage) -> Self {
        Self {
            input_tokens: usage.input,
            output_tokens: usage.output,
            total_tokens: usage.total(),
            cache_read_tokens: usage.cache_read,
            cache_write_tokens: usage.cache_write,
            reasoning_tokens: usage.reasoning,
            audio_input_tokens: usage.audio_input,
            audio_output_tokens: usage.audio_output,
            requests: usage.requests,
        }
    }
}

impl From<&model::Cost> for Cost {
    fn from(cost: &model::Cost) -> Self {
        Self {
            total_usd: cost.total.as_f64(),
            input_usd: cost.input.map(model::Dollars::as_f64),
            output_usd: cost.output.map(model::Dollars::as_f64),
            source: cost.source.to_string(),
        }
    }
}

impl From<&model::Content> for Content {
    fn from(content: &model::Content) -> Self {
        let mut content = content.clone();
        let text_bytes = cut(&mut content);
        Self {
            instructions: text(&content.instructions),
            input: content.input.iter().map(Message::from).collect(),
            output: content.output.iter().map(Message::from).collect(),
            tools: content.tools.iter().map(ToolDefinition::from).collect(),
            parameters: attributes(&content.parameters),
            arguments: text(&content.arguments),
            result: text(&content.result),
            missing: content.missing.map(Missing::from),
            cut: text_bytes.is_some(),
            text_bytes,
        }
    }
}

impl From<model::Missing> for Missing {
    fn from(missing: model::Missing) -> Self {
        match missing {
            model::Missing::ResponseIdOnly => Self::ResponseIdOnly,
            model::Missing::NotRecorded => Self::NotRecorded,
        }
    }
}

impl From<&model::Message> for Message {
    fn from(message: &model::Message) -> Self {
        Self {
            role: message.role.name().to_owned(),
            name: text(&message.name),
            parts: message.parts.iter().map(Part::from).collect(),
            finish_reason: text(&message.finish_reason),
        }
    }
}

impl From<&model::Part> for Part {
    fn from(part: &model::Part) -> Self {
        match part {
            model::Part::Text(text) => Self::Text { text: text.to_string() },
            model::Part::Reasoning(text) => Self::Reasoning { text: text.to_string() },
            model::Part::Refusal(text) => Self::Refusal { text: text.to_string() },
            model::Part::ToolCall { id, name, arguments } => {
                Self::ToolCall { id: text(id), name: name.to_string(), arguments: arguments.to_string() }
            }
            model::Part::ToolResult { id, name, result } => {
                Self::ToolResult { id: text(id), name: text(name), result: result.to_string() }
            }
            model::Part::Media { kind, format, uri, bytes } => {
                Self::Media { kind: kind.to_string(), format: text(format), uri: text(uri), bytes: *bytes }
            }
            model::Part::Other(text) => Self::Other { text: text.to_string() },
        }
    }
}

impl From<&model::ToolDefinition> for ToolDefinition {
    fn from(tool: &model::ToolDefinition) -> Self {
        Self { name: tool.name.to_string(), description: text(&tool.description), parameters: text(&tool.parameters) }
    }
}
