//! Messages in the form of OpenTelemetry's conventions.

use trackway_model::{Attributes, Message, Part, Role, Text, Value};

use super::Audio;

/// What goes into a model call or comes out: a text, messages, or what a provider's API takes or answers.
///
/// ```
/// use trackway::agents::{Generation, Message, Messages, Role};
/// use trackway::{Attributes, Value};
///
/// let text = Generation::new("model-x").input("Why?");
/// let messages = Generation::new("model-x").input(vec![Message::text(Role::User, "Why?")]);
///
/// let of_provider: Attributes = [("role", Value::from("user")), ("content", Value::from("Why?"))].into_iter().collect();
/// let as_it_is = Generation::new("model-x").input(Value::Array(vec![Value::Map(of_provider)]));
/// # drop((text, messages, as_it_is));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Messages(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Text(Text),
    Messages(Vec<Message>),
    /// In a provider's own form.
    Value(Value),
}

impl Messages {
    /// Returns them as what a model is asked, as OpenTelemetry has it.
    pub(super) fn asked(&self) -> Value {
        self.of(&Role::User)
    }

    /// Returns them as what a model answers, as OpenTelemetry has it.
    pub(super) fn answered(&self) -> Value {
        self.of(&Role::Assistant)
    }

    fn of(&self, role: &Role) -> Value {
        match &self.0 {
            Form::Text(text) => Value::Array(vec![message(&Message::text(role.clone(), text.clone()))]),
            Form::Messages(messages) => Value::Array(messages.iter().map(message).collect()),
            Form::Value(value) => value.clone(),
        }
    }

    /// Returns one part that is a text.
    pub(super) fn part(text: Text) -> Value {
        part(&Part::Text(text))
    }

    /// Returns one message that is a sound.
    pub(super) fn sound(role: &'static str, sound: &Audio) -> Value {
        let blob = map([
            ("type", Some(Value::from("blob"))),
            ("modality", Some(Value::from("audio"))),
            ("mime_type", Some(Value::from(format!("audio/{}", sound.format)))),
            ("content", Some(Value::Text(sound.base64.clone()))),
        ]);
        Value::Array(vec![map([("role", Some(Value::from(role))), ("parts", Some(Value::Array(vec![blob])))])])
    }
}

fn message(message: &Message) -> Value {
    map([
        ("role", Some(Value::from(message.role.name()))),
        ("name", message.name.clone().map(Value::Text)),
        ("parts", Some(Value::Array(message.parts.iter().map(part).collect()))),
        ("finish_reason", message.finish_reason.clone().map(Value::Text)),
    ])
}

fn part(part: &Part) -> Value {
    let of = |kind: &str, text: &Text| {
        map([("type", Some(Value::from(kind))), ("content", Some(Value::Text(text.clone())))])
    };
    match part {
        Part::Text(text) => of("text", text),
        Part::Reasoning(text) => of("reasoning", text),
        Part::Refusal(text) => of("refusal", text),
        Part::ToolCall { id, name, arguments } => map([
            ("type", Some(Value::from("tool_call"))),
            ("id", id.clone().map(Value::Text)),
            ("name", Some(Value::Text(name.clone()))),
            ("arguments", Some(Value::Text(arguments.clone()))),
        ]),
        Part::ToolResult { id, name, result } => map([
            ("type", Some(Value::from("tool_call_response"))),
            ("id", id.clone().map(Value::Text)),
            ("name", name.clone().map(Value::Text)),
            ("response", Some(Value::Text(result.clone()))),
        ]),
        Part::Media { kind, format, uri, .. } => map([
            ("type", Some(Value::from("uri"))),
            ("modality", Some(Value::Text(kind.clone()))),
            ("mime_type", format.clone().map(Value::Text)),
            ("uri", uri.clone().map(Value::Text)),
        ]),
        Part::Other(text) => of("text", text),
    }
}

fn map<const N: usize>(fields: [(&'static str, Option<Value>); N]) -> Value {
    let known = fields.into_iter().filter_map(|(key, value)| Some((Text::literal(key), value?)));
    Value::Map(known.collect::<Attributes>())
}

impl From<Text> for Messages {
    fn from(text: Text) -> Self {
        Self(Form::Text(text))
    }
}

impl From<&str> for Messages {
    fn from(text: &str) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl From<String> for Messages {
    fn from(text: String) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl From<Message> for Messages {
    fn from(message: Message) -> Self {
        Self(Form::Messages(vec![message]))
    }
}

impl From<Vec<Message>> for Messages {
    fn from(messages: Vec<Message>) -> Self {
        Self(Form::Messages(messages))
    }
}

impl From<&[Message]> for Messages {
    fn from(messages: &[Message]) -> Self {
        Self(Form::Messages(messages.to_vec()))
    }
}

/// Messages in the form of a provider's API, which are recorded as they are.
impl From<Value> for Messages {
    fn from(value: Value) -> Self {
        Self(Form::Value(value))
    }
}
