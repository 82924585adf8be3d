//! A state is what its delta makes of the one before, byte for byte.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::HashSet;

use proptest::{collection::vec, prelude::*, sample::select};
use trackway_model::{Change, Delta, State};

fn delta(before: &str, after: &str) -> Option<Delta> {
    Delta::between(&State::read(before).unwrap(), &State::read(after).unwrap())
}

fn value() -> impl Strategy<Value = String> {
    let plain = select(vec!["1", "null", "-1e400", "180591620717411303424", r#""a\"b\\""#, r#""äß😀""#, r#""\ud83d""#]);
    plain.prop_map(str::to_owned).prop_recursive(3, 24, 6, |inner| {
        let list = vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(",")));
        let map = inner.prop_map(|value| format!(r#"{{"x, ]":{value},"y": {value}}}"#));
        let text = vec(select(vec!["a", "é", "\\n", "😀"]), 0..40).prop_map(|it| format!("\"{}\"", it.concat()));
        prop_oneof![list, map, text]
    })
}

fn state() -> impl Strategy<Value = String> {
    let names = select(vec!["a", "b", "__SEQUENCE_ID", "é", r#"q\""#, "", "z"]);
    vec((names, value()), 0..7).prop_map(|fields| {
        let mut seen = HashSet::new();
        let once = fields.into_iter().filter(|(name, _)| seen.insert(*name));
        let fields: Vec<_> = once.map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    })
}

proptest! {
    #[test]
    fn what_is_made_of_the_state_before_is_the_state_after(before in state(), after in state()) {
        if let Some(delta) = delta(&before, &after) {
            let made = delta.apply(&State::read(&before).unwrap()).unwrap();
            prop_assert_eq!(&*made.0, &after);
        }
    }

    #[test]
    fn whatever_is_read_is_put_together_again(text in r#"\{[{}\[\]",:\\ a1é]{0,12}\}"#) {
        if let Some(state) = State::read(&text) {
            prop_assert_eq!(&*Delta::default().apply(&state).unwrap().0, &text);
        }
    }
}

#[test]
fn what_grows_costs_what_is_new() {
    let before = r#"{"n":1,"chat":[{"role":"user","text":"a long enough question"}],"gone":0}"#;
    let after = r#"{"n":2,"chat":[{"role":"user","text":"a long enough question"},{"role":"ai"}],"new":"x"}"#;
    let changes = delta(before, after).unwrap().changes;
    let shown: Vec<_> = changes
        .iter()
        .map(|(name, change)| match change {
            Change::Set(value) => format!("{name} = {value}"),
            Change::Splice { middle, .. } => format!("{name} + {middle}"),
            Change::Delete => format!("{name} gone"),
        })
        .collect();
    assert_eq!(shown, ["n = 2", r#"chat + ,{"role":"ai"}"#, r#"new = "x""#, "gone gone"]);
}

#[test]
fn a_state_whose_order_changed_is_no_delta() {
    assert_eq!(delta(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#), None);
    assert_eq!(delta(r#"{"a":1}"#, r#"{"b":2,"a":1}"#), None);
}

#[test]
fn a_delta_that_was_made_for_another_state_gives_none() {
    let delta = delta(r#"{"a":"0123456789abcdefghi"}"#, r#"{"a":"0123456789abcdefghij"}"#).unwrap();
    assert_eq!(delta.apply(&State::read(r#"{"a":"0"}"#).unwrap()), None);
    assert_eq!(delta.apply(&State::read("{}").unwrap()), None);
}

#[test]
fn what_could_not_be_put_together_again_is_not_read() {
    for text in ["", "[]", r#"{"a": 1}"#, r#"{"a":1,}"#, r#"{"a":1,"a":2}"#, r#"{"a":}"#, r#"{"a"}"#, r#"{"a":1 }"#] {
        assert_eq!(State::read(text), None, "{text}");
    }
    assert_eq!(State::read("{}").unwrap().fields(), []);
}

#[test]
fn names_are_read_as_they_are_meant() {
    let names = ["a", r"\u00e9", r#"q\"\\\/"#, r"\ud83d\ude00", r"\ud83d!", "\u{e9}"].map(State::unquoted);
    assert_eq!(names.map(|name| name.to_string()), ["a", "é", r#"q"\/"#, "😀", "\u{fffd}!", "é"]);
}
