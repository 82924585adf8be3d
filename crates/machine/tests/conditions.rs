#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! What conditions answer, and what they are called.

use insta::assert_snapshot;
use proptest::prelude::*;
use trackway_machine::{Condition, State, Value, check, when};

fn held(condition: impl Into<Condition>, state: &State) -> bool {
    let condition = condition.into();
    condition.holds(state).unwrap_or_else(|reason| panic!("{condition}: {reason}"))
}

/// The name of each condition and its answer.
fn told<const N: usize>(conditions: [Condition; N], state: &State) -> String {
    let line = |condition: &Condition| match condition.holds(state) {
        Ok(held) => format!("{condition}: {held}\n"),
        Err(reason) => format!("{condition}: {reason}\n"),
    };
    conditions.iter().map(line).collect()
}

fn state() -> State {
    State::default()
        .set("n", 3)
        .set("name", "Ada")
        .set("ok", true)
        .set("none", ())
        .set("tags", ["new", "paid"])
        .set("sizes", [1, 2])
        .set("map", serde_json::json!({"a": 1, "b": [2.0]}))
}

#[test]
fn every_operator_has_a_name_that_reads_like_it() {
    let conditions = [
        when("n").eq(3.0),
        when("n").ne(3),
        when("n").lt(10),
        when("n").lte(2),
        when("n").gt(2.5),
        when("n").gte(3),
        when("name").is_in(["Ada", "Grace"]),
        when("name").not_in(["Ada"]),
        when("name").contains("da"),
        when("tags").contains("paid"),
        when("sizes").contains(2.0),
        when("map").contains("a"),
        when("none").is_null(),
        when("none").not_null(),
        when("ok").into(),
        when("map").eq(serde_json::json!({"b": [2], "a": 1.0})),
        when("sizes").eq([1, 2, 3]),
        when("name").lt("Bob"),
        when("name").eq(vec!["a long value"; 20]),
    ];
    assert_snapshot!(told(conditions, &state()), @r#"
    n == 3.0: true
    n != 3: false
    n < 10: true
    n <= 2: false
    n > 2.5: true
    n >= 3: true
    name in ["Ada","Grace"]: true
    name not in ["Ada"]: false
    name contains "da": true
    tags contains "paid": true
    sizes contains 2.0: true
    map contains "a": true
    none is null: true
    none is not null: false
    ok: true
    map == {"a":1.0,"b":[2]}: true
    sizes == [1,2,3]: false
    name < "Bob": true
    name == ["a long value","a long value","a long value","a long value","a long value","a l..: false
    "#);
}

#[test]
fn what_cannot_be_answered_says_why() {
    let conditions = [
        when("nmae").eq("Ada"),
        when("absent").is_null(),
        when("name").lt(10),
        when("n").gt("text"),
        when("ok").lt(true),
        when("tags").gte(["a"]),
        when("none").lt(1),
        when("n").contains(3),
        when("name").contains(3),
        when("map").contains(1),
        when("name").into(),
        when("n").is_in(3),
        !when("n"),
        check("is_long", ["absent"], |state: &State| state.get::<String>("absent").map(|text| text.len() > 3)),
        check("is_broken", ["n"], |_: &State| -> bool { std::panic::panic_any("out of order") }),
    ];
    assert_snapshot!(told(conditions, &state()), @r#"
    nmae == "Ada": the state has no field `nmae`; did you mean `name`?
    absent is null: the state has no field `absent`
    name < 10: the field `name` holds a text, which is neither less nor greater than a whole number
    n > "text": the field `n` holds a whole number, which is neither less nor greater than a text
    ok < true: the field `ok` holds a boolean, which is neither less nor greater than a boolean
    tags >= ["a"]: the field `tags` holds a list, which is neither less nor greater than a list
    none < 1: the field `none` holds nothing, which is neither less nor greater than a whole number
    n contains 3: the field `n` holds a whole number, which cannot contain a whole number
    name contains 3: the field `name` holds a text, which cannot contain a whole number
    map contains 1: the field `map` holds a map, which cannot contain a whole number
    name: the field `name` holds a text, neither true nor false
    n in ?: `in` wants a list of values, and was given a whole number
    !n: the field `n` holds a whole number, neither true nor false
    is_long: the state has no field `absent`; it has `n`, `name`, `ok`, `none`, `tags`, `sizes`, `map`
    is_broken: the check panicked: out of order
    "#);
}

#[test]
fn names_of_joined_conditions_have_the_parentheses_they_need() {
    let (a, b, c) = (|| when("a"), || when("b"), || when("n").lt(3));
    let long = check("a b", ["a"], |_: &State| true);
    let names = [
        !a(),
        !!a(),
        !c(),
        a() & b() & c(),
        a() & (b() & c()),
        a() | b() & c(),
        (a() | b()) & c(),
        !(a() & b()) | !(a() | c()),
        long.clone() & !long,
        (a() & b()).named("both") | c().named("n is small"),
        (a() & b()).named("both") & c(),
        (0..20).fold(a().into(), |all: Condition, _| all & b()),
    ];
    let lines: String = names.iter().map(|condition| format!("{condition}\n")).collect();
    assert_snapshot!(lines, @"
    !a
    !!a
    !(n < 3)
    a & b & n < 3
    a & (b & n < 3)
    a | b & n < 3
    (a | b) & n < 3
    !(a & b) | !(a | n < 3)
    (a b) & !(a b)
    both | (n is small)
    both & n < 3
    a & b & b & b & b & b & b & b & b & b & b & b & b & b & b & b & ..
    ");
}

#[test]
fn the_right_side_is_asked_only_if_the_left_leaves_it_open() {
    let absent = || when("absent");
    assert!(!held(!when("ok") & absent(), &state()));
    assert!(held(when("ok") | absent(), &state()));
    assert!((when("ok") & absent()).holds(&state()).is_err());
    assert!((absent() | when("ok")).holds(&state()).is_err());
}

#[test]
fn a_long_chain_of_conditions_needs_no_deep_stack() {
    let any = (0..200_000).fold(when("n").eq(-1), |any, n| any | when("n").eq(n));
    assert!(held(any, &state()));
}

#[test]
fn whole_numbers_compare_exactly_whatever_their_size() {
    let large = State::default().set("n", 9_007_199_254_740_993_i64);
    assert!(!held(when("n").eq(9_007_199_254_740_992.0), &large));
    assert!(held(when("n").gt(9_007_199_254_740_992.0), &large));
    let larger = State::default().set("n", u128::MAX);
    assert!(held(when("n").gt(u64::MAX), &larger));
    assert!(held(when("n").lt(1e300), &larger));
}

/// A number as serde is given it.
#[derive(Debug, Clone, Copy)]
enum Given {
    Int(i64),
    Uint(u64),
    Float(f64),
}

fn given() -> impl Strategy<Value = Given> {
    let near_the_edge = (-4_i64..4, prop::sample::select(vec![0, 1 << 53, i64::MAX - 8, i64::MIN + 8]));
    prop_oneof![
        any::<i64>().prop_map(Given::Int),
        near_the_edge.clone().prop_map(|(by, from)| Given::Int(from + by)),
        near_the_edge.prop_map(|(by, from)| Given::Float((from + by) as f64)),
        any::<u64>().prop_map(Given::Uint),
        (-8_i32..8).prop_map(|n| Given::Float(f64::from(n) / 2.0)),
    ]
}

impl Given {
    fn value(self) -> Value {
        match self {
            Self::Int(n) => Value::from(n),
            Self::Uint(n) => Value::from(n),
            Self::Float(n) => Value::from(n),
        }
    }

    /// Twice the number, exactly: every number of these tests is a whole one or ends in a half.
    fn doubled(self) -> i128 {
        match self {
            Self::Int(n) => i128::from(n) * 2,
            Self::Uint(n) => i128::from(n) * 2,
            Self::Float(n) => (n.trunc() as i128) * 2 + (n.fract() * 2.0) as i128,
        }
    }
}

/// A formula, and what it says plainly.
#[derive(Debug, Clone)]
enum Formula {
    Field(u8),
    Less(i8),
    Not(Box<Formula>),
    And(Box<Formula>, Box<Formula>),
    Or(Box<Formula>, Box<Formula>),
}

fn formula() -> impl Strategy<Value = Formula> {
    let leaf = prop_oneof![(0_u8..5).prop_map(Formula::Field), (-3_i8..3).prop_map(Formula::Less)];
    leaf.prop_recursive(6, 40, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            inner.prop_map(|a| Formula::Not(Box::new(a))),
            pair.clone().prop_map(|(a, b)| Formula::And(Box::new(a), Box::new(b))),
            pair.prop_map(|(a, b)| Formula::Or(Box::new(a), Box::new(b))),
        ]
    })
}

impl Formula {
    fn condition(&self) -> Condition {
        match self {
            Self::Field(n) => when(format!("f{n}")).into(),
            Self::Less(n) => when("n").lt(*n),
            Self::Not(a) => !a.condition(),
            Self::And(a, b) => a.condition() & b.condition(),
            Self::Or(a, b) => a.condition() | b.condition(),
        }
    }

    /// `None` where a field is missing: there are four of them.
    fn plainly(&self, fields: [bool; 4], number: i8) -> Option<bool> {
        match self {
            Self::Field(n) => fields.get(usize::from(*n)).copied(),
            Self::Less(n) => Some(number < *n),
            Self::Not(a) => a.plainly(fields, number).map(|held| !held),
            Self::And(a, b) => Some(a.plainly(fields, number)? && b.plainly(fields, number)?),
            Self::Or(a, b) => Some(a.plainly(fields, number)? || b.plainly(fields, number)?),
        }
    }

    /// The same in Rust's own words, which an expression of CEL may have too.
    #[cfg(feature = "cel")]
    fn source(&self) -> String {
        match self {
            Self::Field(n) => format!("f{n}"),
            Self::Less(n) => format!("n < {n}"),
            Self::Not(a) => format!("!({})", a.source()),
            Self::And(a, b) => format!("({}) && ({})", a.source(), b.source()),
            Self::Or(a, b) => format!("({}) || ({})", a.source(), b.source()),
        }
    }
}

fn state_of(fields: [bool; 4], number: i8) -> State {
    let state = State::default().set("n", number);
    fields.iter().enumerate().fold(state, |state, (n, held)| state.set(format!("f{n}"), held))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conditions_answer_as_plain_evaluation_does(formula in formula(), fields: [bool; 4], number in -3_i8..3) {
        let answer = formula.condition().holds(&state_of(fields, number));
        prop_assert_eq!(answer.ok(), formula.plainly(fields, number));
    }

    #[test]
    fn a_name_says_what_is_asked(formula in formula(), fields: [bool; 4], number in -3_i8..3) {
        // Read back by the rules of Rust, `&` before `|`, a name must mean what its condition does.
        let name = formula.condition().name().to_string();
        prop_assume!(!name.contains(".."));
        prop_assert_eq!(read(&name).plainly(fields, number), formula.plainly(fields, number), "{}", name);
    }

    #[test]
    fn numbers_compare_by_what_they_count(one in given(), other in given()) {
        let state = State::default().set("n", one.value());
        let n = || when("n");
        prop_assert_eq!(held(n().lt(other.value()), &state), one.doubled() < other.doubled());
        prop_assert_eq!(held(n().eq(other.value()), &state), one.doubled() == other.doubled());
        prop_assert_eq!(held(n().gte(other.value()), &state), one.doubled() >= other.doubled());
        prop_assert_eq!(held(n().is_in([other.value()]), &state), one.doubled() == other.doubled());
    }
}

#[cfg(feature = "cel")]
proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn expressions_answer_as_conditions_do_where_nothing_is_missing(
        formula in formula(), fields: [bool; 4], number in -3_i8..3,
    ) {
        let state = state_of(fields, number).set("f4", true);
        prop_assert_eq!(trackway_machine::cel(formula.source()).holds(&state), formula.condition().holds(&state));
    }
}

/// Reads a name back, by the rules of Rust.
fn read(name: &str) -> Formula {
    let mut rest = name;
    let formula = read_any(&mut rest);
    assert_eq!(rest, "", "{name}");
    formula
}

fn read_any(rest: &mut &str) -> Formula {
    let mut left = read_all(rest);
    while let Some(after) = rest.strip_prefix(" | ") {
        *rest = after;
        left = Formula::Or(Box::new(left), Box::new(read_all(rest)));
    }
    left
}

fn read_all(rest: &mut &str) -> Formula {
    let mut left = read_one(rest);
    while let Some(after) = rest.strip_prefix(" & ") {
        *rest = after;
        left = Formula::And(Box::new(left), Box::new(read_one(rest)));
    }
    left
}

fn read_one(rest: &mut &str) -> Formula {
    if let Some(after) = rest.strip_prefix('!') {
        *rest = after;
        return Formula::Not(Box::new(read_one(rest)));
    }
    if let Some(after) = rest.strip_prefix('(') {
        *rest = after;
        let inner = read_any(rest);
        *rest = rest.strip_prefix(')').unwrap();
        return inner;
    }
    if let Some(after) = rest.strip_prefix("n < ") {
        let end = after.find([')', ' ']).unwrap_or(after.len());
        *rest = &after[end..];
        return Formula::Less(after[..end].parse().unwrap());
    }
    let number = rest[1..2].parse().unwrap();
    *rest = &rest[2..];
    Formula::Field(number)
}
