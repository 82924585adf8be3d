//! What a list shows of a trace, from the facts that the trace keeps.

use std::cmp::Reverse;

use trackway_model::{SpanRecord, Text, Timestamp, TraceId};

use super::{agents::Agents, trace::Trace, words::Words};
use crate::{Outline, SpanState, TraceStatus, TraceSummary, clock::Moment, query::title};

pub(super) fn status(trace: &Trace, words: &Words, moment: Moment) -> TraceStatus {
    let lacks_root = trace.about().is_some() && root(trace, words).is_none();
    if lacks_root || trace.open_count() > 0 {
        let can_be_open = lacks_root || trace.stored_open_count() > 0;
        let is_stored_one_open = can_be_open && moment.stored(trace.last_heard()) == SpanState::Open;
        let is_announced_one_open = trace.last_announced().map(|renewed| moment.announced(renewed));
        let is_running = is_stored_one_open || is_announced_one_open == Some(SpanState::Open);
        if is_running { TraceStatus::Running } else { TraceStatus::Lost }
    } else if trace.has_failed() {
        TraceStatus::Error
    } else {
        TraceStatus::Ok
    }
}

/// The root span; where the client tells of whole traces, the first that hangs below a span of another trace counts.
fn root<'a>(trace: &'a Trace, words: &Words) -> Option<&'a SpanRecord> {
    trace.root().or_else(|| {
        trace.about()?;
        let top = trace.first_top()?;
        let parent = top.foreign.as_ref()?.parent_id.as_ref()?;
        words.is_elsewhere(parent, top.trace_id).then_some(top)
    })
}

/// Returns the summary of a trace; `None` while nothing of it has come that a list shows.
pub(super) fn summary(id: TraceId, trace: &Trace, words: &Words, moment: Moment) -> Option<TraceSummary> {
    let start = trace.start()?;
    let about = trace.about();
    let root = root(trace, words);
    let shown = root.or_else(|| trace.shown());
    Some(TraceSummary {
        trace_id: id,
        root_name: about.map(|about| &about.name).or_else(|| shown.map(title)).cloned().unwrap_or_default(),
        has_root: root.is_some(),
        service: shown.map(|span| span.service().into()).unwrap_or_default(),
        project: trace.project()?.clone(),
        start,
        duration: trace.last_moment()?.since(start),
        status: status(trace, words, moment),
        span_count: trace.span_count(),
        error_count: trace.errors,
        open_count: trace.open_count(),
        services: services(trace, words),
        outline: trace.bars().map(|span| bar(span, start)).collect(),
        about: about.cloned(),
        group: trace.agents().and_then(Agents::group).map(|group| words.groups.text(group)),
        failure: trace.failure(),
        agents: trace.totals(),
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
