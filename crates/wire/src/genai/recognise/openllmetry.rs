//! OpenLLMetry of Traceloop: a decorated function has the function's name, and a span of one an ending that says its kind.

use trackway_model::{DataKind, SpanData, SpanRecord, Text};

use super::table::{Fact, Facts};

/// Names what did the work after the function, or after the span without its ending.
pub(super) fn amend(span: &SpanRecord, facts: &Facts<'_>, data: &mut SpanData) {
    let ending = match data.kind {
        DataKind::Workflow => ".workflow",
        DataKind::Agent => ".agent",
        DataKind::Function => ".tool",
        DataKind::Custom => ".task",
        DataKind::Guardrail => ".guardrail",
        _ => return,
    };
    if data.subject.is_none() {
        let of_span = || span.name.strip_suffix(ending).filter(|name| !name.is_empty()).map(Text::from);
        data.subject = facts.text(Fact::EntityName).or_else(of_span);
    }
}
