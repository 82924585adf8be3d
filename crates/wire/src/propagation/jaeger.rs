//! [Jaeger's headers](https://www.jaegertracing.io/docs/1.62/client-libraries/#propagation-format): `uber-trace-id`,
//! `uberctx-` for baggage, and those that people write by hand.

use trackway_model::{SpanId, TraceId};

use super::baggage::{Room, decoded};
use super::carried::find;
use super::digits::{number, push_digits, short_span_id, short_trace_id};
use super::{Baggage, Carried, Corrupt, Decision, Extract, Flaw, Inject, Part, trim};

const NAME: &str = "uber-trace-id";
const BAGGAGE_PREFIX: &str = "uberctx-";
const DEBUG_ID: &str = "jaeger-debug-id";
const BAGGAGE: &str = "jaeger-baggage";

/// The name of the header that is always written; entries of the baggage have headers of their own.
pub const FIELDS: &[&str] = &[NAME];

const SAMPLED: u8 = 1;
const DEBUG: u8 = 2;

/// The longest header that can be right, with every colon as `%3A`.
const LONGEST: usize = 32 + 3 + 16 + 3 + 16 + 3 + 2;
/// The longest `jaeger-debug-id` that is kept, in bytes.
const LONGEST_DEBUG_ID: usize = 256;

/// Reads a context from `uber-trace-id`, `jaeger-debug-id`, `jaeger-baggage` and the headers whose names begin with `uberctx-`;
/// `None` when there is none of them. Names of baggage come in lower case, as headers have no other.
///
/// # Errors
/// [`Corrupt`] when `uber-trace-id` is there more than once, or is not what it should be.
pub fn extract(carrier: &(impl Extract + ?Sized)) -> Result<Option<Carried>, Corrupt> {
    let found = find(carrier, NAME, LONGEST);
    let mut carried = match found.first {
        Some(header) if found.count > 1 => return Err(Corrupt::new(NAME, Flaw::Repeated, &header)),
        Some(header) => parse(&header)?,
        None => Carried::default(),
    };
    let debug_id = find(carrier, DEBUG_ID, LONGEST_DEBUG_ID).first.filter(|id| !id.is_empty());
    if carried.trace_id.is_none()
        && let Some(id) = debug_id
    {
        carried = Carried { debug_id: Some(id.into()), ..Carried::only(Decision::Debug) };
    }
    carried.baggage = baggage(carrier);
    let is_empty = carried.trace_id.is_none() && carried.debug_id.is_none() && carried.baggage.is_empty();
    Ok(Some(carried).filter(|_| !is_empty))
}

fn parse(header: &str) -> Result<Carried, Corrupt> {
    let corrupt = |flaw| Corrupt::new(NAME, flaw, header);
    let without = |part| corrupt(Flaw::Without(part));
    if header.len() > LONGEST {
        return Err(corrupt(Flaw::TooLong));
    }
    let text = decoded(header);
    let mut parts = text.split(':');
    let mut part = || parts.next().unwrap_or_default();
    let trace = short_trace_id(part()).ok_or_else(|| without(Part::TraceId))?;
    let span = short_span_id(part()).ok_or_else(|| without(Part::ParentId))?;
    // Nobody is to use it any more; who has none writes 0.
    let parent = number(part(), 16).ok_or_else(|| without(Part::ParentId))?;
    let flags = number(part(), 2).and_then(|flags| u8::try_from(flags).ok()).ok_or_else(|| without(Part::Flags))?;
    if parts.next().is_some() {
        return Err(corrupt(Flaw::TooLong));
    }
    let decision = match flags {
        flags if flags & DEBUG != 0 => Decision::Debug,
        flags if flags & SAMPLED != 0 => Decision::Record,
        _ => Decision::Drop,
    };
    let parent_id = u64::try_from(parent).ok().and_then(|parent| SpanId::new(parent.to_be_bytes()));
    Ok(Carried { parent_id, ..Carried::of(trace, Some(span), decision) })
}

fn baggage(carrier: &(impl Extract + ?Sized)) -> Baggage {
    let mut baggage = Baggage::default();
    let mut room = Room::default();
    carrier.each(BAGGAGE, &mut |line| {
        let members = line.split(',').filter_map(|member| member.split_once('='));
        // Jaeger's own libraries know no value with another one.
        for (key, value) in members.filter(|(_, value)| !value.contains('=')) {
            room.insert(&mut baggage, trim(key), trim(value));
        }
    });
    carrier.entries(&mut |name, text| {
        let name = name.to_ascii_lowercase();
        if let Some(key) = name.strip_prefix(BAGGAGE_PREFIX) {
            room.insert(&mut baggage, key, &decoded(text));
        }
    });
    baggage
}

/// Writes the context: `uber-trace-id` where there is a span, and a header for every entry of the baggage, whose value is
/// percent-encoded. The parent's id is 0 unless it is known.
pub fn inject(carried: &Carried, carrier: &mut (impl Inject + ?Sized)) {
    if let Some((trace, span)) = carried.place() {
        carrier.put(NAME, header(trace, span, carried));
    }
    for (key, value) in carried.baggage.iter().filter(|(key, _)| is_name(key)) {
        carrier.put(&format!("{BAGGAGE_PREFIX}{key}"), encoded(value));
    }
}

fn header(trace: TraceId, span: SpanId, carried: &Carried) -> String {
    let flags = match carried.decision {
        Decision::Deferred | Decision::Drop => 0,
        Decision::Record => SAMPLED,
        Decision::Debug => SAMPLED | DEBUG,
    };
    let mut digits = String::new();
    push_digits(&mut digits, &trace.bytes());
    let parent = carried.parent_id.map_or(0, |parent| u64::from_be_bytes(parent.bytes()));
    let span = u64::from_be_bytes(span.bytes());
    format!("{}:{span:x}:{parent:x}:{flags:x}", digits.trim_start_matches('0'))
}

/// Returns true for what a header's name can be made of.
fn is_name(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
