//! Google Cloud's [`X-Cloud-Trace-Context`](https://cloud.google.com/trace/docs/trace-context#legacy-http-header).

use trackway_model::SpanId;

use super::carried::find;
use super::digits::{push_digits, trace_id};
use super::{Carried, Corrupt, Decision, Extract, Flaw, Inject, Part, TraceFlags};

const NAME: &str = "x-cloud-trace-context";

/// The name of the header.
pub const FIELDS: &[&str] = &[NAME];

/// The longest header that can be right: `TRACE/SPAN;o=255`.
const LONGEST: usize = 32 + 1 + 20 + 3 + 3;

/// Reads a context from `TRACE/SPAN;o=OPTIONS`, where the span (a decimal number) and the options may be missing; `None` when
/// the header is not there. Without options nothing is decided. The span 0 is none.
///
/// # Errors
/// [`Corrupt`] when the header is there more than once, or is not what it should be.
pub fn extract(carrier: &(impl Extract + ?Sized)) -> Result<Option<Carried>, Corrupt> {
    let found = find(carrier, NAME, LONGEST);
    let Some(header) = found.first else { return Ok(None) };
    if found.count > 1 {
        return Err(Corrupt::new(NAME, Flaw::Repeated, &header));
    }
    parse(&header).map(Some)
}

fn parse(header: &str) -> Result<Carried, Corrupt> {
    let without = |part| Corrupt::new(NAME, Flaw::Without(part), header);
    let (place, options) = match header.split_once(";o=") {
        Some((place, options)) => (place, Some(options)),
        None => (header, None),
    };
    let (trace, span) = match place.split_once('/') {
        Some((trace, span)) => (trace, Some(span)),
        None => (place, None),
    };
    let trace = trace_id(trace).ok_or_else(|| without(Part::TraceId))?;
    let span = match span {
        Some(span) => SpanId::new(decimal(span, 20).ok_or_else(|| without(Part::ParentId))?.to_be_bytes()),
        None => None,
    };
    let Some(options) = options else { return Ok(Carried::of(trace, span, Decision::Deferred)) };
    let flags = decimal(options, 3).and_then(|options| u8::try_from(options).ok());
    let flags = TraceFlags(flags.ok_or_else(|| without(Part::Flags))?);
    Ok(Carried { flags, ..Carried::of(trace, span, Decision::from(flags)) })
}

/// Reads a number of digits only: no sign, and no white space.
fn decimal(digits: &str, most: usize) -> Option<u64> {
    let is_number = digits.len() <= most && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

/// Writes the context into the header; nothing without a trace, no span where there is none, and no options where nothing is
/// decided. The only options that Google's documentation knows are 0 and 1.
pub fn inject(carried: &Carried, carrier: &mut (impl Inject + ?Sized)) {
    let Some(trace) = carried.trace_id else { return };
    let mut header = String::with_capacity(LONGEST);
    push_digits(&mut header, &trace.bytes());
    if let Some(span) = carried.span_id {
        header.push('/');
        header.push_str(&u64::from_be_bytes(span.bytes()).to_string());
    }
    match carried.decision {
        Decision::Deferred => {}
        Decision::Drop => header.push_str(";o=0"),
        Decision::Record | Decision::Debug => header.push_str(";o=1"),
    }
    carrier.put(NAME, header);
}
