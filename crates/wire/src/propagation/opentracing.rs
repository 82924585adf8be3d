//! The text format of OpenTracing's basic and mock tracers: `ot-tracer-` for the place, `ot-baggage-` for baggage.

use trackway_model::TraceId;

use super::baggage::Room;
use super::carried::find;
use super::digits::{short_span_id, short_trace_id};
use super::{Baggage, Carried, Corrupt, Decision, Extract, Flaw, Inject, Part};

const TRACE_ID: &str = "ot-tracer-traceid";
const SPAN_ID: &str = "ot-tracer-spanid";
const SAMPLED: &str = "ot-tracer-sampled";
const BAGGAGE_PREFIX: &str = "ot-baggage-";

/// The names of the texts of a place; entries of the baggage have names of their own.
pub const FIELDS: &[&str] = &[TRACE_ID, SPAN_ID, SAMPLED];

/// The longest text of a place that is kept.
const LONGEST: usize = 32;

/// Reads a context; `None` when there is nothing of it. Without `ot-tracer-sampled`, which mock tracers do not write, nothing is
/// decided. Names of baggage come in lower case, whatever they were before a carrier had them.
///
/// # Errors
/// [`Corrupt`] when a text of the place is there twice, is missing beside others, or is not what it should be.
pub fn extract(carrier: &(impl Extract + ?Sized)) -> Result<Option<Carried>, Corrupt> {
    let baggage = baggage(carrier);
    let carried = place(carrier)?;
    if carried.is_none() && baggage.is_empty() {
        return Ok(None);
    }
    Ok(Some(Carried { baggage, ..carried.unwrap_or_default() }))
}

fn place(carrier: &(impl Extract + ?Sized)) -> Result<Option<Carried>, Corrupt> {
    let text = |name| {
        let found = find(carrier, name, LONGEST);
        match found.first {
            Some(text) if found.count > 1 => Err(Corrupt::new(name, Flaw::Repeated, &text)),
            text => Ok(text),
        }
    };
    let (trace, span, sampled) = (text(TRACE_ID)?, text(SPAN_ID)?, text(SAMPLED)?);
    if trace.is_none() && span.is_none() && sampled.is_none() {
        return Ok(None);
    }
    let (trace, span) = (trace.unwrap_or_default(), span.unwrap_or_default());
    let id = short_trace_id(&trace).ok_or_else(|| Corrupt::new(TRACE_ID, Flaw::Without(Part::TraceId), &trace))?;
    let span = short_span_id(&span).ok_or_else(|| Corrupt::new(SPAN_ID, Flaw::Without(Part::ParentId), &span))?;
    let decision = match sampled.as_deref() {
        None => Decision::Deferred,
        Some(text) if text == "1" || text.eq_ignore_ascii_case("true") => Decision::Record,
        Some(text) if text == "0" || text.eq_ignore_ascii_case("false") => Decision::Drop,
        Some(text) => return Err(Corrupt::new(SAMPLED, Flaw::Without(Part::Decision), text)),
    };
    Ok(Some(Carried::of(id, Some(span), decision)))
}

fn baggage(carrier: &(impl Extract + ?Sized)) -> Baggage {
    let mut baggage = Baggage::default();
    let mut room = Room::default();
    carrier.entries(&mut |name, text| {
        let name = name.to_lowercase();
        if let Some(key) = name.strip_prefix(BAGGAGE_PREFIX) {
            room.insert(&mut baggage, key, text);
        }
    });
    baggage
}

/// Writes the context, with names and values of baggage as they are: such with control characters are left out.
///
/// Ids are written without zeros before them, and of the trace's the right half, for the format has no longer ones.
pub fn inject(carried: &Carried, carrier: &mut (impl Inject + ?Sized)) {
    if let Some((trace, span)) = carried.place() {
        carrier.put(TRACE_ID, format!("{:x}", right_half(trace)));
        carrier.put(SPAN_ID, format!("{:x}", u64::from_be_bytes(span.bytes())));
        if carried.decision != Decision::Deferred {
            carrier.put(SAMPLED, carried.decision.is_sampled().to_string());
        }
    }
    let is_plain = |text: &str| !text.contains(char::is_control);
    for (key, value) in carried.baggage.iter().filter(|(key, value)| is_plain(key) && is_plain(value)) {
        carrier.put(&format!("{BAGGAGE_PREFIX}{key}"), value.to_owned());
    }
}

/// Returns what formats with 64 bits for a trace's id say of it.
pub(super) fn right_half(trace: TraceId) -> u64 {
    u128::from_be_bytes(trace.bytes()) as u64
}
