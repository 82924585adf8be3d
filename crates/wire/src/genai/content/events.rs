//! Messages that were sent as events: of a span, or in a list of Logfire's.

use trackway_model::{Attributes, Event, Message, Role, Text, Value};

use super::{answers, json, messages};

/// What OpenTelemetry calls the event of a whole model call.
const DETAILS: &str = "gen_ai.client.inference.operation.details";

/// Returns the attributes of the event that has what was said in a whole model call.
pub(super) fn details(events: &[Event]) -> impl Iterator<Item = &Attributes> {
    events.iter().filter(|event| name(event) == DETAILS).map(|event| &event.attributes)
}

/// Returns the name of an event, which old clients have in an attribute of a log record without a name.
fn name(event: &Event) -> &str {
    let named = event.attributes.text("event.name").filter(|name| name.starts_with("gen_ai."));
    named.unwrap_or(&event.name)
}

/// Reads the messages of a span's events: what went in and what came out.
pub(super) fn of_span(events: &[Event]) -> (Vec<Message>, Vec<Message>) {
    let (mut input, mut output) = (Vec::new(), Vec::new());
    for event in events {
        let Some(kind) = Kind::named(name(event)) else { continue };
        let said = kind.read(&body(event));
        if matches!(kind, Kind::Choice | Kind::Completion) { output.extend(said) } else { input.extend(said) }
    }
    (input, output)
}

/// Reads an object of Logfire's list of events; `None` for other objects.
pub(super) fn read(value: &Value) -> Option<Message> {
    let kind = Kind::named(json::word(value, "event.name")?)?;
    kind.read(value).into_iter().next()
}

/// Tells apart what went in and what came out in a list of Logfire's: the choices, or else what the model said last.
pub(super) fn split(events: &[Value]) -> (Vec<Message>, Vec<Message>) {
    let is_choice = |event: &&Value| json::word(event, "event.name").and_then(Kind::named) == Some(Kind::Choice);
    let all = |events: &[&Value]| -> Vec<Message> {
        events.iter().flat_map(|event| messages::read(event, &Role::User)).collect()
    };
    let (choices, others): (Vec<&Value>, Vec<&Value>) = events.iter().partition(is_choice);
    let mut input = all(&others);
    let output = if choices.is_empty() {
        let last = input.iter().rposition(|message| message.role != Role::Assistant);
        input.split_off(last.map_or(0, |last| last + 1))
    } else {
        all(&choices)
    };
    (input, output)
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Message(Role),
    Choice,
    Prompt,
    Completion,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        match name.strip_prefix("gen_ai.")? {
            "choice" => Some(Self::Choice),
            "content.prompt" => Some(Self::Prompt),
            "content.completion" => Some(Self::Completion),
            other => other.strip_suffix(".message").map(|role| Self::Message(Role::named(role))),
        }
    }

    fn read(&self, body: &Value) -> Vec<Message> {
        match self {
            Self::Message(role) if matches!(body, Value::Map(_)) => vec![messages::message(body, role)],
            Self::Message(role) => messages::read(body, role),
            Self::Choice => choice(body),
            Self::Prompt => messages::read(body, &Role::User),
            Self::Completion => messages::read(body, &Role::Assistant),
        }
    }
}

fn choice(body: &Value) -> Vec<Message> {
    let reason = answers::reason(body);
    let message = json::field(body, "message").map(json::open);
    let said = match message.as_deref() {
        Some(inner @ Value::Map(_)) => vec![messages::message(inner, &Role::Assistant)],
        Some(other) => messages::read(other, &Role::Assistant),
        None if matches!(body, Value::Map(_)) => vec![messages::message(body, &Role::Assistant)],
        None => messages::read(body, &Role::Assistant),
    };
    let finished = |message: Message| Message { finish_reason: message.finish_reason.or(reason.clone()), ..message };
    said.into_iter().map(finished).collect()
}

/// Returns what an event says: the body of a log record, JSON in an attribute, or the attributes themselves.
fn body(event: &Event) -> Value {
    const WRITTEN: [&str; 4] = ["body", "gen_ai.event.content", "gen_ai.prompt", "gen_ai.completion"];
    let written = WRITTEN.iter().filter_map(|key| event.attributes.get(key));
    let mut said = written.filter(|value| !matches!(value, Value::Empty));
    if let Some(body) = said.next() {
        return json::open(body).into_owned();
    }
    // Where the parts of a body are attributes, lists and objects among them are JSON.
    let opened = |(key, value): &(Text, Value)| {
        let value = if &**key == "content" { value.clone() } else { json::open(value).into_owned() };
        (key.clone(), value)
    };
    Value::Map(Attributes(event.attributes.0.iter().map(opened).collect()))
}
