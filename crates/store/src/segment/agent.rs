//! What a span of an agent says of itself, as the JSON text of its column.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use trackway_model::{Cost, DataKind, Dialect, Dollars, Elapsed, Handoff, SpanData, Text, Usage};

use super::typed_json::{read, write};

type Word<'a> = Option<Cow<'a, str>>;

#[derive(Serialize, Deserialize)]
#[serde(remote = "DataKind", rename_all = "snake_case")]
enum Kind {
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

#[derive(Serialize, Deserialize)]
#[serde(remote = "Dialect", rename_all = "snake_case")]
enum Words {
    OpenAiAgents,
    OpenTelemetry,
    OpenInference,
    OpenLlmetry,
    Logfire,
    Langfuse,
    Vercel,
    Burr,
}

/// All of it.
#[derive(Serialize, Deserialize)]
struct Data<'a> {
    #[serde(with = "Kind")]
    kind: DataKind,
    #[serde(with = "Words")]
    dialect: Dialect,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Word<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Word<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Word<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Word<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_model: Word<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_model: Word<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_id: Word<'a>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    finish_reasons: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Word<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Word<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Word<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Word<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    turn: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handoff: Option<Given<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    triggered: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Used>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token_ns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Paid<'a>>,
}

/// Between which agents a handoff goes.
#[derive(Serialize, Deserialize)]
struct Given<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Word<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Word<'a>,
}

/// Tokens.
#[derive(Serialize, Deserialize)]
struct Used {
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_output: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u64>,
}

/// Millionths of a millionth of a dollar.
#[derive(Serialize, Deserialize)]
struct Paid<'a> {
    total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    source: Cow<'a, str>,
}

/// Writes what a span says of itself.
pub(super) fn write_data(data: &SpanData) -> Result<String, String> {
    write(&Data::of(data))
}

/// Reads it again.
pub(super) fn read_data(text: &str) -> Result<SpanData, String> {
    read::<Data<'_>>(text).map(Data::data)
}

fn word(text: &Option<Text>) -> Word<'_> {
    text.as_deref().map(Cow::Borrowed)
}

fn text(word: Word<'_>) -> Option<Text> {
    word.map(|word| Text::from(&*word))
}

impl<'a> Data<'a> {
    fn of(data: &'a SpanData) -> Self {
        Self {
            kind: data.kind,
            dialect: data.dialect,
            title: word(&data.title),
            subject: word(&data.subject),
            agent: word(&data.agent),
            provider: word(&data.provider),
            request_model: word(&data.request_model),
            response_model: word(&data.response_model),
            response_id: word(&data.response_id),
            finish_reasons: data.finish_reasons.iter().map(|reason| Cow::Borrowed(&**reason)).collect(),
            call_id: word(&data.call_id),
            server: word(&data.server),
            conversation: word(&data.conversation),
            user: word(&data.user),
            turn: data.turn,
            handoff: data.handoff.as_ref().map(|it| Given { from: word(&it.from), to: word(&it.to) }),
            triggered: data.triggered,
            usage: data.usage.map(Used::of),
            first_token_ns: data.first_token.map(|time| time.0),
            cost: data.cost.as_ref().map(Paid::of),
        }
    }

    fn data(self) -> SpanData {
        SpanData {
            kind: self.kind,
            dialect: self.dialect,
            title: text(self.title),
            subject: text(self.subject),
            agent: text(self.agent),
            provider: text(self.provider),
            request_model: text(self.request_model),
            response_model: text(self.response_model),
            response_id: text(self.response_id),
            finish_reasons: self.finish_reasons.iter().map(|reason| Text::from(&**reason)).collect(),
            call_id: text(self.call_id),
            server: text(self.server),
            conversation: text(self.conversation),
            user: text(self.user),
            turn: self.turn,
            handoff: self.handoff.map(|it| Handoff { from: text(it.from), to: text(it.to) }),
            triggered: self.triggered,
            usage: self.usage.map(Used::usage),
            first_token: self.first_token_ns.map(Elapsed),
            cost: self.cost.map(Paid::cost),
        }
    }
}

impl Used {
    fn of(usage: Usage) -> Self {
        let Usage { input, output, total, cache_read, cache_write, reasoning, audio_input, audio_output, requests } =
            usage;
        Self { input, output, total, cache_read, cache_write, reasoning, audio_input, audio_output, requests }
    }

    fn usage(self) -> Usage {
        let Self { input, output, total, cache_read, cache_write, reasoning, audio_input, audio_output, requests } =
            self;
        Usage { input, output, total, cache_read, cache_write, reasoning, audio_input, audio_output, requests }
    }
}

impl<'a> Paid<'a> {
    fn of(cost: &'a Cost) -> Self {
        Self {
            total: cost.total.0,
            input: cost.input.map(|it| it.0),
            output: cost.output.map(|it| it.0),
            source: Cow::Borrowed(&cost.source),
        }
    }

    fn cost(self) -> Cost {
        Cost {
            total: Dollars(self.total),
            input: self.input.map(Dollars),
            output: self.output.map(Dollars),
            source: (*self.source).into(),
        }
    }
}
