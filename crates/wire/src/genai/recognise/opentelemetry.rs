//! OpenTelemetry's own conventions, which let a span's name say what an attribute did not: `execute_tool get_weather`.

use trackway_model::{DataKind, SpanData, SpanRecord};

use super::after;

/// Names what did the work after the span.
pub(super) fn amend(span: &SpanRecord, data: &mut SpanData) {
    if data.subject.is_some() {
        return;
    }
    let prefixes: &[&str] = match data.kind {
        DataKind::Agent => &["invoke_agent "],
        DataKind::Function => &["execute_tool ", "MCP send tools/call ", "tools/call "],
        DataKind::Workflow => &["invoke_workflow "],
        _ => return,
    };
    data.subject = prefixes.iter().find_map(|prefix| after(&span.name, prefix));
}
