//! Every state comes back as it was told.

use proptest::prelude::*;
use trackway_model::{RunFact, RunKey, RunRecord};
use trackway_wire::records::{Follower, Item};

use super::kit::*;
use crate::{
    At, Change, Fact, State, Status, Value,
    loading::Loader,
    tracker::{Directory, Opening, Sink as _},
};

#[derive(Debug, Clone)]
enum Act {
    Step(Vec<Change>),
    /// The same, but nobody says what changed.
    Guess(Vec<Change>),
    Fail,
    Place(Vec<Change>),
    Reopen,
    /// The program dies in a step.
    Die,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let name =
        || prop_oneof!["[abc]", Just("long".to_owned()), Just("list".to_owned()), Just("\u{e4} \"q\"".to_owned())];
    let text = prop_oneof![
        ".{0,6}".prop_map(Value::from),
        // Long ones that have much in common.
        ("[a\u{20ac}\"]{0,2}", 200_usize..400).prop_map(|(middle, at)| {
            let (front, back) = ("\u{fc}\"x".repeat(at), "\n-".repeat(300));
            Value::from(format!("{front}{middle}{back}"))
        }),
    ];
    let leaf = || {
        prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("JSON has none", |it| it.is_finite()).prop_map(Value::from),
            Just(Value::Null)
        ]
    };
    let list = proptest::collection::vec(leaf(), 0..80).prop_map(Value::from);
    let value = prop_oneof![3 => leaf(), 2 => text, 1 => list];
    let change = prop_oneof![
        4 => (name(), value).prop_map(|(name, value)| Change::Set(name.into(), value)),
        3 => leaf().prop_map(|item| Change::Append("list".into(), item)),
        1 => name().prop_map(|name| Change::Remove(name.into())),
    ];
    proptest::collection::vec(change, 0..5)
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => changes().prop_map(Act::Step),
        3 => changes().prop_map(Act::Guess),
        2 => Just(Act::Fail),
        1 => changes().prop_map(Act::Place),
        1 => Just(Act::Reopen),
        1 => Just(Act::Die),
    ]
}

/// Makes changes that a state allows: items are appended to lists only.
fn fitting(state: &State, changes: Vec<Change>) -> (State, Vec<Change>) {
    let mut state = state.clone();
    let mut done = Vec::new();
    for change in changes {
        let fits = match &change {
            Change::Append(name, _) => matches!(state.value(name), None | Some(Value::List(_))),
            _ => true,
        };
        if fits {
            state = state.apply(&change);
            done.push(change);
        }
    }
    assert!(state.fault().is_none());
    (state, done)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn every_state_of_any_run_is_loaded_as_it_was(acts in proptest::collection::vec(act(), 1..150)) {
        let root = quick_directory();
        let mut run = Run::new(root.path(), "a", State::default());
        let mut states: Vec<(i64, State, Status)> = Vec::new();
        for act in acts {
            let before = run.state.clone();
            match act {
                Act::Step(changes) => {
                    let (state, changes) = fitting(&before, changes);
                    states.push((run.step_to(state.clone(), Some(changes)).unwrap(), state, Status::Completed));
                }
                Act::Guess(changes) => {
                    let (state, _) = fitting(&before, changes);
                    states.push((run.step_to(state.clone(), None).unwrap(), state, Status::Completed));
                }
                Act::Fail => states.push((run.fail(), before, Status::Failed)),
                Act::Place(changes) => {
                    let (state, _) = fitting(&before, changes);
                    let after = states.last().map(|(sequence, ..)| trackway_model::StepKey { sequence: *sequence, attempt: 0 });
                    run.place(after, state);
                }
                Act::Reopen | Act::Die => {
                    let sequence = run.sequence();
                    if matches!(act, Act::Die) {
                        run.tell([begun(sequence, 0)]).unwrap();
                    }
                    run.close();
                    run = Run::goes_on(root.path(), "a", sequence, before);
                }
            }
        }
        let latest = load(root.path(), "a", At::Latest).unwrap().unwrap();
        prop_assert_eq!(latest.state.to_json(), run.state.to_json());
        for part in ["written", "closed", "without an index", "with half an index", "with a wrong index"] {
            let index = directory(root.path(), "a").join("log.index");
            match part {
                "closed" => run.tell([Fact::Closed]).unwrap(),
                "without an index" => drop(std::fs::remove_file(&index)),
                "with half an index" => {
                    Run::goes_on(root.path(), "a", 0, State::default()).close();
                    let bytes = std::fs::read(&index).unwrap_or_default();
                    std::fs::write(&index, &bytes[..bytes.len() / 2]).unwrap();
                }
                "with a wrong index" => {
                    let mut bytes = std::fs::read(&index).unwrap();
                    bytes.iter_mut().skip(20).step_by(7).for_each(|byte| *byte ^= 0x55);
                    std::fs::write(&index, &bytes).unwrap();
                }
                _ => {}
            }
            for (sequence, state, status) in &states {
                let saved = load(root.path(), "a", At::Step(*sequence)).unwrap().unwrap();
                prop_assert_eq!(saved.state.to_json(), state.to_json(), "step {}, {}", sequence, part);
                prop_assert_eq!(saved.status, *status);
                prop_assert_eq!(saved.step.unwrap().sequence, *sequence);
            }
        }
        prop_assert!(load(root.path(), "a", At::Step(run.sequence() + 1)).unwrap().is_none());
        let told: Vec<_> = followed(root.path(), &run.key);
        let expected: Vec<_> = states.iter().map(|(sequence, state, _)| (*sequence, state.to_json())).collect();
        prop_assert_eq!(told, expected);
    }
}

/// Returns the states of ended steps as whoever follows the log is told them.
fn followed(root: &std::path::Path, run: &RunKey) -> Vec<(i64, String)> {
    let text = std::fs::read_to_string(log(root, "a")).unwrap();
    let mut follower = Follower::new(run.clone());
    let items = (1..).zip(text.lines()).flat_map(|(number, line)| follower.line(number, line.as_bytes()));
    let ends = items.filter_map(|item| match item {
        Item::Fact(RunRecord { fact: RunFact::End(end), .. }) => {
            Some((end.step.sequence, end.state.unwrap().0.to_string()))
        }
        Item::Fact(RunRecord { fact: RunFact::Remark(remark), .. }) => panic!("{remark:?}"),
        _ => None,
    });
    ends.collect()
}

#[test]
fn a_run_is_told_in_lines_that_people_can_read() {
    let root = tempfile::tempdir().unwrap();
    let state = State::default().set("note", "x".repeat(60)).set("chat", Vec::<i32>::new()).set("draft", true);
    let mut run = Run::new(root.path(), "a", state);
    run.step(vec![append("chat", 1), append("chat", 2)]).unwrap();
    run.fail();
    run.step(vec![set("n", 1), Change::Remove("draft".into())]).unwrap();
    let text = std::fs::read_to_string(log(root.path(), "a")).unwrap();
    let cut = |line: &str| line.split(",\"span\":").next().unwrap().replace("2026-11-20T15:26:38.", "\u{2026}");
    insta::assert_snapshot!(text.lines().map(cut).collect::<Vec<_>>().join("\n"), @r#"
    {"type":"run","project":"demo","app":"a"}
    {"type":"app"}
    {"type":"state","next":"act","state":{"note":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","chat":[],"draft":true},"time":"1970-01-01T00:00:00.000000001Z"}
    {"type":"begin","sequence":0,"attempt":0,"action":"act","time":"…000000000Z","inputs":{}
    {"type":"end","sequence":0,"attempt":0,"action":"act","begun":"…000000000Z","time":"…000000999Z","delta":{"append":{"chat":[1,2]}},"next":"act","tried":[{"to":"act","condition":"default","held":true}]
    {"type":"begin","sequence":1,"attempt":0,"action":"act","time":"…000000000Z","inputs":{}
    {"type":"end","sequence":1,"attempt":0,"action":"act","begun":"…000000000Z","time":"…000000999Z","error":"no luck","delta":{}
    {"type":"begin","sequence":2,"attempt":0,"action":"act","time":"…000000000Z","inputs":{}
    {"type":"end","sequence":2,"attempt":0,"action":"act","begun":"…000000000Z","time":"…000000999Z","delta":{"remove":["draft"],"set":{"n":1}},"next":"act","tried":[{"to":"act","condition":"default","held":true}]
    "#);
}

#[test]
fn a_run_tells_where_it_stands() {
    let root = tempfile::tempdir().unwrap();
    let load = |at| load(root.path(), "a", at).unwrap();
    assert!(load(At::Latest).is_none());
    let mut run = Run::new(root.path(), "a", State::default().set("n", 0));
    let begun_at = load(At::Latest).unwrap();
    assert_eq!((begun_at.status, begun_at.step, begun_at.next.as_deref()), (Status::NotBegun, None, Some("act")));
    run.tell([begun(0, 0)]).unwrap();
    let in_first = load(At::Latest).unwrap();
    assert_eq!((in_first.status, in_first.action.as_deref()), (Status::Unfinished, Some("act")));
    assert_eq!(in_first.state.to_json(), r#"{"n":0}"#);
    run.tell([begun(0, 1), ended(0, 1, &State::default().set("n", 1), None)]).unwrap();
    let done = load(At::Latest).unwrap();
    assert_eq!((done.status, done.step.unwrap().attempt, done.chosen.as_deref()), (Status::Completed, 1, Some("act")));
    run.place(done.step, State::default().set("n", 7));
    assert_eq!(load(At::Latest).unwrap().state.to_json(), r#"{"n":7}"#);
    assert_eq!(load(At::Step(0)).unwrap().state.to_json(), r#"{"n":1}"#);
    assert_eq!(load(At::Step(-1)).unwrap().state.to_json(), r#"{"n":0}"#);
    assert!(load(At::Step(1)).is_none());
}

#[test]
fn a_large_state_that_grows_costs_a_log_what_it_grows() {
    let root = tempfile::tempdir().unwrap();
    let message = "I should like to know more about that, if you please. ".repeat(2);
    let chat = vec![message.clone(); 200];
    let mut run = Run::new(root.path(), "a", State::default().set("chat", chat));
    assert!(run.state.to_json().len() > 20_000);
    let len = || std::fs::metadata(log(root.path(), "a")).unwrap().len();
    let before = len();
    for _ in 0..640 {
        run.step(vec![append("chat", message.as_str())]).unwrap();
    }
    let a_step = (len() - before) / 640;
    assert!(a_step <= 2048, "{a_step} bytes");
    assert_eq!(state_at(root.path(), "a", 639), run.state.to_json());
}

#[test]
fn a_state_that_is_large_beside_its_changes_is_not_told_whole_every_64_steps() {
    let root = tempfile::tempdir().unwrap();
    let mut run = Run::new(root.path(), "a", State::default().set("n", 0).set("book", "x".repeat(1_000_000)));
    for n in 1..=640 {
        run.step(vec![Change::Set("n".into(), n.into())]).unwrap();
    }
    let len = std::fs::metadata(log(root.path(), "a")).unwrap().len();
    assert!(len < 1_500_000, "{len} bytes");
    assert_eq!(state_at(root.path(), "a", 639), run.state.to_json());
}

#[test]
fn a_run_is_found_by_its_id_alone_where_that_is_one() {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::at(root.path());
    let wanted = crate::Wanted::new("demo", "a");
    for partition in ["x/y", "z"] {
        let key = trackway_model::RunKey { project: "demo".into(), partition: Some(partition.into()), app: "a".into() };
        let key = std::sync::Arc::new(key);
        let logs = std::sync::Arc::new(super::super::sink::Logs::new(root.path().to_owned()));
        logs.open(&key, Opening::New).unwrap();
        super::super::sink::Writer::new(logs)
            .write(vec![crate::Entry { run: key, fact: ended(0, 0, &State::default(), None) }]);
        let found = directory.load(&wanted, At::Latest);
        match partition {
            "x/y" => assert_eq!(found.unwrap().unwrap().run.partition.as_deref(), Some("x/y")),
            _ => {
                assert_eq!(found.unwrap_err().to_string(), "demo has a run a in several partitions: name one of x/y, z")
            }
        }
    }
    let mut listed: Vec<_> = directory.list("demo").unwrap().into_iter().map(|run| run.partition.unwrap()).collect();
    listed.sort();
    assert_eq!(listed, ["x/y".into(), "z".into()]);
}
