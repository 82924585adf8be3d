//! OpenTracing's basic tracer: its texts and its bytes.

use serde_json::{Value as Json, json};
use trackway::Context;
use trackway::propagation::{BinaryPropagator, Carried, Decision, OpenTracingBinary, OpenTracingText, Propagator};

use super::place::{Found, baggage, bytes, digits, injected, injected_bytes, is_followed, is_of_texts, texts};
use super::vector::same;
use super::{Rule, Vector, Verdict};

pub const RULES: &[Rule] = &[
    Rule {
        group: "basictracer-text-extract",
        op: "basictracer-text-extract",
        verdict: Verdict::Ours(
            "a decision that is not sent is deferred, as mock tracers send none, and one that is not readable is an error",
        ),
        judge: extract_text,
    },
    Rule {
        group: "basictracer-text-inject",
        op: "basictracer-text-inject",
        verdict: Verdict::Library,
        judge: |vector| match place(vector) {
            Some(context) => same(&injected(&OpenTracingText, &context), vector.library().unwrap_or(&json!({}))),
            None => Ok(()),
        },
    },
    Rule {
        group: "basictracer-binary-extract",
        op: "basictracer-binary-extract",
        verdict: Verdict::Ours("a length is that of what follows, and ids are not 0; the library looks at neither"),
        judge: extract_binary,
    },
    Rule {
        group: "basictracer-binary-inject",
        op: "basictracer-binary-inject",
        verdict: Verdict::Library,
        judge: inject_binary,
    },
];

/// Returns the context that was given; `None` for ids that no context of ours has.
fn place(vector: &Vector) -> Option<Context> {
    let number = |key| vector.input(key).as_u64();
    let trace_id = trackway::TraceId::new(u128::from(number("trace_id")?).to_be_bytes())?;
    let span_id = trackway::SpanId::new(number("span_id")?.to_be_bytes())?;
    let decision = if vector.input("sampled") == true { Decision::Record } else { Decision::Drop };
    let (trace_id, span_id) = (Some(trace_id), Some(span_id));
    let context = Context::from(Carried { trace_id, span_id, decision, flags: decision.flags(), ..Carried::default() });
    let entries = texts(vector.input("baggage"));
    Some(entries.iter().fold(context, |context, (key, value)| context.with_baggage(key, value)))
}

fn extract_text(vector: &Vector) -> Result<(), String> {
    if !is_of_texts(vector.input("carrier")) {
        return Ok(());
    }
    let carrier = texts(vector.input("carrier"));
    let sampled = carrier.iter().find(|(name, _)| name.eq_ignore_ascii_case("ot-tracer-sampled"));
    let sampled = sampled.map(|(_, text)| text.to_ascii_lowercase());
    let found = OpenTracingText.extract(&carrier);
    match sampled.as_deref() {
        Some("true" | "false" | "0" | "1") => compare(vector, &found),
        Some(_) if found.is_err() => Ok(()),
        Some(_) => Err(format!("{found:?} should be refused")),
        None => match &found {
            Ok(Some(context)) if context.trace_id().is_some() => {
                same(&json!(format!("{:?}", context.decision())), &json!("Deferred"))?;
                is_followed(context)
            }
            _ => Ok(()),
        },
    }
}

fn extract_binary(vector: &Vector) -> Result<(), String> {
    let bytes = bytes(vector.input("hex")).unwrap_or_default();
    let found = OpenTracingBinary.extract(&bytes);
    let length = bytes.first_chunk().map(|length| u32::from_be_bytes(*length) as usize);
    if length.map(|length| length + 4) != Some(bytes.len()) {
        return if matches!(found, Ok(Some(_))) { Err(format!("{found:?} should be refused")) } else { Ok(()) };
    }
    compare(vector, &found)
}

/// Compares with the library's context, which may have ids that are 0 or have more than 64 bits.
fn compare(vector: &Vector, found: &Found) -> Result<(), String> {
    let number = |json: &Json| json.as_u64().filter(|number| *number != 0);
    let library = vector.library().filter(|place| !place.is_null());
    let ids = library.and_then(|place| number(&place["trace_id"]).zip(number(&place["span_id"])));
    match (found, ids) {
        (Ok(Some(context)), Some((trace, span))) => {
            same(&json!(context.trace_id().unwrap().to_string()), &json!(format!("{trace:032x}")))?;
            same(&json!(context.span_id().unwrap().to_string()), &json!(format!("{span:016x}")))?;
            let library = library.unwrap();
            same(&json!(context.decision().is_sampled()), &library["sampled"])?;
            same(&baggage(context), &library["baggage"])?;
            is_followed(context)
        }
        (Ok(None) | Err(_), None) => Ok(()),
        // An id of more than 64 bits is no number of JSON's.
        (Ok(Some(_)), None) if library.is_some_and(|place| place["trace_id"].is_f64()) => Ok(()),
        _ => Err(format!("{found:?}")),
    }
}

fn inject_binary(vector: &Vector) -> Result<(), String> {
    let Some(context) = place(vector) else { return Ok(()) };
    let made = injected_bytes(&OpenTracingBinary, &context);
    let Some(expected) = vector.library().and_then(bytes) else { return Ok(()) };
    // Entries of a map have no order.
    let again = |bytes: &[u8]| OpenTracingBinary.extract(bytes).ok().flatten().map(|context| baggage(&context));
    if context.baggage_entries().count() > 1 && made.len() == expected.len() && again(&made) == again(&expected) {
        return Ok(());
    }
    same(&json!(digits(&made)), &json!(digits(&expected)))
}
