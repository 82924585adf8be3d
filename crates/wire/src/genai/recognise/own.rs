//! Our own library, whose spans carry OpenTelemetry's words beside the kind that the OpenAI Agents SDK has for them.

use trackway_model::{Attributes, DataKind, SpanData, SpanRecord, Text, TraceRecord, Value, keys};

use super::table::{Fact, Facts};
use crate::title::title;

/// Calls such a span in a tree what one of the SDK is called.
pub(super) fn amend(span: &SpanRecord, facts: &Facts<'_>, data: &mut SpanData) {
    let Some(kind) = facts.word(Fact::OwnKind) else { return };
    if data.kind != DataKind::Custom {
        data.title = Some(title(data, || kind.into()));
    } else {
        data.subject = Some(span.name.clone());
    }
}

/// Returns what the root of a trace tells of it; `None` where it tells nothing.
pub fn trace(span: &SpanRecord) -> Option<TraceRecord> {
    let name = span.attributes.text(keys::TRACKWAY_TRACE_NAME).filter(|_| span.parent_id.is_none())?;
    let text = |key: &str| span.attributes.text(key).map(Text::from);
    let metadata: Attributes = span
        .attributes
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix(keys::TRACKWAY_TRACE_METADATA)?, Value::clone(value))))
        .collect();
    Some(TraceRecord {
        trace_id: span.trace_id,
        original_id: text(keys::TRACKWAY_TRACE_ID).unwrap_or_else(|| format!("trace_{}", span.trace_id).into()),
        name: name.into(),
        group: text("gen_ai.conversation.id"),
        metadata,
        project: span.project.clone(),
    })
}
