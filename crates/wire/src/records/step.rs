//! The span of a step that nothing tells of but the lines of the step.

use std::sync::{Arc, LazyLock};

use trackway_model::{
    Attributes, Dropped, Event, Link, Repeats, Resource, RunKey, Scope, SpanKind, SpanRecord, Status, StatusCode,
    StepBegin, StepKey, Text, Timestamp, Value, keys,
};

use super::{
    fact::Ended,
    field::{Followed, SpanName},
};

static SCOPE: LazyLock<Arc<Scope>> =
    LazyLock::new(|| Arc::new(Scope { name: Text::literal("trackway-machine"), ..Scope::default() }));

/// Returns the span of a step that begins; it is open.
pub(super) fn begun(run: &RunKey, begin: &StepBegin, span: Option<SpanName>) -> Option<SpanRecord> {
    let span = span.filter(|span| span.told_here)?;
    Some(open(run, begin.step, begin.action.clone(), span, begin.time?))
}

/// Returns the span of a step that has ended; one whose begin is not told begins then.
pub(super) fn ended(run: &RunKey, Ended { end, begun, span, .. }: &Ended) -> Option<SpanRecord> {
    let span = span.filter(|span| span.told_here)?;
    let time = end.time.or(begun.map(|begun| begun.0))?;
    let mut record = open(run, end.step, end.action.clone(), span, begun.map_or(time, |begun| begun.0));
    record.end = Some(time);
    match &end.error {
        Some(error) => fail(&mut record, error, time),
        None => record.status.code = StatusCode::Ok,
    }
    Some(record)
}

/// Returns the attributes that say which run and which step of it a span is in.
pub(super) fn mark(run: &RunKey, step: StepKey) -> Attributes {
    let mut attributes = Attributes::default();
    attributes.push(keys::TRACKWAY_PROJECT, run.project.clone());
    attributes.push(keys::TRACKWAY_APP_ID, run.app.clone());
    if let Some(partition) = &run.partition {
        attributes.push(keys::TRACKWAY_APP_PARTITION, partition.clone());
    }
    attributes.push(keys::TRACKWAY_STEP_SEQUENCE, step.sequence);
    attributes.push(keys::TRACKWAY_STEP_ATTEMPT, step.attempt);
    attributes
}

fn open(run: &RunKey, step: StepKey, name: Text, span: SpanName, start: Timestamp) -> SpanRecord {
    let service = [(keys::SERVICE_NAME, Value::Text(run.project.clone()))].into_iter().collect();
    SpanRecord {
        trace_id: span.trace_id.0,
        span_id: span.span_id.0,
        parent_id: span.parent_id.map(|id| id.0),
        flags: 0,
        trace_state: Text::default(),
        name,
        kind: SpanKind::Internal,
        start,
        end: None,
        attributes: mark(run, step),
        events: Vec::new(),
        links: span.follows.map(link).into_iter().collect(),
        status: Status::default(),
        dropped: Dropped::default(),
        scope: Arc::clone(&SCOPE),
        resource: Arc::new(Resource { attributes: service, ..Resource::default() }),
        project: run.project.clone(),
        data: None,
        foreign: None,
        repeats: Repeats::Replace,
    }
}

fn link(Followed { trace_id, span_id }: Followed) -> Link {
    Link {
        trace_id: Some(trace_id.0),
        span_id: Some(span_id.0),
        trace_state: Text::default(),
        flags: 0,
        attributes: Attributes::default(),
        dropped_attributes: 0,
    }
}

fn fail(span: &mut SpanRecord, error: &Text, time: Timestamp) {
    let message = error.lines().next().unwrap_or_default().into();
    span.status = Status { code: StatusCode::Error, message };
    let attributes = [(keys::EXCEPTION_MESSAGE, Value::Text(error.clone()))].into_iter().collect();
    span.events = vec![Event { time, name: Text::literal(keys::EXCEPTION), attributes, ..Event::default() }];
}
