//! Whatever is told of runs, in whatever order, the embedded store answers what the memory store answers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::sync::Arc;

use kit::{runs::*, *};
use proptest::{collection::vec, option, prelude::*, sample::select};
use trackway_model::*;
use trackway_store::*;

#[derive(Debug, Clone)]
enum Deed {
    Record(u64, Vec<(Arc<RunKey>, RunFact)>),
    DeleteRun(Arc<RunKey>),
    DeleteProject(&'static str),
    Annotate(Annotation),
    Import(Annotation),
    DeleteAnnotation(u64),
    Reopen,
}

fn any_run() -> impl Strategy<Value = Arc<RunKey>> {
    let names = (select(vec!["default", "other"]), option::of(select(vec!["", "user"])), select(vec!["a", "B", "c"]));
    names.prop_map(|(project, partition, app)| {
        Arc::new(RunKey { project: project.into(), partition: partition.map(Into::into), app: app.into() })
    })
}

fn step_key() -> impl Strategy<Value = StepKey> {
    (prop_oneof![9 => 0..5i64, 1 => select(vec![i64::MIN, i64::MAX])], 0..2u32)
        .prop_map(|(sequence, attempt)| StepKey { sequence, attempt })
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    option::weighted(0.9, prop_oneof![8 => 0..20u64, 1 => Just(u64::MAX), 1 => Just(1 << 63)].prop_map(Timestamp))
}

fn state() -> impl Strategy<Value = Json> {
    let value = prop_oneof![
        (0..4u32).prop_map(|number| number.to_string()),
        (0..12usize).prop_map(|items| format!("[{}]", vec![r#"{"role":"user"}"#; items].join(","))),
        (0..300usize).prop_map(|letters| format!("\"{}\"", "é".repeat(letters))),
    ];
    let fields = vec((select(vec!["n", "chat", "é", r#"q\""#]), value), 0..4);
    let plain = fields.prop_map(|fields| {
        let mut seen = std::collections::HashSet::new();
        let once = fields.into_iter().filter(|(name, _)| seen.insert(*name));
        let fields: Vec<_> = once.map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    });
    prop_oneof![12 => plain, 1 => Just(r#"{ "n": 1 }"#.to_owned()), 1 => Just("null".to_owned())]
        .prop_map(|text| Json(text.into()))
}

fn any_pointer() -> impl Strategy<Value = RunPointer> {
    let names = (option::of(select(vec!["", "user"])), select(vec!["a", "B", "c", "gone"]), option::of(0..3i64));
    names.prop_map(|(partition, app, sequence)| RunPointer {
        app: app.into(),
        partition: partition.map(Into::into),
        sequence,
    })
}

fn action() -> impl Strategy<Value = Text> {
    select(vec!["ask", "answer", ""]).prop_map(Into::into)
}

fn choice() -> impl Strategy<Value = Choice> {
    let held = prop_oneof![any::<bool>().prop_map(Ok), Just(Err(Text::from("there is no field \"n\"")))];
    let tried = (action(), action(), held).prop_map(|(to, condition, held)| Tried { to, condition, held });
    (option::of(action()), prop::collection::vec(tried, 0..3)).prop_map(|(next, tried)| Choice { next, tried })
}

fn fact() -> impl Strategy<Value = RunFact> {
    let text = || option::of(select(vec!["no", "Traceback\nboom"]).prop_map(Text::from));
    let begin = (step_key(), action(), time(), option::of(state()), option::of(1..4u64)).prop_map(
        |(step, action, time, inputs, span)| {
            let span = span.map(|id| (trace_id(u128::from(id)), span_id(id)));
            RunFact::Begin(StepBegin { step, action, time, inputs, span })
        },
    );
    let end =
        (step_key(), action(), time(), option::of(state()), text(), option::weighted(0.8, state()), any::<bool>());
    let end =
        (end, option::of(choice())).prop_map(|((step, action, time, result, error, state, is_suspect), choice)| {
            RunFact::End(StepEnd { step, action, time, result, error, state, is_suspect, choice })
        });
    let placed = (option::weighted(0.8, step_key()), option::of(action()), state(), time())
        .prop_map(|(after, next, state, time)| RunFact::State(StateRecord { after, next, state, time }));
    let said =
        (step_key(), option::of(select(vec!["0:0", ""])), select(vec!["k", "l"]), state(), option::of(state()), time());
    let said = said.prop_map(|(step, span, key, value, tags, time)| {
        RunFact::Attribute(StepAttribute { step, span: span.map(Into::into), key: key.into(), value, tags, time })
    });
    let moment = prop_oneof![
        Just(StreamMoment::Begin),
        Just(StreamMoment::FirstItem),
        select(vec![0, 3, u64::MAX]).prop_map(|items| StreamMoment::End { items })
    ];
    let stream = (step_key(), moment, time())
        .prop_map(|(step, moment, time)| RunFact::Stream(StreamEvent { step, moment, time }));
    let event = select(vec![ChildEvent::Fork, ChildEvent::Spawn]);
    let child = (option::of(0..4i64), any_pointer(), event, time())
        .prop_map(|(sequence, child, event, time)| RunFact::Child(ChildRecord { sequence, child, event, time }));
    let remark = (select(vec!["log:1", "log:2"]), select(vec!["is torn", "is odd"]))
        .prop_map(|(place, what)| remark(place, what));
    let app = (option::of(any_pointer()), option::of(any_pointer()), time(), option::of(action()));
    let app = app.prop_map(|(parent, spawned_by, created, entrypoint)| {
        let graph = entrypoint.map(|name| Graph { entrypoint: Some(name), ..Graph::default() });
        RunFact::App(AppRecord { graph, parent, spawned_by, created })
    });
    prop_oneof![4 => begin, 6 => end, 2 => placed, 1 => said, 1 => stream, 1 => child, 1 => remark, 1 => app]
}

fn any_note() -> impl Strategy<Value = Annotation> {
    (any_run(), 0..4u64, 0..4i64, option::of(0..2u32), 0..5u64).prop_map(|(run, id, sequence, attempt, updated)| {
        Annotation { id, attempt, updated: Some(Timestamp(updated)), ..note(&run, sequence, "tag") }
    })
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        12 => (0..2_000u64, vec((any_run(), fact()), 1..12)).prop_map(|(second, facts)| Deed::Record(second, facts)),
        1 => any_run().prop_map(Deed::DeleteRun),
        1 => select(vec!["default", "other"]).prop_map(Deed::DeleteProject),
        2 => any_note().prop_map(Deed::Annotate),
        2 => any_note().prop_map(Deed::Import),
        1 => (0..4u64).prop_map(Deed::DeleteAnnotation),
        2 => Just(Deed::Reopen),
    ]
}

/// Does something, and tells what became of it.
fn act(world: &mut RunWorld, deed: &Deed) -> String {
    match deed {
        Deed::Record(second, facts) => {
            world.hands.set(*second);
            let records = facts.iter().map(|(run, fact)| RunRecord { run: Arc::clone(run), fact: fact.clone() });
            format!("{:?}", wait(world.store().record(records.collect())).unwrap())
        }
        Deed::DeleteRun(run) => format!("{:?}", world.store().delete_run(run).unwrap()),
        Deed::DeleteProject(name) => format!("{:?}", world.store().delete_runs(name).unwrap()),
        Deed::Annotate(note) => format!("{:?}", world.store().annotate(note.clone()).unwrap()),
        Deed::Import(note) => world.store().import_annotations(vec![note.clone()]).unwrap().to_string(),
        Deed::DeleteAnnotation(id) => world.store().delete_annotation("default", *id).unwrap().to_string(),
        Deed::Reopen => {
            world.reopen();
            String::new()
        }
    }
}

/// Everything that can be asked, as text.
fn everything(world: &mut RunWorld, limit: usize) -> String {
    let store = world.store();
    let mut said = format!("{:?}\n", store.run_projects().unwrap());
    for status in [None, Some(RunStatus::Ok), Some(RunStatus::Running), Some(RunStatus::Lost), Some(RunStatus::Failed)]
    {
        let query = RunQuery { status, ..RunQuery::default() };
        let mut page = first(limit);
        loop {
            let found = store.runs(&query, &page).unwrap();
            for run in &found.items {
                said += &format!("{status:?} {run:?}\n");
                if status.is_none() {
                    said += &of_run(store, &run.key, limit);
                }
            }
            page.cursor = found.next;
            if page.cursor.is_none() {
                break;
            }
        }
    }
    for project in ["default", "other"] {
        let query = AnnotationQuery { project: project.into(), ..AnnotationQuery::default() };
        said += &format!("{:?}\n", store.annotations(&query, &all()).unwrap());
        said += &format!("{:?}\n", store.find_runs(project, "a", None).unwrap());
    }
    said
}

fn of_run(store: &dyn Runs, run: &RunKey, limit: usize) -> String {
    let mut said = format!("{:?}\n{:?}\n", store.run(run).unwrap(), store.remarks(run, &all()).unwrap().items);
    said += &format!("{:?}\n{:?}\n", store.first_state(run).unwrap(), store.standing(run).unwrap());
    for order in [Order::Ascending, Order::Descending] {
        let mut page = first(limit);
        loop {
            let found = store.steps(run, order, &page).unwrap();
            said += &format!("{:?}\n", found.items);
            for step in &found.items {
                let (detail, state) = (store.step(run, step.key).unwrap(), store.state(run, step.key).unwrap());
                let before = store.state_before(run, step.key).unwrap();
                said += &format!("{detail:?}\n{before:?}\n{state:?}\n");
            }
            page.cursor = found.next;
            if page.cursor.is_none() {
                break;
            }
        }
    }
    for at in [At::Latest, At::LatestState, At::Sequence(0), At::Sequence(3)] {
        said += &format!("{:?}\n", store.locate(run, at).unwrap());
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_answer_alike(deeds in vec(deed(), 1..24), limit in 1..5usize, now in 0..4_000u64) {
        let (mut memory, mut embedded) = (RunWorld::memory(), RunWorld::embedded());
        for deed in &deeds {
            prop_assert_eq!(act(&mut memory, deed), act(&mut embedded, deed), "{:?}", deed);
        }
        memory.hands.set(now);
        embedded.hands.set(now);
        prop_assert_eq!(everything(&mut memory, limit), everything(&mut embedded, limit));
    }
}
