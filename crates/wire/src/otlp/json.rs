//! OTLP as JSON: the protobuf mapping with hexadecimal ids, enums as numbers and unknown fields ignored.

use std::sync::Arc;

use base64::{Engine as _, alphabet, engine::DecodePaddingMode, engine::GeneralPurpose, engine::GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::{Map, Value as Json, value::RawValue};
use trackway_model::{
    Attributes, Dropped, Event, IdError, Link, Resource, Scope, SpanEvent, SpanId, SpanRecord, Status, Text, Timestamp,
    TraceId, Value, project_of,
};

use super::{
    Decoded, Malformed,
    log::Log,
    protobuf::{kind, status_code},
    shape,
};

/// Protobuf's JSON mapping reads both alphabets, with and without padding; this is the one that it writes.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

type Object = Map<String, Json>;

#[derive(Deserialize)]
struct Traces<'a> {
    #[serde(borrow, rename = "resourceSpans")]
    groups: Option<Vec<ResourceGroup<'a>>>,
}

#[derive(Deserialize)]
struct Logs<'a> {
    #[serde(borrow, rename = "resourceLogs")]
    groups: Option<Vec<ResourceGroup<'a>>>,
}

#[derive(Deserialize)]
struct Metrics<'a> {
    #[serde(borrow, rename = "resourceMetrics")]
    groups: Option<Vec<ResourceGroup<'a>>>,
}

/// `ResourceSpans`, `ResourceLogs` and `ResourceMetrics` differ in two names only.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceGroup<'a> {
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow, alias = "scopeSpans", alias = "scopeLogs", alias = "scopeMetrics")]
    scopes: Option<Vec<ScopeGroup<'a>>>,
    schema_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScopeGroup<'a> {
    #[serde(borrow)]
    scope: Option<&'a RawValue>,
    #[serde(borrow, alias = "spans", alias = "logRecords", alias = "metrics")]
    items: Option<Vec<&'a RawValue>>,
    schema_url: Option<String>,
}

impl<'a> ResourceGroup<'a> {
    fn scopes(&self) -> &[ScopeGroup<'a>] {
        self.scopes.as_deref().unwrap_or(&[])
    }
}

impl<'a> ScopeGroup<'a> {
    fn items(&self) -> &[&'a RawValue] {
        self.items.as_deref().unwrap_or(&[])
    }
}

fn envelope<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Malformed> {
    let text = std::str::from_utf8(body).map_err(|error| Malformed(format!("the body is not UTF-8: {error}")))?;
    serde_json::from_str(text).map_err(|error| Malformed(format!("the body is not the JSON of this request: {error}")))
}

pub(super) fn traces(body: &[u8], asked: Option<&Text>) -> Result<Decoded, Malformed> {
    let mut decoded = Decoded::default();
    for group in envelope::<Traces<'_>>(body)?.groups.iter().flatten() {
        match resource(group) {
            Ok(resource) => {
                let project = project_of(asked, &resource);
                let resource = Arc::new(resource);
                for scope in group.scopes() {
                    scope_spans(scope, &resource, &project, &mut decoded);
                }
            }
            Err(error) => {
                let spans: usize = group.scopes().iter().map(|scope| scope.items().len()).sum();
                decoded.rejected.add(spans as u64, format_args!("resource: {error}"));
            }
        }
    }
    Ok(decoded)
}

fn scope_spans(group: &ScopeGroup<'_>, resource: &Arc<Resource>, project: &Text, decoded: &mut Decoded) {
    let scope = match scope(group) {
        Ok(scope) => Arc::new(scope),
        Err(error) => {
            return decoded.rejected.add(group.items().len() as u64, format_args!("scope: {error}"));
        }
    };
    for raw in group.items() {
        match span(raw, resource, &scope, project) {
            Ok(span) => decoded.batch.spans.push(span),
            Err(error) => decoded.rejected.add(1, error),
        }
    }
}

pub(super) fn logs(body: &[u8]) -> Result<Decoded, Malformed> {
    let mut decoded = Decoded::default();
    let envelope = envelope::<Logs<'_>>(body)?;
    for raw in envelope.groups.iter().flatten().flat_map(ResourceGroup::scopes).flat_map(ScopeGroup::items) {
        match log(raw) {
            Ok(Some(event)) => decoded.batch.events.push(event),
            Ok(None) => decoded.ignored += 1,
            Err(error) => decoded.rejected.add(1, error),
        }
    }
    Ok(decoded)
}

pub(super) fn metrics(body: &[u8]) -> Result<u64, Malformed> {
    let envelope = envelope::<Metrics<'_>>(body)?;
    Ok(envelope.groups.iter().flatten().flat_map(ResourceGroup::scopes).flat_map(ScopeGroup::items).count() as u64)
}

/// Reads an item as a JSON object, after its text was found to be shallow enough for a parser that recurses.
fn object(raw: Option<&RawValue>) -> Result<Object, Malformed> {
    let text = raw.map_or("null", RawValue::get);
    shape::check_json(text)?;
    let mut parser = serde_json::Deserializer::from_str(text);
    parser.disable_recursion_limit();
    let object = Option::<Object>::deserialize(&mut parser);
    object.map(Option::unwrap_or_default).map_err(|error| Malformed(error.to_string()))
}

fn resource(group: &ResourceGroup<'_>) -> Result<Resource, Malformed> {
    let object = object(group.resource)?;
    Ok(Resource {
        attributes: attributes(&object, "attributes", 0)?,
        dropped_attributes: number(&object, "droppedAttributesCount")?,
        schema_url: group.schema_url.as_deref().unwrap_or_default().into(),
    })
}

fn scope(group: &ScopeGroup<'_>) -> Result<Scope, Malformed> {
    let object = object(group.scope)?;
    Ok(Scope {
        name: text(&object, "name")?,
        version: text(&object, "version")?,
        attributes: attributes(&object, "attributes", 0)?,
        dropped_attributes: number(&object, "droppedAttributesCount")?,
        schema_url: group.schema_url.as_deref().unwrap_or_default().into(),
    })
}

fn span(raw: &RawValue, resource: &Arc<Resource>, scope: &Arc<Scope>, project: &Text) -> Result<SpanRecord, Malformed> {
    let object = object(Some(raw))?;
    let name = text(&object, "name")?;
    record(&object, &name, resource, scope, project).map_err(|error| Malformed(format!("span {name:?}: {error}")))
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
fn log(raw: &RawValue) -> Result<Option<SpanEvent>, Malformed> {
    let object = object(Some(raw))?;
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
