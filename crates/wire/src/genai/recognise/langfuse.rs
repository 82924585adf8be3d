//! Langfuse: a span is named after what did the work, and may be called failed by its level alone.

use trackway_model::{DataKind, SpanData, SpanRecord, StatusCode};

/// Returns the kind of an observation; a plain one with no parent is the program.
pub(super) fn kind(span: &SpanRecord, kind: Option<DataKind>) -> Option<DataKind> {
    match kind {
        None | Some(DataKind::Custom) if span.parent_id.is_none() => Some(DataKind::Workflow),
        None => Some(DataKind::Custom),
        known => known,
    }
}

/// Names what did the work after the span.
pub(super) fn amend(span: &SpanRecord, data: &mut SpanData) {
    let is_named_after_span = matches!(
        data.kind,
        DataKind::Workflow | DataKind::Agent | DataKind::Function | DataKind::Guardrail | DataKind::Evaluation
    );
    if is_named_after_span && data.subject.is_none() && !span.name.is_empty() {
        data.subject = Some(span.name.clone());
    }
}

/// Takes an observation's level `ERROR` for the verdict on its span, where there is no other.
pub(super) fn judge(span: &mut SpanRecord) {
    let is_failed = span.attributes.text("langfuse.observation.level") == Some("ERROR");
    if is_failed && span.status.code == StatusCode::Unset {
        span.status.code = StatusCode::Error;
        if let Some(message) = span.attributes.text("langfuse.observation.status_message") {
            span.status.message = message.into();
        }
    }
}
