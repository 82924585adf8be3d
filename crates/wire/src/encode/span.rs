//! Spans with their events and links: `opentelemetry/proto/trace/v1/trace.proto`.

use trackway_model::{SpanId, SpanKind, SpanRecord, StatusCode, Timestamp, TraceId};

use super::{
    attribute::{EVENT_ATTRIBUTES, LINK_ATTRIBUTES, attributes, span_attributes},
    field::{bytes, fixed32_unless_zero, fixed64_unless_zero, message, number_unless_zero, text_unless_empty},
};

/// The field of a `ScopeSpans` that its spans are.
const SPANS: u32 = 2;
/// The field of a `Span` that its events are.
const EVENTS: u32 = 11;
/// The field of a `Span` that its links are.
const LINKS: u32 = 13;

/// About how many bytes those fields of a span take whose length hardly varies.
const FIXED_LEN: usize = 64;

/// What is known of a span when it begins, and its end.
#[derive(Debug, Clone, Copy)]
pub struct SpanHead<'a> {
    /// The id of the trace, in network order; receivers refuse one of zeros.
    pub trace: [u8; 16],
    /// The span's own id, in network order; receivers refuse one of zeros.
    pub span: [u8; 8],
    /// The id of the span that this one is a part of; absent for a root.
    pub parent: Option<[u8; 8]>,
    /// W3C `tracestate`; empty for none.
    pub trace_state: &'a str,
    /// W3C trace flags in the low 8 bits, then "remote parent known" (256) and "remote parent" (512).
    pub flags: u32,
    /// What the span does, in few words.
    pub name: &'a str,
    /// The span's side of a call.
    pub kind: SpanKind,
    /// When the span began, in nanoseconds since 1970.
    pub start: u64,
    /// When the span ended, in nanoseconds since 1970; 0 while it is open.
    pub end: u64,
}

/// What is known of a span only when it has ended.
#[derive(Debug, Clone, Copy, Default)]
pub struct SpanTail<'a> {
    /// How many attributes were left out.
    pub dropped_attributes: u32,
    /// How many events were left out.
    pub dropped_events: u32,
    /// How many links were left out.
    pub dropped_links: u32,
    /// The verdict on the span.
    pub code: StatusCode,
    /// What is said of an error; empty for nothing.
    pub message: &'a str,
}

/// Appends a span as one whole `ScopeSpans.spans` field.
///
/// `fields` are fields of the `Span` that are already written, in any order: attributes under
/// [`SPAN_ATTRIBUTES`](super::SPAN_ATTRIBUTES), [`event`]s and [`link`]s.
pub fn span(out: &mut Vec<u8>, head: &SpanHead<'_>, fields: &[u8], tail: &SpanTail<'_>) {
    span_around(out, head, fields.len(), |out| out.extend_from_slice(fields), tail);
}

/// Appends an event as one whole `Span.events` field.
///
/// `time` is in nanoseconds since 1970; `attributes` are already written under [`EVENT_ATTRIBUTES`]; `dropped` is how many
/// of them were left out.
pub fn event(out: &mut Vec<u8>, time: u64, name: &str, attributes: &[u8], dropped: u32) {
    event_around(out, time, name, attributes.len(), |out| out.extend_from_slice(attributes), dropped);
}

/// Appends a link as one whole `Span.links` field.
///
/// An id of zeros is left out, and means that the other span cannot be named. `flags` and `trace_state` are the other
/// span's; `attributes` are already written under [`LINK_ATTRIBUTES`]; `dropped` is how many of them were left out.
pub fn link(
    out: &mut Vec<u8>,
    trace: [u8; 16],
    span: [u8; 8],
    trace_state: &str,
    flags: u32,
    attributes: &[u8],
    dropped: u32,
) {
    let head = LinkHead { trace, span, trace_state, flags };
    link_around(out, &head, attributes.len(), |out| out.extend_from_slice(attributes), dropped);
}

/// Appends a record as one whole `ScopeSpans.spans` field.
///
/// Its scope, resource and project are not part of that. A record that ended at 0, which OTLP reads as no end, becomes
/// one that is open.
pub fn record(out: &mut Vec<u8>, record: &SpanRecord) {
    let head = SpanHead {
        trace: record.trace_id.bytes(),
        span: record.span_id.bytes(),
        parent: record.parent_id.map(SpanId::bytes),
        trace_state: &record.trace_state,
        flags: record.flags,
        name: &record.name,
        kind: record.kind,
        start: record.start.0,
        end: record.end.map_or(0, |Timestamp(end)| end),
    };
    let tail = SpanTail {
        dropped_attributes: record.dropped.attributes,
        dropped_events: record.dropped.events,
        dropped_links: record.dropped.links,
        code: record.status.code,
        message: &record.status.message,
    };
    let expected = record.attributes.heap_bytes();
    span_around(out, &head, expected, |out| fields_of(out, record), &tail);
}

fn fields_of(out: &mut Vec<u8>, record: &SpanRecord) {
    span_attributes(out, &record.attributes);
    for event in &record.events {
        let list = |out: &mut Vec<u8>| attributes(out, EVENT_ATTRIBUTES, &event.attributes);
        event_around(out, event.time.0, &event.name, 0, list, event.dropped_attributes);
    }
    for link in &record.links {
        let head = LinkHead {
            trace: link.trace_id.map_or([0; 16], TraceId::bytes),
            span: link.span_id.map_or([0; 8], SpanId::bytes),
            trace_state: &link.trace_state,
            flags: link.flags,
        };
        let list = |out: &mut Vec<u8>| attributes(out, LINK_ATTRIBUTES, &link.attributes);
        link_around(out, &head, 0, list, link.dropped_attributes);
    }
}

/// Appends a span around the about `expected` bytes of fields that `fields` appends.
#[inline]
fn span_around(
    out: &mut Vec<u8>,
    head: &SpanHead<'_>,
    expected: usize,
    fields: impl FnOnce(&mut Vec<u8>),
    tail: &SpanTail<'_>,
) {
    let expected = expected + FIXED_LEN + head.name.len() + head.trace_state.len() + tail.message.len();
    message(out, SPANS, expected, |out| {
        bytes(out, 1, &head.trace);
        bytes(out, 2, &head.span);
        text_unless_empty(out, 3, head.trace_state);
        if let Some(parent) = head.parent {
            bytes(out, 4, &parent);
        }
        text_unless_empty(out, 5, head.name);
        number_unless_zero(out, 6, kind(head.kind));
        fixed64_unless_zero(out, 7, head.start);
        fixed64_unless_zero(out, 8, head.end);
        fields(out);
        number_unless_zero(out, 10, tail.dropped_attributes.into());
        number_unless_zero(out, 12, tail.dropped_events.into());
        number_unless_zero(out, 14, tail.dropped_links.into());
        status(out, tail);
        fixed32_unless_zero(out, 16, head.flags);
    });
}

/// Appends the `Status` of a span, unless nobody judged it.
#[inline]
fn status(out: &mut Vec<u8>, tail: &SpanTail<'_>) {
    if tail.code == StatusCode::Unset && tail.message.is_empty() {
        return;
    }
    message(out, 15, tail.message.len(), |out| {
        text_unless_empty(out, 2, tail.message);
        number_unless_zero(out, 3, code(tail.code));
    });
}

#[inline]
fn event_around(
    out: &mut Vec<u8>,
    time: u64,
    name: &str,
    expected: usize,
    attributes: impl FnOnce(&mut Vec<u8>),
    dropped: u32,
) {
    message(out, EVENTS, expected + name.len(), |out| {
        fixed64_unless_zero(out, 1, time);
        text_unless_empty(out, 2, name);
        attributes(out);
        number_unless_zero(out, 4, dropped.into());
    });
}

/// What a link points to.
struct LinkHead<'a> {
    trace: [u8; 16],
    span: [u8; 8],
    trace_state: &'a str,
    flags: u32,
}

#[inline]
fn link_around(
    out: &mut Vec<u8>,
    head: &LinkHead<'_>,
    expected: usize,
    attributes: impl FnOnce(&mut Vec<u8>),
    dropped: u32,
) {
    message(out, LINKS, expected + head.trace_state.len(), |out| {
        id_unless_zero(out, 1, &head.trace);
        id_unless_zero(out, 2, &head.span);
        text_unless_empty(out, 3, head.trace_state);
        attributes(out);
        number_unless_zero(out, 5, dropped.into());
        fixed32_unless_zero(out, 6, head.flags);
    });
}

fn id_unless_zero(out: &mut Vec<u8>, field: u32, id: &[u8]) {
    if id.iter().any(|byte| *byte != 0) {
        bytes(out, field, id);
    }
}

/// OTLP's number of a kind.
fn kind(kind: SpanKind) -> u64 {
    match kind {
        SpanKind::Unspecified => 0,
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

/// OTLP's number of a status code.
fn code(code: StatusCode) -> u64 {
    match code {
        StatusCode::Unset => 0,
        StatusCode::Ok => 1,
        StatusCode::Error => 2,
    }
}
