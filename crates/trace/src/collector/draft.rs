//! What is known so far of a span that is read from a ring.

use std::sync::atomic::{AtomicUsize, Ordering};

use trackway_model::{
    Dropped, Event, Link, SpanId, SpanKind, SpanRecord, Status, StatusCode, Text, Timestamp, TraceId, Value,
};
use trackway_wire::encode;

use crate::limits::Limits;
use crate::record;
use crate::span::{add_attribute, set_status};

/// How many bytes all spans that are under way may hold; what is over is left out of them, and counted in them.
const MOST_HELD: usize = 128 << 20;

/// How many they hold. Only the collector touches it.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// A value as it was read.
pub(crate) enum Read<'a> {
    Bool(bool),
    I64(i64),
    F64(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Value(Value),
}

impl Read<'_> {
    fn bytes(&self) -> usize {
        match self {
            Self::Bool(_) | Self::I64(_) | Self::F64(_) => 0,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Value(value) => value.heap_bytes(),
        }
    }
}

/// The name of an attribute, and what tells it from others quickly.
#[derive(Clone, Copy)]
pub(crate) struct KeyRead<'a> {
    pub(crate) name: &'a str,
    pub(crate) mark: u64,
}

/// Attributes in their final form, and where each of them lies.
#[derive(Default)]
struct Fields {
    bytes: Vec<u8>,
    places: Vec<(u64, u32)>,
    dropped: u32,
}

/// The span that a link leads to.
#[derive(Clone, Copy)]
pub(crate) struct LinkTo {
    pub(crate) trace: u128,
    pub(crate) span: u64,
    /// OTLP's.
    pub(crate) flags: u32,
}

#[derive(Default)]
enum Part {
    #[default]
    None,
    Event {
        time: u64,
        name: String,
    },
    Link {
        to: LinkTo,
        state: String,
    },
    /// One over the limit, whose attributes are left out with it.
    Dropped,
}

/// A span under way: OTLP fields, or a record when somebody asked for records.
///
/// The buffers are used again for the next span.
#[derive(Default)]
pub(crate) struct Draft {
    record: Option<Box<SpanRecord>>,
    attributes: Fields,
    /// The last event or link, while attributes of it may follow.
    part: Part,
    part_attributes: Fields,
    /// Finished events and links.
    parts: Vec<u8>,
    events: u32,
    links: u32,
    dropped: Dropped,
    status: Status,
    name: Option<Text>,
    kind: Option<SpanKind>,
    /// About how many bytes it holds.
    held: usize,
}

/// What a span is, apart from what was recorded in it.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) trace: u128,
    pub(crate) span: u64,
    pub(crate) parent: u64,
    pub(crate) flags: u8,
    pub(crate) remote: bool,
    pub(crate) state: &'a str,
    pub(crate) name: &'static str,
    pub(crate) kind: SpanKind,
    pub(crate) start: u64,
    /// 0 while it is open.
    pub(crate) end: u64,
}

/// Returns the name of an attribute in its final form: behind its own tag and length, and the name's.
#[cold]
fn name_of(attribute: &[u8]) -> Option<&[u8]> {
    let number = |bytes: &[u8]| {
        let last = bytes.iter().position(|byte| byte & 0x80 == 0)?;
        let number = bytes.get(..=last)?.iter().rev().fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f));
        Some((number, last + 1))
    };
    let (_, tag) = number(attribute)?;
    let (_, length) = number(attribute.get(tag..)?)?;
    let name = attribute.get(tag + length + 1..)?;
    let (length, at) = number(name)?;
    name.get(at..at + length)
}

impl Fields {
    fn clear(&mut self) {
        self.bytes.clear();
        self.places.clear();
        self.dropped = 0;
    }

    /// Adds an attribute of the message whose attributes have that field number.
    #[inline]
    fn add(&mut self, field: u32, key: KeyRead<'_>, value: &Read<'_>, limits: &Limits) {
        if let Some(place) = self.place_of(key.mark, key.name.as_bytes()) {
            self.remove(place);
        } else if self.places.len() >= limits.attributes as usize {
            self.dropped += 1;
            return;
        }
        self.places.push((key.mark, self.bytes.len() as u32));
        let (out, name) = (&mut self.bytes, key.name);
        match value {
            Read::Bool(value) => encode::attribute_bool(out, field, name, *value),
            Read::I64(value) => encode::attribute_i64(out, field, name, *value),
            Read::F64(value) => encode::attribute_f64(out, field, name, *value),
            Read::Text(value) => encode::attribute_text(out, field, name, record::cut(value, limits.value_bytes)),
            Read::Bytes(value) => {
                encode::attribute_bytes(out, field, name, value.get(..limits.value_bytes).unwrap_or(value));
            }
            Read::Value(value) => match value {
                Value::Text(text) => encode::attribute_text(out, field, name, record::cut(text, limits.value_bytes)),
                value => {
                    encode::attribute_value(out, field, name, &crate::span::cut(value.clone(), limits.value_bytes));
                }
            },
        }
    }

    /// Returns where the attribute of that name is. Two names may have the same mark.
    #[inline]
    fn place_of(&self, mark: u64, name: &[u8]) -> Option<usize> {
        let is_it = |from: u32| self.bytes.get(from as usize..).and_then(name_of) == Some(name);
        self.places.iter().position(|(known, from)| *known == mark && is_it(*from))
    }

    /// Adds those of another span's part, which replace their like.
    fn absorb(&mut self, other: &Self, limits: &Limits) {
        self.dropped += other.dropped;
        let ends = other.places.iter().skip(1).map(|(_, from)| *from).chain([other.bytes.len() as u32]);
        for ((mark, from), to) in other.places.iter().zip(ends) {
            let Some(attribute) = other.bytes.get(*from as usize..to as usize) else { continue };
            if let Some(place) = self.place_of(*mark, name_of(attribute).unwrap_or_default()) {
                self.remove(place);
            } else if self.places.len() >= limits.attributes as usize {
                self.dropped += 1;
                continue;
            }
            self.places.push((*mark, self.bytes.len() as u32));
            self.bytes.extend_from_slice(attribute);
        }
    }

    #[cold]
    fn remove(&mut self, place: usize) {
        let (_, from) = self.places.remove(place);
        let to = self.places.get(place).map_or(self.bytes.len() as u32, |(_, next)| *next);
        self.bytes.drain(from as usize..to as usize);
        for (_, start) in self.places.iter_mut().skip(place) {
            *start -= to - from;
        }
    }
}

impl Draft {
    /// Takes so many bytes more; returns false when there are none left.
    #[inline]
    fn hold(&mut self, bytes: usize) -> bool {
        let held = HELD.load(Ordering::Relaxed) + bytes;
        if held > MOST_HELD {
            return false;
        }
        HELD.store(held, Ordering::Relaxed);
        self.held += bytes;
        true
    }

    /// Gives back what it held, at the span's end.
    pub(crate) fn let_go(&mut self) {
        HELD.store(HELD.load(Ordering::Relaxed).saturating_sub(self.held), Ordering::Relaxed);
        self.held = 0;
    }

    /// Begins the next span, as a record when that is wanted.
    pub(crate) fn reset(&mut self, record: Option<Box<SpanRecord>>) {
        self.let_go();
        self.record = record;
        self.attributes.clear();
        self.part = Part::None;
        self.part_attributes.clear();
        self.parts.clear();
        (self.events, self.links) = (0, 0);
        self.dropped = Dropped::default();
        if self.status.code != StatusCode::Unset {
            self.status = Status::default();
        }
        self.name = None;
        self.kind = None;
        // One large span must not hold its memory for ever.
        const KEPT: usize = 4 << 10;
        for buffer in [&mut self.attributes.bytes, &mut self.part_attributes.bytes, &mut self.parts] {
            buffer.shrink_to(KEPT);
        }
    }

    #[inline]
    pub(crate) fn attribute(&mut self, place: record::Place, key: KeyRead<'_>, value: Read<'_>, limits: &Limits) {
        if !self.hold(key.name.len() + value.bytes() + 16) {
            match place {
                record::Place::Span => self.attributes.dropped += 1,
                record::Place::Event | record::Place::Link => self.part_attributes.dropped += 1,
            }
            return;
        }
        match (place, &mut self.record) {
            (record::Place::Span, None) => self.attributes.add(encode::SPAN_ATTRIBUTES, key, &value, limits),
            (_, Some(_)) => self.attribute_of_record(place, key, value, limits),
            (_, None) => {
                let (field, limits) = match self.part {
                    Part::Event { .. } => (encode::EVENT_ATTRIBUTES, limits.of_event()),
                    Part::Link { .. } => (encode::LINK_ATTRIBUTES, limits.of_link()),
                    Part::None | Part::Dropped => return,
                };
                self.part_attributes.add(field, key, &value, &limits);
            }
        }
    }

    fn attribute_of_record(&mut self, place: record::Place, key: KeyRead<'_>, value: Read<'_>, limits: &Limits) {
        let Some(record) = &mut self.record else { return };
        let value = match value {
            Read::Bool(value) => Value::from(value),
            Read::I64(value) => Value::from(value),
            Read::F64(value) => Value::from(value),
            Read::Text(value) => Value::from(value),
            Read::Bytes(value) => Value::Bytes(value.into()),
            Read::Value(value) => value,
        };
        let (list, dropped, limits) = match (place, &self.part) {
            (record::Place::Span, _) => (&mut record.attributes, &mut record.dropped.attributes, *limits),
            (_, Part::Event { .. }) => match record.events.last_mut() {
                Some(event) => (&mut event.attributes, &mut event.dropped_attributes, limits.of_event()),
                None => return,
            },
            (_, Part::Link { .. }) => match record.links.last_mut() {
                Some(link) => (&mut link.attributes, &mut link.dropped_attributes, limits.of_link()),
                None => return,
            },
            (_, Part::None | Part::Dropped) => return,
        };
        add_attribute(list, dropped, &limits, key.name, value);
    }

    pub(crate) fn event(&mut self, time: u64, name: &str, limits: &Limits) {
        self.finish_part();
        if self.events >= limits.events || !self.hold(name.len() + 64) {
            self.dropped.events += 1;
            self.part = Part::Dropped;
            return;
        }
        self.events += 1;
        if let Some(record) = &mut self.record {
            record.events.push(Event { time: Timestamp(time), name: name.into(), ..Event::default() });
            self.part = Part::Event { time, name: String::new() };
        } else {
            self.part = Part::Event { time, name: name.to_owned() };
        }
    }

    pub(crate) fn link(&mut self, to: LinkTo, state: &str, limits: &Limits) {
        self.finish_part();
        if self.links >= limits.links || !self.hold(64 + state.len()) {
            self.dropped.links += 1;
            self.part = Part::Dropped;
            return;
        }
        self.links += 1;
        let mut kept = String::new();
        if let Some(record) = &mut self.record {
            record.links.push(Link {
                trace_id: TraceId::new(to.trace.to_be_bytes()),
                span_id: SpanId::new(to.span.to_be_bytes()),
                trace_state: state.into(),
                flags: to.flags,
                attributes: Default::default(),
                dropped_attributes: 0,
            });
        } else {
            kept.push_str(state);
        }
        self.part = Part::Link { to, state: kept };
    }

    pub(crate) fn status(&mut self, code: u8, message: &str) {
        let code = match code {
            1 => StatusCode::Ok,
            2 => StatusCode::Error,
            _ => StatusCode::Unset,
        };
        set_status(&mut self.status, code, message);
    }

    pub(crate) fn rename(&mut self, name: &str) {
        self.name = Some(name.into());
    }

    pub(crate) fn set_kind(&mut self, kind: SpanKind) {
        self.kind = Some(kind);
    }

    /// Adds what was recorded of the same span elsewhere.
    pub(crate) fn absorb(&mut self, other: &mut Self, limits: &Limits) {
        other.finish_part();
        self.held += std::mem::take(&mut other.held);
        self.attributes.absorb(&other.attributes, limits);
        self.dropped.events += other.dropped.events;
        self.dropped.links += other.dropped.links;
        if let (Some(record), Some(other)) = (&mut self.record, &mut other.record) {
            record.dropped.attributes += other.dropped.attributes;
            for (key, value) in std::mem::take(&mut other.attributes.0) {
                add_attribute(&mut record.attributes, &mut record.dropped.attributes, limits, &key, value);
            }
        }
        if self.events + other.events > limits.events || self.links + other.links > limits.links {
            self.dropped.events += other.events;
            self.dropped.links += other.links;
        } else {
            self.events += other.events;
            self.links += other.links;
            // In front: details of this one's last event may follow.
            self.parts.splice(0..0, other.parts.drain(..));
            if let (Some(record), Some(other)) = (&mut self.record, &mut other.record) {
                record.events.splice(0..0, other.events.drain(..));
                record.links.splice(0..0, other.links.drain(..));
            }
        }
        set_status(&mut self.status, other.status.code, &other.status.message);
        if other.name.is_some() {
            self.name = other.name.take();
        }
    }

    fn finish_part(&mut self) {
        if matches!(self.part, Part::None) {
            return;
        }
        self.put_part_into_parts();
        self.part = Part::None;
        self.part_attributes.clear();
    }

    fn put_part_into_parts(&mut self) {
        if self.record.is_some() {
            return;
        }
        let (attributes, dropped) = (&self.part_attributes.bytes, self.part_attributes.dropped);
        match &self.part {
            Part::Event { time, name } => encode::event(&mut self.parts, *time, name, attributes, dropped),
            Part::Link { to, state } => {
                let (trace, span) = (to.trace.to_be_bytes(), to.span.to_be_bytes());
                encode::link(&mut self.parts, trace, span, state, to.flags, attributes, dropped);
            }
            Part::None | Part::Dropped => {}
        }
    }

    /// Returns true when the span is to become a record.
    pub(crate) fn is_record(&self) -> bool {
        self.record.is_some()
    }

    /// Ends the span as OTLP bytes.
    #[inline]
    pub(crate) fn finish(&mut self, head: &Head<'_>, out: &mut Vec<u8>) {
        self.finish_part();
        if !self.parts.is_empty() {
            self.attributes.bytes.extend_from_slice(&self.parts);
        }
        self.write(head, out);
    }

    /// Writes the span as it is so far; more may come.
    pub(crate) fn announce(&self, head: &Head<'_>, out: &mut Vec<u8>) {
        match self.so_far(head) {
            Some(record) => encode::record(out, &record),
            None => self.write(head, out),
        }
    }

    /// Returns the span as it is so far, when it is to become a record.
    pub(crate) fn so_far(&self, head: &Head<'_>) -> Option<SpanRecord> {
        let mut record = SpanRecord::clone(self.record.as_deref()?);
        self.complete(&mut record, head);
        Some(record)
    }

    #[inline]
    fn write(&self, head: &Head<'_>, out: &mut Vec<u8>) {
        let name = self.name.as_deref().unwrap_or(head.name);
        let parent = (head.parent != 0).then(|| head.parent.to_be_bytes());
        let span_head = encode::SpanHead {
            trace: head.trace.to_be_bytes(),
            span: head.span.to_be_bytes(),
            parent,
            trace_state: head.state,
            flags: head.otlp_flags(),
            name,
            kind: self.kind.unwrap_or(head.kind),
            start: head.start,
            end: head.end,
        };
        let tail = encode::SpanTail {
            dropped_attributes: self.attributes.dropped,
            dropped_events: self.dropped.events,
            dropped_links: self.dropped.links,
            code: self.status.code,
            message: &self.status.message,
        };
        encode::span(out, &span_head, &self.attributes.bytes, &tail);
    }

    /// Ends the span as a record; `None` when it is not to become one.
    pub(crate) fn finish_record(&mut self, head: &Head<'_>) -> Option<Box<SpanRecord>> {
        let mut record = self.record.take()?;
        self.complete(&mut record, head);
        Some(record)
    }

    fn complete(&self, record: &mut SpanRecord, head: &Head<'_>) {
        record.parent_id = SpanId::new(head.parent.to_be_bytes());
        record.flags = head.otlp_flags();
        record.trace_state = head.state.into();
        record.name = self.name.clone().unwrap_or(Text::literal(head.name));
        record.kind = self.kind.unwrap_or(head.kind);
        record.start = Timestamp(head.start);
        record.end = (head.end != 0).then_some(Timestamp(head.end));
        record.status = self.status.clone();
        // Those over the memory bound; the record has counted those over the limit.
        record.dropped.attributes += self.attributes.dropped;
        record.dropped.events = self.dropped.events;
        record.dropped.links = self.dropped.links;
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl Head<'_> {
    /// The W3C flags, that it is known whether the parent is remote, and whether it is.
    fn otlp_flags(&self) -> u32 {
        u32::from(self.flags) | 0x100 | if self.remote { 0x200 } else { 0 }
    }
}
