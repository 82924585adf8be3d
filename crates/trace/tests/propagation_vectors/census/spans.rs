//! Statuses, and who is sampled.

use serde_json::{Value as Json, json};
use trackway::canonical::{Code, Status};
use trackway::{Context, Sampler, TraceFlags, Tracer, Value, testing};

use super::super::vector::same;
use super::super::{Rule, Verdict, vector::Vector};
use super::{hold, library, not_ours, rule};

pub(crate) const RULES: &[Rule] = &[
    rule("status", "status_from_http_code", Verdict::Library, from_http),
    rule("status", "Status.as_ok().format_status_json", Verdict::Library, |vector| {
        same(&json(&Status::ok()), library(vector)?)
    }),
    rule("status", "Status.from_exception", Verdict::Library, from_exception),
    rule("status", "Status(code,message,details).format_status_json", Verdict::Library, in_full),
    rule(
        "status",
        "Status(99).is_ok",
        Verdict::Ours("a code is one of 17; a number that is none of them is no code, which is not Ok either"),
        unknown_code,
    ),
    rule(
        "sampler",
        "ProbabilitySampler.should_sample",
        Verdict::Ours("the library's rule, bit for bit, but a share of nothing records nothing"),
        probability,
    ),
    rule(
        "sampler",
        "ProbabilitySampler(rate)",
        Verdict::Ours("a share outside of 0 to 1 counts as the nearer end: what samples never stops a program"),
        any_rate,
    ),
    rule("sampler", "AlwaysOnSampler", Verdict::Library, |vector| decides(vector, Sampler::always_on())),
    rule("sampler", "AlwaysOffSampler", Verdict::Library, |vector| decides(vector, Sampler::always_off())),
];

fn json(status: &Status) -> Json {
    serde_json::from_str(&status.to_json()).unwrap()
}

fn from_http(vector: &Vector) -> Result<(), String> {
    // What is no status of HTTP is no u16, or no status that the table has.
    let status = vector.input("http").as_i64().and_then(|status| u16::try_from(status).ok());
    same(&json!(status.map_or(Code::Unknown, Code::from_http).number()), library(vector)?)
}

fn from_exception(vector: &Vector) -> Result<(), String> {
    let theirs = library(vector)?;
    let error: Box<dyn std::error::Error> = theirs["message"].as_str().unwrap_or_default().into();
    same(&json(&Status::from_error(&error)), theirs)
}

fn in_full(vector: &Vector) -> Result<(), String> {
    let number = vector.input("code").as_i64().and_then(|code| i32::try_from(code).ok());
    let Some(code) = number.and_then(Code::from_number) else { return not_ours(vector.inputs()) };
    let mut status = Status::from(code);
    if let Some(message) = vector.input("message").as_str() {
        status = status.message(message);
    }
    for detail in vector.input("details").as_array().into_iter().flatten() {
        let Some(fields) = detail.as_object() else { return not_ours(detail) };
        status = status.detail(fields.iter().map(|(key, field)| (key.as_str(), value(field))).collect());
    }
    let mut expected = library(vector)?.clone();
    // No details are none.
    if expected["details"] == json!([]) {
        expected.as_object_mut().unwrap().remove("details");
    }
    same(&json(&status), &expected)
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Empty,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => number.as_i64().map_or_else(|| number.as_f64().unwrap().into(), Value::from),
        Json::String(text) => text.as_str().into(),
        Json::Array(values) => Value::Array(values.iter().map(value).collect()),
        Json::Object(fields) => Value::Map(fields.iter().map(|(key, field)| (key.as_str(), value(field))).collect()),
    }
}

fn unknown_code(vector: &Vector) -> Result<(), String> {
    let number = vector.op().trim_start_matches("Status(").split(')').next().unwrap().parse().unwrap();
    let is_ok = Code::from_number(number).is_some_and(|code| Status::from(code).is_ok());
    same(&json!(is_ok), library(vector)?)
}

/// The share of OpenCensus's sampler that is given none.
const THEIR_SHARE: f64 = 1e-4;

fn probability(vector: &Vector) -> Result<(), String> {
    let Some(rate) = (if vector.input("rate").is_null() { Some(THEIR_SHARE) } else { number(vector.input("rate")) })
    else {
        return not_ours(vector.inputs());
    };
    let is_sampled = vector.input("parent_enabled").as_bool().unwrap_or_default();
    let expected = if rate == 0.0 && !is_sampled { false } else { library(vector)?.as_bool().unwrap() };
    records(vector, Sampler::opencensus(rate), expected)
}

fn any_rate(vector: &Vector) -> Result<(), String> {
    let Some(rate) = number(vector.input("rate")) else { return not_ours(vector.inputs()) };
    let (low, high) = ("4bf92f3577b34da60000000000000001", "4bf92f3577b34da6ffffffffffffffff");
    let tracer = Tracer::builder().sampler(Sampler::opencensus(rate)).build();
    let recorded = [low, high].map(|trace| {
        let parent = Context::remote(trace.parse().unwrap(), SPAN.parse().unwrap(), TraceFlags::default());
        tracer.span("work").child_of(&parent).start().is_recording()
    });
    let expected = if rate <= 0.0 { [false; 2] } else { [true, rate >= 1.0 || rate.is_nan()] };
    hold(recorded == expected, || format!("{rate}: {recorded:?}"))
}

fn number(json: &Json) -> Option<f64> {
    json.as_f64().or_else(|| json.as_str()?.parse().ok())
}

const SPAN: &str = "00f067aa0ba902b7";

/// Begins a span of that trace, and looks whether it is recorded as the library would.
fn decides(vector: &Vector, sampler: Sampler) -> Result<(), String> {
    records(vector, sampler, library(vector)?.as_bool().unwrap())
}

fn records(vector: &Vector, sampler: Sampler, expected: bool) -> Result<(), String> {
    // What is no id begins no trace.
    let Ok(trace) = vector.input("trace_id").as_str().unwrap().parse() else { return not_ours(vector.inputs()) };
    let is_sampled = vector.input("parent_enabled").as_bool().unwrap_or_default();
    let flags = TraceFlags::default().with_sampled(is_sampled);
    let parent = Context::remote(trace, SPAN.parse().unwrap(), flags);
    let (tracer, _spans) = testing::tracer_of(Tracer::builder().sampler(sampler));
    let span = tracer.span("work").child_of(&parent).start();
    hold(span.is_recording() == expected && span.context().is_sampled() == expected, || format!("{span:?}"))
}
