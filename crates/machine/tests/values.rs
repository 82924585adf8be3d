#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! Values keep what serde and JSON say of them.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use trackway_machine::{List, Map, Number, Value};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Nothing,
    One(i64),
    Pair(u8, String),
    Named { width: f64, name: Option<String> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapped(u32);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    flag: bool,
    small: i8,
    large: u64,
    huge: i128,
    float: f64,
    short: f32,
    letter: char,
    text: String,
    nothing: (),
    maybe: Option<u16>,
    shapes: Vec<Shape>,
    pair: (i32, String),
    counted: BTreeMap<i64, Wrapped>,
    flags: BTreeMap<bool, u8>,
    named: BTreeMap<String, Vec<u8>>,
    #[serde(flatten)]
    others: BTreeMap<String, i32>,
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,8}", "\\PC{0,40}", proptest::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter)]
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>().prop_filter("JSON knows no others", |float| float.is_finite()), Just(-0.0), Just(1e300)]
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::Nothing),
        any::<i64>().prop_map(Shape::One),
        (any::<u8>(), text()).prop_map(|(number, text)| Shape::Pair(number, text)),
        (float(), proptest::option::of(text())).prop_map(|(width, name)| Shape::Named { width, name }),
    ]
}

prop_compose! {
    fn everything()(
        (flag, small, large, huge) in any::<(bool, i8, u64, i128)>(),
        float in float(),
        short in -1e6_f32..1e6,
        letter in any::<char>(),
        text in text(),
        maybe in any::<Option<u16>>(),
        shapes in proptest::collection::vec(shape(), 0..40),
        pair in (any::<i32>(), "[a-z]*"),
        counted in any::<BTreeMap<i64, u32>>(),
        flags in any::<BTreeMap<bool, u8>>(),
        named in proptest::collection::btree_map("[a-z]{0,3}", any::<Vec<u8>>(), 0..50),
        others in proptest::collection::btree_map("x_[a-z]{0,3}", any::<i32>(), 0..4),
    ) -> Everything {
        let counted = counted.into_iter().map(|(key, value)| (key, Wrapped(value))).collect();
        Everything {
            flag, small, large, huge, float, short, letter, text, nothing: (), maybe, shapes, pair, counted, flags, named,
            others,
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    let digits = "-?[1-9][0-9]{18,60}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i128>().prop_map(Value::from),
        float().prop_map(Value::from),
        digits.prop_map(|digits| Value::from_json(&digits).unwrap()),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 200, 40, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..40).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..40)
                .prop_map(|fields| Map::from_iter(fields.into_iter().map(|(name, value)| (name.into(), value))).into()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_serde_writes_is_what_serde_json_writes(content in everything()) {
        let value = Value::encode(&content).unwrap();
        prop_assert_eq!(value.to_json(), serde_json::to_string(&content).unwrap());
        prop_assert_eq!(value.decode::<Everything>().unwrap(), content);
    }

    #[test]
    fn json_keeps_every_value(value in value()) {
        let json = value.to_json();
        let read = Value::from_json(&json).unwrap();
        prop_assert_eq!(&read, &value);
        prop_assert_eq!(read.to_json(), json.clone());
        prop_assert!(serde_json::from_str::<&serde_json::value::RawValue>(&json).is_ok(), "{}", json);
    }

    #[test]
    fn any_text_is_read_or_refused_as_serde_json_does(text in "[\\[\\]{}:,\"\\\\a0-9eE.+ntrufls \n-]{0,24}") {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match (Value::from_json(&text), theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, Value::encode(&theirs).unwrap()),
            (Err(_), Err(_)) => {}
            (ours, theirs) => prop_assert!(false, "{text}: {ours:?} {theirs:?}"),
        }
    }

    #[test]
    fn other_formats_and_serde_json_values_lose_nothing(value in value()) {
        let plain = serde_json::to_string(&value).unwrap();
        // Serde has whole numbers of 128 bits; the first that needs more has 39 digits.
        let is_beyond_serde = plain != value.to_json();
        prop_assert!(!is_beyond_serde || value.to_json().len() >= 39, "{} {}", plain, value.to_json());
        let kept: Value = value.decode().unwrap();
        prop_assert_eq!(kept, value);
    }

    #[test]
    fn lists_are_vectors_that_nobody_else_changes(
        sizes in proptest::collection::vec((0_usize..4, 0_usize..70), 1..30),
    ) {
        let mut lists = vec![(List::default(), Vec::new())];
        for (at, (kind, size)) in sizes.into_iter().enumerate() {
            let (list, model) = lists[at * 7 % lists.len()].clone();
            let item = Value::from(at);
            let mut grown = model.clone();
            let next = match kind {
                0 => { grown.push(item.clone()); list.push(item) }
                1 => { grown.extend(vec![item.clone(); size]); list.extend(vec![item; size]) }
                2 if !grown.is_empty() => {
                    let place = size % grown.len();
                    grown[place] = item.clone();
                    list.with(place, item)
                }
                _ => { grown = vec![item.clone(); size]; List::from_iter(vec![item; size]) }
            };
            lists.push((next, grown));
        }
        for (list, model) in lists {
            prop_assert_eq!(list.iter().cloned().collect::<Vec<_>>(), model.clone());
            prop_assert!((0..=model.len()).all(|at| list.get(at) == model.get(at)));
            prop_assert_eq!(list.iter_from(model.len() / 2).count(), model.len() - model.len() / 2);
            prop_assert_eq!(list.last(), model.last());
            prop_assert_eq!(list, List::from(model));
        }
    }

    #[test]
    fn maps_keep_the_order_in_which_names_came(
        steps in proptest::collection::vec((0_u8..60, any::<Option<u16>>()), 0..200),
    ) {
        let mut maps = vec![Map::default()];
        let mut model: Vec<(String, Value)> = Vec::new();
        for (name, value) in steps {
            let (name, map) = (format!("n{name}"), maps.last().unwrap());
            let known = model.iter().position(|(known, _)| *known == name);
            let next = match value {
                Some(value) => {
                    match known {
                        Some(place) => model[place].1 = value.into(),
                        None => model.push((name.clone(), value.into())),
                    }
                    map.with(&name, value)
                }
                None => {
                    known.map(|place| model.remove(place));
                    map.without(&name)
                }
            };
            maps.push(next);
        }
        let last = maps.last().unwrap();
        let held: Vec<_> = last.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        prop_assert_eq!(&held, &model);
        prop_assert_eq!(last.len(), model.len());
        prop_assert!(model.iter().all(|(name, value)| last.get(name) == Some(value)));
        let backwards: Map = model.into_iter().rev().map(|(name, value)| (name.as_str().into(), value)).collect();
        prop_assert_eq!(last, &backwards);
        prop_assert!(maps[0].is_empty());
    }

    #[test]
    fn numbers_compare_by_what_they_are(one in any::<i128>(), other in any::<i128>(), float in float()) {
        prop_assert_eq!(Number::from(one).compare(&Number::from(other)), Some(one.cmp(&other)));
        let near = Number::Float(float);
        let order = Number::from(one).compare(&near);
        prop_assert_eq!(near.compare(&Number::from(one)), order.map(std::cmp::Ordering::reverse));
        if one.unsigned_abs() < 1 << 53 {
            prop_assert_eq!(order, (one as f64).partial_cmp(&float));
        }
    }
}

#[test]
fn what_is_not_finite_becomes_nothing_and_comes_back_as_no_number() {
    let value = Value::encode(&vec![f64::NAN, f64::INFINITY, 1.5]).unwrap();
    assert_eq!(value.to_json(), "[null,null,1.5]");
    let floats: Vec<f64> = Value::from_json("[null,1.5]").unwrap().decode().unwrap();
    assert!(floats[0].is_nan() && floats[1] == 1.5);
}

#[test]
fn whole_numbers_are_exact_whatever_their_size() {
    let digits =
        "[18446744073709551615,-170141183460469231731687303715884105728,123456789012345678901234567890123456789012345]";
    assert_eq!(Value::from_json(digits).unwrap().to_json(), digits);
    let largest: u64 = Value::encode(&u64::MAX).unwrap().decode().unwrap();
    assert_eq!(largest, u64::MAX);
    assert!(Number::from(i64::MAX).compare(&Number::Float(i64::MAX as f64)).unwrap().is_lt());
}

#[test]
fn halves_of_letters_do_not_make_a_log_unreadable() {
    assert_eq!(Value::from_json(r#""\ud83d\ude00 \ud83d \ud83d\u0041""#).unwrap(), "\u{1F600} \u{FFFD} \u{FFFD}A");
}

#[test]
fn what_goes_too_deep_is_refused_before_the_stack_ends() {
    let deep = "[".repeat(100_000);
    assert!(Value::from_json(&deep).unwrap_err().to_string().contains("512 levels"));
    let as_deep_as_may_be = format!("{}{}", "[".repeat(512), "]".repeat(512));
    assert_eq!(Value::from_json(&as_deep_as_may_be).unwrap().to_json(), as_deep_as_may_be);
    let within = |inner, _| serde_json::Value::Array(vec![inner]);
    let twin = (1..512).fold(serde_json::Value::Array(Vec::new()), within);
    assert_eq!(Value::encode(&twin).unwrap().to_json(), as_deep_as_may_be);
    assert!(Value::encode(&[twin]).unwrap_err().to_string().contains("512 levels"));
}

#[test]
fn keys_that_are_no_names_are_refused() {
    let refused = Value::encode(&HashMap::from([((1, 2), 3)])).unwrap_err();
    assert_eq!(refused.to_string(), "the key of a map is a list, and only a text can be one");
}

#[test]
fn a_value_passes_through_serde_in_one_piece() {
    let items: List = (0..100).map(Value::from).collect();
    let around = Value::encode(&(1, Some(&items))).unwrap();
    assert!(around[1].as_list().unwrap().is_same(&items));
    let (_, back): (u8, Option<List>) = around.decode().unwrap();
    assert!(back.unwrap().is_same(&items));
}
