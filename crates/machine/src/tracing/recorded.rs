//! What is recorded of the spans inside a step.

use std::sync::{Arc, Mutex, PoisonError};

use trackway::{Context, Span, StatusCode, TraceFlags};
use trackway_model::{
    Attributes, Event, Resource, Scope, SpanId, SpanKind, SpanRecord, Status, Text, Timestamp, TraceId,
    Value as Attribute, keys,
};

use crate::{ActionSpan, Fact, List, Map, Number, Step, Value};

/// A span inside a step: one of the application's tracer or, where none records, one that trackers are told of.
pub(crate) struct Recorded {
    span: Span,
    told: Option<Mutex<Option<Box<SpanRecord>>>>,
    context: Context,
}

impl Recorded {
    /// Begins a span as a part of `around`.
    pub(crate) fn start(
        step: &Step,
        around: &Context,
        place: &ActionSpan,
        kind: SpanKind,
        dependencies: &[Text],
    ) -> Self {
        let placement = step.place();
        if placement.span.is_recording() {
            let span = placement.tracer.span(place.name.clone()).kind(kind).child_of(around).start();
            span.attribute(keys::TRACKWAY_SPAN_ORDINAL, place.uid());
            if !dependencies.is_empty() {
                span.attribute(keys::TRACKWAY_SPAN_DEPENDENCIES, list(dependencies));
            }
            let context = span.context().clone();
            return Self { span, told: None, context };
        }
        let ids = around.trace_id().filter(|_| placement.tells_spans).zip(around.span_id());
        let Some((trace_id, parent_id)) = ids else {
            return Self { span: Span::none(), told: None, context: around.clone() };
        };
        let span_id = step.around().ids.span_id();
        let mut record = blank(step, trace_id, span_id, parent_id);
        record.name = place.name.clone();
        record.kind = kind;
        record.attributes.push(keys::TRACKWAY_SPAN_ORDINAL, place.uid());
        if !dependencies.is_empty() {
            record.attributes.push(keys::TRACKWAY_SPAN_DEPENDENCIES, list(dependencies));
        }
        let context = around.moved_to(trace_id, span_id, TraceFlags::SAMPLED);
        Self { span: Span::none(), told: Some(Mutex::new(Some(Box::new(record)))), context }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn attribute(&self, key: &str, value: &Value) {
        add(&self.span, key, value);
        self.change(|record| set(&mut record.attributes, key, attribute(value)));
    }

    pub(crate) fn event(&self, name: &str, time: impl FnOnce() -> Timestamp) {
        self.span.event(name);
        self.change(|record| record.events.push(Event { time: time(), name: name.into(), ..Event::default() }));
    }

    pub(crate) fn status(&self, code: StatusCode, message: &str) {
        self.span.status(code, message);
        self.change(|record| set_status(record, code, message));
    }

    pub(crate) fn record_error<How>(
        &self,
        error: &(impl trackway::Fault<How> + ?Sized),
        time: impl FnOnce() -> Timestamp,
    ) {
        self.span.record_error(error);
        if self.told.is_some() {
            self.tell_failure(error.kind(), &error.message(), error.causes().as_deref(), time);
        }
    }

    /// As [`record_error`](Self::record_error), of an error that is known in words.
    #[cfg(feature = "macros")]
    pub(crate) fn fail(
        &self,
        kind: Option<&str>,
        message: &str,
        causes: Option<&str>,
        time: impl FnOnce() -> Timestamp,
    ) {
        let event = self.span.event(keys::EXCEPTION);
        event.field(keys::EXCEPTION_TYPE, kind).field(keys::EXCEPTION_MESSAGE, message);
        event.field(keys::EXCEPTION_STACKTRACE, causes);
        self.span.status(StatusCode::Error, message);
        self.tell_failure(kind, message, causes, time);
    }

    fn tell_failure(&self, kind: Option<&str>, message: &str, causes: Option<&str>, time: impl FnOnce() -> Timestamp) {
        self.change(|record| {
            let mut event = Event { time: time(), name: Text::literal(keys::EXCEPTION), ..Event::default() };
            let details = [
                (keys::EXCEPTION_TYPE, kind),
                (keys::EXCEPTION_MESSAGE, Some(message)),
                (keys::EXCEPTION_STACKTRACE, causes),
            ];
            for (key, detail) in details {
                if let Some(detail) = detail {
                    event.attributes.push(key, detail);
                }
            }
            record.events.push(event);
            set_status(record, StatusCode::Error, message);
        });
    }

    /// Returns whether a tracer records it or trackers are told of it.
    pub(crate) fn is_heard(&self) -> bool {
        self.span.is_recording() || self.told.is_some()
    }

    /// Ends the span, and tells it to the trackers if nobody else does.
    pub(crate) fn finish(&self, step: &Step) {
        if std::thread::panicking() {
            self.status(StatusCode::Error, "panicked");
        }
        self.span.finish();
        let told = self.told.as_ref().and_then(|told| told.lock().unwrap_or_else(PoisonError::into_inner).take());
        let (Some(mut record), Some(teller)) = (told, &step.around().teller) else { return };
        record.end = Some(step.tracer().now().max(record.start));
        teller.tell_now(Fact::Span(record));
    }

    fn change(&self, change: impl FnOnce(&mut SpanRecord)) {
        if let Some(told) = &self.told
            && let Some(record) = told.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
        {
            change(record);
        }
    }
}

/// Records a value as an attribute of a span.
pub(crate) fn add(span: &Span, key: &str, value: &Value) {
    if span.is_recording() {
        span.attribute(key, attribute(value));
    }
}

fn blank(step: &Step, trace_id: TraceId, span_id: SpanId, parent_id: SpanId) -> SpanRecord {
    let run = step.run();
    let (scope, resource) = step.around().origin();
    let mut attributes = Attributes::default();
    attributes.push(keys::TRACKWAY_PROJECT, run.project.clone());
    attributes.push(keys::TRACKWAY_APP_ID, run.app.clone());
    if let Some(partition) = &run.partition {
        attributes.push(keys::TRACKWAY_APP_PARTITION, partition.clone());
    }
    attributes.push(keys::TRACKWAY_STEP_SEQUENCE, step.sequence());
    attributes.push(keys::TRACKWAY_STEP_ATTEMPT, i64::from(step.attempt()));
    SpanRecord {
        trace_id,
        span_id,
        parent_id: Some(parent_id),
        flags: 0x101,
        trace_state: Text::default(),
        name: Text::default(),
        kind: SpanKind::Internal,
        start: step.tracer().now(),
        end: None,
        attributes,
        events: Vec::new(),
        links: Vec::new(),
        status: Status::default(),
        dropped: Default::default(),
        scope,
        resource,
        project: run.project.clone(),
        data: None,
        foreign: None,
        repeats: Default::default(),
    }
}

/// Returns the library and the process that tell of spans which no tracer records.
pub(crate) fn origin() -> (Arc<Scope>, Arc<Resource>) {
    let version = env!("CARGO_PKG_VERSION");
    let scope = Scope { name: "trackway-machine".into(), version: version.into(), ..Scope::default() };
    let mut attributes = Attributes::default();
    let program = std::env::current_exe().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
    attributes.push(keys::SERVICE_NAME, program.unwrap_or_else(|| "unknown_service".to_owned()));
    attributes.push("telemetry.sdk.name", "trackway");
    attributes.push("telemetry.sdk.language", "rust");
    attributes.push("telemetry.sdk.version", version);
    (Arc::new(scope), Arc::new(Resource { attributes, ..Resource::default() }))
}

fn set_status(record: &mut SpanRecord, code: StatusCode, message: &str) {
    if record.status.code != StatusCode::Ok && code != StatusCode::Unset {
        let message = if code == StatusCode::Error { message } else { "" };
        record.status = Status { code, message: message.into() };
    }
}

fn set(attributes: &mut Attributes, key: &str, value: Attribute) {
    match attributes.0.iter_mut().find(|(known, _)| &**known == key) {
        Some((_, known)) => *known = value,
        None => attributes.push(key, value),
    }
}

fn list(names: &[Text]) -> Attribute {
    Attribute::Array(names.iter().map(|name| Attribute::Text(name.clone())).collect())
}

/// Returns a value as attributes have it.
pub(crate) fn attribute(value: &Value) -> Attribute {
    match value {
        Value::Null => Attribute::Empty,
        Value::Bool(value) => Attribute::from(*value),
        Value::Number(number) => match number {
            Number::Int(number) => Attribute::from(*number),
            Number::Float(number) => Attribute::from(*number),
            number => Attribute::from(number.to_string()),
        },
        Value::Text(text) => Attribute::Text(text.clone()),
        Value::List(list) => Attribute::Array(items(list)),
        Value::Map(map) => Attribute::Map(fields(map)),
    }
}

fn items(list: &List) -> Vec<Attribute> {
    list.iter().map(attribute).collect()
}

fn fields(map: &Map) -> Attributes {
    map.iter().map(|(key, value)| (key.clone(), attribute(value))).collect()
}
