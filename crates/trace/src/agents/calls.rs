//! Calls of models.

use trackway_model::{Attributes, SpanKind, Text, Usage, Value};

use super::Capture;
use super::fields::{Fields, names, setters, texts, titled};
use super::messages::Messages;
use crate::span::SpanData;

/// A call of a model with its messages: `chat model-x`.
///
/// ```
/// use trackway::agents::{Generation, Message, Role};
///
/// let call = Generation::new("model-x")
///     .provider("openai")
///     .setting("temperature", 0.2)
///     .input(vec![Message::text(Role::System, "Be brief."), Message::text(Role::User, "Why?")]);
/// assert_eq!(call.model.as_deref(), Some("model-x"));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Generation {
    /// The model that is asked for.
    pub model: Option<Text>,
    /// Who runs it: `openai`, `anthropic`.
    pub provider: Option<Text>,
    /// What the model is told to be, where that is apart from the messages.
    pub instructions: Option<Text>,
    /// The messages that go in.
    pub input: Option<Messages>,
    /// The messages that come out.
    pub output: Option<Messages>,
    /// The settings of the call: `temperature`, `max_tokens`.
    pub settings: Attributes,
    /// What it used.
    pub usage: Option<Usage>,
    /// The model that answered.
    pub response_model: Option<Text>,
    /// The answer's id at the provider.
    pub response_id: Option<Text>,
    /// Why the model stopped, once for each choice.
    pub finish_reasons: Option<Vec<Text>>,
}

impl Generation {
    /// Returns a call of that model.
    pub fn new(model: impl Into<Text>) -> Self {
        Self { model: Some(model.into()), ..Self::default() }
    }

    /// Returns what is known of any call of a model, under the kind of work that it is.
    fn call(&self, kind: &'static str) -> Attributes {
        let mut fields = Fields::of(Some("chat"), kind);
        fields.put(names::PROVIDER, self.provider.clone());
        fields.put(names::MODEL, self.model.clone());
        fields.settings(&self.settings);
        fields.put("gen_ai.response.model", self.response_model.clone());
        fields.put("gen_ai.response.id", self.response_id.clone());
        fields.put("gen_ai.response.finish_reasons", self.finish_reasons.clone());
        fields.usage(self.usage.as_ref());
        fields.done()
    }

    fn said(&self) -> Attributes {
        let mut fields = Fields::none();
        let instructions = self.instructions.as_ref().map(|told| Messages::part(told.clone()));
        fields.put("gen_ai.system_instructions", instructions.map(|part| Value::Array(vec![part])));
        fields.put(names::INPUT, self.input.as_ref().map(Messages::asked));
        fields.put(names::OUTPUT, self.output.as_ref().map(Messages::answered));
        fields.done()
    }
}

setters!(Generation {
    /// Says who runs the model, by OpenTelemetry's name: `openai`, `anthropic`, `gcp.gemini`.
    provider(name: impl Into<Text>) |call| call.provider = Some(name.into());
    /// Says what the model is told to be.
    instructions(text: impl Into<Text>) |call| call.instructions = Some(text.into());
    /// Says what goes in: a text of the user, messages, or what a provider's API takes.
    input(messages: impl Into<Messages>) |call| call.input = Some(messages.into());
    /// Says what came out: a text, messages, or a provider's answer.
    output(messages: impl Into<Messages>) |call| call.output = Some(messages.into());
    /// Says what it used.
    usage(usage: Usage) |call| call.usage = Some(usage);
    /// Says which model answered.
    response_model(name: impl Into<Text>) |call| call.response_model = Some(name.into());
    /// Says which id the answer has at the provider.
    response_id(id: impl Into<Text>) |call| call.response_id = Some(id.into());
    /// Says why the model stopped, once for each choice.
    finish_reasons(reasons: impl IntoIterator<Item = impl Into<Text>>) |call| call.finish_reasons = texts(reasons);
});

impl Generation {
    /// Adds a setting of the call, by the provider's name for it.
    #[must_use]
    pub fn setting(mut self, name: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.settings.push(name, value);
        self
    }
}

impl SpanData for Generation {
    fn name(&self) -> Text {
        titled("chat", self.model.as_ref())
    }

    fn kind(&self) -> SpanKind {
        SpanKind::Client
    }

    fn attributes(&self) -> Attributes {
        self.call("generation")
    }

    fn content(&self, _: Capture) -> Attributes {
        self.said()
    }
}

/// A call of a model that keeps the answer under an id, as OpenAI's Responses API does.
///
/// It may hold all that a [`Generation`] does; the exporter for OpenAI sends its id and usage alone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Response {
    /// What is known of the call; the id is [`Generation::response_id`].
    pub call: Generation,
}

impl Response {
    /// Returns a call of a model whose answer is not there yet.
    pub fn new() -> Self {
        Self::default()
    }
}

setters!(Response {
    /// Says which id the answer has at the provider.
    id(id: impl Into<Text>) |response| response.call.response_id = Some(id.into());
    /// Says which model is asked for.
    model(name: impl Into<Text>) |response| response.call.model = Some(name.into());
    /// Says who runs the model.
    provider(name: impl Into<Text>) |response| response.call.provider = Some(name.into());
    /// Says what goes in.
    input(messages: impl Into<Messages>) |response| response.call.input = Some(messages.into());
    /// Says what came out.
    output(messages: impl Into<Messages>) |response| response.call.output = Some(messages.into());
    /// Says what it used.
    usage(usage: Usage) |response| response.call.usage = Some(usage);
});

impl SpanData for Response {
    fn name(&self) -> Text {
        titled("chat", self.call.model.as_ref())
    }

    fn kind(&self) -> SpanKind {
        SpanKind::Client
    }

    fn attributes(&self) -> Attributes {
        self.call.call("response")
    }

    fn content(&self, _: Capture) -> Attributes {
        self.call.said()
    }
}
