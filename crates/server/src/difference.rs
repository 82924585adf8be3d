//! What differs between two JSON objects, as far as a reader wants to be told: by field, three names deep, and where a
//! list only grew, by what came to it.
//!
//! Values stay the texts that they were written as, so that a number of any size is compared, and shown, as it is.

use std::{borrow::Cow, collections::HashMap};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// How many names a path has at most: of the field, and of three within it.
const DEEPEST: usize = 4;
/// How deep two values are looked at for whether they are the same in other words.
const DEEPEST_LOOK: usize = 64;

/// The fields of a JSON object in their order; a name that occurs twice stands twice.
pub(crate) struct Object<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

/// One thing that differs.
#[derive(Debug)]
pub(crate) struct Difference<'a> {
    /// The names that lead to it, at least one.
    pub(crate) path: Vec<Cow<'a, str>>,
    pub(crate) change: Change<'a>,
}

/// How it differs.
#[derive(Debug)]
pub(crate) enum Change<'a> {
    /// It is new.
    Add(&'a RawValue),
    /// It is gone.
    Remove(&'a RawValue),
    /// It was another.
    Replace(&'a RawValue, &'a RawValue),
    /// A list has more items at its end: how many stay, and the new ones.
    Append(usize, Vec<&'a RawValue>),
}

/// Returns what differs between two objects: what is there after in its order, then what is gone.
pub(crate) fn differences<'a>(before: &Object<'a>, after: &Object<'a>) -> Vec<Difference<'a>> {
    let mut found = Vec::new();
    compare(&mut Vec::new(), before, after, &mut found);
    found
}

/// Reads a JSON object; `None` for what is no object.
pub(crate) fn object(text: &str) -> Option<Object<'_>> {
    serde_json::from_str(text).ok()
}

fn compare<'a>(path: &mut Vec<Cow<'a, str>>, before: &Object<'a>, after: &Object<'a>, found: &mut Vec<Difference<'a>>) {
    let mut gone: HashMap<&str, &RawValue> = before.0.iter().map(|(name, value)| (&**name, *value)).collect();
    for (name, new) in &after.0 {
        path.push(name.clone());
        match gone.remove(&**name) {
            Some(old) => compare_values(path, old, new, found),
            None => found.push(Difference { path: path.clone(), change: Change::Add(new) }),
        }
        path.pop();
    }
    for (name, old) in &before.0 {
        if gone.remove(&**name).is_some() {
            let path = path.iter().chain([name]).cloned().collect();
            found.push(Difference { path, change: Change::Remove(old) });
        }
    }
}

fn compare_values<'a>(
    path: &mut Vec<Cow<'a, str>>,
    before: &'a RawValue,
    after: &'a RawValue,
    found: &mut Vec<Difference<'a>>,
) {
    if is_same(before.get(), after.get(), DEEPEST_LOOK) {
        return;
    }
    if path.len() < DEEPEST
        && let Some((before, after)) = object(before.get()).zip(object(after.get()))
    {
        return compare(path, &before, &after, found);
    }
    let change = appended(before.get(), after.get()).unwrap_or(Change::Replace(before, after));
    found.push(Difference { path: path.clone(), change });
}

/// What came to a list, where all that it had is still there in front.
fn appended<'a>(before: &'a str, after: &'a str) -> Option<Change<'a>> {
    let (before, mut after) = list(before).zip(list(after))?;
    let grew = after.len() > before.len();
    let stays = before.iter().zip(&after).all(|(old, new)| is_same(old.get(), new.get(), DEEPEST_LOOK));
    (grew && stays).then(|| Change::Append(before.len(), after.split_off(before.len())))
}

fn list(text: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(text).ok()
}

/// Whether two texts are the same value: with space elsewhere, or fields in another order.
fn is_same(a: &str, b: &str, depth: usize) -> bool {
    let (a, b) = (a.trim_ascii(), b.trim_ascii());
    if a == b {
        return true;
    }
    let Some(deeper) = depth.checked_sub(1).filter(|_| a.as_bytes().first() == b.as_bytes().first()) else {
        return false;
    };
    match a.as_bytes().first() {
        Some(b'{') => object(a).zip(object(b)).is_some_and(|(a, b)| are_same(&a, &b, deeper)),
        Some(b'[') => list(a).zip(list(b)).is_some_and(|(a, b)| {
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| is_same(a.get(), b.get(), deeper))
        }),
        Some(b'"') => {
            serde_json::from_str::<String>(a).is_ok_and(|a| serde_json::from_str(b).is_ok_and(|b: String| a == b))
        }
        _ => false,
    }
}

fn are_same(a: &Object<'_>, b: &Object<'_>, depth: usize) -> bool {
    let of_b: HashMap<&str, &RawValue> = b.0.iter().map(|(name, value)| (&**name, *value)).collect();
    let has = |(name, value): &(Cow<'_, str>, &RawValue)| {
        of_b.get(&**name).is_some_and(|other| is_same(value.get(), other.get(), depth))
    };
    a.0.len() == b.0.len() && a.0.iter().all(has)
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    fields.push((name, value));
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Fields).map(Self)
    }
}

/// A name, borrowed where it is written without escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;

        impl<'de> Visitor<'de> for Words {
            type Value = Cow<'de, str>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }

        deserializer.deserialize_str(Words).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn told(before: &str, after: &str) -> String {
        let (before, after) = (object(before).unwrap(), object(after).unwrap());
        let lines = differences(&before, &after).into_iter().map(|Difference { path, change }| {
            let path = path.join(" / ");
            match change {
                Change::Add(new) => format!("{path} + {new}"),
                Change::Remove(old) => format!("{path} - {old}"),
                Change::Replace(old, new) => format!("{path} {old} -> {new}"),
                Change::Append(at, new) => {
                    let new: Vec<_> = new.iter().map(|item| item.get()).collect();
                    format!("{path} [{at}] + {}", new.join(", "))
                }
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_chat_that_goes_on_is_told_by_what_came_to_it() {
        let before =
            r#"{"chat": [{"role": "user", "text": "hi"}], "n": 1, "old": null, "big": 1180591620717411303424}"#;
        let after = r#"{"n":1,"chat":[{"text":"hi","role":"user"},{"role":"ai","text":"\u0068o"}],"big":1180591620717411303425,"new":{}}"#;
        assert_snapshot!(told(before, after), @r#"
        chat [1] + {"role":"ai","text":"\u0068o"}
        big 1180591620717411303424 -> 1180591620717411303425
        new + {}
        old - null
        "#);
    }

    #[test]
    fn objects_are_told_three_names_deep() {
        let before = r#"{"a":{"b":{"c":{"d":{"e":1,"f":2}}}},"same":{"x":1,"y":[2]}}"#;
        let after = r#"{"a":{"b":{"c":{"d":{"e":1,"f":3}},"n":[]}},"same":{"y":[ 2 ],"x":1}}"#;
        assert_snapshot!(told(before, after), @r#"
        a / b / c / d {"e":1,"f":2} -> {"e":1,"f":3}
        a / b / n + []
        "#);
    }

    #[test]
    fn a_list_that_changed_or_shrank_is_another() {
        assert_snapshot!(told(r#"{"a":[1,2],"b":[1,2],"c":[],"d":"x"}"#, r#"{"a":[1],"b":[2,2,3],"c":{},"d":["x"]}"#), @r#"
        a [1,2] -> [1]
        b [1,2] -> [2,2,3]
        c [] -> {}
        d "x" -> ["x"]
        "#);
    }
}
