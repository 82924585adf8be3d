//! What was said in a model call or a tool call, in one form whatever client and conventions it came from.
//!
//! The form is that of OpenTelemetry's `gen_ai.input.messages`: messages with a role and parts.

use crate::{Attributes, Text};

/// What went into a span of an agent and what came out, as far as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// What the model was told to be, where that came apart from the messages.
    pub instructions: Option<Text>,
    /// The messages that a model was given, in order.
    pub input: Vec<Message>,
    /// The messages that it answered with: one for each choice.
    pub output: Vec<Message>,
    /// The tools that the model was offered.
    pub tools: Vec<ToolDefinition>,
    /// The settings of the call that were set: `temperature`, `max_tokens`.
    pub parameters: Attributes,
    /// What a tool was called with; what a guardrail, a search or custom work was given.
    pub arguments: Option<Text>,
    /// What a tool answered; what other work resulted in.
    pub result: Option<Text>,
    /// Why there are no messages, for a model call that must have had some.
    pub missing: Option<Missing>,
}

/// Why a model call has no messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The client sends only the id of the answer, as the OpenAI Agents SDK does for the Responses API.
    ResponseIdOnly,
    /// The client was told not to record content, or its instrumentation does not.
    NotRecorded,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// The name that the sender gave itself.
    pub name: Option<Text>,
    /// What it consists of, in order.
    pub parts: Vec<Part>,
    /// Why the model stopped, in an answer.
    pub finish_reason: Option<Text>,
}

/// Who says a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Role {
    /// Whoever built the agent; also `developer`.
    System,
    /// Whoever uses it.
    User,
    /// The model.
    Assistant,
    /// A tool.
    Tool,
    /// Somebody else, by the client's word.
    Other(Text),
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Plain text, Markdown or JSON.
    Text(Text),
    /// What the model thought to itself.
    Reasoning(Text),
    /// The model declined.
    Refusal(Text),
    /// The model calls a tool.
    ToolCall {
        /// Finds the result.
        id: Option<Text>,
        /// The tool.
        name: Text,
        /// Mostly JSON.
        arguments: Text,
    },
    /// A tool answered.
    ToolResult {
        /// Finds the call.
        id: Option<Text>,
        /// The tool, where the client says it again.
        name: Option<Text>,
        /// JSON or plain text.
        result: Text,
    },
    /// An image, sound or file.
    Media {
        /// `image`, `audio`, `video` or `file`.
        kind: Text,
        /// Its MIME type or format.
        format: Option<Text>,
        /// Where it is, when it is not in the message.
        uri: Option<Text>,
        /// How many bytes it has as it was sent, when it is in the message.
        bytes: u64,
    },
    /// What none of these is, as the client's JSON.
    Other(Text),
}

/// A tool that a model was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolDefinition {
    /// Its name.
    pub name: Text,
    /// What it is said to do.
    pub description: Option<Text>,
    /// JSON Schema of its arguments, as JSON.
    pub parameters: Option<Text>,
}

impl Message {
    /// Returns a message of one text.
    pub fn text(role: Role, text: impl Into<Text>) -> Self {
        Self { role, name: None, parts: vec![Part::Text(text.into())], finish_reason: None }
    }
}

impl Role {
    /// Reads a client's word for a role, whatever its case.
    pub fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "system" | "developer" => Self::System,
            "user" | "human" => Self::User,
            "assistant" | "ai" | "model" => Self::Assistant,
            "tool" | "function" => Self::Tool,
            _ => Self::Other(name.into()),
        }
    }

    /// Returns the usual word for the role.
    pub fn name(&self) -> &str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Other(name) => name,
        }
    }
}

impl Content {
    /// Returns true when nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
