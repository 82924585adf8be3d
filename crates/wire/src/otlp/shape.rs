//! How deep and how wide the attributes of an item are, found before anything is built of them.
//!
//! The decoders behind this check recurse and allocate, and so are given only what is known to be small enough.

use trackway_model::{Event, Link, Resource, Scope, SpanEvent, SpanRecord, Text, Value};

use super::{DEEPEST, MOST_VALUES, Malformed, fields::Fields};

/// A protobuf message on the way to an attribute value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    Resource,
    Scope,
    Span,
    LogRecord,
    Event,
    Link,
    KeyValue,
    AnyValue,
    ArrayValue,
    KeyValueList,
}

impl Message {
    /// The message in field `number`, where values can lie behind it.
    fn child(self, number: u32) -> Option<Self> {
        Some(match (self, number) {
            (Self::Resource, 1) | (Self::Scope, 3) | (Self::Span, 9) | (Self::LogRecord, 6) => Self::KeyValue,
            (Self::Event, 3) | (Self::Link, 4) | (Self::KeyValueList, 1) => Self::KeyValue,
            (Self::Span, 11) => Self::Event,
            (Self::Span, 13) => Self::Link,
            (Self::LogRecord, 5) | (Self::KeyValue, 2) | (Self::ArrayValue, 1) => Self::AnyValue,
            (Self::AnyValue, 5) => Self::ArrayValue,
            (Self::AnyValue, 6) => Self::KeyValueList,
            _ => return None,
        })
    }

    /// What the message takes in a record, its texts aside.
    fn record_bytes(self) -> usize {
        match self {
            Self::Resource => size_of::<Resource>(),
            Self::Scope => size_of::<Scope>(),
            Self::Span => size_of::<SpanRecord>(),
            Self::LogRecord => size_of::<SpanEvent>(),
            Self::Event => size_of::<Event>(),
            Self::Link => size_of::<Link>(),
            Self::KeyValue => size_of::<(Text, Value)>(),
            // An attribute's own value is counted twice, which makes up for what the allocator adds.
            Self::AnyValue => size_of::<Value>(),
            Self::ArrayValue | Self::KeyValueList => 0,
        }
    }

    fn nests(self) -> bool {
        matches!(self, Self::ArrayValue | Self::KeyValueList)
    }
}

/// Checks that the values of a protobuf message stay within [`DEEPEST`] and [`MOST_VALUES`], and returns about how many
/// bytes of memory the record takes that it becomes.
///
/// Needs a few bytes of stack for each level and none for each value.
pub(super) fn check_protobuf(message: Message, bytes: &[u8]) -> Result<usize, Malformed> {
    let mut open = vec![(message, Fields::of(bytes))];
    let mut depth = 0;
    let mut values = 0;
    let mut memory = message.record_bytes() + bytes.len();
    while let Some((message, fields)) = open.last_mut() {
        let Some(field) = fields.next().transpose()? else {
            depth -= usize::from(message.nests());
            open.pop();
            continue;
        };
        let Some(child) = message.child(field.number) else { continue };
        let Some(bytes) = field.bytes else { continue };
        depth += usize::from(child.nests());
        values += 1;
        memory += child.record_bytes();
        within(depth, values)?;
        open.push((child, Fields::of(bytes)));
    }
    Ok(memory)
}

/// How many JSON levels an attribute value of depth 0 lies deep in its item: the item, `events`, an event, its
/// `attributes`, an attribute, its `value`.
const JSON_FRAME: usize = 6;
/// How many JSON levels each level of a value adds: `{"kvlistValue":{"values":[{"value":`.
const JSON_LEVEL: usize = 4;

/// How many brackets and commas a value has at least: `{},`.
const JSON_VALUE: usize = 2;

/// Checks that the JSON text of an item stays within what [`DEEPEST`] levels and [`MOST_VALUES`] values can need.
///
/// The exact depth is checked once more when the values are built; this bounds the stack that building needs. Returns
/// about how many bytes of memory the record takes that the item becomes.
pub(super) fn check_json(text: &str) -> Result<usize, Malformed> {
    let mut levels = 0usize;
    let mut values = 0usize;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                levels += 1;
                values += 1;
                within(levels.saturating_sub(JSON_FRAME).div_ceil(JSON_LEVEL), values / JSON_VALUE)?;
            }
            b'}' | b']' => levels = levels.saturating_sub(1),
            b',' => {
                values += 1;
                within(0, values / JSON_VALUE)?;
            }
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    // An event or a link is the largest thing that a pair of brackets can become.
    Ok(size_of::<SpanRecord>() + text.len() + values / JSON_VALUE * size_of::<Link>())
}

fn skip_string(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

/// Refuses more than the limits allow.
pub(super) fn within(depth: usize, values: usize) -> Result<(), Malformed> {
    if depth > DEEPEST {
        return Err(Malformed(format!("arrays and maps nest deeper than {DEEPEST} levels")));
    }
    if values > MOST_VALUES {
        return Err(Malformed(format!("there are more than {MOST_VALUES} attribute values in one item")));
    }
    Ok(())
}
