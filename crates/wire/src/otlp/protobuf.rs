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
    values::{Builder, room},
};

/// The messages of field `number`, in order.
fn embedded(message: &[u8], number: u32) -> impl Iterator<Item = Result<&[u8], Malformed>> {
    Fields::of(message).filter_map(move |field| match field {
        Ok(field) if field.number == number => Some(field.bytes()),
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
    let builder = &mut Builder::new(afford);
    for resource_spans in embedded(body, 1) {
        let resource_spans = resource_spans?;
        match resource(last(resource_spans, 1)?, last(resource_spans, 3)?, builder) {
            Ok(resource) => {
                let project = project_of(asked, &resource);
                let resource = Arc::new(resource);
                for group in embedded(resource_spans, 2) {
                    scope_spans(group?, &resource, &project, &mut decoded, builder)?;
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
    builder: &mut Builder<'_>,
) -> Result<(), Error> {
    let scope = match scope(last(group, 1)?, last(group, 3)?, builder) {
        Ok(scope) => Arc::new(scope),
        Err(Error::Malformed(error)) => {
            decoded.rejected.add(count(group, 2)?, format_args!("scope: {error}"));
            return Ok(());
        }
        Err(Error::Memory) => return Err(Error::Memory),
    };
    for bytes in embedded(group, 2) {
        match span(bytes?, resource, &scope, project, builder) {
            Ok(span) => decoded.batch.spans.push(span),
            Err(Error::Malformed(error)) => decoded.rejected.add(1, error),
            Err(Error::Memory) => return Err(Error::Memory),
        }
    }
    Ok(())
}

pub(super) fn logs(body: &[u8], afford: Afford<'_>) -> Result<Decoded, Error> {
    let mut decoded = Decoded::default();
    let builder = &mut Builder::new(afford);
    for resource_logs in embedded(body, 1) {
        for group in embedded(resource_logs?, 2) {
            for bytes in embedded(group?, 2) {
                match log(bytes?, builder) {
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

fn schema_url(bytes: &[u8]) -> Result<Text, Malformed> {
    std::str::from_utf8(bytes).map(Text::from).map_err(|_| Malformed("the schema URL is not UTF-8".into()))
}

fn resource(bytes: &[u8], schema: &[u8], builder: &mut Builder<'_>) -> Result<Resource, Error> {
    builder.begin(size_of::<Resource>() + bytes.len())?;
    let mut resource = Resource { attributes: Attributes(room(bytes, 1)?), ..Resource::default() };
    for field in Fields::of(bytes) {
        let field = field?;
        match field.number {
            1 => builder.attribute(field, &mut resource.attributes)?,
            2 => resource.dropped_attributes = field.uint32()?,
            _ => {}
        }
    }
    resource.schema_url = schema_url(schema)?;
    Ok(resource)
}

fn scope(bytes: &[u8], schema: &[u8], builder: &mut Builder<'_>) -> Result<Scope, Error> {
    builder.begin(size_of::<Scope>() + bytes.len())?;
    let mut scope = Scope::default();
    for field in Fields::of(bytes) {
        let field = field?;
        match field.number {
            1 => scope.name = field.text()?.into(),
            2 => scope.version = field.text()?.into(),
            3 => builder.attribute(field, &mut scope.attributes)?,
            4 => scope.dropped_attributes = field.uint32()?,
            _ => {}
        }
    }
    scope.schema_url = schema_url(schema)?;
    Ok(scope)
}

fn span(
    bytes: &[u8],
    resource: &Arc<Resource>,
    scope: &Arc<Scope>,
    project: &Text,
    builder: &mut Builder<'_>,
) -> Result<SpanRecord, Error> {
    builder.begin(size_of::<SpanRecord>() + bytes.len())?;
    let (mut trace_id, mut span_id, mut parent_id) = (&[][..], &[][..], &[][..]);
    let (mut trace_state, mut name) = ("", Text::default());
    let (mut kind, mut flags, mut start, mut end) = (0, 0, 0, 0);
    let mut attributes = builder.list();
    let (mut events, mut links) = (Vec::new(), Vec::new());
    let mut status = Status::default();
    let mut dropped = Dropped::default();
    for field in Fields::of(bytes) {
        let field = field?;
        match field.number {
            1 => trace_id = field.bytes()?,
            2 => span_id = field.bytes()?,
            3 => trace_state = field.text()?,
            4 => parent_id = field.bytes()?,
            5 => name = builder.long_text(field)?,
            6 => kind = field.int32()?,
            7 => start = field.fixed64()?,
            8 => end = field.fixed64()?,
            9 => builder.attribute(field, &mut attributes)?,
            10 => dropped.attributes = field.uint32()?,
            11 => events.push(event(field.bytes()?, builder)?),
            12 => dropped.events = field.uint32()?,
            13 => links.push(link(field.bytes()?, builder)?),
            14 => dropped.links = field.uint32()?,
            15 => add_status(field.bytes()?, &mut status)?,
            16 => flags = field.fixed32()?,
            _ => {}
        }
    }
    let named = |what: &str, error: IdError| Malformed(format!("span {name:?}: {what}: {error}"));
    let in_link = |error: IdError| Malformed(format!("span {name:?}: link: {error}"));
    Ok(SpanRecord {
        trace_id: TraceId::from_slice(trace_id).map_err(|error| named("trace id", error))?,
        span_id: SpanId::from_slice(span_id).map_err(|error| named("span id", error))?,
        parent_id: optional(SpanId::from_slice(parent_id), parent_id)
            .map_err(|error| named("parent span id", error))?,
        links: links.into_iter().collect::<Result<_, _>>().map_err(in_link)?,
        flags,
        trace_state: trace_state.into(),
        name,
        kind: self::kind(i64::from(kind)),
        start: Timestamp(start),
        end: (end != 0).then_some(Timestamp(end)),
        attributes: builder.finished(attributes),
        events,
        status,
        dropped,
        scope: Arc::clone(scope),
        resource: Arc::clone(resource),
        project: project.clone(),
        data: None,
        foreign: None,
        repeats: Repeats::Stay,
    })
}

/// Reads a `Status` into what an earlier one of the same span left, as protobuf merges messages.
fn add_status(bytes: &[u8], status: &mut Status) -> Result<(), Malformed> {
    for field in Fields::of(bytes) {
        let field = field?;
        match field.number {
            2 => status.message = field.text()?.into(),
            3 => status.code = status_code(i64::from(field.int32()?)),
            _ => {}
        }
    }
    Ok(())
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

fn event(bytes: &[u8], builder: &mut Builder<'_>) -> Result<Event, Error> {
    builder.count(size_of::<Event>())?;
    let mut event = Event { attributes: builder.list(), ..Event::default() };
    for field in Fields::of(bytes) {
        let field = field?;
        match field.number {
            1 => event.time = Timestamp(field.fixed64()?),
            2 => event.name = field.text()?.into(),
            3 => builder.attribute(field, &mut event.attributes)?,
            4 => event.dropped_attributes = field.uint32()?,
            _ => {}
        }
    }
    event.attributes = builder.finished(event.attributes);
    Ok(event)
}

/// Reads a link; what is wrong with its ids is told when the span's name is known.
fn link(bytes: &[u8], builder: &mut Builder<'_>) -> Result<Result<Link, IdError>, Error> {
    builder.count(size_of::<Link>())?;
    let (mut trace_id, mut span_id, mut trace_state) = (&[][..], &[][..], "");
    let (mut flags, mut dropped_attributes) = (0, 0);
    let mut attributes = builder.list();
    for field in Fields::of(bytes) {
        let field = field?;
        match field.number {
            1 => trace_id = field.bytes()?,
            2 => span_id = field.bytes()?,
            3 => trace_state = field.text()?,
            4 => builder.attribute(field, &mut attributes)?,
            5 => dropped_attributes = field.uint32()?,
            6 => flags = field.fixed32()?,
            _ => {}
        }
    }
    let ids = optional(TraceId::from_slice(trace_id), trace_id)
        .and_then(|trace_id| Ok((trace_id, optional(SpanId::from_slice(span_id), span_id)?)));
    Ok(ids.map(|(trace_id, span_id)| Link {
        trace_id,
        span_id,
        trace_state: trace_state.into(),
        flags,
        attributes: builder.finished(attributes),
        dropped_attributes,
    }))
}

/// The event of a log record; `None` when the record lies in no span.
fn log(bytes: &[u8], builder: &mut Builder<'_>) -> Result<Option<SpanEvent>, Error> {
    builder.begin(size_of::<SpanEvent>() + bytes.len())?;
    let (mut trace_id, mut span_id) = (&[][..], &[][..]);
    let mut body: Option<Value> = None;
    let mut log = Log { attributes: Attributes(room(bytes, 6)?), ..Log::default() };
    for field in Fields::of(bytes) {
        let field = field?;
        match field.number {
            1 => log.time = field.fixed64()?,
            2 => log.severity_number = i64::from(field.int32()?),
            3 => log.severity_text = field.text()?.into(),
            5 => builder.value(field, body.get_or_insert_default())?,
            6 => builder.attribute(field, &mut log.attributes)?,
            7 => log.dropped_attributes = field.uint32()?,
            9 => trace_id = field.bytes()?,
            10 => span_id = field.bytes()?,
            11 => log.observed_time = field.fixed64()?,
            12 => log.event_name = field.text()?.into(),
            _ => {}
        }
    }
    log.body = body;
    let named = |error: IdError| Malformed(format!("log record: {error}"));
    let trace_id = optional(TraceId::from_slice(trace_id), trace_id).map_err(named)?;
    let span_id = optional(SpanId::from_slice(span_id), span_id).map_err(named)?;
    let (Some(trace_id), Some(span_id)) = (trace_id, span_id) else { return Ok(None) };
    Ok(Some(SpanEvent { trace_id, span_id, event: log.into_event() }))
}
