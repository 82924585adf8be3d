//! OTLP as JSON: the protobuf mapping with hexadecimal ids, enums as numbers and unknown fields ignored.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use base64::{Engine as _, alphabet, engine::DecodePaddingMode, engine::GeneralPurpose, engine::GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::{Map, Value as Json, value::RawValue};
use trackway_model::{
    Attributes, Dropped, Event, IdError, Link, Repeats, Resource, Scope, SpanEvent, SpanId, SpanRecord, Status, Text,
    Timestamp, TraceId, Value, project_of,
};

use super::{
    Afford, Decoded, Error, Malformed, Rejected,
    log::Log,
    pay,
    protobuf::{kind, status_code},
    shape,
};

/// Protobuf's JSON mapping reads both alphabets, with and without padding; this is the one that it writes.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

type Object = Map<String, Json>;

/// What a signal calls the lists around its items.
struct Names {
    groups: &'static str,
    scopes: &'static str,
    items: &'static str,
}

const TRACES: Names = Names { groups: "resourceSpans", scopes: "scopeSpans", items: "spans" };
const LOGS: Names = Names { groups: "resourceLogs", scopes: "scopeLogs", items: "logRecords" };
const METRICS: Names = Names { groups: "resourceMetrics", scopes: "scopeMetrics", items: "metrics" };

/// A part of the envelope, its fields not read yet.
type Part<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

fn envelope<'a>(body: &'a [u8]) -> Result<Part<'a>, Malformed> {
    let text = std::str::from_utf8(body).map_err(|error| Malformed(format!("the body is not UTF-8: {error}")))?;
    serde_json::from_str(text).map_err(|error| Malformed(format!("the body is not the JSON of this request: {error}")))
}

/// Reads a part of the envelope; `null` is an empty one.
fn part<'a>(raw: &'a RawValue, name: &str) -> Result<Part<'a>, Malformed> {
    let part: Option<Part<'a>> =
        serde_json::from_str(raw.get()).map_err(|error| Malformed(format!("{name}: {error}")))?;
    Ok(part.unwrap_or_default())
}

/// Reads a list of the envelope; absent and `null` are empty ones.
fn list<'a>(part: &Part<'a>, name: &str) -> Result<Vec<&'a RawValue>, Malformed> {
    let Some(raw) = part.get(name) else { return Ok(Vec::new()) };
    let list: Option<Vec<&'a RawValue>> =
        serde_json::from_str(raw.get()).map_err(|error| Malformed(format!("{name}: {error}")))?;
    Ok(list.unwrap_or_default())
}

fn schema_url(part: &Part<'_>) -> Result<Text, Malformed> {
    let Some(raw) = part.get("schemaUrl") else { return Ok(Text::default()) };
    let url: Option<String> =
        serde_json::from_str(raw.get()).map_err(|error| Malformed(format!("schemaUrl: {error}")))?;
    Ok(url.unwrap_or_default().into())
}

/// Calls `each` with every group and the groups of its scopes; what is wrong with one costs only that one.
fn for_each_group<'a>(
    body: &'a [u8],
    names: &Names,
    rejected: &mut Rejected,
    mut each: impl FnMut(&Part<'a>, &[Part<'a>], &mut Rejected) -> Result<(), Error>,
) -> Result<(), Error> {
    let envelope = envelope(body)?;
    for raw in list(&envelope, names.groups)? {
        let group = part(raw, names.groups).and_then(|group| list(&group, names.scopes).map(|scopes| (group, scopes)));
        let (group, scopes) = match group {
            Ok(group) => group,
            Err(error) => {
                rejected.add(1, error);
                continue;
            }
        };
        let mut parts = Vec::new();
        for raw in scopes {
            match part(raw, names.scopes) {
                Ok(scope) => parts.push(scope),
                Err(error) => rejected.add(1, error),
            }
        }
        match each(&group, &parts, rejected) {
            Err(Error::Malformed(error)) => {
                let items: u64 = parts.iter().map(|scope| items_of(scope, names)).sum();
                rejected.add(items.max(1), error);
            }
            other => other?,
        }
    }
    Ok(())
}

fn items_of(scope: &Part<'_>, names: &Names) -> u64 {
    list(scope, names.items).map_or(0, |items| items.len() as u64)
}

pub(super) fn traces(body: &[u8], asked: Option<&Text>, afford: Afford<'_>) -> Result<Decoded, Error> {
    let mut decoded = Decoded::default();
    let spans = &mut decoded.batch.spans;
    for_each_group(body, &TRACES, &mut decoded.rejected, |group, scopes, rejected| {
        let resource = resource(group, afford).map_err(|error| within("resource", error))?;
        let project = project_of(asked, &resource);
        let resource = Arc::new(resource);
        for scope in scopes {
            match scope_spans(scope, &resource, &project, spans, rejected, afford) {
                Err(Error::Malformed(error)) => rejected.add(items_of(scope, &TRACES).max(1), error),
                other => other?,
            }
        }
        Ok(())
    })?;
    Ok(decoded)
}

fn scope_spans(
    group: &Part<'_>,
    resource: &Arc<Resource>,
    project: &Text,
    spans: &mut Vec<SpanRecord>,
    rejected: &mut Rejected,
    afford: Afford<'_>,
) -> Result<(), Error> {
    let scope = Arc::new(scope(group, afford).map_err(|error| within("scope", error))?);
    for raw in list(group, TRACES.items)? {
        match span(raw, resource, &scope, project, afford) {
            Ok(span) => spans.push(span),
            Err(Error::Malformed(error)) => rejected.add(1, error),
            Err(Error::Memory) => return Err(Error::Memory),
        }
    }
    Ok(())
}

pub(super) fn logs(body: &[u8], afford: Afford<'_>) -> Result<Decoded, Error> {
    let mut decoded = Decoded::default();
    let (events, ignored) = (&mut decoded.batch.events, &mut decoded.ignored);
    for_each_group(body, &LOGS, &mut decoded.rejected, |_, scopes, rejected| {
        for scope in scopes {
            for raw in list(scope, LOGS.items)? {
                match log(raw, afford) {
                    Ok(Some(event)) => events.push(event),
                    Ok(None) => *ignored += 1,
                    Err(Error::Malformed(error)) => rejected.add(1, error),
                    Err(Error::Memory) => return Err(Error::Memory),
                }
            }
        }
        Ok(())
    })?;
    Ok(decoded)
}

pub(super) fn metrics(body: &[u8]) -> Result<u64, Error> {
    let mut metrics = 0;
    for_each_group(body, &METRICS, &mut Rejected::default(), |_, scopes, _| {
        metrics += scopes.iter().map(|scope| items_of(scope, &METRICS)).sum::<u64>();
        Ok(())
    })?;
    Ok(metrics)
}

/// Says where an item is wrong.
fn within(place: &str, error: Error) -> Error {
    match error {
        Error::Malformed(what) => Error::Malformed(format!("{place}: {what}")),
        Error::Memory => Error::Memory,
    }
}

/// Reads an item as a JSON object, after its text was found to be shallow enough for a parser that recurses, and its
/// record affordable.
fn object(raw: Option<&RawValue>, afford: Afford<'_>) -> Result<Object, Error> {
    let text = raw.map_or("null", RawValue::get);
    pay(afford, shape::check_json(text)?)?;
    let mut parser = serde_json::Deserializer::from_str(text);
    parser.disable_recursion_limit();
    let object = Option::<Object>::deserialize(&mut parser);
    object.map(Option::unwrap_or_default).map_err(|error| Error::Malformed(error.to_string()))
}

fn resource(group: &Part<'_>, afford: Afford<'_>) -> Result<Resource, Error> {
    let object = object(group.get("resource").copied(), afford)?;
    Ok(Resource {
        attributes: attributes(&object, "attributes", 0)?,
        dropped_attributes: number(&object, "droppedAttributesCount")?,
        schema_url: schema_url(group)?,
    })
}

fn scope(group: &Part<'_>, afford: Afford<'_>) -> Result<Scope, Error> {
    let object = object(group.get("scope").copied(), afford)?;
    Ok(Scope {
        name: text(&object, "name")?,
        version: text(&object, "version")?,
        attributes: attributes(&object, "attributes", 0)?,
        dropped_attributes: number(&object, "droppedAttributesCount")?,
        schema_url: schema_url(group)?,
    })
}

fn span(
    raw: &RawValue,
    resource: &Arc<Resource>,
    scope: &Arc<Scope>,
    project: &Text,
    afford: Afford<'_>,
) -> Result<SpanRecord, Error> {
    let object = object(Some(raw), afford)?;
    let name = text(&object, "name")?;
    let record = record(&object, &name, resource, scope, project);
    record.map_err(|error| Error::Malformed(format!("span {name:?}: {error}")))
}

fn record(
    object: &Object,
    name: &Text,
    resource: &Arc<Resource>,
    scope: &Arc<Scope>,
    project: &Text,
) -> Result<SpanRecord, Malformed> {
    let end: u64 = number(object, "endTimeUnixNano")?;
    let status = match field(object, "status") {
        None => Status::default(),
        Some(Json::Object(status)) => {
            Status { code: status_code(number(status, "code")?), message: text(status, "message")? }
        }
        Some(other) => return Err(wrong("status", "an object", other)),
    };
    Ok(SpanRecord {
        trace_id: id(object, "traceId")?.ok_or_else(|| Malformed(format!("traceId: {}", IdError::Zero)))?,
        span_id: id(object, "spanId")?.ok_or_else(|| Malformed(format!("spanId: {}", IdError::Zero)))?,
        parent_id: id(object, "parentSpanId")?,
        flags: number(object, "flags")?,
        trace_state: text(object, "traceState")?,
        name: name.clone(),
        kind: kind(number(object, "kind")?),
        start: Timestamp(number(object, "startTimeUnixNano")?),
        end: (end != 0).then_some(Timestamp(end)),
        attributes: attributes(object, "attributes", 0)?,
        events: objects(object, "events")?.map(|event| self::event(event?)).collect::<Result<_, _>>()?,
        links: objects(object, "links")?.map(|link| self::link(link?)).collect::<Result<_, _>>()?,
        status,
        dropped: Dropped {
            attributes: number(object, "droppedAttributesCount")?,
            events: number(object, "droppedEventsCount")?,
            links: number(object, "droppedLinksCount")?,
        },
        scope: Arc::clone(scope),
        resource: Arc::clone(resource),
        project: project.clone(),
        data: None,
        foreign: None,
        repeats: Repeats::Stay,
    })
}

fn event(object: &Object) -> Result<Event, Malformed> {
    Ok(Event {
        time: Timestamp(number(object, "timeUnixNano")?),
        name: text(object, "name")?,
        attributes: attributes(object, "attributes", 0)?,
        dropped_attributes: number(object, "droppedAttributesCount")?,
    })
}

fn link(object: &Object) -> Result<Link, Malformed> {
    Ok(Link {
        trace_id: id(object, "traceId")?,
        span_id: id(object, "spanId")?,
        trace_state: text(object, "traceState")?,
        flags: number(object, "flags")?,
        attributes: attributes(object, "attributes", 0)?,
        dropped_attributes: number(object, "droppedAttributesCount")?,
    })
}

/// The event of a log record; `None` when the record lies in no span.
fn log(raw: &RawValue, afford: Afford<'_>) -> Result<Option<SpanEvent>, Error> {
    let object = object(Some(raw), afford)?;
    let (trace_id, span_id): (Option<TraceId>, Option<SpanId>) = (id(&object, "traceId")?, id(&object, "spanId")?);
    let (Some(trace_id), Some(span_id)) = (trace_id, span_id) else { return Ok(None) };
    let log = Log {
        time: number(&object, "timeUnixNano")?,
        observed_time: number(&object, "observedTimeUnixNano")?,
        severity_number: number(&object, "severityNumber")?,
        severity_text: text(&object, "severityText")?,
        event_name: text(&object, "eventName")?,
        body: field(&object, "body").map(|body| value(body, 0)).transpose()?,
        attributes: attributes(&object, "attributes", 0)?,
        dropped_attributes: number(&object, "droppedAttributesCount")?,
    };
    Ok(Some(SpanEvent { trace_id, span_id, event: log.into_event() }))
}

/// A field that is there; `null` is the same as absence.
fn field<'a>(object: &'a Object, name: &str) -> Option<&'a Json> {
    object.get(name).filter(|value| !value.is_null())
}

fn wrong(name: &str, expected: &str, found: &Json) -> Malformed {
    let found: String = found.to_string().chars().take(80).collect();
    Malformed(format!("{name} is not {expected}: {found}"))
}

fn text(object: &Object, name: &str) -> Result<Text, Malformed> {
    match field(object, name) {
        None => Ok(Text::default()),
        Some(Json::String(text)) => Ok(text.as_str().into()),
        Some(other) => Err(wrong(name, "a text", other)),
    }
}

/// A whole number, written as a number or as a text of digits; 0 when absent.
fn number<N: TryFrom<i128> + Default>(object: &Object, name: &str) -> Result<N, Malformed> {
    field(object, name).map_or(Ok(N::default()), |json| {
        whole(json).and_then(|n| N::try_from(n).ok()).ok_or_else(|| wrong(name, "a whole number in range", json))
    })
}

fn whole(json: &Json) -> Option<i128> {
    match json {
        Json::String(text) => text.parse().ok(),
        Json::Number(number) => {
            let exact = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
            // Protobuf's mapping also reads `1e3` and `5.0` as the whole numbers they are.
            let exponent = || number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9.1e18).map(|n| n as i128);
            exact.or_else(exponent)
        }
        _ => None,
    }
}

/// A hexadecimal id; absent, empty or all zero is none.
fn id<T: std::str::FromStr<Err = IdError>>(object: &Object, name: &str) -> Result<Option<T>, Malformed> {
    let text = text(object, name)?;
    match text.parse() {
        Ok(id) => Ok(Some(id)),
        Err(IdError::Zero) => Ok(None),
        Err(_) if text.is_empty() => Ok(None),
        Err(error) => Err(Malformed(format!("{name}: {error}"))),
    }
}

fn objects<'a>(
    object: &'a Object,
    name: &'a str,
) -> Result<impl Iterator<Item = Result<&'a Object, Malformed>>, Malformed> {
    let list = match field(object, name) {
        None => &[],
        Some(Json::Array(list)) => list.as_slice(),
        Some(other) => return Err(wrong(name, "a list", other)),
    };
    Ok(list.iter().map(move |item| match item {
        Json::Object(object) => Ok(object),
        other => Err(wrong(name, "a list of objects", other)),
    }))
}

fn attributes(object: &Object, name: &str, depth: usize) -> Result<Attributes, Malformed> {
    let pair = |pair: &Object| {
        let value = field(pair, "value").map_or(Ok(Value::Empty), |json| value(json, depth))?;
        Ok((text(pair, "key")?, value))
    };
    objects(object, name)?.map(|item| pair(item?)).collect::<Result<Vec<_>, _>>().map(Attributes)
}

fn value(json: &Json, depth: usize) -> Result<Value, Malformed> {
    let Json::Object(any) = json else { return Err(wrong("value", "an object", json)) };
    let Some((name, content)) = any.iter().find(|(name, content)| name.ends_with("Value") && !content.is_null()) else {
        return Ok(Value::Empty);
    };
    match (name.as_str(), content) {
        ("stringValue", Json::String(text)) => Ok(Value::from(text.as_str())),
        ("boolValue", Json::Bool(bool)) => Ok(Value::Bool(*bool)),
        ("intValue", _) => number(any, name).map(Value::Int),
        ("doubleValue", _) => double(content).map(Value::Double).ok_or_else(|| wrong(name, "a number", content)),
        ("bytesValue", Json::String(text)) => bytes(text).ok_or_else(|| wrong(name, "base64", content)),
        ("arrayValue", Json::Object(array)) => nested(array, depth + 1),
        ("kvlistValue", Json::Object(map)) => {
            shape::within(depth + 1, 0)?;
            attributes(map, "values", depth + 1).map(Value::Map)
        }
        ("stringValue" | "boolValue" | "bytesValue" | "arrayValue" | "kvlistValue", _) => {
            Err(wrong(name, "of its type", content))
        }
        // A kind of value that a later version of OTLP added.
        _ => Ok(Value::Empty),
    }
}

fn nested(array: &Object, depth: usize) -> Result<Value, Malformed> {
    shape::within(depth, 0)?;
    let values = match field(array, "values") {
        None => return Ok(Value::Array(Vec::new())),
        Some(Json::Array(values)) => values,
        Some(other) => return Err(wrong("values", "a list", other)),
    };
    values.iter().map(|json| value(json, depth)).collect::<Result<_, _>>().map(Value::Array)
}

fn double(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => number.as_f64(),
        // Protobuf spells the numbers that JSON lacks as texts, and reads any number as one.
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok().filter(|n: &f64| n.is_finite()),
        },
        _ => None,
    }
}

fn bytes(text: &str) -> Option<Value> {
    let standard = text.replace('-', "+").replace('_', "/");
    BASE64.decode(standard).ok().map(|bytes| Value::Bytes(bytes.into()))
}
