//! What a list shows of a trace, from the facts that the trace keeps.

use std::cmp::Reverse;

use trackway_model::{SpanRecord, Text, Timestamp, TraceId};

use super::{trace::Trace, words::Words};
use crate::{Outline, SpanState, TraceStatus, TraceSummary, clock::Moment};

pub(super) fn status(trace: &Trace, moment: Moment) -> TraceStatus {
    if trace.open_count() > 0 {
        let is_stored_one_open = trace.stored_open_count() > 0 && moment.stored(trace.last_heard()) == SpanState::Open;
        let is_announced_one_open = trace.last_announced().map(|renewed| moment.announced(renewed));
        let is_running = is_stored_one_open || is_announced_one_open == Some(SpanState::Open);
        if is_running { TraceStatus::Running } else { TraceStatus::Lost }
    } else if trace.errors > 0 {
        TraceStatus::Error
    } else {
        TraceStatus::Ok
    }
}

/// Returns the summary of a trace; `None` while no span of it has come.
pub(super) fn summary(id: TraceId, trace: &Trace, words: &Words, moment: Moment) -> Option<TraceSummary> {
    let shown = trace.shown()?;
    let start = trace.start()?;
    Some(TraceSummary {
        trace_id: id,
        root_name: shown.name.clone(),
        has_root: trace.root().is_some(),
        service: shown.service().into(),
        project: shown.project.clone(),
        start,
        duration: trace.last_moment()?.since(start),
        status: status(trace, moment),
        span_count: trace.span_count(),
        error_count: trace.errors,
        open_count: trace.open_count(),
        services: services(trace, words),
        outline: trace.bars().map(|span| bar(span, start)).collect(),
        about: None,
        group: None,
        failure: None,
        agents: None,
    })
}

fn services(trace: &Trace, words: &Words) -> Vec<(Text, u64)> {
    let mut services: Vec<_> = trace.services.iter().map(|(id, spans)| (words.services.text(*id), *spans)).collect();
    services.sort_by(|(a, few), (b, many)| (Reverse(few), a).cmp(&(Reverse(many), b)));
    services
}

fn bar(span: &SpanRecord, start: Timestamp) -> Outline {
    Outline {
        span_id: span.span_id,
        offset: span.start.since(start),
        duration: span.duration(),
        service: span.service().into(),
        error: span.is_error(),
    }
}
