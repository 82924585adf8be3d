//! OpenTracing's mock tracer.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use trackway::propagation::{Decision, Format, PropagationError};
use trackway::testing::MockTracer;
use trackway::{Context, Span, SpanId, SpanRecord, Timestamp, TraceFlags, TraceId, Tracer};

use super::{Rule, Verdict};
use crate::vector::{Vector, same};

pub const RULES: &[Rule] = &[
    Rule {
        group: "ot-mock-ids",
        op: "start_span sequence a; b child_of a; c follows_from a; d child_of(None); e refs [b,a] -> [name, trace_id, \
             span_id, parent_id]",
        verdict: Verdict::Library,
        judge: ids,
    },
    Rule { group: "ot-mock-baggage", op: "baggage flow", verdict: Verdict::Library, judge: baggage },
    Rule {
        group: "ot-mock-finish",
        op: "finish twice, tag after finish, reset",
        verdict: Verdict::Ours("a span that has ended is sent; a second end must not send it again, nor move its time"),
        judge: finish,
    },
    Rule {
        group: "ot-mock-text-extract",
        op: "MockTracer.extract TEXT_MAP",
        verdict: Verdict::Ours("nothing is no context, and what is no id, or there twice, is corrupt"),
        judge: text_extract,
    },
    Rule {
        group: "ot-mock-text-inject",
        op: "MockTracer.inject TEXT_MAP",
        verdict: Verdict::Library,
        judge: text_inject,
    },
    Rule {
        group: "ot-mock-binary-extract",
        op: "MockTracer.extract BINARY",
        verdict: Verdict::Ours("no bytes are no context; Rust has one type of bytes, and no pickle is ever read"),
        judge: binary_extract,
    },
    Rule {
        group: "ot-mock-binary-extract",
        op: "MockTracer.inject into dict with BINARY",
        verdict: Verdict::Library,
        judge: binary_into_texts,
    },
    Rule { group: "ot-unknown-format", op: "MockTracer.inject", verdict: Verdict::Library, judge: unknown_inject },
    Rule { group: "ot-unknown-format", op: "MockTracer.extract", verdict: Verdict::Library, judge: unknown_extract },
    Rule { group: "ot-unknown-format", op: "Tracer(noop).inject", verdict: Verdict::Library, judge: unknown_to_noop },
];

fn number(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

fn id(bytes: &[u8]) -> Json {
    u64::try_from(number(bytes)).map_or(Json::Null, Json::from)
}

fn ids_of(span: &SpanRecord) -> Json {
    let parent = span.parent_id.map(|parent| id(&parent.bytes()));
    json!([&*span.name, id(&span.trace_id.bytes()), id(&span.span_id.bytes()), parent])
}

/// Theirs follows from a span by being in its trace too, which here is said by itself.
fn ids(vector: &Vector) -> Result<(), String> {
    let tracer = MockTracer::new();
    let a = tracer.span("a").start();
    let b = tracer.span("b").child_of(&a).start();
    let c = tracer.span("c").child_of(&a).follows_from(&a).start();
    let d = tracer.span("d").child_of(None::<Context>).start();
    let e = tracer.span("e").child_of(&b).child_of(&a).start();
    let spans: Vec<_> = [&a, &b, &c, &d, &e].into_iter().filter_map(Span::record).collect();
    let links: Vec<_> = spans.iter().map(|span| span.links.len()).collect();
    if links != [0, 0, 1, 0, 1] {
        return Err(format!("every reference is kept: {links:?}"));
    }
    same(&spans.iter().map(ids_of).collect(), vector.library().ok_or("the library raised an error")?)
}

fn entries(context: &Context) -> Json {
    context.baggage_entries().map(|(key, value)| (key.to_owned(), Json::from(value))).collect()
}

fn baggage(vector: &Vector) -> Result<(), String> {
    let tracer = MockTracer::new();
    let mut a = tracer.span("a").start();
    let old = a.context().clone();
    let before = a.child("before").start();
    a.set_baggage("K", "v");
    let mut after = a.child("after").start();
    after.set_baggage("x", "y");
    let from_old_context = tracer.span("old").child_of(&old).start();
    let made = json!({
        "a": entries(a.context()),
        "before": entries(before.context()),
        "after": entries(after.context()),
        "from_old_context": entries(from_old_context.context()),
        "get_missing": a.baggage("missing"),
        "get": a.baggage("K"),
    });
    same(&made, vector.library().ok_or("the library raised an error")?)
}

fn finish(_: &Vector) -> Result<(), String> {
    let tracer = MockTracer::new();
    let span = tracer.span("span").starting_at(Timestamp(1)).start();
    span.finish_at(Timestamp(5));
    span.attribute("late", 1);
    span.finish_at(Timestamp(6));
    let spans = tracer.finished_spans();
    tracer.reset();
    let after_reset = tracer.finished_spans().len();
    let next = tracer.span("next").start().record().ok_or("the next span is not recorded")?;
    let made = json!({
        "n": spans.len(),
        "finish_time": spans.first().and_then(|span| span.end).map(|end| end.0),
        "tags": spans.first().map(|span| span.attributes.len()),
        "after_reset": after_reset,
        "next_ids": [id(&next.span_id.bytes()), id(&next.trace_id.bytes())],
    });
    same(&made, &json!({"n": 1, "finish_time": 5, "tags": 0, "after_reset": 0, "next_ids": [3, 4]}))
}

fn texts(json: &Json) -> Vec<(String, String)> {
    let entries = json.as_object().into_iter().flatten();
    entries.map(|(name, text)| (name.clone(), text.as_str().unwrap_or_default().to_owned())).collect()
}

/// Returns the value of an id in hexadecimal digits, of which there may be so many; `None` when it is none.
fn hexadecimal(text: &str, most: usize) -> Option<u128> {
    let is_id = text.len() <= most && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u128::from_str_radix(text, 16).ok().filter(|id| is_id && *id != 0)
}

/// Where both ids are there once, all is as in the library; where neither is, there is no context.
fn text_extract(vector: &Vector) -> Result<(), String> {
    let carrier = texts(vector.input("carrier"));
    let extracted = MockTracer::new().extract(Format::TEXT_MAP, &carrier);
    let of = |name: &str| -> Vec<&str> {
        carrier.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, text)| &**text).collect()
    };
    let (traces, spans) = (of("ot-tracer-traceid"), of("ot-tracer-spanid"));
    let ids = match (&traces[..], &spans[..]) {
        ([], []) => return nothing_or_baggage(&extracted),
        ([trace], [span]) => hexadecimal(trace, 32).zip(hexadecimal(span, 16)),
        _ => None,
    };
    let Some((trace, span)) = ids else { return is_corrupted(&extracted) };
    let context = extracted.map_err(|error| error.to_string())?.ok_or("no context was found")?;
    let made = (context.trace_id().map(|id| number(&id.bytes())), context.span_id().map(|id| number(&id.bytes())));
    if made != (Some(trace), Some(span)) {
        return Err(format!("made {made:?}"));
    }
    let library = vector.library().ok_or("the library raised an error")?;
    same(&entries(&context), &library["baggage"])
}

fn nothing_or_baggage(extracted: &Result<Option<Context>, PropagationError>) -> Result<(), String> {
    match extracted {
        Ok(context) if context.as_ref().is_none_or(|context| context.trace_id().is_none()) => Ok(()),
        other => Err(format!("made {other:?} of nothing")),
    }
}

fn is_corrupted(extracted: &Result<Option<Context>, PropagationError>) -> Result<(), String> {
    match extracted {
        Err(PropagationError::Corrupted(_)) => Ok(()),
        other => Err(format!("made {other:?} of what is corrupt")),
    }
}

fn is_invalid_carrier<T: std::fmt::Debug>(made: &Result<T, PropagationError>) -> Result<(), String> {
    match made {
        Err(PropagationError::InvalidCarrier(_)) => Ok(()),
        other => Err(format!("made {other:?} with a carrier of the other kind")),
    }
}

fn is_unsupported<T: std::fmt::Debug>(made: &Result<T, PropagationError>) -> Result<(), String> {
    match made {
        Err(PropagationError::UnsupportedFormat(_)) => Ok(()),
        other => Err(format!("made {other:?} by a format that nobody knows")),
    }
}

/// A context without an id, which theirs writes as 0, is none here, and no header holds control characters.
fn text_inject(vector: &Vector) -> Result<(), String> {
    let id = |key| vector.input(key).as_u64().unwrap_or_default();
    let trace = TraceId::new(u128::from(id("trace_id")).to_be_bytes());
    let span = SpanId::new(id("span_id").to_be_bytes());
    // Who has decided nothing says nothing of it, as their mock tracer.
    let place = trace.zip(span).map_or_else(Context::none, |(trace, span)| {
        Context::remote(trace, span, TraceFlags::default()).with_decision(Decision::Deferred)
    });
    let context =
        texts(vector.input("baggage")).iter().fold(place, |context, (key, value)| context.with_baggage(key, value));
    let mut carrier = BTreeMap::new();
    MockTracer::new().inject(&context, Format::TEXT_MAP, &mut carrier).map_err(|error| error.to_string())?;
    let mut expected = vector.library().ok_or("the library raised an error")?.clone();
    if let Some(expected) = expected.as_object_mut() {
        let is_plain = |text: &str| !text.contains(char::is_control);
        expected.retain(|name, text| {
            let is_place = name.starts_with("ot-tracer-");
            if is_place { context.trace_id().is_some() } else { is_plain(name) && text.as_str().is_some_and(is_plain) }
        });
    }
    same(&json!(carrier), &expected)
}

/// The carriers are written as Python does: `{}`, `b''`, `bytearray(b'junk')`.
fn binary_extract(vector: &Vector) -> Result<(), String> {
    let carrier = vector.input("carrier").as_str().unwrap_or_default();
    let tracer = MockTracer::new();
    if carrier.starts_with('{') {
        return is_invalid_carrier(&tracer.extract(Format::BINARY, &BTreeMap::new()));
    }
    let bytes = carrier.split(['\'', '"']).nth(1).unwrap_or_default().as_bytes();
    let extracted = tracer.extract(Format::BINARY, bytes);
    if bytes.is_empty() { nothing_or_baggage(&extracted) } else { is_corrupted(&extracted) }
}

fn binary_into_texts(_: &Vector) -> Result<(), String> {
    let tracer = MockTracer::new();
    let span = tracer.span("span").start();
    is_invalid_carrier(&tracer.inject(span.context(), Format::BINARY, &mut BTreeMap::new()))
}

/// A format that is no text, such as Python's `None`, cannot be written in Rust; its name stands for it.
fn format(vector: &Vector) -> Format {
    let format = vector.input("format");
    Format::from(format.as_str().map_or_else(|| format.to_string(), str::to_owned))
}

fn unknown_inject(vector: &Vector) -> Result<(), String> {
    is_unsupported(&MockTracer::new().inject(&Context::none(), format(vector), &mut BTreeMap::new()))
}

fn unknown_extract(vector: &Vector) -> Result<(), String> {
    is_unsupported(&MockTracer::new().extract(format(vector), &BTreeMap::new()))
}

fn unknown_to_noop(vector: &Vector) -> Result<(), String> {
    is_unsupported(&Tracer::default().inject(&Context::none(), format(vector), &mut BTreeMap::new()))
}
