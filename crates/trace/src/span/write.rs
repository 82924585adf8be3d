//! Writing into a record, within the limits.

use std::error::Error;

use trackway_model::{Attributes, Dropped, Event, Link, SpanRecord, Status, StatusCode, Text, Timestamp, Value};

use crate::context::Context;
use crate::limits::Limits;
use crate::record;

/// Returns what an error was caused by, a line each; `None` when it stands alone.
pub(crate) fn causes<E: Error + ?Sized>(error: &E) -> Option<String> {
    let mut lines = Vec::new();
    let mut cause = error.source();
    // An error that is its own cause must not hold the program up.
    while let Some(error) = cause.filter(|_| lines.len() < 32) {
        lines.push(format!("caused by: {error}"));
        cause = error.source();
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Records an attribute within the limits.
pub(crate) fn add_attribute(list: &mut Attributes, dropped: &mut u32, limits: &Limits, key: &str, value: Value) {
    let value = cut(value, limits.value_bytes);
    if let Some((_, old)) = list.0.iter_mut().find(|(name, _)| &**name == key) {
        *old = value;
    } else if list.len() < limits.attributes as usize {
        list.push(key, value);
    } else {
        *dropped += 1;
    }
}

/// Records an event within the limits; returns where it is, unless it was left out.
pub(super) fn add_event(record: &mut SpanRecord, limits: &Limits, name: &str, time: Timestamp) -> Option<usize> {
    if record.events.len() >= limits.events as usize {
        record.dropped.events += 1;
        return None;
    }
    let name = Text::from(record::cut(name, limits.value_bytes));
    record.events.push(Event { time, name, ..Event::default() });
    Some(record.events.len() - 1)
}

/// Records a detail of the event in that place.
pub(super) fn add_field_of(record: &mut SpanRecord, limits: &Limits, at: usize, key: &str, value: Value) {
    if let Some(event) = record.events.get_mut(at) {
        add_attribute(&mut event.attributes, &mut event.dropped_attributes, &limits.of_event(), key, value);
    }
}

/// Records a detail of the last event, unless that one was left out.
pub(crate) fn add_event_field(record: &mut SpanRecord, limits: &Limits, key: &str, value: Value) {
    if record.dropped.events == 0
        && let Some(at) = record.events.len().checked_sub(1)
    {
        add_field_of(record, limits, at, key, value);
    }
}

pub(super) fn cut_text(text: Text, limits: &Limits) -> Text {
    if text.len() > limits.value_bytes { Text::from(record::cut(&text, limits.value_bytes)) } else { text }
}

/// Cuts texts and bytes to the limit, those in lists and maps as well.
pub(crate) fn cut(value: Value, most: usize) -> Value {
    match value {
        Value::Text(text) if text.len() > most => Value::from(record::cut(&text, most)),
        Value::Bytes(bytes) if bytes.len() > most => Value::Bytes(bytes.get(..most).unwrap_or_default().into()),
        Value::Array(values) => Value::Array(values.into_iter().map(|value| cut(value, most)).collect()),
        Value::Map(values) => Value::Map(values.0.into_iter().map(|(key, value)| (key, cut(value, most))).collect()),
        value => value,
    }
}

/// Returns a link; `None` where there is nothing to link to.
pub(crate) fn link(to: &Context, attributes: Vec<(Text, Value)>) -> Option<Link> {
    if to.trace == 0 || to.span == 0 {
        return None;
    }
    Some(Link {
        trace_id: to.trace_id(),
        span_id: to.span_id(),
        trace_state: to.trace_state().unwrap_or_default().into(),
        flags: u32::from(to.flags) | 0x100 | if to.remote { 0x200 } else { 0 },
        attributes: attributes.into_iter().collect(),
        dropped_attributes: 0,
    })
}

pub(crate) fn add_link(record: &mut SpanRecord, limits: &Limits, mut link: Link) {
    if record.links.len() >= limits.links as usize {
        record.dropped.links += 1;
        return;
    }
    let over = link.attributes.0.len().saturating_sub(limits.link_attributes as usize);
    link.attributes.0.truncate(limits.link_attributes as usize);
    link.dropped_attributes += u32::try_from(over).unwrap_or(u32::MAX);
    record.links.push(link);
}

pub(crate) fn set_status(status: &mut Status, code: StatusCode, message: &str) {
    if status.code == StatusCode::Ok || code == StatusCode::Unset {
        return;
    }
    let message = if code == StatusCode::Error { Text::from(message) } else { Text::default() };
    *status = Status { code, message };
}

pub(crate) const NOTHING_DROPPED: Dropped = Dropped { attributes: 0, events: 0, links: 0 };
