#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![cfg(feature = "cel")]
//! What expressions in CEL answer, and what bounds them.

use std::{
    thread,
    time::{Duration, Instant},
};

use insta::assert_snapshot;
use trackway_machine::{State, cel};

fn state() -> State {
    State::default()
        .set("n", 3)
        .set("limit", 2.5)
        .set("big", u64::MAX)
        .set("name", "Ada")
        .set("type", "human")
        .set("none", ())
        .set("chat", serde_json::json!([{"role": "user", "text": "hi"}, {"role": "model", "text": "hello"}]))
        .set("odd name", true)
}

/// What each expression answers.
fn told(sources: &[&str], state: &State) -> String {
    let line = |source: &&str| match cel(*source).holds(state) {
        Ok(held) => format!("{source}: {held}\n"),
        Err(reason) => format!("{source}: {reason}\n"),
    };
    sources.iter().map(line).collect()
}

#[test]
fn fields_are_variables_and_the_state_is_a_map() {
    let sources = [
        "n > limit && name.startsWith('A')",
        "big == 18446744073709551615u",
        "none == null",
        "type == 'human' && type(n) == int",
        "state.n == n && .n == 3",
        "has(state.gone) || !has(state.n)",
        "state['odd name']",
        "state.?gone.orValue(7) == 7",
        "'odd name' in state",
        "size(state) == 8",
        "chat.exists(m, m.role == 'model' && m.text.matches('^h.l+o$'))",
        "chat.map(n, n.text) == ['hi', 'hello'] && n == 3",
        "chat.filter(m, m.role == 'user').size() == 1",
        "chat.all(m, size(m.text) > 1)",
        "chat.exists_one(m, chat.all(o, size(o.text) <= size(m.text)))",
        "chat[0].text + '!' == 'hi!'",
        "n in [1, 2, 3] ? name != '' : false",
        "optional.of(n).hasValue()",
        "state.map(state, state).size() == 8",
    ];
    assert_snapshot!(told(&sources, &state()), @"
    n > limit && name.startsWith('A'): true
    big == 18446744073709551615u: true
    none == null: true
    type == 'human' && type(n) == int: true
    state.n == n && .n == 3: true
    has(state.gone) || !has(state.n): false
    state['odd name']: true
    state.?gone.orValue(7) == 7: true
    'odd name' in state: true
    size(state) == 8: true
    chat.exists(m, m.role == 'model' && m.text.matches('^h.l+o$')): true
    chat.map(n, n.text) == ['hi', 'hello'] && n == 3: true
    chat.filter(m, m.role == 'user').size() == 1: true
    chat.all(m, size(m.text) > 1): true
    chat.exists_one(m, chat.all(o, size(o.text) <= size(m.text))): true
    chat[0].text + '!' == 'hi!': true
    n in [1, 2, 3] ? name != '' : false: true
    optional.of(n).hasValue(): true
    state.map(state, state).size() == 8: true
    ");
}

#[test]
fn what_cannot_be_answered_says_why() {
    let sources = [
        "nmae == 'Ada'",
        "state.gone == 1",
        "n",
        "name + 'x'",
        "name < 3",
        "n / 0 == 1",
        "chat[7].text == ''",
        "chat[0].txt == ''",
        "9223372036854775807 + n > 0",
        "name.matches('(')",
        "n.all(x, x)",
    ];
    assert_snapshot!(told(&sources, &state()), @"
    nmae == 'Ada': the state has no field `nmae`; did you mean `name`?
    state.gone == 1: there is nothing under the name `gone`
    n: it answers with a value of type int, neither true nor false
    name + 'x': it answers with a value of type string, neither true nor false
    name < 3: found no matching overload for '_<_' applied to '(string, int)'
    n / 0 == 1: Division by zero of Int(3)
    chat[7].text == '': Index out of bounds: Int(7)
    chat[0].txt == '': there is nothing under the name `txt`
    9223372036854775807 + n > 0: Overflow from binary operator 'add': Int(9223372036854775807), Int(3)
    name.matches('('): Error executing function 'matches': '(' not a valid regex: regex parse error: ( ^ error: unclosed group
    n.all(x, x): Unexpected type: got 'int', want 'iterable'
    ");
    assert_snapshot!(told(&["n > 1", "m > 1"], &state().set("n", u128::MAX)), @"
    n > 1: the field `n` holds the number 340282366920938463463374607431768211455, and numbers of CEL have 64 bits
    m > 1: the state has no field `m`
    ");
}

#[test]
fn only_what_is_named_is_looked_at() {
    // A number that the language does not have would be refused.
    let state = state().set("huge", u128::MAX);
    assert_eq!(cel("n == 3 && state.n == 3 && state['n'] == 3").holds(&state), Ok(true));
    assert!(cel("size(state) > 0").holds(&state).is_err());
    assert!(cel("huge > 0").holds(&state).is_err());
}

#[test]
fn loops_are_broken_off() {
    let list: Vec<i64> = (0..1000).collect();
    let state = State::default().set("list", list);
    let began = Instant::now();
    let sources = [
        "list.all(a, list.all(b, a + b >= 0))",
        "list.map(a, list.map(b, list.map(c, a + b + c))).size() > 0",
        "list.exists(a, list.exists(b, list.exists(c, false))) || true",
        "list.filter(a, list.filter(b, list.exists_one(c, c == a)).size() > 0).size() >= 0",
        "list.exists_one(a, list.exists_one(b, list.all(c, true)))",
        "list.map(a, list.map(b, a > b, b)).size() == 1000",
    ];
    assert_snapshot!(told(&sources, &state), @"
    list.all(a, list.all(b, a + b >= 0)): its loops had made 100,000 rounds and were broken off
    list.map(a, list.map(b, list.map(c, a + b + c))).size() > 0: its loops had made 100,000 rounds and were broken off
    list.exists(a, list.exists(b, list.exists(c, false))) || true: its loops had made 100,000 rounds and were broken off
    list.filter(a, list.filter(b, list.exists_one(c, c == a)).size() > 0).size() >= 0: its loops had made 100,000 rounds and were broken off
    list.exists_one(a, list.exists_one(b, list.all(c, true))): its loops had made 100,000 rounds and were broken off
    list.map(a, list.map(b, a > b, b)).size() == 1000: its loops had made 100,000 rounds and were broken off
    ");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[test]
fn slow_loops_are_broken_off_too() {
    let state = State::default().set("list", vec![0; 50_000]).set("text", "é".repeat(1 << 20));
    let began = Instant::now();
    let answer = cel("list.all(a, size(text + text) > 0)").holds(&state);
    assert_eq!(&*answer.unwrap_err(), "its loops had run for a second and were broken off");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[test]
fn a_loop_within_the_bounds_is_not_broken_off() {
    let list: Vec<i64> = (0..10_000).collect();
    let state = State::default().set("list", list);
    let sources = [
        "list.all(a, a >= 0)",
        "list.exists(a, a == 9999)",
        "list.map(a, a * 2).size() == 10000",
        "list.filter(a, a % 2 == 0).size() == 5000",
        "list.exists_one(a, a == 5)",
        "list.map(a, a > 9990, a).size() == 9",
    ];
    assert_snapshot!(told(&sources, &state), @"
    list.all(a, a >= 0): true
    list.exists(a, a == 9999): true
    list.map(a, a * 2).size() == 10000: true
    list.filter(a, a % 2 == 0).size() == 5000: true
    list.exists_one(a, a == 5): true
    list.map(a, a > 9990, a).size() == 9: true
    ");
}

/// A stack as small as any that a program is likely to have.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn no_expression_is_too_deep_for_the_stack() {
    on_a_small_stack(|| {
        let sources = [
            "(".repeat(4000),
            format!("{}n{} == 3", "(".repeat(2000), ")".repeat(2000)),
            format!("{}n == 3", "!".repeat(4000)),
            format!("{}n == 3", "-".repeat(4000)),
            format!("n{} > 3", "+n".repeat(2000)),
            format!("n{} > 3", "-n".repeat(2000)),
            format!("{}true", "true && ".repeat(500)),
            format!("{}true", "n==3?true:".repeat(400)),
            format!("chat{} == 3", "[0]".repeat(1300)),
            format!("chat{} == 3", ".a".repeat(2000)),
            format!("{}{} == 3", "[".repeat(2000), "]".repeat(2000)),
            format!("{}1{} == 3", "{'a':".repeat(600), "}".repeat(600)),
            format!("{}1{} == 3", "size(".repeat(600), ")".repeat(600)),
            format!("chat{} == 3", ".map(x,x)".repeat(440)),
            format!("{}true{}", "chat.all(x,".repeat(300), ")".repeat(300)),
            "\"".repeat(4000),
            "é\u{0}\u{202e}𝄞".repeat(300),
        ];
        for source in sources {
            // Whether it holds or fails does not matter: it comes back.
            let _ = cel(source).holds(&state());
        }
    });
}

#[test]
fn expressions_of_some_depth_are_answered_on_a_small_stack() {
    on_a_small_stack(|| {
        let sums = format!("n{} == 63", "+n".repeat(20));
        assert_eq!(cel(sums).holds(&state()), Ok(true));
        let all = vec!["n == 3"; 100].join(" && ");
        assert_eq!(cel(all).holds(&state()), Ok(true));
        let nested = format!("{}n{} == 3", "(".repeat(12), ")".repeat(12));
        assert_eq!(cel(nested).holds(&state()), Ok(true));
    });
}
