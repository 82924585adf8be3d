//! What every store promises: each case holds for `Memory`, and for `Embedded` with all in memory, with every batch in a
//! segment of its own, with all segments merged, and opened anew before every question.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

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
    an_empty_store_has_nothing
    what_was_appended_is_found_as_it_came
    an_equal_record_is_stored_once
    records_with_one_id_and_different_content_all_stay
    a_record_of_another_project_is_another_record
    the_finished_record_takes_the_place_of_the_open_one
    an_open_record_that_comes_late_is_dropped
    open_records_with_different_content_both_stay_until_the_span_ends
    a_summary_tells_the_facts_of_its_trace
    without_a_root_the_earliest_span_stands_for_the_trace
    the_earliest_span_without_a_parent_is_the_root
    the_outline_shows_the_longest_spans_the_open_ones_and_one_that_failed
    times_reach_from_zero_to_the_end
    a_span_may_end_before_it_starts
    a_parent_may_be_the_span_itself_or_its_child
    a_trace_runs_until_it_was_silent_for_ten_minutes
    an_error_shows_once_every_span_has_ended
    the_root_decides_the_project
    projects_and_services_are_counted
    services_of_a_project_are_those_of_its_traces
    every_filter_leaves_out_what_does_not_match
    pages_put_together_are_the_whole_list
    a_page_is_not_moved_by_what_comes_later
    pages_of_spans_put_together_are_the_whole_trace
    a_foreign_cursor_is_refused
    an_event_joins_its_span_whichever_comes_first
    an_event_is_stored_once
    an_event_changes_its_trace_only_with_its_span
    a_deleted_trace_is_gone_and_comes_back_anew
    deleting_a_trace_takes_its_waiting_events_along
    a_deleted_project_takes_its_traces_along
    deleting_what_is_not_there_deletes_nothing
    any_text_is_only_text
    an_empty_batch_changes_nothing
}

fn an_empty_store_has_nothing(world: &mut World) {
    assert_eq!(world.list(&TraceQuery::default()), [""; 0]);
    assert_eq!(world.store().projects().unwrap(), []);
    assert_eq!(world.store().services(None).unwrap(), []);
    assert_eq!(world.store().trace(trace_id(1), &all()).unwrap(), None);
    assert_eq!(world.store().summary(trace_id(1)).unwrap(), None);
    assert_eq!(world.store().span(trace_id(1), span_id(1)).unwrap(), []);
}

fn what_was_appended_is_found_as_it_came(world: &mut World) {
    let root = failed(span(7, 1)).with(|it| it.flags = 257).with(|it| it.events = vec![event(9, "b"), event(3, "a")]);
    let ack = world.spans([child(7, 2, 1), root.clone()]);
    assert_eq!(ack, Ack { changed: vec![trace_id(7)], created: vec![trace_id(7)], duplicates: 0 });
    assert_eq!(world.store().span(trace_id(7), span_id(1)).unwrap(), [Span::stored(root.clone())]);
    let page = world.store().trace(trace_id(7), &all()).unwrap().unwrap();
    assert_eq!(page.spans.items, [root, child(7, 2, 1)].map(Span::stored));
    assert_eq!(Some(page.summary), world.store().summary(trace_id(7)).unwrap());
}

fn an_equal_record_is_stored_once(world: &mut World) {
    assert_eq!(world.spans([span(1, 1), span(1, 1)]).duplicates, 1);
    for _ in 0..2 {
        let again = world.spans([span(1, 1)]);
        assert_eq!(again.created, []);
        assert!(again == Ack { duplicates: 1, ..Ack::default() } || !world.compares_with_all());
        world.reopen();
    }
    assert_eq!(world.tree(1), ["1 span 1 10-15"]);
}

fn records_with_one_id_and_different_content_all_stay(world: &mut World) {
    world.spans([span(1, 1), span(1, 1).with(|it| it.name = "twin".into())]);
    world.spans([span(1, 1).with(|it| it.start = Timestamp(4))]);
    assert_eq!(world.tree(1), ["1 span 1 4-15", "1 span 1 10-15", "1 twin 10-15"]);
    assert_eq!(world.store().span(trace_id(1), span_id(1)).unwrap().len(), 3);
}

fn a_record_of_another_project_is_another_record(world: &mut World) {
    world.spans([span(1, 1), span(1, 1).with(|it| it.project = "other".into())]);
    assert_eq!(world.tree(1).len(), 2);
}

fn the_finished_record_takes_the_place_of_the_open_one(world: &mut World) {
    world.spans([open_span(1, 1), child(1, 2, 1)]);
    assert_eq!(world.tree(1), ["1 span 1 10-..", "2 span 2 20-25"]);
    let ack = world.spans([span(1, 1).with(|it| it.name = "done".into())]);
    assert_eq!(ack, Ack { changed: vec![trace_id(1)], created: vec![], duplicates: 0 });
    assert_eq!(world.tree(1), ["1 done 10-15", "2 span 2 20-25"]);
    assert_eq!(
        world.list(&TraceQuery::default()),
        ["1 done default/web 10+15 Ok 2 spans 0 errors 0 open [web=2] 1@0+5 2@10+5"]
    );
}

fn an_open_record_that_comes_late_is_dropped(world: &mut World) {
    world.spans([span(1, 1)]);
    let late = world.spans([open_span(1, 1)]);
    assert!(late == Ack::default() || !world.compares_with_all());
    assert_eq!(world.tree(1), ["1 span 1 10-15"]);
}

fn open_records_with_different_content_both_stay_until_the_span_ends(world: &mut World) {
    let renamed = open_span(1, 1).with(|it| it.name = "renamed".into());
    world.spans([failed(open_span(1, 1)), renamed.with(|it| it.resource = resource("db"))]);
    assert_eq!(world.tree(1), ["1 span 1 10-..", "1 renamed 10-.."]);
    world.spans([span(1, 1)]);
    assert_eq!(
        world.list(&TraceQuery::default()),
        ["1 span 1 default/web 10+5 Ok 1 spans 0 errors 0 open [web=1] 1@0+5"]
    );
    assert_eq!(world.ids(TraceQuery { service: Some("db".into()), ..TraceQuery::default() }), []);
    assert_eq!(world.ids(TraceQuery { name: Some("renamed".into()), ..TraceQuery::default() }), []);
}

fn a_summary_tells_the_facts_of_its_trace(world: &mut World) {
    let of = |span: SpanRecord, service: &str| span.with(|it| it.resource = resource(service));
    world.spans([of(child(1, 3, 1), "db"), of(failed(child(1, 4, 1)), "db")]);
    world.spans([of(child(1, 5, 1), "auth"), span(1, 1)]);
    assert_eq!(
        world.list(&TraceQuery::default()),
        ["1 span 1 default/web 10+45 Error 4 spans 1 errors 0 open [db=2 auth=1 web=1] 1@0+5 3@20+5 4@30+5! 5@40+5"]
    );
}

fn without_a_root_the_earliest_span_stands_for_the_trace(world: &mut World) {
    world.spans([child(1, 3, 1), child(1, 2, 1).with(|it| it.project = "shop".into())]);
    assert_eq!(
        world.list(&TraceQuery::default()),
        ["1 span 2? shop/web 20+15 Ok 2 spans 0 errors 0 open [web=2] 2@0+5 3@10+5"]
    );
}

fn the_earliest_span_without_a_parent_is_the_root(world: &mut World) {
    let at_ten = |id| span(1, id).with(|it| (it.start, it.end) = (Timestamp(10), Some(Timestamp(12))));
    world.spans([at_ten(3), at_ten(2), span(1, 5), child(1, 1, 9).with(|it| it.start = Timestamp(1))]);
    assert!(world.list(&TraceQuery::default())[0].starts_with("1 span 2 "));
}

fn the_outline_shows_the_longest_spans_the_open_ones_and_one_that_failed(world: &mut World) {
    let lasting = |id, duration| span(1, id).with(|it| it.end = Some(Timestamp(id * 10 + duration)));
    world.spans((1..=8).map(|id| lasting(id, id)));
    world.spans([open_span(1, 9), lasting(10, 3), open_span(1, 11)]);
    let outline = |world: &mut World| -> Vec<_> {
        let outline = world.store().summary(trace_id(1)).unwrap().unwrap().outline;
        outline.iter().map(|bar| u64::from_be_bytes(bar.span_id.bytes())).collect()
    };
    assert_eq!(outline(world), [5, 6, 7, 8, 9, 11]);
    world.spans([lasting(9, 0)]);
    assert_eq!(outline(world), [4, 5, 6, 7, 8, 11]);
    let failed = |id| lasting(id, 0).with(|it| it.status.code = StatusCode::Error);
    world.spans([failed(2).with(|it| it.name = "again".into()), failed(1).with(|it| it.name = "again".into())]);
    assert_eq!(outline(world), [2, 5, 6, 7, 8, 11], "the last that failed is among them, however short");
}

fn times_reach_from_zero_to_the_end(world: &mut World) {
    let first = span(1, 1).with(|it| (it.start, it.end) = (Timestamp(0), Some(Timestamp(0))));
    let last = child(1, 2, 1).with(|it| (it.start, it.end) = (Timestamp(u64::MAX), Some(Timestamp(u64::MAX))));
    world.spans([last, first]);
    world.spans([span(2, 1).with(|it| (it.start, it.end) = (Timestamp(u64::MAX), Some(Timestamp(0))))]);
    assert_eq!(world.ids(TraceQuery::default()), [2, 1]);
    assert_eq!(world.ids(TraceQuery { end: Some(Timestamp(u64::MAX)), ..TraceQuery::default() }), [1]);
    assert_eq!(world.ids(TraceQuery { start: Some(Timestamp(1)), ..TraceQuery::default() }), [2]);
    let summary = world.store().summary(trace_id(1)).unwrap().unwrap();
    assert_eq!((summary.start, summary.duration), (Timestamp(0), Elapsed(i64::MAX)));
    assert_eq!(world.tree(1).len(), 2);
}

fn a_span_may_end_before_it_starts(world: &mut World) {
    world.spans([span(1, 5).with(|it| it.end = Some(Timestamp(20)))]);
    assert_eq!(
        world.list(&TraceQuery::default()),
        ["1 span 5 default/web 50+0 Ok 1 spans 0 errors 0 open [web=1] 5@0+-30"]
    );
    world.spans([span(1, 1)]);
    assert!(world.list(&TraceQuery::default())[0].contains(" 10+40 "));
}

fn a_parent_may_be_the_span_itself_or_its_child(world: &mut World) {
    world.spans([child(1, 1, 1), child(1, 2, 3), child(1, 3, 2)]);
    assert_eq!(world.tree(1).len(), 3);
    assert!(world.list(&TraceQuery::default())[0].starts_with("1 span 1? "));
}

fn a_trace_runs_until_it_was_silent_for_ten_minutes(world: &mut World) {
    world.append_at(100, batch([failed(open_span(1, 1))]));
    let status = |world: &mut World, now| {
        world.hands.set(now);
        world.store().summary(trace_id(1)).unwrap().unwrap().status
    };
    assert_eq!(status(world, 100), TraceStatus::Running);
    assert_eq!(status(world, 700), TraceStatus::Running);
    assert_eq!(status(world, 701), TraceStatus::Lost);
    assert_eq!(status(world, 0), TraceStatus::Running, "a clock that was set back loses nothing");
    if world.compares_with_all() {
        world.append_at(500, batch([failed(open_span(1, 1))]));
        assert_eq!(status(world, 701), TraceStatus::Lost, "what changes nothing is no news");
    }
    world.append_at(500, batch([child(1, 2, 1)]));
    assert_eq!(status(world, 701), TraceStatus::Running);
    world.append_at(900, late(1, 2, 1, "log"));
    assert_eq!(status(world, 1500), TraceStatus::Running);
}

fn an_error_shows_once_every_span_has_ended(world: &mut World) {
    world.hands.set(1);
    world.spans([failed(child(1, 2, 1)), open_span(1, 1)]);
    assert_eq!(world.store().summary(trace_id(1)).unwrap().unwrap().status, TraceStatus::Running);
    world.spans([span(1, 1)]);
    assert_eq!(world.store().summary(trace_id(1)).unwrap().unwrap().status, TraceStatus::Error);
}

fn the_root_decides_the_project(world: &mut World) {
    world.spans([child(1, 2, 1).with(|it| it.project = "child".into())]);
    assert_eq!(names(&world.store().projects().unwrap()), ["child"]);
    world.spans([span(1, 3).with(|it| it.project = "root".into())]);
    assert_eq!(names(&world.store().projects().unwrap()), ["root"]);
    world.spans([span(1, 1).with(|it| it.project = "earlier root".into())]);
    assert_eq!(names(&world.store().projects().unwrap()), ["earlier root"]);
    assert_eq!(world.ids(TraceQuery { project: Some("earlier root".into()), ..TraceQuery::default() }), [1]);
    assert_eq!(world.ids(TraceQuery { project: Some("child".into()), ..TraceQuery::default() }), []);
    assert_eq!(world.tree(1).len(), 3, "whatever project its spans have");
}

fn names(projects: &[Project]) -> Vec<&str> {
    projects.iter().map(|project| &*project.name).collect()
}

fn projects_and_services_are_counted(world: &mut World) {
    let db = |span: SpanRecord| span.with(|it| it.resource = resource("db"));
    world.spans([span(1, 1), db(failed(child(1, 2, 1))), db(child(1, 3, 1)), span(2, 9)]);
    world.spans([span(3, 4).with(|it| it.project = "shop".into())]);
    let project = |name: &str, trace_count, span_count, last| Project {
        name: name.into(),
        trace_count,
        span_count,
        last_start: Timestamp(last),
    };
    assert_eq!(world.store().projects().unwrap(), [project("default", 2, 4, 90), project("shop", 1, 1, 40)]);
    let service = |name: &str, span_count, error_count, operations: &[&str]| Service {
        name: name.into(),
        span_count,
        error_count,
        operations: operations.iter().map(|name| Text::from(*name)).collect(),
    };
    assert_eq!(
        world.store().services(None).unwrap(),
        [service("db", 2, 1, &["span 2", "span 3"]), service("web", 3, 0, &["span 1", "span 4", "span 9"])]
    );
    world.store().delete_trace(trace_id(1)).unwrap();
    assert_eq!(world.store().projects().unwrap(), [project("default", 1, 1, 90), project("shop", 1, 1, 40)]);
    assert_eq!(world.store().services(None).unwrap(), [service("web", 2, 0, &["span 4", "span 9"])]);
}

fn services_of_a_project_are_those_of_its_traces(world: &mut World) {
    let shop = |span: SpanRecord| span.with(|it| it.project = "shop".into());
    world.spans([shop(span(1, 1)), child(1, 2, 1).with(|it| it.resource = resource("db")), span(2, 3)]);
    let services = world.store().services(Some("shop")).unwrap();
    let found: Vec<_> = services.iter().map(|it| (&*it.name, it.span_count)).collect();
    assert_eq!(found, [("db", 1), ("web", 1)]);
    assert_eq!(world.store().services(Some("none")).unwrap(), []);
}

fn every_filter_leaves_out_what_does_not_match(world: &mut World) {
    world.hands.set(1);
    world.spans([span(1, 1), child(1, 2, 1).with(|it| it.name = "GET /Ünïcode".into())]);
    world.spans([failed(span(2, 3)).with(|it| it.resource = resource("db"))]);
    world.spans([open_span(3, 4)]);
    world.spans([span(4, 5).with(|it| it.end = Some(Timestamp(1050)))]);
    let mut found = |change: &dyn Fn(&mut TraceQuery)| {
        let mut query = TraceQuery::default();
        change(&mut query);
        world.ids(query)
    };
    assert_eq!(found(&|_| {}), [4, 3, 2, 1]);
    assert_eq!(found(&|query| query.project = Some("default".into())), [4, 3, 2, 1]);
    assert_eq!(found(&|query| query.project = Some("defaul".into())), []);
    assert_eq!(found(&|query| query.service = Some("db".into())), [2]);
    assert_eq!(found(&|query| query.service = Some("none".into())), []);
    assert_eq!(found(&|query| query.name = Some("get /üNÏ".into())), [1]);
    assert_eq!(found(&|query| query.name = Some("none".into())), []);
    assert_eq!(found(&|query| query.name = Some(String::new())), [4, 3, 2, 1]);
    assert_eq!(found(&|query| query.status = Some(TraceStatus::Ok)), [4, 1]);
    assert_eq!(found(&|query| query.status = Some(TraceStatus::Error)), [2]);
    assert_eq!(found(&|query| query.status = Some(TraceStatus::Running)), [3]);
    assert_eq!(found(&|query| query.status = Some(TraceStatus::Lost)), []);
    assert_eq!(found(&|query| query.min_duration = Some(Elapsed(15))), [4, 1]);
    assert_eq!(found(&|query| query.min_duration = Some(Elapsed(16))), [4]);
    assert_eq!(found(&|query| query.start = Some(Timestamp(40))), [4, 3]);
    assert_eq!(found(&|query| query.end = Some(Timestamp(40))), [2, 1]);
    assert_eq!(found(&|query| (query.start, query.end) = (Some(Timestamp(30)), Some(Timestamp(40)))), [2]);
    assert_eq!(found(&|query| (query.start, query.end) = (Some(Timestamp(50)), Some(Timestamp(40)))), []);
}

fn pages_put_together_are_the_whole_list(world: &mut World) {
    // Two traces begin at each moment, so that the id decides.
    world.spans((1..=11).map(|trace| span(trace, (trace as u64).div_ceil(2))));
    let whole = world.list(&TraceQuery::default());
    for limit in 0..=12 {
        let mut pages = Vec::new();
        let mut page = first(limit);
        loop {
            let found = world.store().traces(&TraceQuery::default(), &page).unwrap();
            assert!(found.items.len() <= limit.max(1));
            pages.extend(found.items.iter().map(line));
            let Some(next) = found.next else { break };
            page.cursor = Some(next);
        }
        assert_eq!(pages, whole, "pages of {limit}");
    }
}

fn a_page_is_not_moved_by_what_comes_later(world: &mut World) {
    world.spans((1..=6).map(|trace| span(trace, trace as u64 * 10)));
    let page = world.store().traces(&TraceQuery::default(), &first(3)).unwrap();
    world.spans([span(7, 70), span(8, 25)]);
    world.store().delete_trace(trace_id(4)).unwrap();
    let rest = PageRequest { limit: 10, cursor: page.next };
    let rest = world.store().traces(&TraceQuery::default(), &rest).unwrap();
    let ids: Vec<_> = rest.items.iter().map(|trace| u128::from_be_bytes(trace.trace_id.bytes())).collect();
    assert_eq!(ids, [3, 8, 2, 1]);
}

fn pages_of_spans_put_together_are_the_whole_trace(world: &mut World) {
    let twin = |number: u64| span(1, 3).with(|it| it.name = format!("twin {number}").as_str().into());
    world.spans((1..=5).map(|id| span(1, id)));
    world.spans((1..=5).map(twin));
    let whole = world.tree(1);
    assert_eq!(whole.len(), 10);
    for limit in 1..=11 {
        let mut pages = Vec::new();
        let mut page = first(limit);
        loop {
            let found = world.store().trace(trace_id(1), &page).unwrap().unwrap().spans;
            pages.extend(found.items.iter().map(span_line));
            let Some(next) = found.next else { break };
            page.cursor = Some(next);
        }
        assert_eq!(pages, whole, "pages of {limit}");
    }
}

fn a_foreign_cursor_is_refused(world: &mut World) {
    world.spans([span(1, 1), span(1, 2), span(2, 3)]);
    let of_traces = world.store().traces(&TraceQuery::default(), &first(1)).unwrap().next.unwrap();
    let of_spans = world.store().trace(trace_id(1), &first(1)).unwrap().unwrap().spans.next.unwrap();
    let cut = &of_traces[..of_traces.len() - 1];
    let zero_id = format!("t{:048}", 0);
    for cursor in ["", "t", "ü", cut, &zero_id, &of_spans, &of_traces.replace('0', "+"), &format!("{of_traces}0")] {
        let page = PageRequest { limit: 1, cursor: Some(cursor.to_owned()) };
        let refusal = world.store().traces(&TraceQuery::default(), &page);
        assert!(matches!(refusal, Err(Error::Cursor { cursor: told }) if told == cursor), "{cursor:?}");
    }
    let page = PageRequest { limit: 1, cursor: Some(of_traces) };
    assert!(matches!(world.store().trace(trace_id(1), &page), Err(Error::Cursor { .. })));
}

fn an_event_joins_its_span_whichever_comes_first(world: &mut World) {
    world.append(late(1, 1, 12, "early"));
    assert_eq!(world.store().summary(trace_id(1)).unwrap(), None, "an event alone is no trace");
    world.spans([span(1, 1).with(|it| it.events = vec![event(13, "own"), event(11, "own")])]);
    world.append(late(1, 1, 11, "late"));
    assert_eq!(world.tree(1), ["1 span 1 10-15 own@11 late@11 early@12 own@13"]);
    assert_eq!(world.store().span(trace_id(1), span_id(1)).unwrap()[0].record.events.len(), 4);
    world.append(late(1, 2, 11, "of another span"));
    assert_eq!(world.tree(1).len(), 1);
}

fn an_event_is_stored_once(world: &mut World) {
    world.append(late(1, 1, 11, "log"));
    let again = world.append(late(1, 1, 11, "log"));
    assert!(again.duplicates == 1 || !world.compares_with_all());
    world.spans([span(1, 1).with(|it| it.events = vec![event(12, "own"), event(12, "own")])]);
    world.append(late(1, 1, 12, "own"));
    assert_eq!(world.tree(1), ["1 span 1 10-15 log@11 own@12 own@12"]);
}

fn an_event_changes_its_trace_only_with_its_span(world: &mut World) {
    assert_eq!(world.append(late(1, 1, 11, "a")).changed, []);
    world.spans([span(1, 2)]);
    let without_span = world.append(late(1, 1, 11, "b"));
    assert!(without_span.changed.is_empty() || !world.compares_with_all());
    assert_eq!(world.append(late(1, 2, 11, "c")).changed, [trace_id(1)]);
    let again = world.append(late(1, 2, 11, "c"));
    assert!(again.changed.is_empty() || !world.compares_with_all());
}

fn a_deleted_trace_is_gone_and_comes_back_anew(world: &mut World) {
    world.spans([span(1, 1), span(1, 2), span(2, 3)]);
    assert_eq!(world.store().delete_trace(trace_id(1)).unwrap(), Deleted { traces: 1, spans: 2 });
    assert_eq!(world.ids(TraceQuery::default()), [2]);
    assert_eq!(world.tree(1), [""; 0]);
    assert_eq!(
        world.spans([span(1, 1)]),
        Ack { changed: vec![trace_id(1)], created: vec![trace_id(1)], duplicates: 0 }
    );
    assert_eq!(world.tree(1), ["1 span 1 10-15"]);
    assert_eq!(world.store().delete_trace(trace_id(1)).unwrap(), Deleted { traces: 1, spans: 1 });
    assert_eq!(world.ids(TraceQuery::default()), [2]);
}

fn deleting_a_trace_takes_its_waiting_events_along(world: &mut World) {
    world.append(late(1, 1, 11, "log"));
    assert_eq!(world.store().delete_trace(trace_id(1)).unwrap(), Deleted::default());
    world.spans([span(1, 1)]);
    assert_eq!(world.tree(1), ["1 span 1 10-15"]);
}

fn a_deleted_project_takes_its_traces_along(world: &mut World) {
    let shop = |span: SpanRecord| span.with(|it| it.project = "shop".into());
    world.spans([shop(span(1, 1)), child(1, 2, 1), shop(span(2, 3)), span(3, 4), shop(child(3, 5, 4))]);
    assert_eq!(world.store().delete_project("shop").unwrap(), Deleted { traces: 2, spans: 3 });
    assert_eq!(world.ids(TraceQuery::default()), [3]);
    assert_eq!(names(&world.store().projects().unwrap()), ["default"]);
    world.spans([child(1, 2, 1)]);
    assert_eq!(world.tree(1), ["2 span 2 20-25"], "what comes later is stored anew");
}

fn deleting_what_is_not_there_deletes_nothing(world: &mut World) {
    world.spans([span(1, 1)]);
    assert_eq!(world.store().delete_trace(trace_id(2)).unwrap(), Deleted::default());
    assert_eq!(world.store().delete_project("none").unwrap(), Deleted::default());
    assert_eq!(world.tree(1).len(), 1);
}

fn any_text_is_only_text(world: &mut World) {
    let texts = ["", "../../etc/passwd", "a\0b\n", "'; DROP TABLE deletions; --", "\u{202e}", &"x".repeat(100_000)];
    for (trace, text) in (1..).zip(texts) {
        let hostile = span(trace, 1).with(|it| (it.name, it.project) = (text.into(), text.into()));
        world.spans([hostile.with(|it| it.resource = resource(text))]);
    }
    for (trace, text) in (1..).zip(texts) {
        assert_eq!(world.ids(TraceQuery { project: Some(text.into()), ..TraceQuery::default() }), [trace]);
        assert_eq!(world.store().delete_project(text).unwrap(), Deleted { traces: 1, spans: 1 });
    }
    assert_eq!(world.ids(TraceQuery::default()), []);
}

fn an_empty_batch_changes_nothing(world: &mut World) {
    assert_eq!(world.append(Batch::default()), Ack::default());
    assert_eq!(world.ids(TraceQuery::default()), []);
}
