//! Burr's bridge to OpenTelemetry: a span for each call of an application, each action and each span of the action's own,
//! known by the library that recorded them. What an action logs become attributes of any name.

use trackway_model::{DataKind, SpanData, SpanRecord};

use super::table::{Fact, Facts};

/// What the names mean that an application of Burr gives its attributes.
const SPELLINGS: &[(Fact, &str)] = &[(Fact::Conversation, "app_id"), (Fact::EntityName, "action")];

/// Learns what only spans of Burr say in these names.
pub(super) fn learn<'a>(span: &'a SpanRecord, facts: &mut Facts<'a>) {
    facts.also(&span.attributes, SPELLINGS);
}

/// Returns the kind of a span of Burr, which is work of the application's own unless it says otherwise.
pub(super) fn kind(kind: Option<DataKind>) -> Option<DataKind> {
    kind.or(Some(DataKind::Custom))
}

/// Names the action after the span.
pub(super) fn amend(span: &SpanRecord, data: &mut SpanData) {
    if data.kind == DataKind::Custom && data.subject.is_none() {
        let action = span.attributes.text("action").filter(|name| !name.is_empty());
        data.subject = Some(action.map_or_else(|| span.name.clone(), Into::into));
    }
}
