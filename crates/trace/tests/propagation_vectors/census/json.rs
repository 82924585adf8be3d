//! The JSON that OpenCensus's exporters wrote.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value as Json, json};
use trackway::export::CensusJson;
use trackway::{
    Attributes, Context, Event, Limits, Link, Message, Relation, Span, SpanKind, SpanRecord, StackFrame, StackTrace,
    Status, StatusCode, Timestamp, TraceFlags, Tracer, Value, testing,
};

use super::super::vector::same;
use super::super::{Rule, Verdict, vector::Vector};
use super::{hold, library, not_ours, rule};

pub(crate) const RULES: &[Rule] = &[
    rule(
        "attributes",
        "Attributes({k: v}).format_attributes_json",
        Verdict::Ours(
            "what the form has no word for is a text instead of missing, and numbers that JSON lacks are spelt as in protobuf's",
        ),
        attribute,
    ),
    rule(
        "attributes",
        "key longer than 128 bytes",
        Verdict::Ours("a key is whole: cut, two of them could become one"),
        long_key,
    ),
    rule(
        "truncation",
        "get_truncatable_str",
        Verdict::Ours("what was cut off is counted in full, a split character included"),
        truncation,
    ),
    rule("events", "Annotation.format_annotation_json", Verdict::Library, annotation),
    rule("events", "MessageEvent.format_message_event_json", Verdict::Library, message),
    rule("events", "Link.format_link_json", Verdict::Library, link),
    rule(
        "events",
        "timestamp_to_microseconds",
        Verdict::Ours("times are numbers from the start; a text of whole seconds is as good as one with a fraction"),
        microseconds,
    ),
    rule("legacy-json", "format_legacy_trace_json", Verdict::Library, trace),
    rule(
        "legacy-json",
        "format_legacy_trace_json([])",
        Verdict::Ours("no spans are no line, not an empty object"),
        |_| hold(trackway_wire::opencensus::traces(&[]).is_empty(), || "something was written".into()),
    ),
    rule("stack-trace", "StackFrame.format_stack_frame_json", Verdict::Library, frame),
    rule("stack-trace", "add_stack_frame x130", Verdict::Library, frames),
    rule(
        "stack-trace",
        "StackTrace(stack_frames=[130])",
        Verdict::Ours("the calls nearest to the failure are kept, however they were given"),
        frames_at_once,
    ),
    rule(
        "stack-trace",
        "format_stack_trace_json empty",
        Verdict::Ours("the hash follows from the calls and cannot be given"),
        no_frames,
    ),
];

/// What an exporter wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns a span as the exporter writes it.
fn written(name: &str, limits: Limits, work: impl FnOnce(&Span)) -> Json {
    let out = Written::default();
    let (tracer, _spans) = testing::tracer_of(Tracer::builder().limits(limits).exporter(CensusJson::to(out.clone())));
    let span = tracer.span(name).start();
    work(&span);
    span.finish();
    let text = out.0.lock().unwrap().clone();
    let trace: Json = serde_json::from_slice(&text).unwrap();
    trace["spans"][0].clone()
}

/// Returns the values of a Python literal that the library's attributes know; of others its text.
fn python(literal: &str) -> Option<Value> {
    match literal {
        "None" => return None,
        "True" => return Some(true.into()),
        "False" => return Some(false.into()),
        _ => {}
    }
    if let Some(text) = literal.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return Some(text.into());
    }
    let number = literal.trim_start_matches("float('").trim_end_matches("')");
    Some(match (literal.parse::<i64>(), number.parse::<f64>()) {
        (Ok(number), _) => number.into(),
        (_, Ok(number)) if literal.parse::<i128>().is_err() => number.into(),
        _ => Value::Array(vec![literal.into()]),
    })
}

fn attribute(vector: &Vector) -> Result<(), String> {
    let literal = vector.input("python_value").as_str().unwrap();
    let span = written("span", Limits::default(), |span| {
        match literal.parse::<i64>() {
            Ok(number) => span.attribute("k", number),
            // Larger than any integer here: a text, as integers beyond 64 bits are.
            Err(_) if literal.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) => {
                span.attribute("k", literal)
            }
            Err(_) => span.attribute("k", python(literal)),
        };
    });
    let made = span["attributes"]["attributeMap"].as_object().cloned().unwrap_or_default();
    let theirs = library(vector)?["attributeMap"].as_object().unwrap();
    let as_text = |made: &Map<String, Json>| made.get("k").is_some_and(|value| value.get("string_value").is_some());
    let is_number = |json: &Json| json["int_value"].is_i64() || json["double_value"].is_number();
    match theirs.get("k") {
        None => hold(literal == "None" && made.is_empty() || as_text(&made), || format!("{made:?}")),
        Some(value) if value.get("int_value").is_some() && !is_number(value) => {
            hold(made["k"]["string_value"]["value"] == json!(literal), || format!("{made:?}"))
        }
        Some(value) if value["double_value"].is_string() => {
            hold(["NaN", "Infinity", "-Infinity"].map(Json::from).contains(&made["k"]["double_value"]), || {
                format!("{made:?}")
            })
        }
        Some(value) if value.get("string_value").is_some() => {
            same(&made["k"]["string_value"]["value"], &value["string_value"]["value"])
        }
        Some(value) => same(&made["k"], value),
    }
}

fn long_key(vector: &Vector) -> Result<(), String> {
    let key = vector.input("key").as_str().unwrap();
    let span = written("span", Limits::default(), |span| {
        span.attribute(key, 1);
    });
    same(&span["attributes"], &json!({"attributeMap": {key: {"int_value": 1}}}))
}

fn truncation(vector: &Vector) -> Result<(), String> {
    let text = vector.input("value").as_str().unwrap();
    let limit = vector.input("limit_bytes").as_u64().unwrap() as usize;
    let kept = library(vector)?["value"].as_str().unwrap();
    let (tracer, spans) = testing::tracer_of(Tracer::builder().limits(Limits::default().value_bytes(limit)));
    tracer.span("span").attribute("text", text).start().finish();
    hold(spans.finished()[0].attributes.text("text") == Some(kept), || format!("{:?}", spans.finished()))?;
    if limit != 128 {
        return Ok(());
    }
    let span = written(text, Limits::default(), |_| {});
    same(&span["displayName"], &json!({"value": kept, "truncated_byte_count": text.len() - kept.len()}))
}

fn time(text: &str) -> Timestamp {
    read_time(text).unwrap_or_else(|| panic!("{text} is no time"))
}

/// Reads a time in UTC, with or without a fraction.
fn read_time(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.trim_end_matches('Z').split_once('.').unwrap_or((text.trim_end_matches('Z'), "0"));
    let numbers: Option<Vec<u64>> = seconds.split(['-', 'T', ':']).map(|number| number.parse().ok()).collect();
    let [year, month @ 1..=12, day @ 1..=31, hour, minute, second] = numbers?[..] else { return None };
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let lengths = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum::<u64>()
        + lengths[..month as usize - 1].iter().sum::<u64>()
        + day
        - 1;
    let nanos: u64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Some(Timestamp((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000_000 + nanos))
}

fn value(json: &Json) -> Value {
    match json {
        Json::Bool(value) => (*value).into(),
        Json::Number(number) if number.is_i64() => number.as_i64().unwrap().into(),
        Json::Number(number) => number.as_f64().unwrap().into(),
        Json::String(text) => text.as_str().into(),
        other => panic!("{other} is no attribute of theirs"),
    }
}

fn annotation(vector: &Vector) -> Result<(), String> {
    let at = vector.input("timestamp").as_str().unwrap();
    let span = written("span", Limits::default(), |span| {
        let event = span.event_at(vector.input("description").as_str().unwrap(), time(at));
        for (key, field) in vector.input("attributes").as_object().into_iter().flatten() {
            event.field(key, value(field));
        }
    });
    let made = &span["timeEvents"]["timeEvent"][0];
    let mut theirs = library(vector)?.clone();
    // No attributes and none at all are one and the same.
    if theirs["json"]["attributes"] == json!({"attributeMap": {}}) {
        theirs["json"].as_object_mut().unwrap().remove("attributes");
    }
    same(&json!({"timestamp": made["time"], "json": made["annotation"]}), &theirs)
}

fn message(vector: &Vector) -> Result<(), String> {
    let theirs = library(vector)?;
    let (Some(id), Some(kind @ 0..=2)) = (theirs["id"].as_u64(), theirs["type"].as_u64()) else {
        return not_ours(vector.inputs());
    };
    let mut message = [Message::new, Message::sent, Message::received][kind as usize](id);
    let given = |begin: &str| {
        let inputs = vector.inputs().as_object().unwrap();
        inputs.iter().find(|(key, _)| key.starts_with(begin)).and_then(|(_, size)| size.as_u64())
    };
    if let Some(bytes) = given("uncompressed") {
        message = message.bytes(bytes);
    }
    if let Some(bytes) = given("compressed") {
        message = message.compressed(bytes);
    }
    let span = written("span", Limits::default(), |span| {
        span.message(message);
    });
    same(&span["timeEvents"]["timeEvent"][0]["message_event"], theirs)
}

fn link(vector: &Vector) -> Result<(), String> {
    let theirs = library(vector)?;
    let id = |key: &str| vector.input(key).as_str().unwrap_or(theirs[key].as_str().unwrap()).to_owned();
    let to = Context::remote(id("trace_id").parse().unwrap(), id("span_id").parse().unwrap(), TraceFlags::SAMPLED);
    let mut relation = match theirs["type"].as_u64() {
        Some(1) => Relation::child(),
        Some(2) => Relation::parent(),
        Some(0) => Relation::new(),
        _ => return not_ours(vector.inputs()),
    };
    for (key, field) in vector.input("attributes").as_object().into_iter().flatten() {
        relation = relation.attribute(key, value(field));
    }
    let span = written("span", Limits::default(), |span| {
        span.link_with(&to, relation);
    });
    let mut made = span["links"]["link"][0].clone();
    // The library writes the attributes of links as they were given, which its own readers cannot take.
    let attributes = made.as_object_mut().unwrap().remove("attributes");
    let mut expected = theirs.clone();
    let given = expected.as_object_mut().unwrap().remove("attributes").unwrap_or_default();
    let keys = |map: Option<&Map<String, Json>>| -> Vec<String> {
        map.map(|map| map.keys().cloned().collect()).unwrap_or_default()
    };
    let written = attributes.unwrap_or_default();
    hold(keys(written["attributeMap"].as_object()) == keys(given.as_object()), || format!("{written}"))?;
    same(&made, &expected)
}

fn microseconds(vector: &Vector) -> Result<(), String> {
    let text = vector.input("s").as_str().unwrap();
    let Some(at) = read_time(text) else {
        return hold(vector.library_error().is_some(), || format!("{text} was not read"));
    };
    let (tracer, spans) = testing::tracer();
    tracer.span("span").starting_at(at).start().finish();
    let zipkin: Json = serde_json::from_str(&trackway_wire::zipkin::spans(&spans.finished())).unwrap();
    let made = zipkin[0]["timestamp"].as_u64().unwrap_or_default();
    match vector.library() {
        Some(library) => hold(Some(made as f64) == library.as_f64(), || format!("{made}")),
        None => hold(made == at.0 / 1000, || format!("{made}")),
    }
}

fn trace(vector: &Vector) -> Result<(), String> {
    let theirs = library(vector)?;
    let trace = theirs["traceId"].as_str().unwrap();
    let records: Vec<SpanRecord> =
        theirs["spans"].as_array().unwrap().iter().map(|span| record_of(trace, span)).collect();
    let mut made: Json = serde_json::from_str(&trackway_wire::opencensus::traces(&records)).unwrap();
    let mut expected = theirs.clone();
    for (made, expected) in
        made["spans"].as_array_mut().unwrap().iter_mut().zip(expected["spans"].as_array_mut().unwrap())
    {
        let (made, expected) = (made.as_object_mut().unwrap(), expected.as_object_mut().unwrap());
        // A root has no parent that could be of the same process; whoever said nothing of a status said that all is well.
        if !expected.contains_key("parentSpanId") || !expected.contains_key("sameProcessAsParentSpan") {
            expected.remove("sameProcessAsParentSpan");
            made.remove("sameProcessAsParentSpan");
        }
        expected.entry("status").or_insert_with(|| json!({"code": 0}));
        // Theirs counts the children that were made in one way, ours those that are there.
        expected.remove("childSpanCount");
        made.remove("childSpanCount");
    }
    same(&made, &expected)
}

fn record_of(trace: &str, span: &Json) -> SpanRecord {
    let (tracer, spans) = testing::tracer();
    tracer.span("span").start().finish();
    let mut record = spans.finished().remove(0);
    record.trace_id = trace.parse().unwrap();
    record.span_id = span["spanId"].as_str().unwrap().parse().unwrap();
    record.parent_id = span["parentSpanId"].as_str().map(|id| id.parse().unwrap());
    record.flags |= if span["sameProcessAsParentSpan"] == json!(false) { 0x200 } else { 0 };
    record.name = whole(&span["displayName"]).into();
    record.start = time(span["startTime"].as_str().unwrap());
    record.end = span["endTime"].as_str().map(time);
    record.kind = [SpanKind::Internal, SpanKind::Server, SpanKind::Client][span["kind"].as_u64().unwrap() as usize];
    record.attributes = attributes(&span["attributes"]);
    record.events = span["timeEvents"]["timeEvent"].as_array().into_iter().flatten().map(event).collect();
    record.links = span["links"]["link"].as_array().into_iter().flatten().map(link_of).collect();
    let code = span["status"]["code"].as_i64().unwrap_or_default();
    let message = span["status"]["message"].as_str().unwrap_or_default().into();
    record.attributes.push("status.code", code);
    record.status = Status { code: if code == 0 { StatusCode::Ok } else { StatusCode::Error }, message };
    record
}

/// Returns a text that is cut to that: as long as it was.
fn whole(cut: &Json) -> String {
    let missing = cut["truncated_byte_count"].as_u64().unwrap_or_default();
    format!("{}{}", cut["value"].as_str().unwrap(), "x".repeat(missing as usize))
}

fn attributes(json: &Json) -> Attributes {
    let map = json["attributeMap"].as_object().cloned().unwrap_or_default();
    let typed = |json: &Json| json.as_object().unwrap().values().next().unwrap().clone();
    let plain = |json: Json| if json.is_object() { json["value"].clone() } else { json };
    map.into_iter().map(|(key, json)| (key, value(&plain(typed(&json))))).collect()
}

fn event(json: &Json) -> Event {
    let time = time(json["time"].as_str().unwrap());
    let mut event = Event { time, ..Event::default() };
    if let Some(annotation) = json.get("annotation") {
        event.name = annotation["description"]["value"].as_str().unwrap().into();
        event.attributes = attributes(&annotation["attributes"]);
        return event;
    }
    let message = &json["message_event"];
    event.name = "rpc.message".into();
    event.attributes.push("rpc.message.type", ["", "SENT", "RECEIVED"][message["type"].as_u64().unwrap() as usize]);
    event.attributes.push("rpc.message.id", message["id"].as_i64().unwrap());
    event.attributes.push("rpc.message.uncompressed_size", message["uncompressed_size_bytes"].as_i64().unwrap());
    event.attributes.push("rpc.message.compressed_size", message["compressed_size_bytes"].as_i64().unwrap());
    event
}

fn link_of(json: &Json) -> Link {
    let relation = ["", "child_linked_span", "parent_linked_span"][json["type"].as_u64().unwrap() as usize];
    let mut attributes = Attributes::default();
    attributes.push("opencensus.link.type", relation);
    Link {
        trace_id: Some(json["trace_id"].as_str().unwrap().parse().unwrap()),
        span_id: Some(json["span_id"].as_str().unwrap().parse().unwrap()),
        trace_state: "".into(),
        flags: 0,
        attributes,
        dropped_attributes: 0,
    }
}

fn frame(vector: &Vector) -> Result<(), String> {
    let theirs = library(vector)?;
    let text = whole;
    let number = |key: &str| theirs[key].as_u64().unwrap() as u32;
    let module = &theirs["load_module"];
    let frame = StackFrame::new(text(&theirs["function_name"]))
        .original_function(text(&theirs["original_function_name"]))
        .at(text(&theirs["file_name"]), number("line_number"))
        .column(number("column_number"))
        .module(text(&module["module"]), text(&module["build_id"]))
        .source_version(text(&theirs["source_version"]));
    same(&serde_json::from_str(&frame.to_json()).unwrap(), theirs)
}

fn stack(vector: &Vector) -> StackTrace {
    let mut stack = StackTrace::new();
    (0..vector.input("n").as_u64().unwrap()).for_each(|at| stack.push(StackFrame::new(format!("f{at}"))));
    stack
}

fn frames(vector: &Vector) -> Result<(), String> {
    let stack = stack(vector);
    let function = |frame: Option<&StackFrame>| frame.map(|frame| frame.function.clone());
    let made = json!({
        "kept": stack.frames().len(), "dropped": stack.dropped_frames(),
        "first": function(stack.frames().first()), "last": function(stack.frames().last()),
    });
    same(&made, library(vector)?)
}

fn frames_at_once(vector: &Vector) -> Result<(), String> {
    let pushed = stack(vector);
    let given = vector.input("n").as_u64().unwrap();
    let at_once: StackTrace = (0..given).map(|at| StackFrame::new(format!("f{at}"))).collect();
    let first = at_once.frames().first().is_none_or(|frame| frame.function == "f0");
    hold(at_once == pushed && first, || format!("{at_once:?}"))?;
    let theirs = library(vector)?;
    same(&json!([at_once.frames().len(), at_once.dropped_frames()]), &json!([theirs["kept"], theirs["dropped"]]))
}

fn no_frames(_: &Vector) -> Result<(), String> {
    let stack = StackTrace::new();
    same(&serde_json::from_str(&stack.to_json()).unwrap(), &json!({"stack_trace_hash_id": stack.hash_id()}))
}
