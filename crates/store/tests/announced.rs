//! What every store promises of spans that are only announced; each case holds for `Memory` and for `Embedded`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use kit::*;
use trackway_model::*;
use trackway_store::*;

macro_rules! contract {
    ($($case:ident)*) => {
        mod memory { $(#[test] fn $case() { super::$case(&mut crate::World::memory()) })* }
        mod embedded { $(#[test] fn $case() { super::$case(&mut crate::World::embedded()) })* }
    };
}

contract! {
    an_announced_span_is_among_the_others
    every_filter_finds_announced_spans
    an_announcement_takes_the_place_of_the_one_before
    an_announcement_that_says_nothing_new_changes_nothing
    the_finished_record_takes_the_place_of_the_announcement
    whatever_is_stored_takes_the_place_of_the_announcement
    an_announcement_of_a_stored_span_is_not_taken
    a_record_with_an_end_is_no_announcement
    a_span_is_lost_after_thirty_seconds_and_back_with_its_next_announcement
    a_trace_runs_while_one_of_its_spans_does
    an_announcement_is_news_of_the_stored_spans_of_its_trace
    a_loss_is_told_once
    a_lost_span_is_forgotten_after_ten_minutes
    events_join_an_announced_span_and_wait_again_when_it_is_forgotten
    deleting_takes_announced_spans_along_and_the_next_announcement_brings_them_back
    an_announcement_moves_no_page
}

fn state(world: &mut World, second: u64, trace: u128) -> TraceStatus {
    world.hands.set(second);
    world.store().summary(trace_id(trace)).unwrap().unwrap().status
}

fn an_announced_span_is_among_the_others(world: &mut World) {
    let held = world.announce(1, [open_span(1, 1), open_span(2, 3).with(|it| it.project = "shop".into())]);
    assert_eq!((held.changed.len(), held.created, held.gone), (2, vec![trace_id(1), trace_id(2)], vec![]));
    assert_eq!(held.spans.iter().map(span_line).next().unwrap(), "1 span 1 10-.. announced@1");
    world.spans([child(1, 2, 1)]);
    assert_eq!(world.tree(1), ["1 span 1 10-.. announced@1", "2 span 2 20-25"]);
    assert_eq!(
        world.list(&TraceQuery::default()),
        [
            "2 span 3 shop/web 30+0 Running 1 spans 0 errors 1 open [web=1] 3@0+..",
            "1 span 1 default/web 10+15 Running 2 spans 0 errors 1 open [web=2] 1@0+.. 2@10+5"
        ]
    );
    let span = world.store().span(trace_id(1), span_id(1)).unwrap();
    assert_eq!(span, [Span { announced: Some(Timestamp(1_000_000_000)), ..Span::stored(open_span(1, 1)) }]);
    let projects = world.store().projects().unwrap();
    let projects: Vec<_> = projects.iter().map(|it| (&*it.name, it.trace_count, it.span_count)).collect();
    assert_eq!(projects, [("default", 1, 2), ("shop", 1, 1)]);
    let services = world.store().services(None).unwrap();
    assert_eq!((services[0].span_count, services[0].operations.len()), (3, 3));
    assert_eq!(counter(world.store(), "store.spans"), 1, "an announced span is not stored");
}

fn every_filter_finds_announced_spans(world: &mut World) {
    let db = open_span(1, 1).with(|it| (it.resource, it.name) = (resource("db"), "SELECT".into()));
    world.announce(1, [db, open_span(2, 20)]);
    let mut found = |change: &dyn Fn(&mut TraceQuery)| {
        let mut query = TraceQuery::default();
        change(&mut query);
        world.ids(query)
    };
    assert_eq!(found(&|query| query.project = Some("default".into())), [2, 1]);
    assert_eq!(found(&|query| query.service = Some("db".into())), [1]);
    assert_eq!(found(&|query| query.name = Some("select".into())), [1]);
    assert_eq!(found(&|query| query.status = Some(TraceStatus::Running)), [2, 1]);
    assert_eq!(found(&|query| query.status = Some(TraceStatus::Lost)), []);
    assert_eq!(found(&|query| query.start = Some(Timestamp(100))), [2]);
    world.spans([span(1, 1)]);
    let mut found = |query| world.ids(query);
    assert_eq!(found(TraceQuery { service: Some("db".into()), ..TraceQuery::default() }), []);
    assert_eq!(found(TraceQuery { name: Some("select".into()), ..TraceQuery::default() }), []);
}

fn an_announcement_takes_the_place_of_the_one_before(world: &mut World) {
    world.announce(1, [open_span(1, 1)]);
    let renamed = open_span(1, 1).with(|it| it.name = "renamed".into());
    let held = world.announce(11, [failed(renamed).with(|it| it.resource = resource("db"))]);
    assert_eq!((held.changed, held.created, held.spans.len()), (vec![trace_id(1)], vec![], 1));
    assert_eq!(world.tree(1), ["1 renamed 10-.. announced@11"]);
    let earlier = open_span(1, 1).with(|it| it.start = Timestamp(4));
    world.announce(21, [earlier]);
    assert_eq!(
        world.list(&TraceQuery::default()),
        ["1 span 1 default/web 4+0 Running 1 spans 0 errors 1 open [web=1] 1@0+.."]
    );
}

fn an_announcement_that_says_nothing_new_changes_nothing(world: &mut World) {
    world.announce(1, [open_span(1, 1)]);
    assert_eq!(world.announce(11, [open_span(1, 1)]), Held::default());
    assert_eq!(world.tree(1), ["1 span 1 10-.. announced@11"]);
    world.announce(5, [open_span(1, 1)]);
    assert_eq!(world.tree(1), ["1 span 1 10-.. announced@11"], "one that was delayed takes nothing back");
}

fn the_finished_record_takes_the_place_of_the_announcement(world: &mut World) {
    world.announce(1, [open_span(1, 1), child(1, 2, 1).with(|it| it.end = None)]);
    let ack = world.spans([span(1, 1).with(|it| it.name = "done".into())]);
    assert_eq!(ack, Ack { changed: vec![trace_id(1)], created: vec![], duplicates: 0 });
    assert_eq!(world.tree(1), ["1 done 10-15", "2 span 2 20-.. announced@1"]);
    world.spans([child(1, 2, 1)]);
    assert_eq!(
        world.list(&TraceQuery::default()),
        ["1 done default/web 10+15 Ok 2 spans 0 errors 0 open [web=2] 1@0+5 2@10+5"]
    );
    assert_eq!(world.tend(3600), [""; 0]);
    assert_eq!(world.tree(1).len(), 2);
}

fn whatever_is_stored_takes_the_place_of_the_announcement(world: &mut World) {
    world.announce(1, [open_span(1, 1)]);
    let ack = world.spans([open_span(1, 1)]);
    assert_eq!(ack, Ack { changed: vec![trace_id(1)], created: vec![], duplicates: 0 });
    assert_eq!(world.tree(1), ["1 span 1 10-.."]);
    world.reopen();
    assert_eq!(world.tree(1), ["1 span 1 10-.."]);
}

fn an_announcement_of_a_stored_span_is_not_taken(world: &mut World) {
    world.spans([span(1, 1), open_span(1, 2)]);
    assert_eq!(world.announce(2, [open_span(1, 1), open_span(1, 2)]), Held::default());
    assert_eq!(world.tree(1), ["1 span 1 10-15", "2 span 2 20-.."]);
}

fn a_record_with_an_end_is_no_announcement(world: &mut World) {
    assert_eq!(world.announce(1, [span(1, 1)]), Held::default());
    assert_eq!(world.ids(TraceQuery::default()), []);
}

fn a_span_is_lost_after_thirty_seconds_and_back_with_its_next_announcement(world: &mut World) {
    world.announce(100, [open_span(1, 1)]);
    assert_eq!(state(world, 130, 1), TraceStatus::Running);
    assert_eq!(world.tree(1), ["1 span 1 10-.. announced@100"]);
    assert_eq!(state(world, 131, 1), TraceStatus::Lost);
    assert_eq!(world.tree(1), ["1 span 1 10-lost announced@100"]);
    assert_eq!(world.ids(TraceQuery { status: Some(TraceStatus::Lost), ..TraceQuery::default() }), [1]);
    assert_eq!(state(world, 0, 1), TraceStatus::Running, "a clock that was set back loses nothing");
    let held = world.announce(140, [open_span(1, 1)]);
    assert_eq!(held.spans.iter().map(span_line).collect::<Vec<_>>(), ["1 span 1 10-.. announced@140"]);
    assert_eq!(state(world, 170, 1), TraceStatus::Running);
}

fn a_trace_runs_while_one_of_its_spans_does(world: &mut World) {
    world.announce(100, [open_span(1, 1), open_span(1, 2)]);
    world.announce(120, [open_span(1, 2)]);
    assert_eq!(state(world, 140, 1), TraceStatus::Running);
    assert_eq!(world.tree(1), ["1 span 1 10-lost announced@100", "2 span 2 20-.. announced@120"]);
    assert_eq!(state(world, 151, 1), TraceStatus::Lost);
    world.append_at(140, batch([open_span(1, 3)]));
    assert_eq!(state(world, 740, 1), TraceStatus::Running, "a stored span is lost after ten minutes only");
    assert_eq!(state(world, 741, 1), TraceStatus::Lost);
}

fn an_announcement_is_news_of_the_stored_spans_of_its_trace(world: &mut World) {
    world.append_at(100, batch([open_span(1, 1)]));
    world.announce(600, [open_span(1, 2)]);
    assert_eq!(state(world, 1200, 1), TraceStatus::Running);
    assert_eq!(world.tree(1), ["1 span 1 10-..", "2 span 2 20-lost announced@600"]);
    assert_eq!(state(world, 1201, 1), TraceStatus::Lost);
}

fn a_loss_is_told_once(world: &mut World) {
    world.announce(100, [open_span(1, 1), open_span(2, 2)]);
    assert_eq!(world.tend(130), [""; 0]);
    world.announce(130, [open_span(2, 2)]);
    assert_eq!(world.tend(131), ["1 span 1 10-lost announced@100"]);
    assert_eq!(world.tend(132), [""; 0]);
    world.announce(140, [open_span(1, 1)]);
    assert_eq!(world.tend(161), ["2 span 2 20-lost announced@130"]);
    assert_eq!(world.tend(171), ["1 span 1 10-lost announced@140"]);
}

fn a_lost_span_is_forgotten_after_ten_minutes(world: &mut World) {
    world.announce(100, [open_span(1, 1), open_span(2, 2)]);
    world.spans([child(2, 3, 2)]);
    world.tend(700);
    assert_eq!(world.ids(TraceQuery::default()), [2, 1]);
    assert_eq!(world.tend(701), ["gone 1 span 1 10-lost announced@100", "gone 2 span 2 20-lost announced@100"]);
    assert_eq!(world.ids(TraceQuery::default()), [2]);
    assert_eq!(world.tree(2), ["3 span 3 30-35"]);
    assert_eq!(world.store().summary(trace_id(1)).unwrap(), None);
    assert_eq!(world.announce(702, [open_span(1, 1)]).created, [trace_id(1)]);
}

fn events_join_an_announced_span_and_wait_again_when_it_is_forgotten(world: &mut World) {
    world.append(late(1, 1, 11, "early"));
    world.announce(1, [open_span(1, 1)]);
    assert_eq!(world.append(late(1, 1, 12, "later")).changed, [trace_id(1)]);
    assert_eq!(world.tree(1), ["1 span 1 10-.. announced@1 early@11 later@12"]);
    world.tend(1000);
    assert_eq!(world.tree(1), [""; 0]);
    world.append_at(1001, batch([span(1, 1)]));
    assert_eq!(world.tree(1), ["1 span 1 10-15 early@11 later@12"]);
}

fn deleting_takes_announced_spans_along_and_the_next_announcement_brings_them_back(world: &mut World) {
    world.announce(1, [open_span(1, 1), open_span(2, 2)]);
    world.spans([child(1, 3, 1)]);
    assert_eq!(world.store().delete_trace(trace_id(1)).unwrap(), Deleted { traces: 1, spans: 2 });
    assert_eq!(world.store().delete_project("default").unwrap(), Deleted { traces: 1, spans: 1 });
    assert_eq!(world.ids(TraceQuery::default()), []);
    assert_eq!(world.tend(3600), [""; 0]);
    assert_eq!(world.announce(3601, [open_span(1, 1)]).created, [trace_id(1)]);
    assert_eq!(world.tree(1), ["1 span 1 10-.. announced@3601"]);
}

fn an_announcement_moves_no_page(world: &mut World) {
    world.announce(1, (1..=4).map(|id| open_span(1, id)));
    let page = world.store().trace(trace_id(1), &first(2)).unwrap().unwrap().spans;
    world.announce(11, (1..=4).map(|id| open_span(1, id).with(|it| it.name = "again".into())));
    let rest = PageRequest { limit: 10, cursor: page.next };
    let rest = world.store().trace(trace_id(1), &rest).unwrap().unwrap().spans;
    let lines: Vec<_> = rest.items.iter().map(span_line).collect();
    assert_eq!(lines, ["3 again 30-.. announced@11", "4 again 40-.. announced@11"]);
}
