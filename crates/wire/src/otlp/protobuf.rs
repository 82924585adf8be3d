//! OTLP as binary protobuf.

use std::sync::Arc;

use trackway_model::{
    Attributes, Dropped, Event, IdError, Link, Repeats, Resource, Scope, SpanEvent, SpanId, SpanKind, SpanRecord,
    Status, StatusCode, Text, Timestamp, TraceId, Value, project_of,
};

use super::{
    Afford, Decoded, Error, Malformed,
    fields::Fields,
    log::Log,
    message::{self, Any, AnyValue, KeyValue},
    pay,
    shape::{self, Message},
};

/// The messages of field `number`, in order.
fn embedded(message: &[u8], number: u32) -> impl Iterator<Item = Result<&[u8], Malformed>> {
    Fields::of(message).filter_map(move |field| match field {
        Ok(field) if field.number == number => {
            let wrong = || Malformed(format!("field {number} is a number where a message belongs"));
            Some(field.bytes.ok_or_else(wrong))
        }
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}

/// The last message of field `number`, which is the one that counts; empty when there is none.
fn last(message: &[u8], number: u32) -> Result<&[u8], Malformed> {
    embedded(message, number).last().unwrap_or(Ok(&[]))
}

/// How many messages field `number` has.
fn count(message: &[u8], number: u32) -> Result<u64, Malformed> {
    embedded(message, number).try_fold(0, |count, field| field.map(|_| count + 1))
}

pub(super) fn traces(body: &[u8], asked: Option<&Text>, afford: Afford<'_>) -> Result<Decoded, Error> {
    let mut decoded = Decoded::default();
    for resource_spans in embedded(body, 1) {
        let resource_spans = resource_spans?;
        match resource(last(resource_spans, 1)?, last(resource_spans, 3)?, afford) {
            Ok(resource) => {
                let project = project_of(asked, &resource);
                let resource = Arc::new(resource);
                for group in embedded(resource_spans, 2) {
                    scope_spans(group?, &resource, &project, &mut decoded, afford)?;
                }
            }
            Err(Error::Malformed(error)) => {
                for group in embedded(resource_spans, 2) {
                    decoded.rejected.add(count(group?, 2)?, format_args!("resource: {error}"));
                }
            }
            Err(Error::Memory) => return Err(Error::Memory),
        }
    }
    Ok(decoded)
}

/// Reads a `ScopeSpans`.
fn scope_spans(
    group: &[u8],
    resource: &Arc<Resource>,
    project: &Text,
    decoded: &mut Decoded,
    afford: Afford<'_>,
) -> Result<(), Error> {
    let scope = match scope(last(group, 1)?, last(group, 3)?, afford) {
        Ok(scope) => Arc::new(scope),
        Err(Error::Malformed(error)) => {
            decoded.rejected.add(count(group, 2)?, format_args!("scope: {error}"));
            return Ok(());
        }
        Err(Error::Memory) => return Err(Error::Memory),
    };
    for bytes in embedded(group, 2) {
        match span(bytes?, resource, &scope, project, afford) {
            Ok(span) => decoded.batch.spans.push(span),
            Err(Error::Malformed(error)) => decoded.rejected.add(1, error),
            Err(Error::Memory) => return Err(Error::Memory),
        }
    }
    Ok(())
}

pub(super) fn logs(body: &[u8], afford: Afford<'_>) -> Result<Decoded, Error> {
    let mut decoded = Decoded::default();
    for resource_logs in embedded(body, 1) {
        for group in embedded(resource_logs?, 2) {
            for bytes in embedded(group?, 2) {
                match log(bytes?, afford) {
                    Ok(Some(event)) => decoded.batch.events.push(event),
                    Ok(None) => decoded.ignored += 1,
                    Err(Error::Malformed(error)) => decoded.rejected.add(1, error),
                    Err(Error::Memory) => return Err(Error::Memory),
                }
            }
        }
    }
    Ok(decoded)
}

pub(super) fn metrics(body: &[u8]) -> Result<u64, Malformed> {
    let mut metrics = 0;
    for resource_metrics in embedded(body, 1) {
        for group in embedded(resource_metrics?, 2) {
            metrics += count(group?, 2)?;
        }
    }
    Ok(metrics)
}

/// Decodes a message after its values were found to be small enough, and its record affordable.
fn decode<M: prost::Message + Default>(shape: Message, bytes: &[u8], afford: Afford<'_>) -> Result<M, Error> {
    pay(afford, shape::check_protobuf(shape, bytes)?)?;
    M::decode(bytes).map_err(|error| Error::Malformed(error.to_string()))
}

fn schema_url(bytes: &[u8]) -> Result<Text, Malformed> {
    std::str::from_utf8(bytes).map(Text::from).map_err(|_| Malformed("the schema URL is not UTF-8".into()))
}

fn resource(bytes: &[u8], schema: &[u8], afford: Afford<'_>) -> Result<Resource, Error> {
    let message: message::Resource = decode(Message::Resource, bytes, afford)?;
    Ok(Resource {
        attributes: attributes(message.attributes),
        dropped_attributes: message.dropped_attributes_count,
        schema_url: schema_url(schema)?,
    })
}

fn scope(bytes: &[u8], schema: &[u8], afford: Afford<'_>) -> Result<Scope, Error> {
    let message: message::InstrumentationScope = decode(Message::Scope, bytes, afford)?;
    Ok(Scope {
        name: message.name.into(),
        version: message.version.into(),
        attributes: attributes(message.attributes),
        dropped_attributes: message.dropped_attributes_count,
        schema_url: schema_url(schema)?,
    })
}

fn span(
    bytes: &[u8],
    resource: &Arc<Resource>,
    scope: &Arc<Scope>,
    project: &Text,
    afford: Afford<'_>,
) -> Result<SpanRecord, Error> {
    let message: message::Span = decode(Message::Span, bytes, afford)?;
    let named = |what: &str, error: IdError| Malformed(format!("span {:?}: {what}: {error}", message.name));
    let trace_id = TraceId::from_slice(&message.trace_id).map_err(|error| named("trace id", error))?;
    let span_id = SpanId::from_slice(&message.span_id).map_err(|error| named("span id", error))?;
    let parent_id = optional(SpanId::from_slice(&message.parent_span_id), &message.parent_span_id)
        .map_err(|error| named("parent span id", error))?;
    let links = message.links.into_iter().map(link).collect::<Result<_, _>>();
    let links = links.map_err(|error| Malformed(format!("span {:?}: {error}", message.name)))?;
    let status = message.status.unwrap_or_default();
    Ok(SpanRecord {
        trace_id,
        span_id,
        parent_id,
        flags: message.flags,
        trace_state: message.trace_state.into(),
        name: message.name.into(),
        kind: kind(i64::from(message.kind)),
        start: Timestamp(message.start_time_unix_nano),
        end: (message.end_time_unix_nano != 0).then_some(Timestamp(message.end_time_unix_nano)),
        attributes: attributes(message.attributes),
        events: message.events.into_iter().map(event).collect(),
        links,
        status: Status { code: status_code(i64::from(status.code)), message: status.message.into() },
        dropped: Dropped {
            attributes: message.dropped_attributes_count,
            events: message.dropped_events_count,
            links: message.dropped_links_count,
        },
        scope: Arc::clone(scope),
        resource: Arc::clone(resource),
        project: project.clone(),
        data: None,
        foreign: None,
        repeats: Repeats::Stay,
    })
}

/// An id that may be missing: absent or all zero is none, a wrong length is an error.
fn optional<T>(id: Result<T, IdError>, bytes: &[u8]) -> Result<Option<T>, IdError> {
    match id {
        Ok(id) => Ok(Some(id)),
        Err(IdError::Zero) => Ok(None),
        Err(_) if bytes.is_empty() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The kind with OTLP's number; a number of the future is unspecified.
pub(super) fn kind(number: i64) -> SpanKind {
    match number {
        1 => SpanKind::Internal,
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Unspecified,
    }
}

/// The status code with OTLP's number; a number of the future is unset.
pub(super) fn status_code(number: i64) -> StatusCode {
    match number {
        1 => StatusCode::Ok,
        2 => StatusCode::Error,
        _ => StatusCode::Unset,
    }
}

fn event(message: message::Event) -> Event {
    Event {
        time: Timestamp(message.time_unix_nano),
        name: message.name.into(),
        attributes: attributes(message.attributes),
        dropped_attributes: message.dropped_attributes_count,
    }
}

fn link(message: message::Link) -> Result<Link, Malformed> {
    let named = |error: IdError| Malformed(format!("link: {error}"));
    Ok(Link {
        trace_id: optional(TraceId::from_slice(&message.trace_id), &message.trace_id).map_err(named)?,
        span_id: optional(SpanId::from_slice(&message.span_id), &message.span_id).map_err(named)?,
        trace_state: message.trace_state.into(),
        flags: message.flags,
        attributes: attributes(message.attributes),
        dropped_attributes: message.dropped_attributes_count,
    })
}

/// The event of a log record; `None` when the record lies in no span.
fn log(bytes: &[u8], afford: Afford<'_>) -> Result<Option<SpanEvent>, Error> {
    let message: message::LogRecord = decode(Message::LogRecord, bytes, afford)?;
    let named = |error: IdError| Malformed(format!("log record: {error}"));
    let trace_id = optional(TraceId::from_slice(&message.trace_id), &message.trace_id).map_err(named)?;
    let span_id = optional(SpanId::from_slice(&message.span_id), &message.span_id).map_err(named)?;
    let (Some(trace_id), Some(span_id)) = (trace_id, span_id) else { return Ok(None) };
    let log = Log {
        time: message.time_unix_nano,
        observed_time: message.observed_time_unix_nano,
        severity_number: i64::from(message.severity_number),
        severity_text: message.severity_text.into(),
        event_name: message.event_name.into(),
        body: message.body.map(value),
        attributes: attributes(message.attributes),
        dropped_attributes: message.dropped_attributes_count,
    };
    Ok(Some(SpanEvent { trace_id, span_id, event: log.into_event() }))
}

fn attributes(list: Vec<KeyValue>) -> Attributes {
    list.into_iter().map(|pair| (pair.key, pair.value.map_or(Value::Empty, value))).collect()
}

fn value(message: AnyValue) -> Value {
    match message.value {
        None => Value::Empty,
        Some(Any::Text(text)) => Value::Text(text.into()),
        Some(Any::Bool(bool)) => Value::Bool(bool),
        Some(Any::Int(int)) => Value::Int(int),
        Some(Any::Double(double)) => Value::Double(double),
        Some(Any::Bytes(bytes)) => Value::Bytes(bytes.into()),
        Some(Any::Array(array)) => Value::Array(array.values.into_iter().map(value).collect()),
        Some(Any::Map(map)) => Value::Map(attributes(map.values)),
    }
}
