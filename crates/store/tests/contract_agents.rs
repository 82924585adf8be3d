//! What every store promises of whole traces, of groups, and of spans that are sent anew: each case holds for `Memory`, and
//! for `Embedded` with all in memory, with every batch in a segment of its own, with all segments merged, and opened anew
//! before every question.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use kit::*;
use trackway_model::{DataKind::*, *};
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
    what_an_agent_says_comes_back_as_it_came
    a_trace_that_was_only_told_of_is_listed
    a_trace_that_was_told_of_runs_until_its_root_came_or_it_was_silent
    the_latest_record_of_a_trace_counts
    an_equal_record_of_a_trace_is_stored_once
    what_is_told_of_a_trace_names_it_and_decides_its_project
    deleting_takes_what_was_told_of_the_trace_along
    a_title_stands_for_the_name
    names_titles_and_what_was_told_are_searched
    a_span_below_one_of_another_trace_is_a_root
    spans_are_found_by_their_clients_ids
    a_span_that_is_sent_anew_takes_the_place_of_what_was_there
    what_stood_out_and_was_replaced_stands_out_no_more
    an_open_record_never_takes_the_place_of_a_finished_one
    an_open_record_that_is_sent_anew_takes_the_place_of_the_open_one
    groups_are_told_or_named_by_the_first_span
    a_group_is_listed_page_by_page
    a_trace_moves_to_another_group
}

fn summary(world: &mut World, trace: u128) -> TraceSummary {
    world.store().summary(trace_id(trace)).unwrap().unwrap()
}

fn group_query(group: &str) -> TraceQuery {
    TraceQuery { group: Some(group.into()), ..TraceQuery::default() }
}

fn named(name: &str) -> TraceQuery {
    TraceQuery { name: Some(name.into()), ..TraceQuery::default() }
}

fn changed(ids: &[u128]) -> Ack {
    Ack { changed: ids.iter().map(|id| trace_id(*id)).collect(), ..Ack::default() }
}

fn created(ids: &[u128]) -> Ack {
    Ack { created: changed(ids).changed, ..changed(ids) }
}

/// From one moment to another.
fn lasting(span: SpanRecord, start: u64, end: u64) -> SpanRecord {
    span.with(|it| (it.start, it.end) = (Timestamp(start), Some(Timestamp(end))))
}

fn what_an_agent_says_comes_back_as_it_came(world: &mut World) {
    let span = work(1, 1, 0, Generation).used(3, 4).original("span_1", Some("elsewhere")).replaces().data(|it| {
        (it.title, it.agent, it.conversation) = (Some("a title".into()), Some("Ada".into()), Some("thread".into()));
        it.cost = Some(Cost { input: Some(Dollars(7)), ..dollars(1, "list") });
    });
    let record = told(1, "Support").with(|it| it.metadata = [("tier", Value::from("gold"))].into_iter().collect());
    world.append(Batch { spans: vec![span.clone()], events: vec![], traces: vec![record.clone()] });
    assert_eq!(world.store().span(trace_id(1), span_id(1)).unwrap(), [Span::stored(span)]);
    assert_eq!(summary(world, 1).about.as_deref(), Some(&record));
}

fn a_trace_that_was_only_told_of_is_listed(world: &mut World) {
    world.spans([span(2, 1)]);
    let ack = world.append_at(5, telling([told(1, "Support")]));
    assert_eq!(ack, created(&[1]));
    assert_eq!(
        world.list(&TraceQuery::default()),
        [
            "1 Support? default/ 5000000000+0 Running 0 spans 0 errors 0 open [] ",
            "2 span 1 default/web 10+5 Ok 1 spans 0 errors 0 open [web=1] 1@0+5"
        ]
    );
    let page = world.store().trace(trace_id(1), &all()).unwrap().unwrap();
    assert_eq!(page.spans, Page { items: vec![], next: None });
    assert_eq!((page.summary.failure, page.summary.agents), (None, None));
    let project = &world.store().projects().unwrap()[0];
    assert_eq!((project.trace_count, project.span_count, project.last_start), (2, 1, Timestamp(5_000_000_000)));
    assert_eq!(world.store().services(Some("default")).unwrap().len(), 1);
    assert_eq!(world.append(batch([span(1, 3)])), changed(&[1]), "it was there before its first span");
    assert_eq!(world.ids(TraceQuery { end: Some(Timestamp(31)), ..TraceQuery::default() }), [1, 2]);
}

fn a_trace_that_was_told_of_runs_until_its_root_came_or_it_was_silent(world: &mut World) {
    let status = |world: &mut World, now| {
        world.hands.set(now);
        summary(world, 1).status
    };
    world.append_at(100, telling([told(1, "Support")]));
    assert_eq!(status(world, 700), TraceStatus::Running);
    assert_eq!(status(world, 701), TraceStatus::Lost);
    world.append_at(200, batch([failed(child(1, 2, 1))]));
    assert_eq!(status(world, 701), TraceStatus::Running);
    assert!(!summary(world, 1).has_root);
    let of_status = |status| TraceQuery { status: Some(status), ..TraceQuery::default() };
    assert_eq!(world.ids(of_status(TraceStatus::Running)), [1]);
    assert_eq!(status(world, 801), TraceStatus::Lost);
    assert_eq!(world.ids(of_status(TraceStatus::Lost)), [1]);
    world.append_at(250, batch([span(1, 1)]));
    assert_eq!(status(world, 9_000), TraceStatus::Error);
}

fn the_latest_record_of_a_trace_counts(world: &mut World) {
    world.append_at(1, telling([told(1, "first"), told(1, "second")]));
    assert_eq!(world.append_at(2, telling([told(1, "third")])), changed(&[1]));
    assert_eq!(summary(world, 1).root_name, "third".into());
    assert_eq!(world.append_at(3, telling([told(1, "first")])), changed(&[1]));
    let summary = summary(world, 1);
    assert_eq!((&*summary.root_name, summary.start), ("first", Timestamp(3_000_000_000)));
}

fn an_equal_record_of_a_trace_is_stored_once(world: &mut World) {
    world.append_at(1, telling([told(1, "Support"), told(1, "Support")]));
    for _ in 0..2 {
        let again = world.append_at(900, telling([told(1, "Support")]));
        assert_eq!(again.created, []);
        assert!(again == Ack { duplicates: 1, ..Ack::default() } || !world.compares_with_all());
        world.reopen();
    }
    world.hands.set(902);
    let status = summary(world, 1).status;
    assert!(status == TraceStatus::Lost || !world.compares_with_all(), "what changes nothing is no news");
    assert_eq!(counter(world.store(), "store.trace_records"), 1);
}

fn what_is_told_of_a_trace_names_it_and_decides_its_project(world: &mut World) {
    world.spans([child(1, 2, 9).with(|it| it.project = "child".into()), span(1, 3)]);
    world.append(telling([told(1, "Support").with(|it| it.project = "shop".into())]));
    assert_eq!(
        world.list(&TraceQuery { project: Some("shop".into()), ..TraceQuery::default() }),
        ["1 Support shop/web 20+15 Ok 2 spans 0 errors 0 open [web=2] 2@0+5 3@10+5"]
    );
    assert_eq!(world.ids(TraceQuery { project: Some("default".into()), ..TraceQuery::default() }), []);
    assert_eq!(world.store().delete_project("shop").unwrap(), Deleted { traces: 1, spans: 2 });
}

fn deleting_takes_what_was_told_of_the_trace_along(world: &mut World) {
    world.append(telling([told(1, "Support"), told(2, "Sales")]));
    assert_eq!(world.store().delete_trace(trace_id(1)).unwrap(), Deleted { traces: 1, spans: 0 });
    assert_eq!(world.store().summary(trace_id(1)).unwrap(), None);
    assert_eq!(world.store().trace(trace_id(1), &all()).unwrap(), None);
    assert_eq!(counter(world.store(), "store.trace_records"), 1);
    world.spans([span(1, 1)]);
    assert_eq!(summary(world, 1).root_name, "span 1".into());
    assert_eq!(world.append(telling([told(1, "Support")])), changed(&[1]));
    assert_eq!(world.store().delete_project("default").unwrap(), Deleted { traces: 2, spans: 1 });
    assert_eq!(world.append(telling([told(1, "Support")])), created(&[1]));
}

fn a_title_stands_for_the_name(world: &mut World) {
    let titled = |title: &str| work(1, 1, 0, Workflow).data(|it| it.title = Some(title.into())).replaces();
    world.spans([titled("run of Ada"), failed(work(1, 2, 1, Function)).data(|it| it.title = Some("search".into()))]);
    assert_eq!(summary(world, 1).root_name, "run of Ada".into());
    assert_eq!(summary(world, 1).failure.unwrap().name, "search".into());
}

fn names_titles_and_what_was_told_are_searched(world: &mut World) {
    let titled = |trace, title: &str| work(trace, 1, 0, Agent).data(|it| it.title = Some(title.into())).replaces();
    world.spans([titled(1, "Triage"), titled(2, "Triage"), span(3, 1)]);
    world.append(telling([told(3, "Customer triage"), told(4, "Billing")]));
    assert_eq!(world.ids(named("TRIAGE")), [3, 2, 1]);
    world.spans([titled(1, "Refunds")]);
    assert_eq!(world.ids(named("triage")), [3, 2]);
    world.append(telling([told(3, "Sales")]));
    world.store().delete_trace(trace_id(2)).unwrap();
    assert_eq!(world.ids(named("triage")), []);
    assert_eq!(world.ids(named("span 1")), [3, 1]);
    assert_eq!(world.ids(named("bill")), [4]);
}

fn a_span_below_one_of_another_trace_is_a_root(world: &mut World) {
    let nested = child(2, 5, 77).original("span_5", Some("span_1"));
    world.append(telling([told(1, "outer"), told(2, "inner")]));
    world.spans([child(2, 6, 5).original("span_6", Some("span_5")), nested]);
    assert!(!summary(world, 2).has_root, "its parent is not known yet");
    world.spans([span(1, 1).original("span_1", None)]);
    let inner = summary(world, 2);
    assert_eq!((inner.has_root, inner.status), (true, TraceStatus::Ok));
    world.spans([child(3, 5, 77).original("span_5", Some("span_1"))]);
    assert!(!summary(world, 3).has_root, "nobody told of that trace");
    world.store().delete_trace(trace_id(1)).unwrap();
    assert!(!summary(world, 2).has_root);
}

fn spans_are_found_by_their_clients_ids(world: &mut World) {
    let find = |world: &mut World, id: &str| world.store().find_original(id).unwrap();
    world.spans([span(2, 7).original("my id", None), span(1, 1).original("my id", None), span(1, 2)]);
    world.spans([span(1, 1).original("my id", None).with(|it| it.name = "twin".into())]);
    assert_eq!(find(world, "my id"), [(trace_id(1), span_id(1)), (trace_id(2), span_id(7))]);
    assert_eq!(find(world, "my i"), []);
    assert_eq!(find(world, ""), []);
    world.spans([span(2, 7).original("another", None).replaces()]);
    assert_eq!(find(world, "my id"), [(trace_id(1), span_id(1))]);
    world.store().delete_trace(trace_id(1)).unwrap();
    assert_eq!(find(world, "my id"), []);
    world.spans((1..=101).map(|id| span(3, id).original("many", None)));
    assert_eq!(find(world, "many").len(), 100);
}

fn a_span_that_is_sent_anew_takes_the_place_of_what_was_there(world: &mut World) {
    let anew = |name: &str| span(1, 1).with(|it| it.name = name.into()).replaces();
    world.spans([span(1, 1), span(1, 1).with(|it| it.name = "twin".into())]);
    assert_eq!(world.spans([anew("anew")]), changed(&[1]));
    assert_eq!(world.tree(1), ["1 anew 10-15"]);
    let again = world.spans([anew("anew")]);
    assert!(again.duplicates == 1 || !world.compares_with_all());
    world.spans([anew("once more"), anew("and again")]);
    assert_eq!(world.tree(1), ["1 and again 10-15"]);
    assert_eq!(counter(world.store(), "store.spans"), 1);
    world.spans([span(1, 1)]);
    assert_eq!(world.tree(1).len(), 2, "who does not say so takes no place");
}

fn what_stood_out_and_was_replaced_stands_out_no_more(world: &mut World) {
    let long = |span: SpanRecord| span.with(|it| it.end = Some(Timestamp(900)));
    world.spans((1..=8).map(|id| span(1, id)).chain([long(failed(span(1, 9)))]));
    assert!(world.list(&TraceQuery::default())[0].contains("10+890 Error 9 spans 1 errors"));
    world.spans([span(1, 9).replaces()]);
    assert_eq!(
        world.list(&TraceQuery::default()),
        ["1 span 1 default/web 10+85 Ok 9 spans 0 errors 0 open [web=9] \
          1@0+5 2@10+5 3@20+5 4@30+5 5@40+5 6@50+5"]
    );
    assert_eq!(summary(world, 1).failure, None);
    world.spans([long(span(1, 7)).replaces(), lasting(span(1, 1), 20, 21).replaces()]);
    assert_eq!(
        world.list(&TraceQuery::default()),
        ["1 span 1 default/web 20+880 Ok 9 spans 0 errors 0 open [web=9] \
          2@0+5 3@10+5 4@20+5 5@30+5 6@40+5 7@50+830"]
    );
}

fn an_open_record_never_takes_the_place_of_a_finished_one(world: &mut World) {
    world.spans([span(1, 1)]);
    let late = world.spans([open_span(1, 1).replaces()]);
    assert!(late == Ack::default() || !world.compares_with_all());
    assert_eq!(world.tree(1), ["1 span 1 10-15"]);
}

fn an_open_record_that_is_sent_anew_takes_the_place_of_the_open_one(world: &mut World) {
    world.spans([open_span(1, 1), open_span(1, 1).with(|it| it.name = "later".into()).replaces()]);
    assert_eq!(world.tree(1), ["1 later 10-.."]);
    world.spans([span(1, 1).replaces()]);
    assert_eq!(world.tree(1), ["1 span 1 10-15"]);
}

fn groups_are_told_or_named_by_the_first_span(world: &mut World) {
    let of = |span: SpanRecord, group: &str| span.is(Custom).data(|it| it.conversation = Some(group.into()));
    world.spans([of(span(1, 2), "later"), span(1, 1)]);
    assert_eq!(summary(world, 1).group, Some("later".into()));
    world.spans([of(span(1, 1).with(|it| it.name = "twin".into()), "first")]);
    assert_eq!(summary(world, 1).group, Some("first".into()));
    world.append(telling([told(1, "Support")]));
    assert_eq!(summary(world, 1).group, Some("first".into()));
    world.append(telling([told(1, "Support").with(|it| it.group = Some("told".into()))]));
    assert_eq!(summary(world, 1).group, Some("told".into()));
    assert_eq!(world.ids(group_query("told")), [1]);
    assert_eq!(world.ids(group_query("first")), []);
    assert_eq!(world.ids(group_query("Told")), []);
}

fn a_group_is_listed_page_by_page(world: &mut World) {
    let thread = |trace: u128, thread: &str| {
        work(trace, trace as u64, 0, Agent).data(|it| it.conversation = Some(thread.into()))
    };
    world.spans((1..=20).map(|trace| thread(trace, if trace % 2 == 0 { "even" } else { "odd" })));
    world.spans([thread(30, "even").with(|it| it.project = "shop".into())]);
    let in_default = TraceQuery { project: Some("default".into()), ..group_query("even") };
    let mut page = first(3);
    let mut ids = Vec::new();
    loop {
        let found = world.store().traces(&in_default, &page).unwrap();
        assert!(found.items.len() <= 3);
        ids.extend(found.items.iter().map(|trace| u128::from_be_bytes(trace.trace_id.bytes())));
        let Some(next) = found.next else { break };
        page.cursor = Some(next);
    }
    assert_eq!(ids, [20, 18, 16, 14, 12, 10, 8, 6, 4, 2]);
    assert_eq!(world.ids(TraceQuery { end: Some(Timestamp(60)), ..in_default.clone() }), [4, 2]);
    assert_eq!(world.ids(TraceQuery { start: Some(Timestamp(170)), ..group_query("even") }), [30, 20, 18]);
    assert_eq!(world.ids(TraceQuery { project: Some("shop".into()), ..group_query("odd") }), []);
}

fn a_trace_moves_to_another_group(world: &mut World) {
    let of = |group: &str| work(1, 1, 0, Agent).data(|it| it.conversation = Some(group.into())).replaces();
    world.spans([of("a")]);
    world.spans([of("b")]);
    assert_eq!((world.ids(group_query("a")), world.ids(group_query("b"))), (vec![], vec![1]));
    world.spans([work(1, 1, 0, Agent).replaces()]);
    assert_eq!((summary(world, 1).group, world.ids(group_query("b"))), (None, vec![]));
    world.append(telling([told(1, "x").with(|it| it.group = Some("c".into()))]));
    world.store().delete_trace(trace_id(1)).unwrap();
    assert_eq!(world.ids(group_query("c")), []);
}
