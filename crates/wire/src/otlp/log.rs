//! A log record as an event of the span that it was written in.

use trackway_model::{Attributes, Event, Text, Timestamp, Value};

/// The parts of an OTLP `LogRecord` that do not lie in its attributes.
#[derive(Default)]
pub(super) struct Log {
    pub(super) time: u64,
    pub(super) observed_time: u64,
    pub(super) severity_number: i64,
    pub(super) severity_text: Text,
    pub(super) event_name: Text,
    pub(super) body: Option<Value>,
    pub(super) attributes: Attributes,
    pub(super) dropped_attributes: u32,
}

impl Log {
    /// Makes an event of the record: named by its event name, else `log`; severity and body become attributes with the
    /// names of the [log data model](https://opentelemetry.io/docs/specs/otel/logs/data-model/).
    pub(super) fn into_event(self) -> Event {
        let time = if self.time != 0 { self.time } else { self.observed_time };
        let name = if self.event_name.is_empty() { Text::literal("log") } else { self.event_name };
        let mut attributes = Attributes::default();
        if !self.severity_text.is_empty() {
            attributes.push("severity_text", self.severity_text);
        }
        if self.severity_number != 0 {
            attributes.push("severity_number", self.severity_number);
        }
        if let Some(body) = self.body {
            attributes.push("body", body);
        }
        attributes.0.extend(self.attributes.0);
        Event { time: Timestamp(time), name, attributes, dropped_attributes: self.dropped_attributes }
    }
}
