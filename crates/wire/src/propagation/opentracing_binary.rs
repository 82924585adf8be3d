//! The bytes of OpenTracing's basic tracer: a length, and a message of [protobuf](https://protobuf.dev/programming-guides/encoding/).

use trackway_model::{SpanId, TraceId};

use super::baggage::Room;
use super::opentracing::right_half;
use super::{Baggage, Carried, Corrupt, Decision, Flaw, Part};

/// What the bytes are called where they cannot be read.
const NAME: &str = "basictracer";

/// The keys of the message's fields: number and wire type.
mod key {
    pub(super) const TRACE_ID: u64 = 1 << 3 | 1;
    pub(super) const SPAN_ID: u64 = 2 << 3 | 1;
    pub(super) const SAMPLED: u64 = 3 << 3;
    pub(super) const BAGGAGE: u64 = 4 << 3 | 2;
    pub(super) const ENTRY_KEY: u64 = 1 << 3 | 2;
    pub(super) const ENTRY_VALUE: u64 = 2 << 3 | 2;
}

/// Reads four bytes of length and the message behind them; `None` when there are no bytes.
///
/// # Errors
/// [`Corrupt`] when the length is not that of what is behind it, the message cannot be read, or it has no ids.
pub fn decode(bytes: &[u8]) -> Result<Option<Carried>, Corrupt> {
    let corrupt = |flaw| Corrupt::of_bytes(NAME, flaw, bytes);
    if bytes.is_empty() {
        return Ok(None);
    }
    let (length, message) = bytes.split_first_chunk::<4>().ok_or_else(|| corrupt(Flaw::CutOff))?;
    match usize::try_from(u32::from_be_bytes(*length)) {
        Ok(length) if length == message.len() => {}
        Ok(length) if length < message.len() => return Err(corrupt(Flaw::TooLong)),
        _ => return Err(corrupt(Flaw::CutOff)),
    }
    let message = Message::read(message).ok_or_else(|| corrupt(Flaw::CutOff))?;
    let trace = TraceId::new(u128::from(message.trace_id).to_be_bytes());
    let trace = trace.ok_or_else(|| corrupt(Flaw::Without(Part::TraceId)))?;
    let span = SpanId::new(message.span_id.to_be_bytes()).ok_or_else(|| corrupt(Flaw::Without(Part::ParentId)))?;
    // The encoding leaves out what is false.
    let decision = if message.sampled { Decision::Record } else { Decision::Drop };
    Ok(Some(Carried { baggage: message.baggage, ..Carried::of(trace, Some(span), decision) }))
}

#[derive(Default)]
struct Message {
    trace_id: u64,
    span_id: u64,
    sampled: bool,
    baggage: Baggage,
}

impl Message {
    fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut message = Self::default();
        let mut room = Room::default();
        while !bytes.is_empty() {
            match varint(&mut bytes)? {
                key::TRACE_ID => message.trace_id = fixed(&mut bytes)?,
                key::SPAN_ID => message.span_id = fixed(&mut bytes)?,
                key::SAMPLED => message.sampled = varint(&mut bytes)? != 0,
                key::BAGGAGE => {
                    let (key, value) = entry(run(&mut bytes)?)?;
                    room.insert(&mut message.baggage, key, value);
                }
                other => skip(&mut bytes, other)?,
            }
        }
        Some(message)
    }
}

/// Reads an entry of the map: what is missing is empty.
fn entry(mut bytes: &[u8]) -> Option<(&str, &str)> {
    let (mut key, mut value) = ("", "");
    while !bytes.is_empty() {
        match varint(&mut bytes)? {
            key::ENTRY_KEY => key = std::str::from_utf8(run(&mut bytes)?).ok()?,
            key::ENTRY_VALUE => value = std::str::from_utf8(run(&mut bytes)?).ok()?,
            other => skip(&mut bytes, other)?,
        }
    }
    Some((key, value))
}

/// Takes a number of up to ten bytes, seven bits in each.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn fixed(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

/// Takes as many bytes as the number in front of them says.
fn run<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(varint(bytes)?).ok()?;
    let (run, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(run)
}

/// Passes over a field that nobody here knows.
fn skip(bytes: &mut &[u8], key: u64) -> Option<()> {
    if key >> 3 == 0 {
        return None;
    }
    match key & 7 {
        0 => drop(varint(bytes)?),
        1 => drop(fixed(bytes)?),
        2 => drop(run(bytes)?),
        5 => *bytes = bytes.split_first_chunk::<4>()?.1,
        _ => return None,
    }
    Some(())
}

/// Adds the bytes of the context; nothing without a span. Of the trace's id it is the right half, for the format has 64 bits.
pub fn encode(carried: &Carried, bytes: &mut Vec<u8>) {
    let Some((trace, span)) = carried.place() else { return };
    let mut message = Vec::with_capacity(24);
    // The encoding leaves out what is 0.
    for (key, number) in [(key::TRACE_ID, right_half(trace)), (key::SPAN_ID, u64::from_be_bytes(span.bytes()))] {
        if number != 0 {
            put_varint(&mut message, key);
            message.extend(number.to_le_bytes());
        }
    }
    if carried.decision.is_sampled() {
        put_varint(&mut message, key::SAMPLED);
        message.push(1);
    }
    for (key, value) in carried.baggage.iter() {
        let mut entry = Vec::new();
        put_run(&mut entry, key::ENTRY_KEY, key.as_bytes());
        put_run(&mut entry, key::ENTRY_VALUE, value.as_bytes());
        put_run(&mut message, key::BAGGAGE, &entry);
    }
    let Ok(length) = u32::try_from(message.len()) else { return };
    bytes.extend(length.to_be_bytes());
    bytes.extend(message);
}

fn put_run(bytes: &mut Vec<u8>, key: u64, run: &[u8]) {
    put_varint(bytes, key);
    put_varint(bytes, run.len() as u64);
    bytes.extend(run);
}

fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
