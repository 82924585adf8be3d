//! What a log says of a change.

use super::super::delta;
use crate::{Change, State, Value};

fn delta(before: &State, after: &State, changes: Option<&[Change]>) -> String {
    let mut text = Vec::new();
    delta::write(before, after, changes, &mut text);
    String::from_utf8(text).unwrap()
}

#[test]
fn a_change_is_told_by_what_it_takes() {
    let long = "long \"text\" ".repeat(100);
    let before = State::default().set("n", 1).set("gone", 1).set("list", vec![1, 2]).set("long", &long);
    let cases = [
        before.set("n", 2),
        before.remove("gone"),
        before.set("list", vec![1, 2, 3, 4]),
        before.set("list", vec![1, 3]),
        before.set("long", format!("{long}and more")),
        before.set("long", long.replacen("text", "\u{20ac}", 1)),
        before.set("new", Value::Null),
        before.clone(),
    ];
    let told: Vec<_> = cases.iter().map(|after| delta(&before, after, None)).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    {"set":{"n":2}}
    {"remove":["gone"]}
    {"append":{"list":[3,4]}}
    {"set":{"list":[1,3]}}
    {"splice":{"long":[1401,1,"and more"]}}
    {"splice":{"long":[8,1390,"€"]}}
    {"set":{"new":null}}
    {}
    "#);
}

#[test]
fn of_several_changes_of_a_field_their_sum_is_told() {
    let before = State::default().set("a", 1).set("list", vec![1]);
    let name = |name: &str| name.into();
    let set = |to: i64| Change::Set(name("a"), to.into());
    let append = |item: i64| Change::Append(name("list"), item.into());
    let cases = [
        vec![set(2), set(3)],
        vec![Change::Remove(name("a")), set(2)],
        vec![set(2), Change::Remove(name("a"))],
        vec![append(2), append(3)],
        vec![Change::Set(name("list"), Value::from(vec![9])), append(2)],
        vec![append(2), Change::Remove(name("list")), append(3)],
    ];
    let told = cases.iter().map(|changes| {
        let after = changes.iter().fold(before.clone(), State::apply);
        delta(&before, &after, Some(changes))
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    {"set":{"a":3}}
    {"remove":["a"],"set":{"a":2}}
    {"remove":["a"]}
    {"append":{"list":[2,3]}}
    {"set":{"list":[9,2]}}
    {"remove":["list"],"set":{"list":[3]}}
    "#);
}
