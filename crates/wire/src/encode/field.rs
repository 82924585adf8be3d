//! The fields of a protobuf message: a tag of number and wire type, then the content
//! ([encoding](https://protobuf.dev/programming-guides/encoding/)).

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const DELIMITED: u32 = 2;
const FIXED32: u32 = 5;

/// Appends a number as a protobuf varint: seven bits a byte, the lowest first, in the fewest bytes.
///
/// A signed number goes in as its two's complement (`-1i64 as u64`), which takes ten bytes when it is negative.
#[inline]
pub fn varint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

/// Returns how many bytes [`varint`] appends for the number: 1 to 10.
#[inline]
pub fn varint_len(v: u64) -> usize {
    let bits = u64::BITS - (v | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

#[inline]
fn tag(out: &mut Vec<u8>, field: u32, wire_type: u32) {
    varint(out, u64::from(field) << 3 | u64::from(wire_type));
}

/// Appends a varint field.
#[inline]
pub(super) fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    tag(out, field, VARINT);
    varint(out, value);
}

/// Appends a varint field, unless the number is 0.
#[inline]
pub(super) fn number_unless_zero(out: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        number(out, field, value);
    }
}

/// Appends a field of 64 bits, be it a number or a double.
#[inline]
pub(super) fn fixed64(out: &mut Vec<u8>, field: u32, bits: u64) {
    tag(out, field, FIXED64);
    out.extend_from_slice(&bits.to_le_bytes());
}

/// Appends a field of 64 bits, unless the number is 0.
#[inline]
pub(super) fn fixed64_unless_zero(out: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        fixed64(out, field, value);
    }
}

/// Appends a field of 32 bits, unless the number is 0.
#[inline]
pub(super) fn fixed32_unless_zero(out: &mut Vec<u8>, field: u32, value: u32) {
    if value != 0 {
        tag(out, field, FIXED32);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// Appends a field of text or bytes, even when it is empty.
#[inline]
pub(super) fn bytes(out: &mut Vec<u8>, field: u32, content: &[u8]) {
    tag(out, field, DELIMITED);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

/// Appends a field of text, unless it is empty.
#[inline]
pub(super) fn text_unless_empty(out: &mut Vec<u8>, field: u32, text: &str) {
    if !text.is_empty() {
        bytes(out, field, text.as_bytes());
    }
}

/// Returns how many bytes a field of text or bytes takes whose tag is one byte.
#[inline]
pub(super) fn bytes_len(content: &[u8]) -> usize {
    1 + varint_len(content.len() as u64) + content.len()
}

/// Appends a field that holds the message that `body` appends.
///
/// The length stands before what it measures: room is left for as many bytes of it as a body of about `expected` bytes
/// needs, and the body is moved when that was wrong.
#[inline]
pub(super) fn message(out: &mut Vec<u8>, field: u32, expected: usize, body: impl FnOnce(&mut Vec<u8>)) {
    tag(out, field, DELIMITED);
    let at = out.len();
    varint(out, expected as u64);
    let start = out.len();
    body(out);
    set_length(out, at, start);
}

/// Writes the length of the body, which reaches from `start` to the end, over the expected length at `at`.
fn set_length(out: &mut Vec<u8>, at: usize, start: usize) {
    let end = out.len();
    let length = end - start;
    let room = start - at;
    let needed = varint_len(length as u64);
    if needed > room {
        out.resize(end + needed - room, 0);
    }
    if needed != room {
        out.copy_within(start..end, at + needed);
        out.truncate(at + needed + length);
    }
    let mut rest = length;
    for (place, byte) in out.iter_mut().skip(at).take(needed).enumerate() {
        let more = if place + 1 < needed { 0x80 } else { 0 };
        *byte = (rest & 0x7f) as u8 | more;
        rest >>= 7;
    }
}
