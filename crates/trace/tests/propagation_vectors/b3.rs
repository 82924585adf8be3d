//! B3: OpenCensus's reader of it, Jaeger's, and the cases of its specification.

use std::path::PathBuf;

use libtest_mimic::Trial;
use serde_json::{Value as Json, json};
use trackway::Context;
use trackway::propagation::{B3, Decision, Propagator};

use super::place::{Found, agrees, context, injected, is_followed, is_of_texts, long_span, long_trace, texts};
use super::vector::same;
use super::{Rule, Vector, Verdict};

pub const RULES: &[Rule] = &[
    Rule {
        group: "b3-extract",
        op: "B3FormatPropagator.from_headers",
        verdict: Verdict::Ours(
            "as the specification; a decision that it does not know is refused with all that comes with it, and good headers count \
             where the single one is broken",
        ),
        judge: extract,
    },
    Rule {
        group: "b3-inject",
        op: "B3FormatPropagator.to_headers",
        verdict: Verdict::Ours(
            "a context without a span is written as a decision alone, where the library writes zeros",
        ),
        judge: inject,
    },
    Rule {
        group: "jaeger-b3-extract",
        op: "jaeger-b3-extract",
        verdict: Verdict::Ours(
            "also the single header is read, and a decision alone; ids have the digits of the specification",
        ),
        judge: jaeger,
    },
];

fn extract(vector: &Vector) -> Result<(), String> {
    let headers = texts(vector.input("headers"));
    let text = |name: &str| headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, text)| text.trim());
    let found = B3::single().extract(&headers);
    let is_known = |text: &str| ["0", "1", "true", "false"].contains(&text.to_ascii_lowercase().as_str());
    let single = text("b3").map(|header| B3::single().extract(&vec![("b3", header)]));
    match (single, text("x-b3-sampled"), text("x-b3-flags")) {
        (Some(Err(_)), _, _) if text("x-b3-traceid").is_some() => {
            let others: Vec<_> = headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("b3")).cloned().collect();
            let read = |found: &Found| found.as_ref().ok().cloned().flatten();
            let (one, other) = (read(&found), read(&B3::multi().extract(&others)));
            if one == other { Ok(()) } else { Err(format!("{one:?} is not {other:?}")) }
        }
        (None, Some(sampled), flags) if !is_known(sampled) && flags != Some("1") => {
            agrees(&found, &json!({ "reject": true }))
        }
        _ => vector.standard().map_or(Ok(()), |expected| agrees(&found, expected)),
    }
}

fn inject(vector: &Vector) -> Result<(), String> {
    let context = context(vector);
    let sampled = if context.is_sampled() { "1" } else { "0" };
    let alone = json!({ "x-b3-sampled": sampled });
    let expected = if context.span_id().is_none() { Some(&alone) } else { vector.standard().or(vector.library()) };
    same(&injected(&B3::multi(), &context), expected.unwrap_or(&alone))
}

fn jaeger(vector: &Vector) -> Result<(), String> {
    if !is_of_texts(vector.input("carrier")) {
        return Ok(());
    }
    let carrier = texts(vector.input("carrier"));
    let has = |name: &str| carrier.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
    let found = B3::multi().extract(&carrier);
    let library = vector.library().filter(|place| !place.is_null());
    let context = match (&found, library) {
        (Err(_), Some(_)) if !carrier.iter().all(|(name, id)| is_well_formed(name, id)) => return Ok(()),
        (Ok(Some(context)), None) if has("b3") || has("x-b3-sampled") || has("x-b3-flags") => {
            return is_followed(context);
        }
        (Ok(None) | Err(_), None) => return Ok(()),
        (Ok(Some(context)), Some(_)) => context,
        _ => return Err(format!("{found:?} is not as in the library")),
    };
    let library = library.unwrap();
    let text = |key: &str| library[key].as_str().unwrap_or_default();
    let expected = json!([long_trace(text("trace_id")), long_span(text("span_id"))]);
    same(&json!([context.trace_id().unwrap().to_string(), context.span_id().unwrap().to_string()]), &expected)?;
    let flags = library["flags"].as_u64().unwrap_or_default();
    same(&json!(context.decision().is_sampled()), &json!(flags & 3 != 0))?;
    same(&json!(context.decision() == Decision::Debug), &json!(flags & 2 != 0))?;
    is_followed(context)
}

fn is_well_formed(name: &str, id: &str) -> bool {
    let digits = id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match name.to_ascii_lowercase().as_str() {
        "x-b3-traceid" => digits && [16, 32].contains(&id.len()),
        "x-b3-spanid" | "x-b3-parentspanid" => digits && id.len() == 16,
        "x-b3-sampled" => ["0", "1", "true", "false"].contains(&id),
        _ => true,
    }
}

/// The cases of `b3/vectors.json`, read where `TRACKWAY_CONFORMANCE` says.
pub fn conformance() -> Vec<Trial> {
    let name = "b3/vectors.json";
    let Some(directory) = std::env::var_os("TRACKWAY_CONFORMANCE").map(PathBuf::from) else {
        return vec![Trial::test(name, || Err("TRACKWAY_CONFORMANCE is not set".into())).with_ignored_flag(true)];
    };
    let cases: Vec<Json> = serde_json::from_slice(&std::fs::read(directory.join(name)).unwrap()).unwrap();
    assert!(cases.len() >= 31);
    let trial = |case: Json| {
        let id = format!("{name}/{}", case["id"].as_str().unwrap());
        Trial::test(id, move || judge(&case).map_err(Into::into))
    };
    cases.into_iter().map(trial).collect()
}

fn judge(case: &Json) -> Result<(), String> {
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let headers = case["headers"].as_array().unwrap().iter();
    let headers: Vec<(String, String)> = headers.map(|pair| (text(&pair[0]), repeated(&text(&pair[1])))).collect();
    let found = B3::single().extract(&headers);
    let expected = &case["expect"];
    if expected["valid"] == false {
        return if matches!(found, Ok(Some(_))) { Err(format!("{found:?} should be refused")) } else { Ok(()) };
    }
    let Ok(Some(context)) = found else { return Err(format!("{found:?} should be read")) };
    let decision = match context.decision() {
        Decision::Deferred => "defer",
        Decision::Drop => "deny",
        Decision::Record => "accept",
        Decision::Debug => "debug",
    };
    same(&json!(decision), &expected["sampled"])?;
    if let Some(trace) = expected["trace_id"].as_str() {
        same(&json!(context.trace_id().unwrap().to_string()), &json!(trace))?;
    }
    same(&json!(context.span_id().map(|id| id.to_string())), &expected["span_id"])?;
    let carried = trackway_wire::propagation::b3::extract(&headers).map_err(|corrupt| corrupt.to_string())?.unwrap();
    same(&json!(carried.parent_id.map(|id| id.to_string())), &expected["parent_id"])?;
    goes_on(&context)?;
    is_followed(&context)
}

/// What was read is written again in both forms, and read as it was.
fn goes_on(context: &Context) -> Result<(), String> {
    for form in [B3::single(), B3::multi()] {
        let again = form.extract(&texts(&injected(&form, context))).map_err(|corrupt| corrupt.to_string())?;
        let ids = |context: &Context| context.span_id().map(|span| (context.trace_id(), span));
        if again.as_ref().map(|again| (ids(again), again.decision())) != Some((ids(context), context.decision())) {
            return Err(format!("{context:?} became {again:?}"));
        }
    }
    Ok(())
}

/// Returns a text, or what `REPEAT:a:3` stands for.
fn repeated(text: &str) -> String {
    let mut parts = text.split(':');
    match (parts.next(), parts.next(), parts.next().and_then(|times| times.parse().ok())) {
        (Some("REPEAT"), Some(part), Some(times)) => part.repeat(times),
        _ => text.to_owned(),
    }
}
