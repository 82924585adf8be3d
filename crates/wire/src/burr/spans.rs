//! Spans of steps, as they become records.

use std::sync::{Arc, LazyLock};

use trackway_model::{
    Attributes, Dropped, Event, Repeats, Resource, RunKey, Scope, SpanId, SpanKind, SpanRecord, Status, StatusCode,
    StepKey, Text, Timestamp, TraceId, Value, keys,
};

use super::{time::Moment, traceback::exception, zone::Clock};
use crate::{decoded::MOST_VALUES, foreign};

/// The most attributes of one span; what is logged beyond them is a fact of the step all the same.
const MOST_ATTRIBUTES: usize = 1_024;

static SCOPE: LazyLock<Arc<Scope>> =
    LazyLock::new(|| Arc::new(Scope { name: Text::literal("burr"), ..Scope::default() }));

/// What all spans of a run have in common.
pub(super) struct Origin {
    pub(super) run: Arc<RunKey>,
    pub(super) trace: TraceId,
    resource: Arc<Resource>,
}

/// A span that can still change.
pub(super) struct Held {
    record: SpanRecord,
    pub(super) start: Option<Moment>,
    end: Option<Moment>,
    values: usize,
    pub(super) is_changed: bool,
}

impl Origin {
    pub(super) fn new(run: RunKey) -> Self {
        let attributes = [(keys::SERVICE_NAME, Value::Text(run.project.clone()))].into_iter().collect();
        let resource = Arc::new(Resource { attributes, ..Resource::default() });
        Self { trace: foreign::run_id(&run), run: Arc::new(run), resource }
    }

    /// Makes the span of a step, which has no name yet.
    pub(super) fn step(&self, step: StepKey) -> Held {
        self.held(step, None, 0, None, Text::from(format!("step {}", step.sequence)))
    }

    /// Makes a span in a step: the `occurrence`th of its id.
    pub(super) fn span(&self, step: StepKey, id: &Text, occurrence: usize, parent: SpanId, name: Text) -> Held {
        let occurrence = u32::try_from(occurrence).unwrap_or(u32::MAX);
        let mut held = self.held(step, Some(id), occurrence, Some(parent), name);
        held.record.attributes.push(keys::TRACKWAY_SPAN_ORDINAL, id.clone());
        held
    }

    fn held(&self, step: StepKey, id: Option<&str>, occurrence: u32, parent_id: Option<SpanId>, name: Text) -> Held {
        let run = &self.run;
        let mut attributes = Attributes::default();
        attributes.push(keys::TRACKWAY_PROJECT, run.project.clone());
        attributes.push(keys::TRACKWAY_APP_ID, run.app.clone());
        if let Some(partition) = &run.partition {
            attributes.push(keys::TRACKWAY_APP_PARTITION, partition.clone());
        }
        attributes.push(keys::TRACKWAY_STEP_SEQUENCE, step.sequence);
        attributes.push(keys::TRACKWAY_STEP_ATTEMPT, step.attempt);
        let record = SpanRecord {
            trace_id: self.trace,
            span_id: foreign::run_span_id(run, step, id, occurrence),
            parent_id,
            flags: 0,
            trace_state: Text::default(),
            name,
            kind: SpanKind::Internal,
            start: Timestamp::default(),
            end: None,
            attributes,
            events: Vec::new(),
            links: Vec::new(),
            status: Status::default(),
            dropped: Dropped::default(),
            scope: Arc::clone(&SCOPE),
            resource: Arc::clone(&self.resource),
            project: run.project.clone(),
            data: None,
            foreign: None,
            repeats: Repeats::Replace,
        };
        Held { record, start: None, end: None, values: 0, is_changed: false }
    }
}

impl Held {
    pub(super) fn id(&self) -> SpanId {
        self.record.span_id
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn rename(&mut self, name: Text) {
        self.record.name = name;
    }

    /// Adds an attribute, unless the span has too many; a value so large that it counts as many is one.
    pub(super) fn add(&mut self, key: &str, (value, values): (Value, usize)) {
        let has_room = self.record.attributes.len() < MOST_ATTRIBUTES && self.values + values <= MOST_VALUES;
        if has_room {
            self.values += values;
            self.record.attributes.push(key, value);
        } else {
            self.record.dropped.attributes = self.record.dropped.attributes.saturating_add(1);
        }
    }

    /// Ends the span; a span without a known begin begins then.
    pub(super) fn finish(&mut self, end: Option<Moment>) {
        self.end = end.or(self.start);
        self.start = self.start.or(self.end);
    }

    /// Notes that the work failed.
    pub(super) fn fail(&mut self, traceback: &str) {
        let exception = exception(traceback);
        let message = match (exception.kind, exception.message) {
            ("", message) => message.into(),
            (kind, "") => kind.into(),
            (kind, message) => Text::from(format!("{kind}: {message}")),
        };
        self.record.status = Status { code: StatusCode::Error, message };
        let mut attributes = Attributes::default();
        if !exception.kind.is_empty() {
            attributes.push(keys::EXCEPTION_TYPE, exception.kind);
        }
        attributes.push(keys::EXCEPTION_MESSAGE, exception.message);
        attributes.push(keys::EXCEPTION_STACKTRACE, traceback);
        let event = Event { name: Text::literal(keys::EXCEPTION), attributes, ..Event::default() };
        self.record.events = vec![event];
    }

    /// Returns the record as it is now; `None` while nobody knows when it began.
    pub(super) fn record(&self, clock: &Clock) -> Option<SpanRecord> {
        let start = clock.at(self.start?)?;
        let end = self.end.and_then(|end| clock.at(end));
        let mut record = SpanRecord { start, end, ..self.record.clone() };
        record.events.iter_mut().for_each(|event| event.time = end.unwrap_or(start));
        Some(record)
    }
}
