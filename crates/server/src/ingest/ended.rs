//! The part of a request that may be stored: announcements of running spans never reach the log, also when spans that
//! have ended come with them.

use bytes::{Buf, BufMut};
use serde_json::Value as Json;
use trackway_wire::otlp::Encoding;

/// The fields that lead from an `ExportTraceServiceRequest` to its spans.
const SPANS: [u64; 3] = [1, 2, 2];
/// A span's `end_time_unix_nano`.
const END: u64 = 8;

/// Returns the request without its spans that have no end; `None` when it cannot be read.
pub(super) fn ended(encoding: Encoding, body: &[u8]) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Protobuf => without_open(body, &SPANS),
        Encoding::Json => {
            let mut request = serde_json::from_slice(body).ok()?;
            for group in items(&mut request, "resourceSpans").flat_map(|group| items(group, "scopeSpans")) {
                if let Some(Json::Array(spans)) = group.get_mut("spans") {
                    spans.retain(|span| !is_zero(span.get("endTimeUnixNano")));
                }
            }
            serde_json::to_vec(&request).ok()
        }
    }
}

fn items<'a>(object: &'a mut Json, name: &str) -> impl Iterator<Item = &'a mut Json> {
    object.get_mut(name).and_then(Json::as_array_mut).into_iter().flatten()
}

fn is_zero(number: Option<&Json>) -> bool {
    match number {
        Some(Json::String(digits)) => digits.bytes().all(|digit| digit == b'0'),
        Some(Json::Number(number)) => number.as_f64() == Some(0.0),
        _ => true,
    }
}

/// One field of a protobuf message.
struct Field<'a> {
    number: u64,
    /// All of it, as it came.
    whole: &'a [u8],
    /// What an embedded message, or a fixed number, holds.
    content: &'a [u8],
    is_message: bool,
}

/// Copies a message without the open spans to which `path` leads.
fn without_open(mut message: &[u8], path: &[u64]) -> Option<Vec<u8>> {
    let mut copy = Vec::with_capacity(message.len());
    while message.has_remaining() {
        let field = field(&mut message)?;
        match path {
            [number] if field.number == *number && field.is_message => {
                if has_ended(field.content)? {
                    copy.put_slice(field.whole);
                }
            }
            [number, rest @ ..] if field.number == *number && field.is_message => {
                let inner = without_open(field.content, rest)?;
                put_varint(&mut copy, number << 3 | 2);
                put_varint(&mut copy, inner.len() as u64);
                copy.put_slice(&inner);
            }
            _ => copy.put_slice(field.whole),
        }
    }
    Some(copy)
}

fn has_ended(mut span: &[u8]) -> Option<bool> {
    let mut has_ended = false;
    while span.has_remaining() {
        let field = field(&mut span)?;
        if field.number == END {
            // The last one counts, as everywhere in protobuf.
            has_ended = field.content.iter().any(|byte| *byte != 0);
        }
    }
    Some(has_ended)
}

fn field<'a>(message: &mut &'a [u8]) -> Option<Field<'a>> {
    let before = *message;
    let key = varint(message)?;
    let length = match key & 7 {
        0 => {
            varint(message)?;
            0
        }
        1 => 8,
        2 => usize::try_from(varint(message)?).ok()?,
        5 => 4,
        _ => return None,
    };
    let (content, rest) = message.split_at_checked(length)?;
    *message = rest;
    let whole = before.get(..before.len() - rest.len())?;
    Some(Field { number: key >> 3, whole, content, is_message: key & 7 == 2 })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = bytes.try_get_u8().ok()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn put_varint(copy: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        copy.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    copy.put_u8(value as u8);
}
