//! Contexts, flags, `tracestate`, and what is not traced.

use serde_json::{Value as Json, json};
use trackway::{Context, Excluded, SpanId, TraceFlags, TraceId, TraceState, testing};

use super::super::vector::same;
use super::super::{Rule, Verdict, vector::Vector};
use super::{hold, library, not_ours, rule};

const WHOLE: Verdict = Verdict::Ours(
    "a context is read whole or not at all: ids have their digits, no more and not only zeros, and none is made up beside one that came; \
     an id by itself may be in capitals, which no header allows",
);
const BYTE: Verdict = Verdict::Ours(
    "flags are a byte by their type: what is none cannot be written, and never stands for a sampled trace",
);

pub(crate) const RULES: &[Rule] = &[
    rule("span-context", "SpanContext(...)", WHOLE, span_context),
    rule("span-context", "SpanContext(trace_id=int)", WHOLE, span_context),
    rule("span-context", "SpanContext() default options", WHOLE, span_context),
    rule("trace-options", "TraceOptions(...)", BYTE, trace_options),
    rule(
        "trace-options",
        "TraceOptions(...).set_enabled",
        Verdict::Ours("only the bit that says so changes, where the library writes another decimal digit"),
        set_enabled,
    ),
    rule(
        "tracestate-object",
        "Tracestate",
        Verdict::Ours(
            "whoever sets a member puts it in front, as W3C Trace Context demands; keys and values are those of its level 2, and what \
             is none leaves the list as it is",
        ),
        tracestate,
    ),
    rule(
        "utils",
        "disable_tracing_url",
        Verdict::Ours("a URL without a path has none to be covered, and is no error"),
        disable_tracing_url,
    ),
];

fn span_context(vector: &Vector) -> Result<(), String> {
    let ids = (vector.input("trace_id").as_str(), vector.input("span_id").as_str());
    let (trace, span) = (ids.0.map(str::parse::<TraceId>), ids.1.map(str::parse::<SpanId>));
    if let (Some(Ok(trace)), Some(Ok(span))) = (&trace, &span) {
        let context = Context::remote(*trace, *span, TraceFlags::default());
        let read = [trace.to_string(), span.to_string()];
        let given = [ids.0, ids.1].map(|text| text.unwrap_or_default().to_ascii_lowercase());
        hold(read == given && !context.is_sampled() && context.is_remote(), || format!("{context:?}"))?;
        let library = library(vector)?;
        let is_lower = given == [ids.0, ids.1].map(Option::unwrap_or_default);
        return hold(!is_lower || [&library["trace_id"], &library["span_id"]] == [&*read[0], &*read[1]], || {
            format!("{read:?}")
        });
    }
    let exact = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit()) && !text.trim_matches('0').is_empty()
    };
    let is_right = !ids.0.is_some_and(|text| exact(text, 32)) || !ids.1.is_some_and(|text| exact(text, 16));
    hold(is_right, || "ids that are right were refused".into())?;
    // Without a context a trace of its own begins.
    let (tracer, spans) = testing::tracer();
    tracer.span("work").child_of(Context::none()).start().finish();
    let record = spans.finished().remove(0);
    hold(record.parent_id.is_none() && Some(&*record.trace_id.to_string()) != ids.0, || format!("{record:?}"))
}

/// Returns the byte that a text or a number stands for; `None` when it is none.
fn byte(json: &Json) -> Option<u8> {
    match json {
        Json::String(text) => text.parse().ok(),
        json => u8::try_from(json.as_u64()?).ok(),
    }
}

fn trace_options(vector: &Vector) -> Result<(), String> {
    let given = vector.input("byte");
    let Some(flags) = byte(given).map(TraceFlags) else {
        let is_byte = given.as_u64().is_some_and(|number| number <= 255);
        return hold(!is_byte, || format!("{given} was refused"));
    };
    let library = library(vector)?;
    let kept = Some(flags.0) == byte(&library["byte"]);
    hold(kept && json!(flags.is_sampled()) == library["enabled"], || format!("{flags:?}"))
}

fn set_enabled(vector: &Vector) -> Result<(), String> {
    let Some(before) = byte(vector.input("byte")).map(TraceFlags) else { return Ok(()) };
    let enabled = vector.input("enabled").as_bool().unwrap();
    let after = before.with_sampled(enabled);
    hold(after.is_sampled() == enabled && after.0 | 1 == before.0 | 1, || format!("{after:?}"))
}

fn tracestate(vector: &Vector) -> Result<(), String> {
    let mut state = TraceState::default();
    let mut expected: Vec<(String, String)> = Vec::new();
    let mut all_right = true;
    for op in vector.inputs().as_array().unwrap() {
        let text = |at: usize| op[at].as_str().unwrap_or_default().to_owned();
        if !["set", "append", "prepend"].contains(&&*text(0)) {
            return not_ours(op);
        }
        let (key, value) = (text(1), text(2));
        state = state.with(&key, &value);
        if is_key(&key) && is_value(&value) {
            expected.retain(|(known, _)| *known != key);
            expected.insert(0, (key, value));
            // Theirs grows on, and is then not valid.
            all_right &= expected.len() <= 32;
            expected.truncate(32);
        } else {
            all_right = false;
        }
    }
    let made: Vec<(String, String)> = state.members().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    hold(made == expected, || format!("made {made:?}, expected {expected:?}"))?;
    // Where nothing was wrong, the library has the same members, in whatever order.
    if let Some(library) = vector.library().filter(|_| all_right) {
        let mut theirs: Vec<(String, String)> = serde_json::from_value(library["entries"].clone()).unwrap();
        let mut ours = made;
        theirs.sort();
        ours.sort();
        hold(theirs == ours && library["is_valid"] == json!(!state.is_empty()), || format!("{ours:?}"))?;
    }
    Ok(())
}

fn is_key(key: &str) -> bool {
    let begins = key.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-*/@".contains(c);
    begins && key.len() <= 256 && key.chars().all(rest)
}

fn is_value(value: &str) -> bool {
    let is_printable = |c: char| (' '..='~').contains(&c) && c != ',' && c != '=';
    !value.is_empty() && value.len() <= 256 && !value.ends_with(' ') && value.chars().all(is_printable)
}

fn disable_tracing_url(vector: &Vector) -> Result<(), String> {
    let paths: Vec<&str> = match vector.input("exclude") {
        Json::Array(paths) => paths.iter().filter_map(Json::as_str).collect(),
        _ => vec!["_ah/health"],
    };
    let excluded = paths.iter().fold(Excluded::new(), |excluded, path| excluded.path(path));
    let url = vector.input("url").as_str().unwrap();
    let covered = excluded.covers(url);
    // The library knows three schemes, takes a query for a path where there is none, and compares paths without their slash.
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let is_odd = !["http", "https", "ftp"].contains(&scheme)
        || rest.find(['?', '#']).is_some_and(|at| rest.find('/').is_none_or(|slash| slash > at))
        || paths.iter().any(|path| path.starts_with('/'));
    match vector.library() {
        Some(_) if is_odd => not_ours(vector.inputs()),
        Some(library) => same(&json!(covered), library),
        None => hold(!covered, || "a URL without a path is covered".into()),
    }
}
