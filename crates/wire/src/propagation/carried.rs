//! What formats other than the W3C's say of a place in a trace.

use trackway_model::{SpanId, Text, TraceId};

use super::{Baggage, Extract, TraceFlags};

/// What one process tells the next, by any of the formats of tracing systems.
///
/// The formats differ in what they can say: a trace without a span, a decision without a trace, and baggage alone are all
/// possible. Nothing is ever half read: a trace id that is wrong is an error, and not a context without one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// The trace; `None` when nothing but a decision or baggage was sent.
    pub trace_id: Option<TraceId>,
    /// The span in the sending process; never there without a trace.
    pub span_id: Option<SpanId>,
    /// The parent of that span in turn, where the format tells.
    pub parent_id: Option<SpanId>,
    /// What was decided of recording the trace.
    pub decision: Decision,
    /// The flags of the formats that send a whole byte; of the others, whether the trace is recorded.
    pub flags: TraceFlags,
    /// What travels with the trace, in the formats that have it in them.
    pub baggage: Baggage,
    /// What somebody wants to find the trace by, which is then recorded whatever the sampler says: Jaeger's `jaeger-debug-id`.
    pub debug_id: Option<Text>,
}

/// What was decided of recording a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Decision {
    /// Nothing yet: whoever comes next decides.
    #[default]
    Deferred,
    /// It is not recorded.
    Drop,
    /// It is recorded.
    Record,
    /// It is recorded, and no sampler on the way may change that.
    Debug,
}

impl Decision {
    /// Returns true when the trace is recorded.
    pub fn is_sampled(self) -> bool {
        matches!(self, Self::Record | Self::Debug)
    }

    /// Returns the flags of the W3C that say the same.
    pub fn flags(self) -> TraceFlags {
        if self.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() }
    }
}

impl From<TraceFlags> for Decision {
    fn from(flags: TraceFlags) -> Self {
        if flags.is_sampled() { Self::Record } else { Self::Drop }
    }
}

impl Carried {
    /// Returns what a format without flags says of a place.
    pub(super) fn of(trace_id: TraceId, span_id: Option<SpanId>, decision: Decision) -> Self {
        let (trace_id, flags) = (Some(trace_id), decision.flags());
        Self { trace_id, span_id, decision, flags, ..Self::default() }
    }

    /// Returns a decision without a place.
    pub(super) fn only(decision: Decision) -> Self {
        Self { decision, flags: decision.flags(), ..Self::default() }
    }

    /// Returns the trace and the span, where both are known.
    pub(super) fn place(&self) -> Option<(TraceId, SpanId)> {
        self.trace_id.zip(self.span_id)
    }
}

/// The texts under a name.
pub(super) struct Found {
    /// The first one, without the white space around it.
    pub(super) first: Option<String>,
    pub(super) count: usize,
}

/// Looks for the texts under a name; none longer than that is kept as a whole.
pub(super) fn find(carrier: &(impl Extract + ?Sized), name: &str, most: usize) -> Found {
    let mut found = Found { first: None, count: 0 };
    carrier.each(name, &mut |text| {
        found.count += 1;
        if found.first.is_none() {
            let text = super::trim(text);
            // One byte more than there may be shows that it is too long.
            let end = text.char_indices().map(|(at, _)| at).find(|at| *at > most).unwrap_or(text.len());
            found.first = text.get(..end).map(str::to_owned);
        }
    });
    found
}
