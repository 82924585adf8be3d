//! [B3](https://github.com/openzipkin/b3-propagation), Zipkin's format, in one header or in several.

use trackway_model::TraceId;

use super::carried::find;
use super::digits::{push_digits, span_id, trace_id};
use super::{Carried, Corrupt, Decision, Extract, Flaw, Inject, Part};

const SINGLE: &str = "b3";
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const PARENT_ID: &str = "x-b3-parentspanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

/// The names of the headers that [`inject_multi`] may write.
pub const MULTI_FIELDS: &[&str] = &[TRACE_ID, SPAN_ID, PARENT_ID, SAMPLED, FLAGS];
/// The name of the header that [`inject_single`] writes.
pub const SINGLE_FIELDS: &[&str] = &[SINGLE];

/// The longest header that can be right: two ids of a span, one of a trace, a decision, and what stands between them.
const LONGEST: usize = 32 + 1 + 16 + 1 + 1 + 1 + 16;

/// Reads a context from `b3`, or else from the `X-B3-` headers; `None` when there is neither.
///
/// Trace ids of 16 digits become such of 32 with zeros before them. Of headers that are there twice the first one counts.
///
/// # Errors
/// [`Corrupt`] when the single header cannot be read and the several ones are not there, or these cannot be read.
pub fn extract(carrier: &(impl Extract + ?Sized)) -> Result<Option<Carried>, Corrupt> {
    let Some(header) = find(carrier, SINGLE, LONGEST).first else { return several(carrier) };
    // Whoever added a broken one did not take the good ones away.
    parse(&header).map(Some).or_else(|corrupt| match several(carrier) {
        Ok(Some(carried)) if carried.trace_id.is_some() => Ok(Some(carried)),
        _ => Err(corrupt),
    })
}

fn parse(header: &str) -> Result<Carried, Corrupt> {
    let corrupt = |flaw| Corrupt::new(SINGLE, flaw, header);
    let without = |part| corrupt(Flaw::Without(part));
    if header.len() > LONGEST {
        return Err(corrupt(Flaw::TooLong));
    }
    let mut parts = header.split('-');
    let first = parts.next().unwrap_or_default();
    let Some(span) = parts.next() else {
        return decision(first).map(Carried::only).ok_or_else(|| without(Part::Decision));
    };
    let trace = any_trace_id(first).ok_or_else(|| without(Part::TraceId))?;
    let span = span_id(span).ok_or_else(|| without(Part::ParentId))?;
    let decision = match parts.next() {
        Some(state) => decision(state).ok_or_else(|| without(Part::Decision))?,
        None => Decision::Deferred,
    };
    let parent_id = parts.next().map(|parent| span_id(parent).ok_or_else(|| without(Part::ParentId))).transpose()?;
    if parts.next().is_some() {
        return Err(corrupt(Flaw::TooLong));
    }
    Ok(Carried { parent_id, ..Carried::of(trace, Some(span), decision) })
}

fn decision(state: &str) -> Option<Decision> {
    match state {
        "0" => Some(Decision::Drop),
        "1" => Some(Decision::Record),
        "d" => Some(Decision::Debug),
        _ => None,
    }
}

fn several(carrier: &(impl Extract + ?Sized)) -> Result<Option<Carried>, Corrupt> {
    let text = |name| find(carrier, name, LONGEST).first;
    let sampled = text(SAMPLED);
    let decision = match sampled.as_deref() {
        // What debugs is recorded, and need not say so.
        _ if text(FLAGS).as_deref() == Some("1") => Decision::Debug,
        None => Decision::Deferred,
        Some("1") => Decision::Record,
        Some("0") => Decision::Drop,
        // So it was written before the format was written down.
        Some(text) if text.eq_ignore_ascii_case("true") => Decision::Record,
        Some(text) if text.eq_ignore_ascii_case("false") => Decision::Drop,
        Some(text) => return Err(Corrupt::new(SAMPLED, Flaw::Without(Part::Decision), text)),
    };
    let (trace, span) = match (text(TRACE_ID), text(SPAN_ID)) {
        (Some(trace), Some(span)) => (trace, span),
        (Some(trace), None) => return Err(Corrupt::new(SPAN_ID, Flaw::Without(Part::ParentId), &trace)),
        (None, Some(span)) => return Err(Corrupt::new(TRACE_ID, Flaw::Without(Part::TraceId), &span)),
        (None, None) => return Ok(Some(Carried::only(decision)).filter(|_| decision != Decision::Deferred)),
    };
    let trace_id = any_trace_id(&trace).ok_or_else(|| Corrupt::new(TRACE_ID, Flaw::Without(Part::TraceId), &trace))?;
    let without = |name, text: &str| Corrupt::new(name, Flaw::Without(Part::ParentId), text);
    let id = span_id(&span).ok_or_else(|| without(SPAN_ID, &span))?;
    let parent_id = match text(PARENT_ID) {
        Some(parent) => Some(span_id(&parent).ok_or_else(|| without(PARENT_ID, &parent))?),
        None => None,
    };
    Ok(Some(Carried { parent_id, ..Carried::of(trace_id, Some(id), decision) }))
}

/// Reads a trace id of 32 digits, or of 16, as they were at first.
fn any_trace_id(digits: &str) -> Option<TraceId> {
    if digits.len() != 16 {
        return trace_id(digits);
    }
    TraceId::new(u128::from(u64::from_be_bytes(span_id(digits)?.bytes())).to_be_bytes())
}

/// Writes the context into the header `b3`: a decision alone where there is no span, and nothing where there is neither.
pub fn inject_single(carried: &Carried, carrier: &mut (impl Inject + ?Sized)) {
    let mut header = String::with_capacity(LONGEST);
    if let Some((trace, span)) = carried.place() {
        push_digits(&mut header, &trace.bytes());
        header.push('-');
        push_digits(&mut header, &span.bytes());
    }
    let state = match carried.decision {
        Decision::Deferred => None,
        Decision::Drop => Some('0'),
        Decision::Record => Some('1'),
        Decision::Debug => Some('d'),
    };
    if let Some(state) = state {
        header.extend((!header.is_empty()).then_some('-'));
        header.push(state);
        if let Some(parent) = carried.parent_id.filter(|_| carried.place().is_some()) {
            header.push('-');
            push_digits(&mut header, &parent.bytes());
        }
    }
    if !header.is_empty() {
        carrier.put(SINGLE, header);
    }
}

/// Writes the context into the `X-B3-` headers, in lower case: the decision alone where there is no span.
pub fn inject_multi(carried: &Carried, carrier: &mut (impl Inject + ?Sized)) {
    if let Some((trace, span)) = carried.place() {
        carrier.put(TRACE_ID, trace.to_string());
        carrier.put(SPAN_ID, span.to_string());
        if let Some(parent) = carried.parent_id {
            carrier.put(PARENT_ID, parent.to_string());
        }
    }
    match carried.decision {
        Decision::Deferred => {}
        Decision::Drop => carrier.put(SAMPLED, "0".to_owned()),
        Decision::Record => carrier.put(SAMPLED, "1".to_owned()),
        Decision::Debug => carrier.put(FLAGS, "1".to_owned()),
    }
}
