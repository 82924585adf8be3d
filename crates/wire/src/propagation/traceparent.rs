//! The `traceparent` header.

use trackway_model::{SpanId, TraceId};

use super::digits::{hex, push_digits};
use super::{Corrupt, Extract, Flaw, Inject, Part, TraceState, trim};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// What one process tells the next of the span that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The span in the sending process: the parent of what happens here.
    pub span_id: SpanId,
    /// Whether the trace is recorded.
    pub flags: TraceFlags,
    /// What tracing systems on the way added for themselves.
    pub trace_state: TraceState,
}

/// The flags of W3C Trace Context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TraceFlags(pub u8);

impl TraceFlags {
    /// The sender records the trace.
    pub const SAMPLED: Self = Self(1);
    /// The right 56 bits of the trace id are random, so that they can decide about sampling.
    pub const RANDOM: Self = Self(2);

    /// Returns true when the sender records the trace.
    pub fn is_sampled(self) -> bool {
        self.0 & Self::SAMPLED.0 != 0
    }

    /// Returns the flags with the one that says so set when the sender records the trace, and cleared when not; the others stay.
    #[must_use]
    pub const fn with_sampled(self, is_sampled: bool) -> Self {
        Self(if is_sampled { self.0 | Self::SAMPLED.0 } else { self.0 & !Self::SAMPLED.0 })
    }

    /// Returns true when the right 56 bits of the trace id are random.
    pub fn is_random(self) -> bool {
        self.0 & Self::RANDOM.0 != 0
    }
}

impl SpanContext {
    /// Reads a context from headers; `None` when there is none.
    ///
    /// A `tracestate` that cannot be read is left out, as the recommendation demands; it never costs the trace.
    ///
    /// # Errors
    /// [`Corrupt`] when `traceparent` is there more than once, or is not what it should be.
    pub fn extract(carrier: &(impl Extract + ?Sized)) -> Result<Option<Self>, Corrupt> {
        let mut headers = 0usize;
        let mut parsed = Ok(None);
        carrier.each(TRACEPARENT, &mut |header| {
            headers += 1;
            parsed = if headers == 1 { parse(header).map(Some) } else { Err(corrupt(Flaw::Repeated, header)) };
        });
        let Some((trace_id, span_id, flags)) = parsed? else { return Ok(None) };
        let mut lines = Vec::new();
        carrier.each(TRACESTATE, &mut |line| lines.push(line.to_owned()));
        Ok(Some(Self { trace_id, span_id, flags, trace_state: TraceState::parse(&lines) }))
    }

    /// Writes the context into headers, as version 00.
    pub fn inject(&self, carrier: &mut (impl Inject + ?Sized)) {
        carrier.put(TRACEPARENT, self.traceparent());
        if !self.trace_state.is_empty() {
            carrier.put(TRACESTATE, self.trace_state.to_string());
        }
    }

    /// Returns the value of the `traceparent` header.
    pub fn traceparent(&self) -> String {
        // Flags that version 00 does not know are not ours to pass on.
        let flags = self.flags.0 & (TraceFlags::SAMPLED.0 | TraceFlags::RANDOM.0);
        let mut header = String::with_capacity(55);
        header.push_str("00-");
        push_digits(&mut header, &self.trace_id.bytes());
        header.push('-');
        push_digits(&mut header, &self.span_id.bytes());
        header.push('-');
        push_digits(&mut header, &[flags]);
        header
    }
}

fn corrupt(flaw: Flaw, header: &str) -> Corrupt {
    Corrupt::new(TRACEPARENT, flaw, header)
}

fn parse(header: &str) -> Result<(TraceId, SpanId, TraceFlags), Corrupt> {
    let without = |part| corrupt(Flaw::Without(part), header);
    let text = trim(header).as_bytes();
    let field = |from: usize, digits: usize, part| {
        let hyphen_before = from == 0 || text.get(from - 1) == Some(&b'-');
        let ends = text.get(from + digits).is_none_or(|after| *after == b'-');
        let field = text.get(from..from + digits).filter(|_| hyphen_before && ends);
        field.ok_or_else(|| without(part))
    };
    let number = |from, digits, part| hex(field(from, digits, part)?).ok_or_else(|| without(part));
    let version = number(0, 2, Part::Version)?;
    field(3, 32, Part::TraceId)?;
    let (high, low) = (hex(text.get(3..19).unwrap_or_default()), hex(text.get(19..35).unwrap_or_default()));
    let (high, low) = high.zip(low).ok_or_else(|| without(Part::TraceId))?;
    let trace_id = TraceId::new((u128::from(high) << 64 | u128::from(low)).to_be_bytes());
    let trace_id = trace_id.ok_or_else(|| without(Part::TraceId))?;
    let span_id = SpanId::new(number(36, 16, Part::ParentId)?.to_be_bytes());
    let span_id = span_id.ok_or_else(|| without(Part::ParentId))?;
    let flags = number(53, 2, Part::Flags)? as u8;
    match (version, text.len()) {
        (0xff, _) => Err(corrupt(Flaw::ForbiddenVersion, header)),
        // A later version may add fields, and this one may not.
        (0, 56..) => Err(corrupt(Flaw::TooLong, header)),
        _ => Ok((trace_id, span_id, TraceFlags(flags))),
    }
}
