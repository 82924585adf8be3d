//! What formats say of a place, as a context, and the other way round.

use trackway_wire::propagation::{Carried, Decision, TraceFlags};

use crate::context::{Context, More};
use crate::ids;

/// A place in another process, a trace without a place in it, a decision without a trace, or baggage alone.
///
/// Where something was decided of a trace that has no id, the trace begins with the context, and has an id from now on.
impl From<Carried> for Context {
    fn from(carried: Carried) -> Self {
        let Carried { trace_id, span_id, decision, flags, baggage, debug_id, .. } = carried;
        let begins = trace_id.is_none() && decision != Decision::Deferred;
        let (trace, flags) = match trace_id {
            Some(trace) => (u128::from_be_bytes(trace.bytes()), flags),
            None if begins => (ids::trace_id(), TraceFlags(flags.0 | TraceFlags::RANDOM.0)),
            None => (0, TraceFlags::default()),
        };
        let span = span_id.map_or(0, |span| u64::from_be_bytes(span.bytes()));
        let context = Self { trace, span, flags: flags.0, remote: trace != 0, ..Self::none() };
        let context = context.with_decision(decision);
        if baggage.is_empty() && debug_id.is_none() {
            return context;
        }
        context.change(|more| (more.baggage, more.debug_id) = (baggage, debug_id))
    }
}

impl Context {
    /// Returns what formats other than the W3C's can say of the context, for a [`Propagator`](crate::propagation::Propagator) of
    /// one's own. `Context::from` is the way back.
    pub fn carried(&self) -> Carried {
        let more = self.more.as_deref();
        Carried {
            trace_id: self.trace_id(),
            span_id: self.span_id(),
            parent_id: None,
            decision: self.decision(),
            flags: self.flags(),
            baggage: more.map(|more| more.baggage.clone()).unwrap_or_default(),
            debug_id: None,
        }
    }

    /// Returns this context with the baggage of another one added, in the place of entries with the same keys.
    pub(crate) fn with_baggage_of(&self, other: &Self) -> Self {
        let Some(other) = other.more.as_deref().filter(|more| !more.baggage.is_empty()) else { return self.clone() };
        self.change(|more: &mut More| more.baggage.extend(&other.baggage))
    }
}
