//! The `traceparent` header.

use trackway_model::{SpanId, TraceId};

use super::{Extract, Inject, TraceState, trim};

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

/// A `traceparent` that is there and cannot be read: begin a new trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the traceparent header is {what}: {header:?}")]
pub struct Corrupt {
    /// What is wrong with it.
    what: &'static str,
    /// The header, shortened.
    header: String,
}

impl TraceFlags {
    /// The sender records the trace.
    pub const SAMPLED: Self = Self(1);
    /// The right 56 bits of the trace id are random, so that they can decide about sampling.
    pub const RANDOM: Self = Self(2);

    /// Returns true when the sender records the trace.
    pub fn is_sampled(self) -> bool {
        self.0 & Self::SAMPLED.0 != 0
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
            parsed = if headers == 1 { parse(header).map(Some) } else { Err(Corrupt::new("there twice", header)) };
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
        format!("00-{}-{}-{flags:02x}", self.trace_id, self.span_id)
    }
}

impl Corrupt {
    fn new(what: &'static str, header: &str) -> Self {
        Self { what, header: header.chars().take(80).collect() }
    }
}

fn parse(header: &str) -> Result<(TraceId, SpanId, TraceFlags), Corrupt> {
    let corrupt = |what| Corrupt::new(what, header);
    let text = trim(header);
    let mut fields = text.splitn(5, '-');
    let mut field = |digits: usize, what| {
        let field = fields.next().filter(|field| field.len() == digits && field.bytes().all(is_lower_hex));
        field.ok_or_else(|| corrupt(what))
    };
    let version = field(2, "without a version")?;
    let trace_id = field(32, "without a trace id")?.parse().map_err(|_| corrupt("without a trace id"))?;
    let span_id = field(16, "without a parent id")?.parse().map_err(|_| corrupt("without a parent id"))?;
    let flags = u8::from_str_radix(field(2, "without flags")?, 16).map_err(|_| corrupt("without flags"))?;
    match (version, fields.next()) {
        ("ff", _) => Err(corrupt("of the forbidden version ff")),
        // A later version may add fields, and this one may not.
        ("00", Some(_)) => Err(corrupt("longer than its version allows")),
        _ => Ok((trace_id, span_id, TraceFlags(flags))),
    }
}

fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}
