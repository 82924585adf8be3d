//! Lists and maps with a capacity, and what a span may hold.

use serde_json::{Value as Json, json};
use trackway::bounded::{BoundedList, BoundedMap};
use trackway::{Context, Limits, Message, TraceFlags, Tracer, testing};

use super::super::vector::same;
use super::super::{Rule, Verdict, vector::Vector};
use super::{hold, library, not_ours, rule};

const OLDEST: Verdict =
    Verdict::Ours("a span keeps what came first, as OpenTelemetry's limits have it; how much is left out is the same");

pub(crate) const RULES: &[Rule] = &[
    rule("bounded-list", "BoundedList", Verdict::Library, list),
    rule("bounded-list", "BoundedList.from_seq", Verdict::Library, list_of),
    rule(
        "bounded-dict",
        "BoundedDict",
        Verdict::Ours(
            "a missing key is None and no error, and a map of 0 counts what it is given instead of raising StopIteration",
        ),
        map,
    ),
    rule("bounded-dict", "BoundedDict.from_map", Verdict::Library, map_of),
    rule("span-limits", "Span add over limit", OLDEST, over_limit),
    rule(
        "span-limits",
        "Span(name, message_events=[33 items])",
        Verdict::Ours("the limit of events is one, whether they come at the beginning or later; 33 are within 128"),
        messages_at_once,
    ),
    rule(
        "span-limits",
        "Span(name, message_events=[32 items]) then append one",
        Verdict::Ours("those that came at the beginning do not bound what comes later"),
        messages_at_once,
    ),
];

fn capacity(vector: &Vector) -> usize {
    vector.input("maxlen").as_u64().unwrap() as usize
}

fn list(vector: &Vector) -> Result<(), String> {
    let mut list = BoundedList::new(capacity(vector));
    for op in vector.input("ops").as_array().unwrap() {
        match op[0].as_str().unwrap() {
            "append" => drop(list.push(op[1].clone())),
            "extend" => list.extend(op[1].as_array().unwrap().iter().cloned()),
            _ => return not_ours(op),
        }
    }
    if vector.library_error().is_some() {
        // What the library cannot take, a sequence without a length for example, we can.
        return hold(list.len() <= list.capacity(), || format!("{list:?}"));
    }
    let items: Vec<&Json> = list.iter().collect();
    same(&json!({"items": items, "dropped": list.dropped(), "len": list.len()}), library(vector)?)
}

fn list_of(vector: &Vector) -> Result<(), String> {
    match BoundedList::of(capacity(vector), vector.input("seq").as_array().unwrap().iter().cloned()) {
        Ok(list) => same(&Json::Array(list.into_iter().collect()), library(vector)?),
        Err(error) => hold(vector.library_error().is_some(), || error.to_string()),
    }
}

fn map(vector: &Vector) -> Result<(), String> {
    let mut map = BoundedMap::new(capacity(vector));
    let (mut missed, mut sets) = (false, 0);
    for op in vector.input("ops").as_array().unwrap() {
        let key = op[1].as_str().unwrap().to_owned();
        match op[0].as_str().unwrap() {
            "set" => {
                sets += 1;
                map.insert(key, op[2].clone());
            }
            "del" => missed |= map.remove(&key).is_none(),
            "get" => missed |= map.get(&key).is_none(),
            _ => return not_ours(op),
        }
    }
    match vector.library_error() {
        None => {
            let items: Vec<Json> = map.iter().map(|(key, value)| json!([key, value])).collect();
            same(&json!({"items": items, "dropped": map.dropped()}), library(vector)?)
        }
        Some("KeyError") => hold(missed, || "nothing was missing".into()),
        Some(_) => hold(map.is_empty() && map.dropped() == sets, || format!("{map:?}")),
    }
}

fn map_of(vector: &Vector) -> Result<(), String> {
    let given = vector.input("map").as_object().unwrap().clone();
    match BoundedMap::of(capacity(vector), given) {
        Ok(map) => same(&Json::Object(map.into_iter().collect()), library(vector)?),
        Err(error) => hold(vector.library_error() == Some("ValueError"), || error.to_string()),
    }
}

/// The limits that OpenCensus's module has as constants.
fn theirs(kind: &str) -> Limits {
    let limits = Limits::default().attributes(32).links(32);
    if kind == "message_events" { limits.events(128) } else { limits.events(32) }
}

fn over_limit(vector: &Vector) -> Result<(), String> {
    let kind = vector.input("kind").as_str().unwrap();
    let added = vector.input("added").as_u64().unwrap();
    let (tracer, spans) = testing::tracer_of(Tracer::builder().limits(theirs(kind)));
    let span = tracer.span("full").start();
    for at in 0..added {
        match kind {
            "attributes" => {
                span.attribute(&format!("k{at}"), at);
            }
            "annotations" => {
                span.event(&format!("a{at}"));
            }
            "links" => {
                span.link(other(at + 1));
            }
            "message_events" => {
                span.message(Message::sent(at));
            }
            kind => return Err(format!("no equal of {kind}")),
        }
    }
    span.finish();
    let record = spans.finished().remove(0);
    let (kept, dropped) = match kind {
        "attributes" => (record.attributes.len(), record.dropped.attributes),
        "links" => (record.links.len(), record.dropped.links),
        _ => (record.events.len(), record.dropped.events),
    };
    let first = match kind {
        "attributes" => record.attributes.get("k0").is_some(),
        "links" => record.links[0].span_id == other(1).span_id(),
        "annotations" => &*record.events[0].name == "a0",
        _ => record.events[0].attributes.get("rpc.message.id") == Some(&trackway::Value::from(0)),
    };
    hold(first, || "the first is not there".into())?;
    let library = library(vector)?;
    same(&json!({"kept": kept, "dropped": dropped}), &json!({"kept": library["kept"], "dropped": library["dropped"]}))
}

fn other(number: u64) -> Context {
    let id = |digits: String| digits;
    let trace = id(format!("{number:032x}")).parse().unwrap();
    Context::remote(trace, id(format!("{number:016x}")).parse().unwrap(), TraceFlags::SAMPLED)
}

fn messages_at_once(vector: &Vector) -> Result<(), String> {
    let given = vector.input("count").as_u64().unwrap();
    let further = u64::from(vector.op().contains("append"));
    let (tracer, spans) = testing::tracer_of(Tracer::builder().limits(theirs("message_events")));
    let span = tracer.span("full").start();
    for at in 0..given + further {
        span.message(Message::sent(at));
    }
    span.finish();
    let record = spans.finished().remove(0);
    let (kept, dropped) = ((given + further).min(128), (given + further).saturating_sub(128));
    same(
        &json!({"kept": record.events.len(), "dropped": record.dropped.events}),
        &json!({"kept": kept, "dropped": dropped}),
    )
}
