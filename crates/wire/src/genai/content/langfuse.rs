//! Langfuse: one input and one output of every observation.

use trackway_model::{Content, DataKind, SpanRecord};

use super::{exchange, json, parameters};

/// Reads what was said out of a span's attributes.
pub(super) fn read(span: &SpanRecord, kind: DataKind) -> Content {
    let attributes = &span.attributes;
    let find = |keys: &[&str]| json::attribute(attributes, keys);
    let mut content = Content::default();
    let given = find(&["langfuse.observation.input", "langfuse.input"]);
    let returned = find(&["langfuse.observation.output", "langfuse.output"]);
    if super::is_conversation(kind) {
        if let Some(given) = given {
            exchange::request(given, &mut content);
        }
        if let Some(returned) = returned {
            exchange::answer(returned, &mut content);
        }
    } else {
        content.arguments = exchange::called(given.or_else(|| find(&["langfuse.trace.input"])));
        content.result = json::said(returned.or_else(|| find(&["langfuse.trace.output"])));
    }
    if let Some(settings) = find(&["langfuse.observation.model.parameters"]) {
        content.parameters = parameters::all(settings);
    }
    content
}
