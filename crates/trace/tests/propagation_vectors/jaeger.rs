//! Jaeger's headers.

use serde_json::{Value as Json, json};
use trackway::propagation::{Carried, Decision, Jaeger, Propagator};
use trackway::{Context, Tracer};

use super::place::{baggage, injected, is_followed, is_of_texts, long_span, long_trace, texts};
use super::vector::same;
use super::{Rule, Vector, Verdict};

pub const RULES: &[Rule] = &[
    Rule {
        group: "jaeger-extract",
        op: "jaeger-extract",
        verdict: Verdict::Ours(
            "ids and flags have no more digits than they can hold, where the library takes any number",
        ),
        judge: extract,
    },
    Rule {
        group: "jaeger-inject",
        op: "jaeger-inject",
        verdict: Verdict::Ours("the parent's id, which nobody reads any more, is written as 0"),
        judge: inject,
    },
];

fn extract(vector: &Vector) -> Result<(), String> {
    if !is_of_texts(vector.input("carrier")) {
        return Ok(());
    }
    let carrier = texts(vector.input("carrier"));
    let found = Jaeger.extract(&carrier);
    let header = carrier.iter().find(|(name, _)| name.eq_ignore_ascii_case("uber-trace-id"));
    if header.is_some_and(|(_, header)| !is_well_formed(header)) {
        return if found.is_err() { Ok(()) } else { Err(format!("{found:?} should be refused")) };
    }
    let library = match (vector.library(), &found) {
        (None, Err(_)) => return Ok(()),
        (Some(Json::Null), Ok(None)) => return Ok(()),
        // To the library an empty debug id is one.
        (Some(library), Ok(None)) if library["debug_id"] == "" => return Ok(()),
        (Some(library), Ok(Some(_))) => library,
        _ => return Err(format!("{found:?}")),
    };
    let Ok(Some(context)) = &found else { return Err("unreachable".to_owned()) };
    same(&baggage(context), &library["baggage"])?;
    same(&json!(context.debug_id()), &library["debug_id"])?;
    let Some(trace) = library["trace_id"].as_str() else { return is_found_by(context) };
    let span = library["span_id"].as_str().unwrap_or_default();
    same(&json!(context.trace_id().unwrap().to_string()), &json!(long_trace(trace)))?;
    same(&json!(context.span_id().unwrap().to_string()), &json!(long_span(span)))?;
    let flags = library["flags"].as_u64().unwrap_or_default();
    let decision = match flags {
        flags if flags & 2 != 0 => Decision::Debug,
        flags if flags & 1 != 0 => Decision::Record,
        _ => Decision::Drop,
    };
    same(&json!(format!("{:?}", context.decision())), &json!(format!("{decision:?}")))?;
    is_followed(context)
}

/// A trace with a debug id is recorded, whatever the sampler says, and its first span says by what it is found.
fn is_found_by(context: &Context) -> Result<(), String> {
    let Some(id) = context.debug_id() else { return is_followed(context) };
    let tracer = Tracer::builder().sampler(trackway::Sampler::always_off()).build();
    let span = tracer.span("work").child_of(context).start();
    let record = span.record().ok_or("a span with a debug id is not recorded")?;
    if record.attributes.get("jaeger-debug-id") != Some(&trackway::Value::from(id)) {
        return Err(format!("{:?}", record.attributes));
    }
    is_followed(context)
}

fn is_well_formed(header: &str) -> bool {
    let text = header.replace("%3A", ":").replace("%3a", ":");
    let parts: Vec<&str> = text.trim_matches([' ', '\t']).split(':').collect();
    let is_number = |(part, most): (&&str, usize)| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    parts.len() == 4 && parts.iter().zip([32, 16, 16, 2]).all(is_number)
}

fn inject(vector: &Vector) -> Result<(), String> {
    let text = |key| vector.input(key).as_str().unwrap_or_default();
    let flags = vector.input("flags").as_u64().unwrap_or_default();
    let (decision, written) = match flags {
        flags if flags & 2 != 0 => (Decision::Debug, 3),
        flags if flags & 1 != 0 => (Decision::Record, 1),
        _ => (Decision::Drop, 0),
    };
    let trace_id = long_trace(text("trace_id")).parse().ok();
    let span_id = long_span(text("span_id")).parse().ok();
    let mut context =
        Context::from(Carried { trace_id, span_id, decision, flags: decision.flags(), ..Carried::default() });
    for (key, value) in texts(vector.input("baggage")) {
        context = context.with_baggage(&key, &value);
    }
    let mut expected = vector.library().cloned().unwrap_or(json!({}));
    if let Some(header) = expected["uber-trace-id"].as_str() {
        let parts: Vec<&str> = header.split(':').collect();
        expected["uber-trace-id"] = json!(format!("{}:{}:0:{written}", parts[0], parts[1]));
    }
    same(&injected(&Jaeger, &context), &expected)
}
