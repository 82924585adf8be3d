//! What a list shows of a trace, from the facts that the trace keeps.

use std::{cmp::Reverse, time::Duration};

use trackway_model::{SpanRecord, Text, Timestamp, TraceId};

use super::{trace::Trace, words::Words};
use crate::{Outline, TraceStatus, TraceSummary, clock::open_status};

/// The moment of a question, and how long a silence then counts as loss.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    pub(crate) lost_after: Duration,
}

pub(super) fn status(trace: &Trace, moment: Moment) -> TraceStatus {
    if trace.open_count() > 0 {
        open_status(trace.news, moment.now, moment.lost_after)
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
