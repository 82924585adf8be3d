//! OpenCensus's formats: [bytes](https://github.com/census-instrumentation/opencensus-specs/blob/master/encodings/BinaryEncoding.md)
//! for gRPC, and text.

use trackway_model::{SpanId, TraceId};

use super::carried::find;
use super::digits::{span_id, trace_id};
use super::{Carried, Corrupt, Decision, Extract, Flaw, Inject, Part, TraceFlags};

/// The key of gRPC's metadata that holds the bytes.
pub const BINARY_NAME: &str = "grpc-trace-bin";

const TRACE_ID: &str = "opencensus-trace-traceid";
const SPAN_ID: &str = "opencensus-trace-spanid";
const OPTIONS: &str = "opencensus-trace-traceoptions";

/// The names of the texts.
pub const TEXT_FIELDS: &[&str] = &[TRACE_ID, SPAN_ID, OPTIONS];

/// The longest text that is kept.
const LONGEST: usize = 32;

/// Reads the bytes of version 0; `None` when there are none, or none of a field that is known.
///
/// Fields come in any order, and each may be missing. One that is unknown ends the reading, as the encoding wants it, for
/// its length is unknown too.
///
/// # Errors
/// [`Corrupt`] for another version, for ids of zeros only, for a field that is cut off or there twice, and for what has no
/// trace id.
pub fn decode(bytes: &[u8]) -> Result<Option<Carried>, Corrupt> {
    let corrupt = |flaw| Corrupt::of_bytes(BINARY_NAME, flaw, bytes);
    let Some((version, fields)) = bytes.split_first() else { return Ok(None) };
    if *version != 0 {
        return Err(corrupt(Flaw::UnknownVersion));
    }
    let fields = Fields::read(fields).map_err(corrupt)?;
    let without = |part| corrupt(Flaw::Without(part));
    let Some(trace) = fields.trace else {
        let is_empty = fields.span.is_none() && fields.options.is_none();
        return if is_empty { Ok(None) } else { Err(without(Part::TraceId)) };
    };
    let trace = TraceId::new(trace).ok_or_else(|| without(Part::TraceId))?;
    let span = match fields.span {
        Some(span) => Some(SpanId::new(span).ok_or_else(|| without(Part::ParentId))?),
        None => None,
    };
    Ok(Some(with_flags(trace, span, fields.options.map(TraceFlags))))
}

fn with_flags(trace: TraceId, span: Option<SpanId>, flags: Option<TraceFlags>) -> Carried {
    match flags {
        Some(flags) => Carried { flags, ..Carried::of(trace, span, Decision::from(flags)) },
        None => Carried::of(trace, span, Decision::Deferred),
    }
}

/// The fields of the encoding's version 0.
#[derive(Default)]
struct Fields {
    trace: Option<[u8; 16]>,
    span: Option<[u8; 8]>,
    options: Option<u8>,
}

impl Fields {
    fn read(mut bytes: &[u8]) -> Result<Self, Flaw> {
        let mut fields = Self::default();
        while let Some((id, rest)) = bytes.split_first() {
            bytes = match id {
                0 => take(rest, &mut fields.trace)?,
                1 => take(rest, &mut fields.span)?,
                2 => {
                    let mut options = fields.options.map(|options| [options]);
                    let rest = take(rest, &mut options)?;
                    fields.options = options.map(|[options]| options);
                    rest
                }
                _ => break,
            };
        }
        Ok(fields)
    }
}

/// Takes a field's bytes from the front; returns what is behind them.
fn take<'a, const N: usize>(bytes: &'a [u8], field: &mut Option<[u8; N]>) -> Result<&'a [u8], Flaw> {
    let (value, rest) = bytes.split_first_chunk::<N>().ok_or(Flaw::CutOff)?;
    if field.replace(*value).is_some() { Err(Flaw::Repeated) } else { Ok(rest) }
}

/// Adds the bytes of the context, 29 of them; nothing without a trace, and no field for what is not known.
pub fn encode(carried: &Carried, bytes: &mut Vec<u8>) {
    let Some(trace) = carried.trace_id else { return };
    bytes.extend([0, 0]);
    bytes.extend(trace.bytes());
    if let Some(span) = carried.span_id {
        bytes.push(1);
        bytes.extend(span.bytes());
    }
    if carried.decision != Decision::Deferred {
        bytes.extend([2, carried.flags.0]);
    }
}

/// Reads a context from the texts; `None` when there are none of them. Without options nothing is decided.
///
/// # Errors
/// [`Corrupt`] when one of them is there twice, or is not what it should be, or when there is no trace id with the others.
pub fn extract_text(carrier: &(impl Extract + ?Sized)) -> Result<Option<Carried>, Corrupt> {
    let text = |name| {
        let found = find(carrier, name, LONGEST);
        match found.first {
            Some(text) if found.count > 1 => Err(Corrupt::new(name, Flaw::Repeated, &text)),
            text => Ok(text),
        }
    };
    let (trace, span, options) = (text(TRACE_ID)?, text(SPAN_ID)?, text(OPTIONS)?);
    let Some(trace) = trace else {
        let Some(other) = span.or(options) else { return Ok(None) };
        return Err(Corrupt::new(TRACE_ID, Flaw::Without(Part::TraceId), &other));
    };
    let id = trace_id(&trace).ok_or_else(|| Corrupt::new(TRACE_ID, Flaw::Without(Part::TraceId), &trace))?;
    let span = match span {
        Some(span) => Some(span_id(&span).ok_or_else(|| Corrupt::new(SPAN_ID, Flaw::Without(Part::ParentId), &span))?),
        None => None,
    };
    let flags = match options {
        Some(options) => {
            let byte = Some(&options).filter(|text| text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit()));
            let byte = byte.and_then(|text| text.parse().ok());
            Some(TraceFlags(byte.ok_or_else(|| Corrupt::new(OPTIONS, Flaw::Without(Part::Flags), &options))?))
        }
        None => None,
    };
    Ok(Some(with_flags(id, span, flags)))
}

/// Writes the context as texts, the options as a decimal number; nothing without a trace, and nothing of what is not known.
pub fn inject_text(carried: &Carried, carrier: &mut (impl Inject + ?Sized)) {
    let Some(trace) = carried.trace_id else { return };
    carrier.put(TRACE_ID, trace.to_string());
    if let Some(span) = carried.span_id {
        carrier.put(SPAN_ID, span.to_string());
    }
    if carried.decision != Decision::Deferred {
        carrier.put(OPTIONS, carried.flags.0.to_string());
    }
}
