//! What went wrong in a span, and when it was.

use trackway_model::{Attributes, SpanRecord, StatusCode, Text, Timestamp, Value};

use super::{Span, add_attribute, set_status};
use crate::agents::Capture;
use crate::record;

/// The attribute that holds the data of an error.
const ERROR_DATA: &str = "openai.agents.error_data";

/// What an error says where what was said is not to be recorded.
const REDACTED: &str = "Error details are redacted.";

/// What went wrong: a message, and what else is known of it.
///
/// ```
/// use trackway::SpanError;
///
/// let error = SpanError::new("max turns exceeded").with("max_turns", 10);
/// assert_eq!(&*error.message, "max turns exceeded");
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpanError {
    /// What went wrong, as a sentence.
    pub message: Text,
    /// What else is known of it; `None` for nothing.
    pub data: Option<Attributes>,
}

impl SpanError {
    /// Returns an error of which only the message is known.
    pub fn new(message: impl Into<Text>) -> Self {
        Self { message: message.into(), data: None }
    }

    /// Adds something that is known of it.
    #[must_use]
    pub fn with(mut self, key: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.data.get_or_insert_default().push(key, value);
        self
    }

    /// Returns the error of a span; `None` for one that did not fail.
    pub(super) fn of(record: &SpanRecord) -> Option<Self> {
        let data = match record.attributes.get(ERROR_DATA) {
            Some(Value::Map(data)) => Some(data.clone()),
            _ => None,
        };
        (record.status.code == StatusCode::Error).then(|| Self { message: record.status.message.clone(), data })
    }
}

impl From<&str> for SpanError {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for SpanError {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl<D> Span<D> {
    /// Records that the span failed, in words of the program; the last error counts.
    ///
    /// An error that is a value is better recorded by [`record_error`](Self::record_error), which keeps its type. Where
    /// [nothing that was said](Capture::Nothing) is recorded, the words are left out.
    pub fn set_error(&self, error: impl Into<SpanError>) -> &Self {
        let SpanError { message, data } = error.into();
        let is_said = self.capture != Capture::Nothing;
        self.change(|record, limits| {
            let message = if is_said { &*message } else { REDACTED };
            set_status(&mut record.status, StatusCode::Error, record::cut(message, limits.value_bytes));
            record.attributes.0.retain(|(key, _)| &**key != ERROR_DATA);
            if let Some(data) = data.filter(|_| is_said) {
                let (list, dropped) = (&mut record.attributes, &mut record.dropped.attributes);
                add_attribute(list, dropped, limits, ERROR_DATA, Value::Map(data));
            }
        });
        self
    }

    /// Returns what went wrong so far, or had when the span ended; `None` when nothing did, or nothing is recorded.
    pub fn error(&self) -> Option<SpanError> {
        let live = self.live.as_ref()?;
        match live.ended.get() {
            Some((_, error)) => error.clone(),
            None => SpanError::of(live.lock()?.as_ref()?),
        }
    }

    /// Returns when the span began; `None` when nothing is recorded.
    pub fn started_at(&self) -> Option<Timestamp> {
        self.live.as_ref().map(|live| live.start)
    }

    /// Returns when the span ended; `None` before that, and when nothing is recorded.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.live.as_ref()?.ended.get().map(|(end, _)| *end)
    }
}
