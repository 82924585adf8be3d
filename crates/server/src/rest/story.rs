//! The story of a trace as JSON.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    agent::{Cost, DataKind, Missing, Part, Usage, text},
    param::{InPath, trace_id},
    problem::Problem,
    span::{SpanState, state_of},
    summary::TraceSummary,
    time::rfc3339,
    trace::unknown,
    value::{Attribute, attributes},
};
use crate::{App, story};

/// What the agents of a trace did and said, in the order in which a person would read it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Story {
    trace: TraceSummary,
    /// The spans worth a line, parents before their children. Turns, tasks and workflows are left out, and their children
    /// take their place.
    nodes: Vec<StoryNode>,
    /// The conversation.
    entries: Vec<StoryEntry>,
    /// The calls of language models, in order of start.
    calls: Vec<StoryCall>,
    /// What each agent did, in order of appearance.
    agents: Vec<StoryAgent>,
    /// True when the trace has more than a story looks at: 10,000 spans, or 16 MiB of texts, behind which every text is cut.
    cut: bool,
}

/// A line of the tree.
#[derive(Debug, Serialize, ToSchema)]
struct StoryNode {
    span_id: String,
    /// How many nodes it is below.
    depth: u32,
    kind: DataKind,
    title: String,
    /// The agent that the work belongs to.
    #[schema(required)]
    agent: Option<String>,
    start: String,
    /// Null while the span is open.
    #[schema(required)]
    duration_ns: Option<i64>,
    state: SpanState,
    failed: bool,
    /// It failed, and the work went on.
    survived: bool,
    /// Something below it failed, and the work did not go on.
    failed_below: bool,
    /// The first entry that the span, or what is below it, has in the conversation: an index of `entries`.
    #[schema(required)]
    entry: Option<usize>,
}

/// A call of a language model.
#[derive(Debug, Serialize, ToSchema)]
struct StoryCall {
    span_id: String,
    /// Its number, from 1.
    index: usize,
    #[schema(required)]
    agent: Option<String>,
    title: String,
    /// The model that answered, or else the one that was asked for.
    #[schema(required)]
    model: Option<String>,
    #[schema(required)]
    provider: Option<String>,
    start: String,
    /// Null while the span is open.
    #[schema(required)]
    duration_ns: Option<i64>,
    /// From the call's start to the first part of the answer.
    #[schema(required)]
    first_token_ns: Option<i64>,
    #[schema(required)]
    usage: Option<Usage>,
    #[schema(required)]
    cost: Option<Cost>,
    finish_reasons: Vec<String>,
    /// How many tools the model was offered.
    tools_offered: usize,
    /// How many it called.
    tool_calls: usize,
    /// The settings of the call that were set.
    parameters: Vec<Attribute>,
    failed: bool,
}

/// What an agent did, each model call counted once.
#[derive(Debug, Serialize, ToSchema)]
struct StoryAgent {
    name: String,
    model_calls: u64,
    tool_calls: u64,
    usage: Usage,
    /// Of the calls that have a price; null when none has.
    #[schema(required)]
    cost: Option<Cost>,
    /// Model calls without a price, but for those that failed or still run and tell of no usage.
    unpriced_calls: u64,
}

/// A line of the conversation. `call` is the number of a model call.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum StoryEntry {
    /// The first `count` messages of the call's input repeat what call `same_as` was given and answered.
    Fold { call: usize, span_id: String, count: usize, same_as: usize },
    /// Something was said.
    Message {
        call: usize,
        span_id: String,
        /// `system`, `user`, `assistant`, `tool`, or the client's own word.
        role: String,
        #[schema(required)]
        agent: Option<String>,
        parts: Vec<Part>,
        /// Whether a model said it.
        is_output: bool,
        /// True when a text of more than 16 KiB was cut; the span has all of it.
        cut: bool,
        /// How many bytes the texts have that were cut; null when none was.
        #[schema(required)]
        text_bytes: Option<usize>,
    },
    /// A tool was called.
    Tool(StoryTool),
    /// One agent gave the work to another.
    Handoff {
        span_id: String,
        #[schema(required)]
        from: Option<String>,
        #[schema(required)]
        to: Option<String>,
    },
    /// What goes in or comes out was checked.
    Guardrail {
        span_id: String,
        name: String,
        #[schema(required)]
        triggered: Option<bool>,
        #[schema(required)]
        duration_ns: Option<i64>,
    },
    /// The line under a model call's answer.
    Call { call: usize, span_id: String },
    /// What a model call was given and answered was not recorded.
    Missing {
        call: usize,
        span_id: String,
        reason: Missing,
        #[schema(required)]
        response_id: Option<String>,
    },
    /// Something failed that has no other line to say so.
    Error {
        span_id: String,
        name: String,
        message: String,
        /// The work went on.
        survived: bool,
    },
    /// Other work.
    Work {
        span_id: String,
        kind: DataKind,
        title: String,
        #[schema(required)]
        arguments: Option<String>,
        #[schema(required)]
        result: Option<String>,
        #[schema(required)]
        duration_ns: Option<i64>,
        /// True when a text of more than 16 KiB was cut; the span has all of it.
        cut: bool,
    },
}

/// A call of a tool with what came of it.
#[derive(Debug, Serialize, ToSchema)]
struct StoryTool {
    /// The span of the work; null where only messages tell of it.
    #[schema(required)]
    span_id: Option<String>,
    #[schema(required)]
    call_id: Option<String>,
    name: String,
    /// The MCP server that the tool belongs to.
    #[schema(required)]
    server: Option<String>,
    #[schema(required)]
    arguments: Option<String>,
    #[schema(required)]
    result: Option<String>,
    #[schema(required)]
    error: Option<String>,
    #[schema(required)]
    duration_ns: Option<i64>,
    /// 2 for the second try with the same arguments after a failure, and so on.
    attempt: u32,
    state: ToolState,
    /// True when a text of more than 16 KiB was cut; the span has all of it.
    cut: bool,
}

/// How a tool call stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ToolState {
    Waiting,
    Done,
    Failed,
}

/// Tells what the agents of a trace did and said.
#[utoipa::path(get, path = "/api/v1/traces/{trace_id}/story", tag = "agents",
    params(("trace_id" = String, Path, description = "32 hexadecimal digits, or the client's own id")),
    responses((status = 200, body = Story), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn story(State(app): State<Arc<App>>, InPath(id): InPath<String>) -> Result<Json<Story>, Problem> {
    let id = trace_id(&id)?;
    let (summary, story) = app.query.story(id).await?.ok_or_else(|| unknown(&id.to_string()))?;
    let calls = story.calls.iter().zip(1..);
    Ok(Json(Story {
        trace: TraceSummary::from(&summary),
        nodes: story.nodes.iter().map(StoryNode::from).collect(),
        entries: story.entries.iter().map(StoryEntry::from).collect(),
        calls: calls.map(|(call, index)| StoryCall::of(call, index)).collect(),
        agents: story.agents.iter().map(StoryAgent::from).collect(),
        cut: story.cut,
    }))
}

impl From<&story::Node> for StoryNode {
    fn from(node: &story::Node) -> Self {
        Self {
            span_id: node.span_id.to_string(),
            depth: node.depth,
            kind: node.kind.into(),
            title: node.title.to_string(),
            agent: text(&node.agent),
            start: rfc3339(node.start),
            duration_ns: node.duration.map(|duration| duration.0),
            state: state_of(node.state),
            failed: node.failed,
            survived: node.survived,
            failed_below: node.failed_below,
            entry: node.entry,
        }
    }
}

impl StoryCall {
    fn of(call: &story::Call, index: usize) -> Self {
        Self {
            span_id: call.span_id.to_string(),
            index,
            agent: text(&call.agent),
            title: call.title.to_string(),
            model: text(&call.model),
            provider: text(&call.provider),
            start: rfc3339(call.start),
            duration_ns: call.duration.map(|duration| duration.0),
            first_token_ns: call.first_token.map(|elapsed| elapsed.0),
            usage: call.usage.as_ref().map(Usage::from),
            cost: call.cost.as_ref().map(Cost::from),
            finish_reasons: call.finish_reasons.iter().map(ToString::to_string).collect(),
            tools_offered: call.tools_offered,
            tool_calls: call.tool_calls,
            parameters: attributes(&call.parameters),
            failed: call.failed,
        }
    }
}

impl From<&story::Agent> for StoryAgent {
    fn from(agent: &story::Agent) -> Self {
        Self {
            name: agent.name.to_string(),
            model_calls: agent.model_calls,
            tool_calls: agent.tool_calls,
            usage: Usage::from(&agent.usage),
            cost: agent.cost.as_ref().map(Cost::from),
            unpriced_calls: agent.unpriced_calls,
        }
    }
}

impl From<&story::Entry> for StoryEntry {
    fn from(entry: &story::Entry) -> Self {
        use story::Entry;
        match entry {
            Entry::Fold { call, span_id, count, same_as } => {
                Self::Fold { call: *call, span_id: span_id.to_string(), count: *count, same_as: *same_as }
            }
            Entry::Message { call, span_id, role, agent, parts, is_output, text_bytes } => Self::Message {
                call: *call,
                span_id: span_id.to_string(),
                role: role.name().to_owned(),
                agent: text(agent),
                parts: parts.iter().map(Part::from).collect(),
                is_output: *is_output,
                cut: text_bytes.is_some(),
                text_bytes: *text_bytes,
            },
            Entry::Tool(tool) => Self::Tool(StoryTool::from(tool)),
            Entry::Handoff { span_id, from, to } => {
                Self::Handoff { span_id: span_id.to_string(), from: text(from), to: text(to) }
            }
            Entry::Guardrail { span_id, name, triggered, duration } => Self::Guardrail {
                span_id: span_id.to_string(),
                name: name.to_string(),
                triggered: *triggered,
                duration_ns: duration.map(|duration| duration.0),
            },
            Entry::Call { call, span_id } => Self::Call { call: *call, span_id: span_id.to_string() },
            Entry::Missing { call, span_id, reason, response_id } => Self::Missing {
                call: *call,
                span_id: span_id.to_string(),
                reason: (*reason).into(),
                response_id: text(response_id),
            },
            Entry::Error { span_id, name, message, survived } => Self::Error {
                span_id: span_id.to_string(),
                name: name.to_string(),
                message: message.to_string(),
                survived: *survived,
            },
            Entry::Work { span_id, kind, title, arguments, result, duration, cut } => Self::Work {
                span_id: span_id.to_string(),
                kind: (*kind).into(),
                title: title.to_string(),
                arguments: text(arguments),
                result: text(result),
                duration_ns: duration.map(|duration| duration.0),
                cut: *cut,
            },
        }
    }
}

impl From<&story::Tool> for StoryTool {
    fn from(tool: &story::Tool) -> Self {
        Self {
            span_id: tool.span_id.map(|id| id.to_string()),
            call_id: text(&tool.call_id),
            name: tool.name.to_string(),
            server: text(&tool.server),
            arguments: text(&tool.arguments),
            result: text(&tool.result),
            error: text(&tool.error),
            duration_ns: tool.duration.map(|duration| duration.0),
            attempt: tool.attempt,
            state: match tool.state {
                story::ToolState::Waiting => ToolState::Waiting,
                story::ToolState::Done => ToolState::Done,
                story::ToolState::Failed => ToolState::Failed,
            },
            cut: tool.cut,
        }
    }
}
