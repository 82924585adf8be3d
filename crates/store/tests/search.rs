//! What every store finds by its spans: each case holds for `Memory`, and for `Embedded` with all in memory, with every
//! batch in a segment of its own, with all segments merged, and opened anew before every question.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::sync::Arc;

use kit::*;
use trackway_model::*;
use trackway_store::*;

macro_rules! contract {
    ($($case:ident)*) => {
        mod memory { $(#[test] fn $case() { super::$case(&mut crate::World::memory()) })* }
        mod embedded { $(#[test] fn $case() { super::$case(&mut crate::World::embedded()) })* }
        mod flushed { $(#[test] fn $case() { super::$case(&mut crate::World::flushed()) })* }
        mod compacted { $(#[test] fn $case() { super::$case(&mut crate::World::compacted()) })* }
        mod reopened { $(#[test] fn $case() { super::$case(&mut crate::World::reopened()) })* }
    };
}

contract! {
    one_span_must_be_as_the_whole_filter_says
    every_field_can_be_asked_for
    attributes_are_looked_for_in_their_place
    values_compare_across_types
    a_field_without_a_value_passes_no_test
    unequal_means_that_no_value_is_equal
    of_an_array_each_element_is_a_value
    events_that_came_apart_from_their_span_are_looked_at
    an_open_span_has_no_duration
    a_filter_goes_with_other_questions
    a_trace_may_have_a_longest_duration
    pages_of_a_search_put_together_are_the_whole_answer
}

fn with(trace: u128, pairs: impl IntoIterator<Item = (&'static str, Value)>) -> SpanRecord {
    span(trace, trace as u64).with(|it| it.attributes = pairs.into_iter().collect())
}

fn one_span_must_be_as_the_whole_filter_says(world: &mut World) {
    let of = |span: SpanRecord, service: &str| span.with(|it| it.resource = resource(service));
    world.spans([of(span(1, 1), "web"), of(failed(child(1, 2, 1)), "db")]);
    world.spans([of(failed(span(2, 3)), "web"), of(child(2, 4, 3), "db")]);
    assert_eq!(world.found(r#"{ service = "web" && status = error }"#), [2]);
    assert_eq!(world.found(r#"{ service = "web" || status = error }"#), [1, 2]);
    assert_eq!(world.found(r#"{ service = "db" && !(status = error) }"#), [2]);
    assert_eq!(world.found(r#"{ service = "web" && service = "db" }"#), []);
    assert_eq!(world.found(r#"{ (service = "web" || service = "db") && name = "span 2" }"#), [1]);
    assert_eq!(world.found(r#"{ name = "span 1" || name = "span 3" && status = unset }"#), [1]);
    assert_eq!(world.found("{ }"), [1, 2]);
    assert_eq!(world.found("{ false }"), []);
    assert_eq!(world.found("{ !false && true }"), [1, 2]);
}

fn every_field_can_be_asked_for(world: &mut World) {
    let scope = Scope { name: "lib".into(), version: "1.2".into(), ..Scope::default() };
    let one = failed(span(1, 1)).with(|it| {
        it.status.message = "it broke".into();
        (it.kind, it.project, it.scope) = (SpanKind::Server, "shop".into(), Arc::new(scope));
        it.events = vec![event(11, "retry"), event(12, "exception")];
    });
    world.spans([one, span(2, 2).with(|it| it.status.code = StatusCode::Ok), child(3, 0xabc, 7)]);
    for (filter, found) in [
        (r#"service = "web""#, vec![1, 2, 3]),
        (r#"name starts_with "span ""#, vec![1, 2, 3]),
        (r#"name contains "an 1""#, vec![1]),
        (r#"name =~ "span [12]""#, vec![1, 2]),
        (r#"name =~ "[12]""#, vec![]),
        (r#"name !~ ".* 1""#, vec![2, 3]),
        (r#"name > "span 1""#, vec![2, 3]),
        ("kind = server", vec![1]),
        ("kind != internal", vec![1]),
        ("status = error", vec![1]),
        ("status = ok", vec![2]),
        ("status = unset", vec![3]),
        (r#"statusMessage contains "broke""#, vec![1]),
        ("statusMessage = nil", vec![2, 3]),
        ("duration = 5ns", vec![1, 2, 3]),
        ("duration > 5ns", vec![]),
        (r#"start >= "1970-01-01T00:00:00.00000002Z""#, vec![2, 3]),
        (r#"trace:id = "00000000000000000000000000000002""#, vec![2]),
        (r#"span:id = "0000000000000ABC""#, vec![3]),
        (r#"span:id starts_with "0000000000000a""#, vec![3]),
        (r#"span:parentID = "0000000000000007""#, vec![3]),
        ("span:parentID = nil", vec![1, 2]),
        (r#"project = "shop""#, vec![1]),
        (r#"instrumentation:name = "lib" && instrumentation:version >= "1.1""#, vec![1]),
        ("instrumentation:name = nil", vec![2, 3]),
        (r#"event:name = "exception""#, vec![1]),
        (r#"event:name = "retry" && event:name = "exception""#, vec![1]),
        ("event:name = nil", vec![2, 3]),
    ] {
        assert_eq!(world.found(&format!("{{ {filter} }}")), found, "{filter}");
    }
}

fn attributes_are_looked_for_in_their_place(world: &mut World) {
    let key = || attributes([("k", Value::from("v"))]);
    let others = attributes([("K", "v".into()), ("k.k", "v".into()), ("k", "w".into())]);
    world.spans([
        span(1, 1).with(|it| it.attributes = key()),
        span(2, 2).with(|it| it.resource = Arc::new(Resource { attributes: key(), ..Resource::default() })),
        span(3, 3).with(|it| it.scope = Arc::new(Scope { attributes: key(), ..Scope::default() })),
        span(4, 4).with(|it| it.events = vec![event(41, "e"), Event { attributes: key(), ..event(42, "e") }]),
        span(5, 5).with(|it| it.links = vec![link(Attributes::default()), link(key())]),
        span(6, 6).with(|it| it.attributes = others),
    ]);
    assert_eq!(world.found(r#"{ span.k = "v" }"#), [1]);
    assert_eq!(world.found(r#"{ resource.k = "v" }"#), [2]);
    assert_eq!(world.found(r#"{ instrumentation.k = "v" }"#), [3]);
    assert_eq!(world.found(r#"{ event.k = "v" }"#), [4]);
    assert_eq!(world.found(r#"{ link.k = "v" }"#), [5]);
    assert_eq!(world.found(r#"{ .k = "v" }"#), [1, 2, 3, 4, 5]);
    assert_eq!(world.found("{ .k != nil }"), [1, 2, 3, 4, 5, 6]);
    assert_eq!(world.found(r#"{ resource.service.name = "web" && span.k != nil }"#), [1, 6]);
    assert_eq!(world.found(r#"{ service = "unknown_service" }"#), [2]);
}

fn values_compare_across_types(world: &mut World) {
    let values: [Value; 10] = [
        500.into(),
        500.0.into(),
        "500".into(),
        "5e2".into(),
        "500 Internal".into(),
        true.into(),
        "true".into(),
        f64::NAN.into(),
        Value::Int(i64::MAX),
        (i64::MAX as f64).into(),
    ];
    world.spans((1..).zip(values).map(|(trace, value)| with(trace, [("k", value)])));
    for (filter, found) in [
        ("span.k = 500", vec![1, 2, 3, 4]),
        ("span.k = 500.0", vec![1, 2, 3, 4]),
        ("span.k = 500ns", vec![1, 2, 3, 4]),
        (r#"span.k = "500""#, vec![1, 2, 3]),
        ("span.k >= 500", vec![1, 2, 3, 4, 9, 10]),
        ("span.k < 501", vec![1, 2, 3, 4]),
        ("span.k = true", vec![6, 7]),
        (r#"span.k = "true""#, vec![6, 7]),
        ("span.k > false", vec![]),
        ("span.k = 9223372036854775807", vec![9]),
        ("span.k > 9223372036854775807", vec![10]),
        (r#"span.k > "5""#, vec![1, 2, 3, 4, 5, 7, 9, 10]),
        (r#"span.k =~ "500.*""#, vec![3, 5]),
        (r#"span.k contains "0""#, vec![3, 5]),
        ("span.k != 500", vec![5, 6, 7, 8, 9, 10]),
    ] {
        assert_eq!(world.found(&format!("{{ {filter} }}")), found, "{filter}");
    }
}

fn a_field_without_a_value_passes_no_test(world: &mut World) {
    world.spans([with(1, [("k", 1.into())]), with(2, [])]);
    assert_eq!(world.found("{ span.k = 1 }"), [1]);
    assert_eq!(world.found("{ span.k != 2 }"), [1]);
    assert_eq!(world.found(r#"{ span.k !~ "2" }"#), [1]);
    assert_eq!(world.found("{ !(span.k = 2) }"), [1, 2]);
    assert_eq!(world.found("{ span.k != nil }"), [1]);
    assert_eq!(world.found("{ span.k = nil }"), [2]);
}

fn unequal_means_that_no_value_is_equal(world: &mut World) {
    let event_of = |value: i64| Event { attributes: attributes([("k", value.into())]), ..event(1, "e") };
    world.spans([
        span(1, 1).with(|it| it.events = vec![event_of(1), event_of(2)]),
        span(2, 2).with(|it| it.events = vec![event_of(2), event_of(3)]),
        with(3, [("k", 1.into()), ("k", 2.into())]),
    ]);
    assert_eq!(world.found("{ event.k != 1 }"), [2]);
    assert_eq!(world.found("{ event.k = 2 }"), [1, 2]);
    assert_eq!(world.found("{ .k = 2 }"), [1, 2, 3], "a key that is repeated has all its values");
    assert_eq!(world.found("{ .k != 2 }"), []);
}

fn of_an_array_each_element_is_a_value(world: &mut World) {
    let nested = Value::Array(vec!["c".into(), Value::Array(vec!["d".into()])]);
    world.spans([
        with(1, [("k", Value::from(vec!["a", "b"]))]),
        with(2, [("k", nested)]),
        with(3, [("k", Value::Array(vec![]))]),
        with(4, [("k", Value::Map(attributes([("a", "a".into())])))]),
        with(5, [("k", Value::Bytes(Box::from(*b"a")))]),
        with(6, [("k", Value::Empty)]),
    ]);
    assert_eq!(world.found(r#"{ span.k = "a" }"#), [1]);
    assert_eq!(world.found(r#"{ span.k = "b" }"#), [1]);
    assert_eq!(world.found(r#"{ span.k = "d" }"#), [2]);
    assert_eq!(world.found(r#"{ span.k != "a" }"#), [2, 3, 4, 5, 6]);
    assert_eq!(world.found("{ span.k != nil }"), [1, 2, 3, 4, 5, 6]);
    assert_eq!(world.found(r#"{ span.k < "z" }"#), [1, 2]);
}

fn events_that_came_apart_from_their_span_are_looked_at(world: &mut World) {
    world.spans([span(1, 1), span(1, 2), span(2, 3)]);
    let mut log = late(1, 2, 21, "log");
    log.events[0].event.attributes = attributes([("severity", "warn".into())]);
    world.append(log);
    world.append(late(3, 4, 41, "log"));
    assert_eq!(world.found(r#"{ event:name = "log" }"#), [1], "an event alone is no span");
    assert_eq!(world.found(r#"{ name = "span 2" && event.severity = "warn" }"#), [1]);
    assert_eq!(world.found(r#"{ name = "span 1" && event.severity = "warn" }"#), []);
    assert_eq!(world.found("{ event:name = nil }"), [1, 2]);
}

fn an_open_span_has_no_duration(world: &mut World) {
    world.hands.set(1);
    world.spans([open_span(1, 1), span(2, 2)]);
    assert_eq!(world.found("{ duration = nil }"), [1]);
    assert_eq!(world.found("{ duration >= 0s }"), [2]);
    assert_eq!(world.found("{ duration < 1h }"), [2]);
    world.spans([span(3, 3).with(|it| it.end = Some(Timestamp(10)))]);
    assert_eq!(world.found("{ duration < 0s }"), [3], "a clock that was set back");
}

fn a_filter_goes_with_other_questions(world: &mut World) {
    let shop = |span: SpanRecord| span.with(|it| it.project = "shop".into());
    world.spans([shop(failed(span(1, 1))), failed(span(2, 2)), shop(span(3, 3)), shop(failed(span(4, 4)))]);
    let filter: Option<SpanFilter> = Some("{ status = error }".parse().unwrap());
    let query = TraceQuery { project: Some("shop".into()), spans: filter, ..TraceQuery::default() };
    assert_eq!(world.ids(query.clone()), [4, 1]);
    assert_eq!(world.ids(TraceQuery { start: Some(Timestamp(20)), ..query.clone() }), [4]);
    assert_eq!(world.ids(TraceQuery { service: Some("db".into()), ..query.clone() }), []);
    assert_eq!(world.ids(TraceQuery { name: Some("SPAN 1".into()), ..query }), [1]);
}

fn a_trace_may_have_a_longest_duration(world: &mut World) {
    world.spans([span(1, 1), span(2, 2).with(|it| it.end = Some(Timestamp(26)))]);
    let at_most = |most| TraceQuery { max_duration: Some(Elapsed(most)), ..TraceQuery::default() };
    assert_eq!(world.ids(at_most(4)), []);
    assert_eq!(world.ids(at_most(5)), [1]);
    assert_eq!(world.ids(at_most(6)), [2, 1]);
    assert_eq!(world.ids(TraceQuery { min_duration: Some(Elapsed(6)), ..at_most(6) }), [2]);
}

fn pages_of_a_search_put_together_are_the_whole_answer(world: &mut World) {
    world.spans((1..=20).map(|trace| with(trace, [("n", Value::Int(trace as i64 % 3))])));
    let query = TraceQuery { spans: Some("{ span.n = 1 }".parse().unwrap()), ..TraceQuery::default() };
    let whole = world.ids(query.clone());
    assert_eq!(whole, [19, 16, 13, 10, 7, 4, 1]);
    for limit in 1..=8 {
        let (mut pages, mut page) = (Vec::new(), first(limit));
        loop {
            let found = world.store().traces(&query, &page).unwrap();
            assert!(!found.search.is_cut);
            pages.extend(found.items.iter().map(|trace| u128::from_be_bytes(trace.trace_id.bytes())));
            page.cursor = found.next;
            if page.cursor.is_none() {
                break;
            }
        }
        assert_eq!(pages, whole, "pages of {limit}");
    }
}

/// A store whose searches end as soon as they may.
fn hasty(directory: &tempfile::TempDir) -> Embedded {
    let config = Config { search_time: std::time::Duration::ZERO, ..config(directory.path()) };
    Embedded::open(config, decoder()).unwrap().0
}

#[test]
fn a_search_that_runs_out_of_time_goes_on_where_it_ended() {
    let directory = tempfile::TempDir::new().unwrap();
    let store = hasty(&directory);
    // Each of these traces takes as many spans as are looked at under one lock.
    let spans = |trace| (1..=66_000).map(move |id| span(trace, id).with(|it| it.name = "work".into()));
    for trace in 1..=3 {
        append(&store, spans(trace)).unwrap();
    }
    append(&store, [with(4, [("k", 1.into())]).with(|it| it.start = Timestamp(1))]).unwrap();
    let query = TraceQuery { spans: Some("{ span.k = 1 }".parse().unwrap()), ..TraceQuery::default() };
    let (mut page, mut found, mut steps) = (first(5), Vec::new(), Vec::new());
    loop {
        let answer = store.traces(&query, &page).unwrap();
        found.extend(answer.items.iter().map(|trace| trace.trace_id));
        steps.push(answer.search.is_cut);
        page.cursor = answer.next;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, [trace_id(4)]);
    let (last, cut) = steps.split_last().unwrap();
    assert!(cut.len() >= 3 && cut.iter().all(|is_cut| *is_cut) && !last, "{steps:?}");
}

#[test]
fn where_names_decide_no_span_is_looked_at() {
    let directory = tempfile::TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    append(&store, (1..=100).map(|id| span(u128::from(id), id))).unwrap();
    let scanned = |filter: &str| {
        let query = TraceQuery { spans: Some(filter.parse().unwrap()), ..TraceQuery::default() };
        let answer = store.traces(&query, &all()).unwrap();
        (answer.items.len(), answer.search.scanned)
    };
    assert_eq!(scanned(r#"{ name =~ "span 7." && service != "db" }"#), (10, 0));
    assert_eq!(scanned(r#"{ service = "db" && span.k = 1 }"#), (0, 0));
    assert_eq!(scanned(r#"{ name = "span 7" && duration > 0s }"#), (1, 1));
    assert_eq!(scanned("{ duration > 0s }"), (100, 100));
}

#[test]
fn a_trace_that_lies_at_both_ends_of_time_is_found_by_a_later_page_after_a_start() {
    let mut world = World::embedded();
    let named = |trace, id, name: &str, start| {
        span(trace, id).with(|it| (it.name, it.start, it.end) = (name.into(), Timestamp(start), Some(Timestamp(start))))
    };
    world.spans([named(2, 1, "Straße", 3), named(1, 1, "Straße", u64::MAX), named(1, 2, "GET /", 0)]);
    world.flush();
    world.reopen();

    let query = TraceQuery { name: Some("ß".into()), ..TraceQuery::default() };
    let first = world.store().traces(&query, &PageRequest { limit: 1, cursor: None }).unwrap();
    let second = world.store().traces(&query, &PageRequest { limit: 1, cursor: first.next }).unwrap();
    assert_eq!(second.items.iter().map(|it| it.trace_id).collect::<Vec<_>>(), [trace_id(1)]);
}
