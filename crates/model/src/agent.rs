//! What a span of an agent says of itself, in one form whatever client and conventions it came from.
//!
//! Names follow the [OpenTelemetry conventions for generative AI](https://opentelemetry.io/docs/specs/semconv/gen-ai/)
//! where these have one. The attributes that a client sent stay on its span as they came; what is here is read from them.

use crate::{Elapsed, Text};

/// What is known of a span of an agent; an absent field was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanData {
    /// What kind of work the span is.
    pub kind: DataKind,
    /// Whose words the client used.
    pub dialect: Dialect,
    /// What to call the span in a tree, where that says more than its name.
    pub title: Option<Text>,
    /// The name of what did the work: of the agent, tool, guardrail, MCP server, workflow or task.
    pub subject: Option<Text>,
    /// The agent that the work belongs to, where the span itself says so.
    pub agent: Option<Text>,
    /// Who runs the model: `openai`, `anthropic`.
    pub provider: Option<Text>,
    /// The model that was asked for.
    pub request_model: Option<Text>,
    /// The model that answered.
    pub response_model: Option<Text>,
    /// The answer's id at the provider.
    pub response_id: Option<Text>,
    /// Why the model stopped, once for each choice.
    pub finish_reasons: Vec<Text>,
    /// The id by which a tool call and its result find each other.
    pub call_id: Option<Text>,
    /// The MCP server that a tool belongs to.
    pub server: Option<Text>,
    /// The conversation, session, thread or group that the trace belongs to.
    pub conversation: Option<Text>,
    /// Whom the work was done for.
    pub user: Option<Text>,
    /// The number of a turn.
    pub turn: Option<u32>,
    /// Between which agents a handoff goes.
    pub handoff: Option<Handoff>,
    /// Whether a guardrail was triggered.
    pub triggered: Option<bool>,
    /// What the work used of a model. On a task, a turn, an agent or a workflow it repeats what the model calls below report.
    pub usage: Option<Usage>,
    /// From the span's start to the first part of the answer.
    pub first_token: Option<Elapsed>,
    /// What the work cost.
    pub cost: Option<Cost>,
}

/// What kind of work a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataKind {
    /// A whole program of agents; often the root.
    Workflow,
    /// One run of a workflow.
    Task,
    /// An agent at work.
    Agent,
    /// One round of an agent: a model call and what it led to.
    Turn,
    /// A model call with its messages.
    Generation,
    /// A model call that is known by the id of its answer.
    Response,
    /// A call of a tool.
    Function,
    /// One agent gives the work to another.
    Handoff,
    /// A check of what goes in or comes out.
    Guardrail,
    /// A question to an MCP server, which tools it has.
    McpTools,
    /// Speech to text.
    Transcription,
    /// Text to speech.
    Speech,
    /// Several pieces of speech.
    SpeechGroup,
    /// A search for documents.
    Retrieval,
    /// A new order of documents.
    Rerank,
    /// Text to vectors.
    Embedding,
    /// A judgement on an answer.
    Evaluation,
    /// Whatever else the client thought worth a span.
    Custom,
}

/// Whose words a client uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// The tracing of the OpenAI Agents SDK.
    OpenAiAgents,
    /// OpenTelemetry's conventions for generative AI, in any of their versions.
    OpenTelemetry,
    /// OpenInference.
    OpenInference,
    /// OpenLLMetry of Traceloop.
    OpenLlmetry,
    /// Pydantic Logfire.
    Logfire,
    /// Langfuse.
    Langfuse,
    /// The AI SDK of Vercel.
    Vercel,
    /// Burr.
    Burr,
}

/// Between which agents a handoff goes; an end that is not known yet is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handoff {
    /// Who gives the work away.
    pub from: Option<Text>,
    /// Who takes it.
    pub to: Option<Text>,
}

/// What a model call used, in tokens; an absent number was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// What went in, with all that was read from or written to a cache.
    pub input: Option<u64>,
    /// What came out, with what the model thought to itself.
    pub output: Option<u64>,
    /// The sum as the client gave it.
    pub total: Option<u64>,
    /// The part of `input` that was read from a cache.
    pub cache_read: Option<u64>,
    /// The part of `input` that was written to a cache.
    pub cache_write: Option<u64>,
    /// The part of `output` that the model thought to itself.
    pub reasoning: Option<u64>,
    /// The part of `input` that is sound.
    pub audio_input: Option<u64>,
    /// The part of `output` that is sound.
    pub audio_output: Option<u64>,
    /// How many requests it was; one for a model call that does not say.
    pub requests: Option<u64>,
}

/// An amount of US dollars, in millionths of a millionth: a token can cost less than a billionth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Dollars(pub u64);

/// What work cost, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// All of it.
    pub total: Dollars,
    /// What went in, where that is known apart.
    pub input: Option<Dollars>,
    /// What came out, where that is known apart.
    pub output: Option<Dollars>,
    /// Where the prices are from: `client`, `settings`, or the name and version of a price list.
    pub source: Text,
}

impl SpanData {
    /// Returns what is known of a span of which only the kind is.
    pub fn new(kind: DataKind, dialect: Dialect) -> Self {
        Self {
            kind,
            dialect,
            title: None,
            subject: None,
            agent: None,
            provider: None,
            request_model: None,
            response_model: None,
            response_id: None,
            finish_reasons: Vec::new(),
            call_id: None,
            server: None,
            conversation: None,
            user: None,
            turn: None,
            handoff: None,
            triggered: None,
            usage: None,
            first_token: None,
            cost: None,
        }
    }

    /// Returns the model that answered, or else the one that was asked.
    pub fn model(&self) -> Option<&Text> {
        self.response_model.as_ref().or(self.request_model.as_ref())
    }

    /// Returns about how many bytes of memory it takes.
    pub fn memory_bytes(&self) -> usize {
        let texts = [
            &self.title,
            &self.subject,
            &self.agent,
            &self.provider,
            &self.request_model,
            &self.response_model,
            &self.response_id,
            &self.call_id,
            &self.server,
            &self.conversation,
            &self.user,
        ];
        let handoff = self.handoff.iter().flat_map(|handoff| [&handoff.from, &handoff.to]);
        let texts: usize = texts.into_iter().chain(handoff).flatten().map(Text::heap_bytes).sum();
        let reasons: usize = self.finish_reasons.iter().map(|text| size_of::<Text>() + text.heap_bytes()).sum();
        size_of::<Self>() + texts + reasons
    }
}

impl DataKind {
    /// Returns true for a call of a model: what tokens and cost are counted on.
    pub fn is_model_call(self) -> bool {
        matches!(
            self,
            Self::Generation | Self::Response | Self::Embedding | Self::Rerank | Self::Transcription | Self::Speech
        )
    }

    /// Returns true for what only holds other work together, and repeats its usage.
    pub fn is_frame(self) -> bool {
        matches!(self, Self::Workflow | Self::Task | Self::Agent | Self::Turn | Self::SpeechGroup)
    }
}

impl Usage {
    /// Returns true when no number was sent.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what other work used.
    pub fn add(&mut self, other: &Self) {
        fn sum(a: &mut Option<u64>, b: Option<u64>) {
            if let Some(b) = b {
                *a = Some(a.unwrap_or_default().saturating_add(b));
            }
        }
        sum(&mut self.input, other.input);
        sum(&mut self.output, other.output);
        sum(&mut self.total, other.total());
        sum(&mut self.cache_read, other.cache_read);
        sum(&mut self.cache_write, other.cache_write);
        sum(&mut self.reasoning, other.reasoning);
        sum(&mut self.audio_input, other.audio_input);
        sum(&mut self.audio_output, other.audio_output);
        sum(&mut self.requests, other.requests);
    }

    /// Returns the sum: as it was sent, or else of what went in and out.
    pub fn total(&self) -> Option<u64> {
        let sum = || match (self.input, self.output) {
            (None, None) => None,
            (input, output) => Some(input.unwrap_or_default().saturating_add(output.unwrap_or_default())),
        };
        self.total.or_else(sum)
    }
}

impl Dollars {
    /// One dollar.
    pub const ONE: Self = Self(1_000_000_000_000);

    /// Reads an amount; `None` for what is negative, no number, or beyond 18 million dollars.
    pub fn from_f64(dollars: f64) -> Option<Self> {
        let amount = (dollars * 1e12).round();
        (amount >= 0.0 && amount < u64::MAX as f64).then_some(Self(amount as u64))
    }

    /// Returns the amount in dollars.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e12
    }

    /// Adds, up to the largest amount.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Cost {
    /// Adds what other work cost; what is not known apart of one is not known apart of both.
    pub fn add(&mut self, other: &Self) {
        let apart = |a: Option<Dollars>, b: Option<Dollars>| Some(a?.plus(b?));
        self.total = self.total.plus(other.total);
        self.input = apart(self.input, other.input);
        self.output = apart(self.output, other.output);
        if self.source != other.source {
            self.source = Text::literal("several");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_usages_knows_what_one_of_them_did_not_send() {
        let mut sum = Usage { input: Some(100), output: Some(20), ..Usage::default() };
        sum.add(&Usage { input: Some(1), total: Some(7), cache_read: Some(1), ..Usage::default() });
        assert_eq!((sum.input, sum.output, sum.cache_read, sum.reasoning), (Some(101), Some(20), Some(1), None));
        let mut sum = Usage::default();
        sum.add(&Usage { input: Some(1), output: Some(2), ..Usage::default() });
        assert_eq!(sum.total(), Some(3));
    }

    #[test]
    fn amounts_hold_the_price_of_one_token() {
        assert_eq!(Dollars::from_f64(0.15e-6), Some(Dollars(150_000)));
        assert_eq!(Dollars::from_f64(-1.0), None);
        assert_eq!(Dollars::from_f64(f64::NAN), None);
        assert!((Dollars::ONE.plus(Dollars::ONE).as_f64() - 2.0).abs() < 1e-9);
    }
}
