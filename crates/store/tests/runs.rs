//! What every store of runs promises: each case holds for `Memory`, for `Embedded`, and for `Embedded` opened anew before
//! every question.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::sync::Arc;

use kit::{runs::*, *};
use trackway_model::*;
use trackway_store::*;

macro_rules! contract {
    ($($case:ident)*) => {
        mod memory { $(#[test] fn $case() { super::$case(&mut crate::RunWorld::memory()) })* }
        mod embedded { $(#[test] fn $case() { super::$case(&mut crate::RunWorld::embedded()) })* }
        mod reopened { $(#[test] fn $case() { super::$case(&mut crate::RunWorld::reopened()) })* }
    };
}

contract! {
    a_run_is_told_fact_by_fact
    the_same_facts_twice_change_nothing
    of_two_facts_under_one_key_the_latest_counts
    facts_of_the_whole_run_merge
    a_step_that_never_ends_is_lost_after_a_silence
    what_was_told_long_after_it_happened_is_lost_at_once
    a_step_that_the_run_left_behind_is_lost
    attempts_stand_in_the_order_in_which_they_came
    states_are_what_came_after_every_step
    a_replaced_state_leaves_those_behind_it_as_they_are
    a_state_that_comes_late_is_what_the_next_is_compared_with
    states_that_are_no_plain_objects_are_kept_as_they_came
    runs_are_found_by_both_ids
    runs_list_by_their_start_and_in_pages
    runs_are_asked_for_by_what_they_are
    children_are_known_from_either_side
    lineage_goes_up_to_the_first_and_never_in_circles
    what_was_done_is_counted_by_action
    attributes_and_streams_belong_to_their_step
    remarks_come_in_pages
    annotations_are_numbered_changed_and_deleted
    imported_annotations_come_once
    a_deleted_run_is_gone_and_may_come_again
    a_deleted_project_takes_its_runs_along
}

fn counted(world: &mut RunWorld, steps: i64) -> Arc<RunKey> {
    let run = run_key("counter");
    for number in 0..steps {
        let state = format!(r#"{{"n":{number},"name":"a counter that counts"}}"#);
        let time = 10 * number as u64 + 10;
        world.tell(&run, [begin(number, "count", time), end(number, "count", time + 5, &state)]);
    }
    run
}

fn a_run_is_told_fact_by_fact(world: &mut RunWorld) {
    let run = run_key("chat");
    let ack = world.tell(&run, [begin(0, "ask", 10)]);
    let told =
        (vec![Arc::clone(&run)], vec![Arc::clone(&run)], vec![(Arc::clone(&run), at(0))], vec!["0.0:begin".to_owned()]);
    assert_eq!((ack.changed, ack.created, ack.steps, ack.acked), told);
    assert_eq!(
        world.line(&run),
        "default/chat 10-10 Running 1 steps 0 errors 0 suspect 0 children 0 forks 0 remarks 0 notes last ask [0]"
    );
    assert_eq!(world.steps(&run), ["0.0 ask 10-? Running () 0 attributes [] 0 notes"]);

    let ack = world
        .tell(&run, [end(0, "ask", 12, r#"{"q":1}"#), begin(1, "answer", 13), failed_end(1, "answer", 15, "boom")]);
    assert_eq!((ack.created.len(), ack.changed.len(), ack.steps.len(), ack.acked.len()), (0, 1, 2, 3));
    assert_eq!(
        world.line(&run),
        "default/chat 10-15 Failed 2 steps 1 errors 0 suspect 0 children 0 forks 0 remarks 0 notes last answer [0 1!]"
    );
    assert_eq!(
        world.steps(&run),
        [
            "0.0 ask 10-12 Done (q) 0 attributes [] 0 notes",
            "1.0 answer 13-15 Failed () 0 attributes [] 0 notes failed: boom"
        ]
    );
    assert_eq!(world.store().locate(&run, At::LatestState).unwrap(), Some(at(0)));
    assert_eq!(world.store().locate(&run, At::Latest).unwrap(), Some(at(1)));
}

fn the_same_facts_twice_change_nothing(world: &mut RunWorld) {
    let run = run_key("a");
    let facts = || {
        let inputs = Some(Json(r#"{"prompt":"hi"}"#.into()));
        let span = Some((trace_id(7), span_id(8)));
        [
            RunFact::Begin(StepBegin { inputs, span, ..begin_of(at(0), "x", 1) }),
            RunFact::End(StepEnd {
                result: Some(Json("[1]".into())),
                is_suspect: true,
                ..end_of(at(0), "y", 2, r#"{"a":1}"#)
            }),
            attribute(0, Some("0:1"), "k", "1"),
            stream(0, StreamMoment::End { items: 3 }, 4),
            bring(0, "b", ChildEvent::Spawn),
            remark("log.jsonl:3", "is no JSON"),
            RunFact::App(AppRecord { graph: Some(Graph::default()), ..AppRecord::default() }),
        ]
    };
    world.tell(&run, facts());
    let before = (world.line(&run), world.steps(&run), world.store().step(&run, at(0)).unwrap());
    let ack = world.tell(&run, facts());
    assert_eq!((ack.changed, ack.created, ack.steps, ack.acked.len()), (vec![], vec![], vec![], 7));
    assert_eq!((world.line(&run), world.steps(&run), world.store().step(&run, at(0)).unwrap()), before);
    assert_eq!(before.2.unwrap().step.span, Some((trace_id(7), span_id(8))));
}

fn of_two_facts_under_one_key_the_latest_counts(world: &mut RunWorld) {
    let run = run_key("a");
    world.tell(&run, [begin(0, "x", 100), failed_end(0, "x", 200, "no"), begin(1, "y", 201), end(1, "y", 300, "")]);
    world.tell(&run, [begin(0, "z", 5), end(0, "z", 7, r#"{"ok":true}"#), end(1, "y", 8, "")]);
    assert_eq!(
        world.steps(&run),
        ["0.0 z 5-7 Done (ok) 0 attributes [] 0 notes", "1.0 y 201-8 Done () 0 attributes [] 0 notes"]
    );
    assert_eq!(
        world.line(&run),
        "default/a 5-201 Ok 2 steps 0 errors 0 suspect 0 children 0 forks 0 remarks 0 notes last y [0 1]"
    );
    let taken = world.store().run(&run).unwrap().unwrap().taken;
    assert_eq!(taken, [Taken { from: "z".into(), to: "y".into(), count: 1 }]);
}

fn facts_of_the_whole_run_merge(world: &mut RunWorld) {
    let run = run_key("a");
    let action =
        Action { name: "x".into(), reads: vec!["n".into()], code: Some("def x(): ...".into()), ..Action::default() };
    let transition = Transition { from: "x".into(), to: "x".into(), condition: "n<5".into() };
    let graph = Graph { entrypoint: Some("x".into()), actions: vec![action], transitions: vec![transition] };
    let time = |time| Some(Timestamp(time));
    world.tell(
        &run,
        [RunFact::App(AppRecord { created: time(9), parent: Some(pointer("p", Some(2))), ..AppRecord::default() })],
    );
    world.tell(
        &run,
        [RunFact::App(AppRecord { created: time(12), graph: Some(graph.clone()), ..AppRecord::default() })],
    );
    world.tell(&run, [RunFact::App(AppRecord::default())]);
    let expected =
        AppRecord { graph: Some(graph), parent: Some(pointer("p", Some(2))), spawned_by: None, created: time(9) };
    assert_eq!(world.store().run(&run).unwrap().unwrap().app, expected);
}

fn a_step_that_never_ends_is_lost_after_a_silence(world: &mut RunWorld) {
    let run = run_key("a");
    world.hands.set(1_000);
    world.tell(&run, [begin(0, "x", 1_000)]);
    world.hands.set(1_600);
    assert_eq!(world.store().run_summary(&run).unwrap().unwrap().status, RunStatus::Running);
    world.hands.set(1_601);
    assert_eq!(world.store().run_summary(&run).unwrap().unwrap().status, RunStatus::Lost);
    let lost = RunQuery { status: Some(RunStatus::Lost), ..RunQuery::default() };
    assert_eq!(world.list(&lost).len(), 1);
    assert_eq!(world.steps(&run), ["0.0 x 1000-? Lost () 0 attributes [] 0 notes"]);
    world.tell(&run, [attribute(0, None, "still", "\"here\"")]);
    assert_eq!(world.store().run_summary(&run).unwrap().unwrap().status, RunStatus::Running);
}

fn what_was_told_long_after_it_happened_is_lost_at_once(world: &mut RunWorld) {
    let run = run_key("a");
    world.hands.set(1_000_000);
    world.tell(&run, [begin(0, "x", 1_000)]);
    assert_eq!(world.store().run_summary(&run).unwrap().unwrap().status, RunStatus::Lost);
}

fn a_step_that_the_run_left_behind_is_lost(world: &mut RunWorld) {
    let run = run_key("a");
    world.tell(&run, [begin(0, "x", 1), begin(1, "x", 2)]);
    let steps = world.store().steps(&run, Order::Ascending, &all()).unwrap().items;
    assert_eq!([steps[0].status, steps[1].status], [StepStatus::Lost, StepStatus::Running]);
}

fn attempts_stand_in_the_order_in_which_they_came(world: &mut RunWorld) {
    let run = run_key("a");
    let again = StepKey { sequence: 0, attempt: 1 };
    world.tell(&run, [begin(0, "x", 1), begin(1, "x", 2), RunFact::Begin(begin_of(again, "x", 3)), begin(2, "x", 4)]);
    let keys = |steps: Page<Step>| steps.items.iter().map(|it| (it.key.sequence, it.key.attempt)).collect::<Vec<_>>();
    let steps = world.store().steps(&run, Order::Ascending, &all()).unwrap();
    assert_eq!(keys(steps), [(0, 0), (1, 0), (0, 1), (2, 0)]);
    let latest = world.store().steps(&run, Order::Descending, &first(3)).unwrap();
    let cursor = latest.next.clone();
    assert_eq!(keys(latest), [(2, 0), (0, 1), (1, 0)]);
    let rest = world.store().steps(&run, Order::Descending, &PageRequest { limit: 3, cursor }).unwrap();
    assert_eq!((rest.next.clone(), keys(rest)), (None, vec![(0, 0)]));
    assert_eq!(world.store().locate(&run, At::Sequence(0)).unwrap(), Some(again));
    assert_eq!(world.store().locate(&run, At::Step(StepKey { sequence: 2, attempt: 1 })).unwrap(), None);
    let wrong = PageRequest { limit: 3, cursor: Some("r0".into()) };
    assert!(matches!(world.store().steps(&run, Order::Ascending, &wrong), Err(Error::Cursor { .. })));
}

fn states_are_what_came_after_every_step(world: &mut RunWorld) {
    let run = counted(world, 150);
    for number in [0, 1, 63, 64, 65, 127, 128, 129, 149] {
        let state = format!(r#"{{"n":{number},"name":"a counter that counts"}}"#);
        assert_eq!(world.state(&run, number), Some(state));
    }
    assert_eq!(world.state(&run, 150), None);
    let steps = world.steps(&run);
    assert_eq!(steps[0], "0.0 count 10-15 Done (n name) 0 attributes [] 0 notes");
    assert!(steps[1..].iter().all(|step| step.contains("Done (n) ")), "{steps:?}");
    let trail: Vec<_> =
        world.store().run_summary(&run).unwrap().unwrap().trail.iter().map(|it| it.step.sequence).collect();
    assert_eq!((trail.len(), trail[0], trail[23]), (24, 0, 149));
}

fn a_replaced_state_leaves_those_behind_it_as_they_are(world: &mut RunWorld) {
    let run = counted(world, 5);
    for state in [r#"{"n":1,"other":[1,2]}"#, r#"{"x":null}"#] {
        world.tell(&run, [end(1, "count", 25, state)]);
        assert_eq!(world.state(&run, 1).as_deref(), Some(state));
        for number in [0, 2, 3, 4] {
            assert!(world.state(&run, number).unwrap().contains(&format!("\"n\":{number},\"name\"")));
        }
    }
    let steps = world.steps(&run);
    assert!(
        steps[1].contains("(x n name)") && steps[2].contains("(n name x)") && steps[3].contains("(n)"),
        "{steps:?}"
    );
    world.tell(&run, [end(1, "count", 25, ""), end(4, "count", 55, "")]);
    assert_eq!(world.state(&run, 1), None);
    assert!(world.steps(&run)[2].contains("(n)"));
    assert_eq!(world.store().locate(&run, At::LatestState).unwrap(), Some(at(3)));
    world.tell(&run, [end(5, "count", 60, r#"{"n":3,"name":"new"}"#)]);
    assert!(world.steps(&run)[5].contains("(name)"));
    assert_eq!(world.state(&run, 5).as_deref(), Some(r#"{"n":3,"name":"new"}"#));
}

fn a_state_that_comes_late_is_what_the_next_is_compared_with(world: &mut RunWorld) {
    let run = run_key("a");
    world.tell(&run, [begin(0, "x", 1), begin(1, "x", 2), end(1, "x", 3, r#"{"a":1,"b":2}"#)]);
    world.tell(&run, [end(0, "x", 2, r#"{"a":1}"#)]);
    let steps = world.steps(&run);
    assert!(steps[0].contains("(a)") && steps[1].contains("(b)"), "{steps:?}");
    assert_eq!(world.state(&run, 1).as_deref(), Some(r#"{"a":1,"b":2}"#));
}

fn states_that_are_no_plain_objects_are_kept_as_they_came(world: &mut RunWorld) {
    let run = run_key("a");
    let long = format!(r#"{{"text":"{}"}}"#, "é😀 \\u0000 ".repeat(20_000));
    let states = [r#"{ "a": 1 }"#, "null", r#"{"a":1,"a":2}"#, r#"{"n":1180591620717411303424}"#, &long, "{}"];
    for (number, state) in (0..).zip(states) {
        world.tell(&run, [end(number, "x", 1, state)]);
    }
    for (number, state) in (0..).zip(states) {
        assert_eq!(world.state(&run, number).as_deref(), Some(state));
    }
}

fn runs_are_found_by_both_ids(world: &mut RunWorld) {
    let (plain, of_user) = (run_key("chat"), partitioned("chat", "user"));
    world.tell(&of_user, [begin(0, "x", 1)]);
    world.tell(&plain, [begin(0, "x", 1)]);
    let id = world.store().run_summary(&of_user).unwrap().unwrap().run_id.unwrap().to_string();
    let store = world.store();
    assert_eq!(store.find_runs("default", "chat", None).unwrap(), [Arc::clone(&plain), Arc::clone(&of_user)]);
    assert_eq!(store.find_runs("default", "chat", Some(None)).unwrap(), [plain]);
    assert_eq!(store.find_runs("default", "chat", Some(Some("user"))).unwrap(), [Arc::clone(&of_user)]);
    assert_eq!(store.find_runs("default", &id, None).unwrap(), [of_user]);
    assert_eq!(store.find_runs("other", "chat", None).unwrap(), []);
}

fn runs_list_by_their_start_and_in_pages(world: &mut RunWorld) {
    world.hands.set(30);
    for (app, time) in [("a", 10), ("b", 30), ("c", 20), ("d", 20)] {
        world.tell(&run_key(app), [begin(0, "x", time)]);
    }
    world.tell(&run_key("never stepped"), [RunFact::App(AppRecord::default())]);
    let mut names = Vec::new();
    let mut page = first(2);
    loop {
        let found = world.store().runs(&RunQuery::default(), &page).unwrap();
        names.extend(found.items.iter().map(|run| run.key.app.to_string()));
        page.cursor = found.next;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(names, ["never stepped", "b", "d", "c", "a"]);
    assert_eq!(
        world.store().run_projects().unwrap(),
        [RunProject { name: "default".into(), run_count: 5, last_start: Timestamp(30_000_000_000) }]
    );
}

fn runs_are_asked_for_by_what_they_are(world: &mut RunWorld) {
    world.tell(&partitioned("Chat one", "ada"), [begin(0, "x", 10), end(0, "x", 20, "")]);
    world.tell(&run_key("chat two"), [begin(0, "x", 20), failed_end(0, "x", 21, "no")]);
    let other = Arc::new(RunKey { project: "other".into(), ..RunKey::clone(&run_key("three")) });
    world.tell(&other, [begin(0, "x", 30)]);
    let all = RunQuery::default();
    let mut names = |query: RunQuery| {
        let found = world.store().runs(&query, &kit::all()).unwrap().items;
        found.iter().map(|run| run.key.app.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(RunQuery { name: Some("CHAT".into()), ..all.clone() }), ["chat two", "Chat one"]);
    assert_eq!(names(RunQuery { project: Some("other".into()), ..all.clone() }), ["three"]);
    assert_eq!(names(RunQuery { partition: Some(Some("ada".into())), ..all.clone() }), ["Chat one"]);
    assert_eq!(names(RunQuery { partition: Some(None), ..all.clone() }), ["three", "chat two"]);
    assert_eq!(names(RunQuery { status: Some(RunStatus::Failed), ..all.clone() }), ["chat two"]);
    let time = |second: u64| Some(Timestamp(second * 1_000_000_000));
    assert_eq!(names(RunQuery { start: time(20), end: time(30), ..all.clone() }), ["chat two"]);
    assert_eq!(names(RunQuery { min_duration: Some(Elapsed(10_000_000_000)), ..all.clone() }), ["Chat one"]);
}

fn children_are_known_from_either_side(world: &mut RunWorld) {
    let parent = run_key("parent");
    world.tell(&parent, [begin(0, "x", 1), bring(0, "told", ChildEvent::Spawn), bring(0, "both", ChildEvent::Fork)]);
    let spawned =
        |sequence| RunFact::App(AppRecord { spawned_by: Some(pointer("parent", sequence)), ..AppRecord::default() });
    let ack = world.tell(&run_key("named"), [spawned(Some(0))]);
    assert_eq!(ack.changed, [run_key("named"), Arc::clone(&parent)]);
    world.tell(&run_key("both"), [spawned(None)]);
    let line = "default/parent 1-1 Running 1 steps 0 errors 0 suspect 2 children 1 forks 0 remarks 0 notes last x [0]";
    assert_eq!(world.line(&parent), line);
    let children = world.store().run(&parent).unwrap().unwrap().children;
    let shown: Vec<_> = children.iter().map(|it| format!("{} {:?} {:?}", it.run.app, it.event, it.sequence)).collect();
    assert_eq!(shown, ["told Spawn Some(0)", "both Fork Some(0)", "named Spawn Some(0)"]);
    assert!(world.steps(&parent)[0].contains("[told both named]"));
    world.tell(
        &run_key("named"),
        [RunFact::App(AppRecord { spawned_by: Some(pointer("else", None)), ..AppRecord::default() })],
    );
    assert_eq!(world.store().run(&parent).unwrap().unwrap().children.len(), 2);
}

fn lineage_goes_up_to_the_first_and_never_in_circles(world: &mut RunWorld) {
    let of = |app: &str, sequence| {
        RunFact::App(AppRecord { parent: Some(pointer(app, Some(sequence))), ..AppRecord::default() })
    };
    world.tell(&run_key("c"), [of("b", 3)]);
    world.tell(&run_key("b"), [of("a", 2)]);
    let lineage = |world: &mut RunWorld| world.store().run(&run_key("c")).unwrap().unwrap().lineage;
    assert_eq!(lineage(world), [pointer("b", Some(3)), pointer("a", Some(2))]);
    world.tell(&run_key("a"), [of("c", 1)]);
    assert_eq!(lineage(world), [pointer("b", Some(3)), pointer("a", Some(2))]);
}

fn what_was_done_is_counted_by_action(world: &mut RunWorld) {
    let run = run_key("a");
    world.tell(
        &run,
        [begin(0, "ask", 1), end(0, "ask", 3, ""), begin(1, "answer", 3), failed_end(1, "answer", 7, "no")],
    );
    world.tell(&run, [begin(2, "answer", 8), end(2, "answer", 9, ""), begin(3, "ask", 9), end(3, "ask", 10, "")]);
    let Run { actions, taken, .. } = world.store().run(&run).unwrap().unwrap();
    let shown: Vec<_> = actions
        .iter()
        .map(|it| format!("{} {} {} {}", it.action, it.visits, it.errors, it.duration.0 / 1_000_000_000))
        .collect();
    assert_eq!(shown, ["answer 2 1 5", "ask 2 0 3"]);
    let shown: Vec<_> = taken.iter().map(|it| format!("{} {} {}", it.from, it.to, it.count)).collect();
    assert_eq!(shown, ["answer ask 1", "ask answer 1"]);
}

fn attributes_and_streams_belong_to_their_step(world: &mut RunWorld) {
    let run = run_key("a");
    world.tell(&run, [begin(0, "x", 1), attribute(0, None, "k", "1"), attribute(0, Some("0:0"), "k", "[2]")]);
    world.tell(
        &run,
        [attribute(0, None, "k", "3"), stream(0, StreamMoment::Begin, 2), stream(0, StreamMoment::FirstItem, 3)],
    );
    world.tell(&run, [stream(0, StreamMoment::End { items: 7 }, 9)]);
    let detail = world.store().step(&run, at(0)).unwrap().unwrap();
    let shown: Vec<_> = detail.attributes.iter().map(|it| format!("{:?} {} {}", it.span, it.key, it.value.0)).collect();
    assert_eq!(shown, ["None k 3", "Some(\"0:0\") k [2]"]);
    let time = |second: u64| Some(Timestamp(second * 1_000_000_000));
    assert_eq!(detail.step.stream, Some(Stream { begin: time(2), first_item: time(3), end: time(9), items: Some(7) }));
    assert_eq!(detail.step.attribute_count, 2);
}

fn remarks_come_in_pages(world: &mut RunWorld) {
    let run = run_key("a");
    world.tell(
        &run,
        [remark("log:1", "is torn"), remark("log:2", "is torn"), remark("log:3", "is torn"), remark("log:2", "is odd")],
    );
    let page = world.store().remarks(&run, &first(2)).unwrap();
    let shown =
        |page: &Page<Remark>| page.items.iter().map(|it| format!("{} {}", it.place, it.what)).collect::<Vec<_>>();
    assert_eq!(shown(&page), ["log:1 is torn", "log:2 is odd"]);
    let rest = world.store().remarks(&run, &PageRequest { limit: 2, cursor: page.next }).unwrap();
    assert_eq!((shown(&rest), rest.next), (vec!["log:3 is torn".to_owned()], None));
    assert!(world.line(&run).contains(" 3 remarks"));
}

fn annotations_are_numbered_changed_and_deleted(world: &mut RunWorld) {
    let run = run_key("a");
    world.tell(&run, [begin(0, "x", 1), RunFact::Begin(begin_of(StepKey { sequence: 0, attempt: 1 }, "x", 2))]);
    world.hands.set(5);
    let (one, two) =
        (world.store().annotate(note(&run, 0, "good")).unwrap(), world.store().annotate(note(&run, 9, "bad")).unwrap());
    assert_eq!((one.id, two.id, one.created), (0, 1, Some(Timestamp(5_000_000_000))));
    world.hands.set(6);
    let changed = Annotation { tags: vec!["better".into()], id: one.id, ..note(&run, 0, "") };
    let revised = world.store().revise_annotation(changed.clone()).unwrap().unwrap();
    assert_eq!((revised.created, revised.updated), (one.created, Some(Timestamp(6_000_000_000))));
    assert_eq!(world.store().revise_annotation(Annotation { id: 77, ..changed }).unwrap(), None);
    assert_eq!(world.store().annotation("default", 0).unwrap(), Some(revised.clone()));
    let ids = |world: &mut RunWorld, query: AnnotationQuery| {
        let query = AnnotationQuery { project: "default".into(), ..query };
        world.store().annotations(&query, &all()).unwrap().items.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    let of_step = |attempt| {
        let step = Some(StepKey { sequence: 0, attempt });
        AnnotationQuery { run: Some(RunKey::clone(&run)), step, ..AnnotationQuery::default() }
    };
    assert_eq!(ids(world, AnnotationQuery::default()), [0, 1]);
    assert_eq!((ids(world, of_step(0)), ids(world, of_step(1))), (vec![], vec![0]));
    assert_eq!(ids(world, AnnotationQuery { sequence: Some(9), ..AnnotationQuery::default() }), [1]);
    let notes: Vec<_> = world
        .store()
        .steps(&run, Order::Ascending, &all())
        .unwrap()
        .items
        .iter()
        .map(|it| it.annotation_count)
        .collect();
    assert_eq!(notes, [0, 1], "one without an attempt is of the latest");
    assert!(world.store().delete_annotation("default", 1).unwrap());
    assert!(!world.store().delete_annotation("default", 1).unwrap());
    assert_eq!(world.store().annotate(note(&run, 0, "new")).unwrap().id, 2, "a number is not given twice");
}

fn imported_annotations_come_once(world: &mut RunWorld) {
    let run = run_key("a");
    world.store().annotate(note(&run, 0, "ours")).unwrap();
    let theirs = |id, tag: &str, updated| Annotation { id, updated: Some(Timestamp(updated)), ..note(&run, 1, tag) };
    assert_eq!(world.store().import_annotations(vec![theirs(0, "a", 1), theirs(5, "b", 1)]).unwrap(), 2);
    assert_eq!(world.store().import_annotations(vec![theirs(0, "a", 1), theirs(5, "b2", 2)]).unwrap(), 1);
    let query = AnnotationQuery { project: "default".into(), ..AnnotationQuery::default() };
    let shown = |world: &mut RunWorld| {
        let found = world.store().annotations(&query, &all()).unwrap().items;
        found.iter().map(|it| format!("{} {}", it.id, it.tags[0])).collect::<Vec<_>>()
    };
    assert_eq!(shown(world), ["0 ours", "1 a", "5 b2"]);
    assert!(world.store().delete_annotation("default", 5).unwrap());
    assert_eq!(world.store().import_annotations(vec![theirs(5, "b3", 3)]).unwrap(), 0, "what was deleted stays so");
    assert_eq!(world.store().annotate(note(&run, 0, "next")).unwrap().id, 6);
}

fn a_deleted_run_is_gone_and_may_come_again(world: &mut RunWorld) {
    let (run, other) = (counted(world, 70), run_key("other"));
    world.tell(&run, [bring(0, "other", ChildEvent::Spawn), attribute(0, None, "k", "1"), remark("log:1", "x")]);
    world.tell(&other, [begin(0, "x", 1)]);
    world.store().annotate(note(&run, 0, "good")).unwrap();
    assert_eq!(world.store().deleted_at(&run).unwrap(), None);
    assert_eq!(world.store().delete_run(&run).unwrap(), DeletedRuns { runs: 1, steps: 70 });
    assert!(world.store().deleted_at(&run).unwrap().is_some());
    assert_eq!(world.store().delete_run(&run).unwrap(), DeletedRuns::default());
    assert_eq!(world.store().run(&run).unwrap(), None);
    assert_eq!(world.store().annotation("default", 0).unwrap(), None);
    assert_eq!(world.list(&RunQuery::default()).len(), 1);
    let again = counted(world, 2);
    assert_eq!(world.state(&again, 1).as_deref(), Some(r#"{"n":1,"name":"a counter that counts"}"#));
    let line =
        "default/counter 10-25 Ok 2 steps 0 errors 0 suspect 0 children 0 forks 0 remarks 0 notes last count [0 1]";
    assert_eq!(world.line(&again), line);
}

fn a_deleted_project_takes_its_runs_along(world: &mut RunWorld) {
    counted(world, 3);
    let other = Arc::new(RunKey { project: "other".into(), ..RunKey::clone(&run_key("x")) });
    world.tell(&other, [begin(0, "x", 1)]);
    assert_eq!(world.store().delete_runs("default").unwrap(), DeletedRuns { runs: 1, steps: 3 });
    assert_eq!(world.list(&RunQuery::default()).len(), 1);
}
