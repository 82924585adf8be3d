//! OpenTracing's mock tracer.

use serde_json::{Value as Json, json};
use trackway::testing::MockTracer;
use trackway::{Context, Span, SpanRecord, Timestamp};

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
