#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! States never change, share what stays, and hold actions to what they declare.

use std::sync::Arc;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use trackway_machine::{Change, Codecs, Left, Schema, Spec, State, StateError, Value, state};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Message {
    role: String,
    content: String,
}

#[derive(Debug, PartialEq, Schema)]
struct Chat {
    question: String,
    answer: Option<String>,
    #[schema(name = "chat history")]
    history: Vec<Message>,
    turns: u64,
}

fn spec(reads: &[&str], writes: &[&str]) -> Arc<Spec> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
    Arc::new(Spec { name: "answer".into(), reads: names(reads), writes: names(writes), ..Spec::default() })
}

/// Runs an action on a state.
fn act(before: &State, spec: &Arc<Spec>, action: impl FnOnce(State) -> State) -> Result<Left, StateError> {
    let seen = before.enter(spec);
    State::leave(&seen, action(seen.clone()), spec)
}

fn refused(before: &State, spec: &Arc<Spec>, action: impl FnOnce(State) -> State) -> String {
    act(before, spec, action).unwrap_err().to_string()
}

/// One thing that an action does: to which field, and with what.
#[derive(Debug, Clone)]
enum Deed {
    Set(usize, i64),
    Append(usize, i64),
    Extend(usize, Vec<i64>),
    Increment(usize, i64),
    Remove(usize),
}

fn do_to(state: State, deed: &Deed) -> State {
    let name = |field: &usize| format!("f{field}");
    match deed {
        Deed::Set(field, value) => state.set(name(field), value),
        Deed::Append(field, item) => state.append(name(field), item),
        Deed::Extend(field, items) => state.extend(name(field), items),
        Deed::Increment(field, by) => state.increment(name(field), *by),
        Deed::Remove(field) => state.remove(name(field)),
    }
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0..45_usize, any::<i64>()).prop_map(|(field, value)| Deed::Set(field, value)),
        (45..50_usize, any::<i64>()).prop_map(|(field, item)| Deed::Append(field, item)),
        (45..50_usize, proptest::collection::vec(any::<i64>(), 0..5))
            .prop_map(|(field, items)| Deed::Extend(field, items)),
        (0..45_usize, any::<i64>()).prop_map(|(field, by)| Deed::Increment(field, by)),
        (0..50_usize).prop_map(Deed::Remove),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn changes_make_the_new_state_of_the_old_one(
        first in proptest::collection::vec(deed(), 0..60),
        then in proptest::collection::vec(deed(), 0..60),
    ) {
        let before = first.iter().fold(State::default(), do_to);
        let json = before.to_json();
        let fields: Vec<String> = (0..50).map(|field| format!("f{field}")).collect();
        let all = spec(&[], &fields.iter().map(String::as_str).collect::<Vec<_>>());
        // Every declared write is there in the end: those that are not, are removed.
        let close = |state: State| fields.iter().fold(state, |state, field| {
            if before.contains(field) { state } else { state.set(field, 0).remove(field) }
        });
        let left = act(&before, &all, |state| close(then.iter().fold(state, do_to)));
        let plain = then.iter().fold(before.clone(), do_to);
        prop_assert_eq!(before.to_json(), json);
        match left {
            Ok(Left { state, changes }) => {
                let replayed = changes.unwrap().iter().fold(before, State::apply);
                prop_assert_eq!(replayed.to_json(), state.to_json());
            }
            Err(error) => prop_assert!(plain.fault().is_some(), "{}", error),
        }
    }
}

#[test]
fn a_state_changes_into_another_and_stays_as_it_is() {
    let before = state! { question: "why?", turns: 1, "a name": [1, 2] };
    let after = before
        .set("question", "how?")
        .increment("turns", 41)
        .append("a name", 3)
        .extend("new", ["x", "y"])
        .remove("gone");
    assert_eq!(before.to_json(), r#"{"question":"why?","turns":1,"a name":[1,2]}"#);
    assert_eq!(after.to_json(), r#"{"question":"how?","turns":42,"a name":[1,2,3],"new":["x","y"]}"#);
    assert_eq!(State::from_json(&after.to_json()).unwrap(), after);
    assert_eq!(
        after.merge(&state! { turns: 0, more: true }).subset(["turns", "more", "none"]),
        state! { turns: 0, more: true }
    );
}

#[test]
fn what_is_not_touched_is_shared() {
    let many = (0..1000).fold(State::default(), |state, at| state.set(format!("list {at}"), [at; 3]));
    for before in [state! { one: [1], two: ["a text that is too long to stand in place"], three: 3 }, many] {
        let after = before.set("fresh", 1).increment("count", 1).remove("one");
        for (name, value) in after.iter().filter(|(name, _)| !["fresh", "count"].contains(&&***name)) {
            assert!(value.is_same(&before[name]), "{name}");
        }
    }
    let long = state! { chat: (0..10_000).collect::<Vec<_>>() };
    let longer = long.append("chat", 1).append("chat", 2);
    assert!(longer["chat"][5].is_same(&long["chat"][5]));
    assert!(std::ptr::eq(&longer["chat"][5], &long["chat"][5]));
}

#[test]
fn counting_is_exact_beyond_64_bits() {
    assert_eq!(state! { n: i64::MAX }.increment("n", 1)["n"], 1_u64 << 63);
    assert_eq!(state! { n: u64::MAX }.increment("n", 1)["n"], 1_u128 << 64);
    let fault = state! { n: 1.5 }.increment("n", 1).fault().unwrap().to_string();
    assert_eq!(fault, "field `n` of the state is a fraction, and only a whole number can be counted up");
}

#[test]
fn the_first_mistake_is_remembered() {
    let state = state! { n: 1 }.append("n", 2).set("keys", std::collections::HashMap::from([((), 1)])).set("n", 5);
    assert_eq!(
        state.fault().unwrap().to_string(),
        "field `n` of the state is a whole number, and only a list takes items"
    );
    assert_eq!(state["n"], 5);
}

#[test]
fn reading_says_what_is_there() {
    let state = state! { n: "x" };
    assert_eq!(state.get::<Option<u8>>("m").unwrap(), None);
    assert_eq!(state.get::<u8>("m").unwrap_err().to_string(), "the state has no field `m`; it has `n`");
    let wrong = state.get::<u8>("n").unwrap_err().to_string();
    assert_eq!(wrong, "field `n` of the state cannot be read as u8: invalid type: string \"x\", expected u8");
    assert!(State::from_json("[]").unwrap_err().to_string().ends_with("it is a list"));
}

#[test]
fn an_action_reads_only_what_it_declares() {
    let before = state! { n: 1, secret: "hush" };
    let spec = spec(&["n"], &["n", "m"]);
    let seen = before.enter(&spec);
    assert_eq!((seen.len(), seen.to_json()), (1, r#"{"n":1}"#.to_owned()));
    let error = seen.get::<String>("secret").unwrap_err().to_string();
    assert_eq!(error, "action `answer` reads `secret`, which is not among its reads; add it there");
    assert!(seen.get::<u8>("m").is_err(), "not written yet");
    assert_eq!(seen.set("m", 2).get::<u8>("m").unwrap(), 2);

    let looked = refused(&before, &spec, |state| state.set("m", state["secret"].is_null()));
    assert_eq!(looked, error);
    let fresh = refused(&before, &spec, |state| state! { n: 1, m: state.contains("secret") });
    assert_eq!(fresh, error);
}

#[test]
fn an_action_writes_what_it_declares_and_nothing_else() {
    let before = state! { n: 1, secret: "hush" };
    let only_m = spec(&[], &["m"]);
    let undeclared = "action `answer` writes `n`, which is not among its writes; add it there";
    assert_eq!(refused(&before, &only_m, |state| state.set("n", 2).set("m", 1)), undeclared);
    assert_eq!(refused(&before, &only_m, |state| state.remove("n").set("m", 1)), undeclared);
    assert_eq!(refused(&before, &only_m, |_| state! { n: 2, m: 1 }), undeclared);
    let absent = "action `answer` declares that it writes `m`, and the state that it returned has no such field";
    assert_eq!(refused(&before, &only_m, |state| state), absent);

    let count = act(&before, &spec(&[], &["n"]), |state| state.increment("n", 2)).unwrap();
    assert_eq!(count.state, state! { n: 3, secret: "hush" });
    assert_eq!(act(&before, &spec(&[], &["n"]), |state| state.remove("n")).unwrap().state, state! { secret: "hush" });
}

#[test]
fn a_state_made_apart_gives_its_declared_writes() {
    let before = state! { n: 1, secret: "hush" };
    let spec = spec(&["n"], &["m"]);
    let left = act(&before, &spec, |state| State::default().set("m", 5).set("n", &state["n"])).unwrap();
    assert_eq!(left.state, state! { n: 1, secret: "hush", m: 5 });
    assert_eq!(left.changes, Some(vec![Change::Set("m".into(), 5.into())]));
}

#[test]
fn changes_say_once_what_became_of_a_field() {
    let before = state! { chat: ["a"], n: 1 };
    let spec = spec(&["n"], &["chat", "n", "fresh"]);
    let left = act(&before, &spec, |state| {
        state.set("n", 2).append("chat", "b").set("n", 3).append("fresh", 1).append("chat", "c").append("fresh", 2)
    });
    let expected = vec![
        Change::Set("n".into(), 3.into()),
        Change::Append("chat".into(), "b".into()),
        Change::Set("fresh".into(), Value::from(vec![1])),
        Change::Append("chat".into(), "c".into()),
        Change::Append("fresh".into(), 2.into()),
    ];
    assert_eq!(left.unwrap().changes.unwrap(), expected);
}

#[test]
fn ways_that_parted_are_merged_by_what_each_changed() {
    let before = state! { log: ["start"], n: 1, unread: 0 };
    let spec = spec(&[], &["log", "n", "m"]);
    let left = act(&before, &spec, |state| {
        let begun = state.append("log", "both");
        let (one, other) = (begun.append("log", "one").set("n", 2), begun.append("log", "other").set("m", 3));
        one.merge(&other)
    });
    let log = ["start", "both", "one", "other"];
    assert_eq!(left.unwrap().state, state! { log: log, n: 2, unread: 0, m: 3 });
}

#[test]
fn a_hundred_thousand_changes_need_no_stack() {
    let spec = spec(&[], &["log"]);
    let left = act(&State::default(), &spec, |state| state.extend("log", 0..100_000)).unwrap();
    assert_eq!(left.state["log"].as_list().unwrap().len(), 100_000);
    assert_eq!(left.changes.unwrap().len(), 100_001);
}

#[test]
fn a_struct_describes_a_state() {
    let chat = Chat { question: "why?".into(), answer: None, history: Vec::new(), turns: 0 };
    let message = Message { role: "user".into(), content: "why?".into() };
    let state = State::of(&chat).append(Chat::history, &message).set(Chat::answer, "because").increment(Chat::turns, 1);
    assert_eq!(
        state.to_json(),
        r#"{"question":"why?","answer":"because","chat history":[{"role":"user","content":"why?"}],"turns":1}"#
    );
    assert_eq!(state.get(Chat::history).unwrap(), [message]);
    assert_eq!(state.remove("answer").view::<Chat>().unwrap().answer, None);
    assert!(state.remove("turns").view::<Chat>().is_err());

    let wrong = state.set("turns", -1);
    let found: Vec<_> =
        Chat::fields().iter().filter_map(|field| field.check(&wrong).err()).map(|e| e.to_string()).collect();
    assert_eq!(found, ["field `turns` of the state cannot be read as u64: invalid value: integer `-1`, expected u64"]);
    assert_eq!(
        Chat::fields().iter().filter(|field| field.is_optional).map(|field| field.name).collect::<Vec<_>>(),
        ["answer"]
    );
}

#[test]
fn codecs_decide_how_types_and_fields_are_stored() {
    let hide = |value: Value| Ok(Value::from(value.to_string().chars().rev().collect::<String>()));
    let by_length = |value: Value| Ok(Value::from(value.as_list().map_or(0, |list| list.len())));
    let by_count = |value: Value| Ok(Value::from(vec![7; usize::try_from(value.as_i64().unwrap_or(0))?]));
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Secret(String);
    let codecs = Arc::new(Codecs::default().of::<Secret>(hide, hide).field("sevens", by_length, by_count));
    let spec = spec(&["sevens"], &["sevens", "all"]);

    let begun = state! { sevens: [7, 7] }.encode_with(&codecs);
    let all = vec![Some(Box::new(Secret("abc".into()))), None];
    let left = act(&begun, &spec, |state| state.append("sevens", 7).set("all", &all)).unwrap();
    assert_eq!(left.state.to_json(), r#"{"sevens":3,"all":["cba",null]}"#);
    assert_eq!(left.state.get::<Vec<u8>>("sevens").unwrap(), [7, 7, 7]);
    assert_eq!(left.state.get::<Vec<Option<Box<Secret>>>>("all").unwrap(), all);
    let apart = act(&begun, &spec, |_| state! { sevens: [7], all: 0 }).unwrap();
    assert_eq!(apart.state["sevens"], 1);
}
