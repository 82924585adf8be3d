//! A trace as a text, to come back to; and spans as the OpenAI Agents SDK has them.

use trackway_model::{Attributes, SpanRecord, Text, Value};
use trackway_wire::{json_text, openai_ingest};

use super::{Run, Trace};
use crate::span::Span;
use crate::tracer::Tracer;

/// What is kept of a trace while its work waits: for a person's answer, or for another process.
///
/// ```
/// # #[cfg(feature = "openai-agents")] {
/// use trackway::agents::TraceState;
///
/// let (tracer, _spans) = trackway::testing::tracer();
/// let kept = tracer.trace("triage").group("thread_123").start().state().unwrap().to_json();
///
/// let state = TraceState::from_json(&kept).unwrap();
/// let again = tracer.resume(&state);
/// assert_eq!(again.original_id(), state.id);
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TraceState {
    /// The trace's id, as the program gave it or after `trace_`.
    pub id: Text,
    /// What the trace is called.
    pub name: Text,
    /// The conversation that it belongs to.
    pub group: Option<Text>,
    /// What else is told of it.
    pub metadata: Attributes,
    /// Whose account it goes to; a secret, which [`to_json`](Self::to_json) leaves out.
    pub api_key: Option<Secret>,
    /// The SHA-256 of that, in hexadecimal digits.
    pub api_key_hash: Option<Text>,
}

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Text);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// A text that is not the state of a trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not the state of a trace: {0}")]
pub struct NotAState(String);

impl TraceState {
    fn of(run: &Run) -> Self {
        let api_key_hash = run.key.as_deref().map(|key| openai_ingest::key_hash(key).into());
        Self {
            id: run.record.original_id.clone(),
            name: run.record.name.clone(),
            group: run.record.group.clone(),
            metadata: run.record.metadata.clone(),
            api_key: run.key.clone().map(Secret),
            api_key_hash,
        }
    }

    /// Writes it as JSON, in the SDK's form, without the key.
    pub fn to_json(&self) -> String {
        self.written(None)
    }

    /// Writes it as JSON with the key in it, for where secrets are kept.
    pub fn to_json_with_key(&self) -> String {
        self.written(self.api_key.as_ref())
    }

    fn written(&self, key: Option<&Secret>) -> String {
        let mut out = String::new();
        let or_null = |text: &Option<Text>| text.clone().map(Value::Text).unwrap_or_default();
        json_text::Object::write(&mut out, |object| {
            object.text("object", "trace");
            object.text("id", &self.id);
            object.text("workflow_name", &self.name);
            object.value("group_id", &or_null(&self.group));
            let metadata = (!self.metadata.is_empty()).then(|| Value::Map(self.metadata.clone()));
            object.value("metadata", &metadata.unwrap_or_default());
            if let Some(key) = key {
                object.text("tracing_api_key", &key.0);
            }
            object.value("tracing_api_key_hash", &or_null(&self.api_key_hash));
        });
        out
    }

    /// Reads it from JSON, such as the SDK writes too.
    ///
    /// # Errors
    /// [`NotAState`] when it is no JSON, or lacks the id or the name.
    pub fn from_json(text: &str) -> Result<Self, NotAState> {
        let Value::Map(fields) = openai_ingest::read(text).map_err(NotAState)? else {
            return Err(NotAState("it is no object".into()));
        };
        let text = |key: &str| fields.text(key).map(Text::from);
        let needed = |key: &str| text(key).ok_or_else(|| NotAState(format!("it has no {key}")));
        let metadata = match fields.get("metadata") {
            Some(Value::Map(metadata)) => metadata.clone(),
            _ => Attributes::default(),
        };
        Ok(Self {
            id: needed("id")?,
            name: needed("workflow_name")?,
            group: text("group_id"),
            metadata,
            api_key: text("tracing_api_key").map(Secret),
            api_key_hash: text("tracing_api_key_hash"),
        })
    }
}

impl Trace {
    /// Returns what to keep of it to come back to it; `None` where nothing is recorded.
    pub fn state(&self) -> Option<TraceState> {
        self.known().map(TraceState::of)
    }

    /// Writes the trace as the SDK exports it, as JSON; `None` where nothing is recorded.
    pub fn export(&self) -> Option<String> {
        self.record().map(|record| text(&openai_ingest::trace(record)))
    }
}

impl Tracer {
    /// Goes on with a trace that was left.
    ///
    /// When this tracer began it, and nothing of what is told of it has changed, nobody is told again, and it is not for the
    /// returned value to finish it. Otherwise it begins, under the same id: receivers put it in the place of the one they know.
    pub fn resume(&self, state: &TraceState) -> Trace {
        let trace = self.trace(state.name.clone()).original_id(state.id.clone()).with_metadata(state.metadata.clone());
        let trace = match &state.group {
            Some(group) => trace.group(group.clone()),
            None => trace,
        };
        let trace = match &state.api_key {
            Some(key) => trace.api_key(key.0.clone()),
            None => trace,
        };
        trace.resumed(state.api_key_hash.clone()).start()
    }
}

impl<D> Span<D> {
    /// Writes the span as the SDK exports it, as JSON, with what is recorded so far; `None` when nothing is, or no more.
    ///
    /// A processor writes one that has ended with [`agents::export`](fn@export).
    pub fn export(&self) -> Option<String> {
        self.record().map(|record| export(&record))
    }
}

/// Writes a span as the OpenAI Agents SDK exports it, as JSON.
///
/// ```
/// # #[cfg(feature = "openai-agents")] {
/// let (tracer, spans) = trackway::testing::tracer();
/// tracer.span_of(trackway::agents::Guardrail::new("no secrets")).start().finish();
/// let text = trackway::agents::export(&spans.finished()[0]);
/// assert!(text.contains(r#""span_data":{"type":"guardrail","name":"no secrets","triggered":false},"error":null"#));
/// # }
/// ```
pub fn export(span: &SpanRecord) -> String {
    text(&openai_ingest::span(span))
}

fn text(value: &Value) -> String {
    let mut out = String::new();
    json_text::value(&mut out, value);
    out
}
