//! Ids in the form of the OpenAI Agents SDK: `trace_` and 32 hexadecimal digits, `span_` and `group_` with 24.
//!
//! A span that the program gave no such id has `span_`, eight zeros, and the sixteen digits of its own: so both name one
//! span wherever they arrive.

use trackway_model::{Foreign, SpanId, SpanRecord, Text, TraceId};

use super::Run;
use crate::context::Context;
use crate::span::Span;

/// What stands for an id where nothing is recorded.
pub(crate) const NONE: Text = Text::literal("no-op");

/// Returns a new id of a trace, for [`TraceBuilder::original_id`](super::TraceBuilder::original_id).
pub fn new_trace_id() -> Text {
    format!("trace_{:032x}", crate::ids::trace_id()).into()
}

/// Returns a new id of a span, for a receiver that has such ids.
pub fn new_span_id() -> Text {
    digits("span")
}

/// Returns a new id of a conversation, for [`TraceBuilder::group`](super::TraceBuilder::group).
pub fn new_group_id() -> Text {
    digits("group")
}

fn digits(of: &str) -> Text {
    let random = format!("{:032x}", crate::ids::trace_id());
    format!("{of}_{}", random.get(8..).unwrap_or_default()).into()
}

/// Returns the id of a trace that the program gave none.
pub(crate) fn trace_text(id: TraceId) -> Text {
    format!("trace_{id}").into()
}

/// Returns the id of a span that the program gave none.
pub(crate) fn span_text(id: SpanId) -> Text {
    format!("span_00000000{id}").into()
}

/// Returns the id of a trace as a program gave it, as a W3C id: its 32 digits, or a hash of what has none.
pub(super) fn trace(id: &str) -> Option<u128> {
    #[cfg(feature = "openai-agents")]
    let id = Some(trackway_wire::foreign::trace_id(id));
    #[cfg(not(feature = "openai-agents"))]
    let id = id.strip_prefix("trace_").and_then(|digits| digits.parse::<TraceId>().ok());
    id.map(|id| u128::from_be_bytes(id.bytes()))
}

/// Returns the id of a span as a program gave it, as a W3C id; `None` where there are no such ids.
pub(crate) fn span(trace: u128, run: Option<&Run>, id: &str) -> Option<u64> {
    #[cfg(feature = "openai-agents")]
    {
        let known = run.map(|run| run.record.original_id.clone());
        let trace = known.or_else(|| TraceId::new(trace.to_be_bytes()).map(trace_text))?;
        Some(u64::from_be_bytes(trackway_wire::foreign::span_id(&trace, id).bytes()))
    }
    #[cfg(not(feature = "openai-agents"))]
    {
        let _ = (trace, run, id); // Nobody can give one.
        None
    }
}

/// Returns the ids of a span where the program gave one to it or to its parent.
pub(crate) fn of(record: &SpanRecord, id: Option<Text>, parent: Option<&Context>) -> Option<Box<Foreign>> {
    let parent_id = parent.and_then(|parent| {
        let (span, live) = parent.more.as_ref()?.live.as_ref()?;
        live.original_id().filter(|_| *span == parent.span)
    });
    if id.is_none() && parent_id.is_none() {
        return None;
    }
    let run = parent.and_then(Context::known_trace);
    Some(Box::new(Foreign {
        id: id.unwrap_or_else(|| span_text(record.span_id)),
        trace_id: run.map_or_else(|| trace_text(record.trace_id), |run| run.record.original_id.clone()),
        parent_id: parent_id.cloned().or_else(|| record.parent_id.map(span_text)),
    }))
}

impl<D> Span<D> {
    /// Returns the id that the span was given, or its own after `span_`; `no-op` where nothing is recorded.
    pub fn original_id(&self) -> Text {
        match self.given_id() {
            None => NONE,
            Some(Some(id)) => id.clone(),
            Some(None) => self.context().span_id().map_or(NONE, span_text),
        }
    }
}
