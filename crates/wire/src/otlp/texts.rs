//! Where the texts of a protobuf request lie in its bytes.

use std::ops::Range;

use super::{DEEPEST, Signal, fields::Fields};

/// A protobuf message that holds texts.
#[derive(Debug, Clone, Copy)]
enum Message {
    Traces,
    ResourceSpans,
    ScopeSpans,
    Logs,
    ResourceLogs,
    ScopeLogs,
    Resource,
    Scope,
    Span,
    Status,
    Event,
    Link,
    LogRecord,
    KeyValue,
    AnyValue,
    ArrayValue,
    KeyValueList,
}

/// What a field is to whoever looks for texts.
enum Held {
    Text,
    Message(Message),
    Nothing,
}

impl Message {
    fn holds(self, number: u32) -> Held {
        use Held::Text;
        Held::Message(match (self, number) {
            (Self::Traces, 1) => Self::ResourceSpans,
            (Self::Logs, 1) => Self::ResourceLogs,
            (Self::ResourceSpans | Self::ResourceLogs, 1) => Self::Resource,
            (Self::ResourceSpans, 2) => Self::ScopeSpans,
            (Self::ResourceLogs, 2) => Self::ScopeLogs,
            (Self::ScopeSpans | Self::ScopeLogs, 1) => Self::Scope,
            (Self::ScopeSpans, 2) => Self::Span,
            (Self::ScopeLogs, 2) => Self::LogRecord,
            (Self::ResourceSpans | Self::ResourceLogs | Self::ScopeSpans | Self::ScopeLogs, 3) => return Text,
            (Self::Scope, 1 | 2) | (Self::Span, 3 | 5) | (Self::Status, 2) | (Self::Event, 2) => return Text,
            (Self::Link, 3) | (Self::LogRecord, 3 | 12) | (Self::KeyValue | Self::AnyValue, 1) => return Text,
            (Self::Span, 11) => Self::Event,
            (Self::Span, 13) => Self::Link,
            (Self::Span, 15) => Self::Status,
            (Self::Resource, 1) | (Self::Scope, 3) | (Self::Span, 9) | (Self::LogRecord, 6) => Self::KeyValue,
            (Self::Event, 3) | (Self::Link, 4) | (Self::KeyValueList, 1) => Self::KeyValue,
            (Self::LogRecord, 5) | (Self::KeyValue, 2) | (Self::ArrayValue, 1) => Self::AnyValue,
            (Self::AnyValue, 5) => Self::ArrayValue,
            (Self::AnyValue, 6) => Self::KeyValueList,
            _ => return Held::Nothing,
        })
    }
}

/// How deep the messages around the attributes are nested, and how many a value adds for each level of its own.
const ENVELOPE: usize = 8;
const PER_LEVEL: usize = 3;

/// Calls back with the place of each text in a protobuf request, in the order in which they lie there.
///
/// Bytes in attributes are no texts. What of a message cannot be read, or is nested deeper than any reader here goes, is
/// given as one text: the item that it belongs to is not decoded.
pub fn texts(signal: Signal, body: &[u8], found: &mut dyn FnMut(Range<usize>)) {
    let message = match signal {
        Signal::Traces => Message::Traces,
        Signal::Logs => Message::Logs,
        Signal::Metrics => return,
    };
    walk(message, body, 0, ENVELOPE + PER_LEVEL * DEEPEST, found);
}

fn walk(message: Message, bytes: &[u8], offset: usize, depth: usize, found: &mut dyn FnMut(Range<usize>)) {
    let Some(depth) = depth.checked_sub(1) else { return found(offset..offset + bytes.len()) };
    let mut read = offset;
    for field in Fields::of(bytes) {
        let Ok(field) = field else { return found(read..offset + bytes.len()) };
        let Ok(content) = field.bytes() else { continue };
        let start = offset + place(bytes, content);
        read = start + content.len();
        match message.holds(field.number) {
            Held::Text => found(start..read),
            Held::Message(inner) => walk(inner, content, start, depth, found),
            Held::Nothing => {}
        }
    }
}

/// Where `part`, which was borrowed from `whole`, lies in it.
fn place(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr() as usize - whole.as_ptr() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
    }

    #[test]
    fn texts_are_found_wherever_the_schema_has_them_and_bytes_are_not() {
        let pair = |key: &str, value: Vec<u8>| [field(1, key.as_bytes()), field(2, &value)].concat();
        let list = field(5, &field(1, &field(1, b"in a list")));
        let map = field(6, &field(1, &pair("inner", field(1, b"in a map"))));
        let attributes = [pair("a", list), pair("b", map), pair("c", field(7, b"bytes"))];
        let attributes: Vec<u8> = attributes.iter().flat_map(|pair| field(9, pair)).collect();
        let span =
            [field(1, b"sixteen bytes id"), field(5, b"name"), attributes, field(15, &field(2, b"why"))].concat();
        let body = field(1, &[field(2, &[field(2, &span), field(3, b"schema")].concat())].concat());
        let mut found = Vec::new();
        texts(Signal::Traces, &body, &mut |range| found.push(String::from_utf8_lossy(&body[range]).into_owned()));
        assert_eq!(found, ["name", "a", "in a list", "b", "inner", "in a map", "c", "why", "schema"]);
    }

    #[test]
    fn what_is_broken_or_nested_beyond_measure_is_one_text() {
        let mut value = field(1, b"deep");
        for _ in 0..20 {
            value = field(5, &field(1, &value));
        }
        let found = |message: Message, bytes: &[u8], offset: usize, depth: usize| {
            let mut found = Vec::new();
            walk(message, bytes, offset, depth, &mut |range| found.push((range.start, range.end)));
            found
        };
        assert_eq!(found(Message::AnyValue, &value, 100, 3), [(106, 100 + value.len())]);
        assert_eq!(found(Message::AnyValue, &value, 0, 100), [(value.len() - 4, value.len())]);
        let broken = [field(5, b"name"), vec![0x2f, 1, 2, 3]].concat();
        assert_eq!(found(Message::Span, &broken, 0, 100), [(2, 6), (6, 10)]);
    }
}
