//! Comparing the contexts that we make with what a vector says of them.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use trackway::Context;
use trackway::propagation::{BinaryPropagator, Carried, Corrupt, Decision, Propagator, TraceFlags};

use super::Vector;

pub type Found = Result<Option<Context>, Corrupt>;

/// Returns an object's texts; what is none cannot be in a carrier of ours.
pub fn texts(json: &Json) -> Vec<(String, String)> {
    let pairs = json.as_object().into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// Returns the bytes of digits.
pub fn bytes(json: &Json) -> Option<Vec<u8>> {
    let digits = json.as_str()?;
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

/// Returns the digits of bytes.
pub fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns true when all that an object has is texts, so that a carrier of ours can have it.
pub fn is_of_texts(json: &Json) -> bool {
    json.as_object().is_some_and(|object| object.values().all(Json::is_string))
}

/// Returns OpenCensus's context of `trace_id`, `span_id` and `trace_options`, a decimal number.
pub fn context(vector: &Vector) -> Context {
    let text = |key| vector.input(key).as_str();
    // Other options than those of a byte are 1 to the library.
    let flags = TraceFlags(text("trace_options").and_then(|options| options.parse().ok()).unwrap_or(1));
    let trace_id = text("trace_id").and_then(|id| id.parse().ok());
    let span_id = text("span_id").and_then(|id| id.parse().ok());
    Context::from(Carried { trace_id, span_id, flags, decision: Decision::from(flags), ..Carried::default() })
}

/// Returns what is written of a context, as an object.
pub fn injected(propagator: &impl Propagator, context: &Context) -> Json {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    propagator.inject(context, &mut texts);
    json!(texts)
}

pub fn injected_bytes(propagator: &impl BinaryPropagator, context: &Context) -> Vec<u8> {
    let mut bytes = Vec::new();
    propagator.inject(context, &mut bytes);
    bytes
}

/// Compares a context with what a specification expects of it.
pub fn agrees(found: &Found, expected: &Json) -> Result<(), String> {
    let differs = |what: &str| Err(format!("{found:?}: {what} is not as in {expected}"));
    if expected["reject"] == true {
        return if matches!(found, Ok(Some(_))) { differs("what should be refused") } else { Ok(()) };
    }
    let Ok(Some(context)) = found else { return differs("what should be read") };
    let (trace, span) = (context.trace_id().map(|id| id.to_string()), context.span_id().map(|id| id.to_string()));
    match expected["trace_id"].as_str() {
        Some("<generated>") if trace.is_some() => {}
        Some(id) if trace.as_deref() == Some(id) => {}
        None => {}
        _ => return differs("the trace"),
    }
    if expected.get("span_id").is_some_and(|id| id.as_str() != span.as_deref()) {
        return differs("the span");
    }
    match expected["enabled"].as_bool() {
        None if context.decision() != Decision::Deferred => return differs("a decision that nobody made"),
        Some(enabled) if enabled != context.decision().is_sampled() => return differs("the decision"),
        _ => {}
    }
    is_followed(context)
}

/// Begins a span in the context: it is part of the trace, and recorded unless the decision is not to.
pub fn is_followed(context: &Context) -> Result<(), String> {
    let (tracer, _spans) = trackway::testing::tracer();
    let span = tracer.span("work").child_of(context).start();
    let is_recorded = context.decision() != Decision::Drop;
    if span.is_recording() != is_recorded {
        return Err(format!("{context:?}: a span is recorded: {}", span.is_recording()));
    }
    if context.trace_id().is_some_and(|trace| span.context().trace_id() != Some(trace)) {
        return Err(format!("{context:?}: a span is in the trace of {:?}", span.context()));
    }
    let Some(record) = span.record() else { return Ok(()) };
    if record.parent_id == context.span_id() { Ok(()) } else { Err(format!("{context:?}: {record:?}")) }
}

/// Returns the 32 digits of a trace id of which zeros at the left may be missing.
pub fn long_trace(digits: &str) -> String {
    format!("{digits:0>32}")
}

/// Returns the 16 digits of such a span id.
pub fn long_span(digits: &str) -> String {
    format!("{digits:0>16}")
}

/// Returns the baggage of a context, as an object.
pub fn baggage(context: &Context) -> Json {
    json!(context.baggage_entries().collect::<BTreeMap<_, _>>())
}
