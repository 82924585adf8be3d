//! A state as the log of a directory tells it: whole once, and then what changes.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use trackway_model::Json;

/// The state that a log has told up to one of its lines. It is left as text, so that it costs what changes and not what it holds.
///
/// ```
/// use trackway_wire::records::StateText;
///
/// let mut state = StateText::whole(r#"{"question":"why?","chat":[1]}"#)?;
/// state.change(r#"{"set":{"answer":42},"append":{"chat":[2,3]},"remove":["question"]}"#)?;
/// assert_eq!(&*state.json().0, r#"{"chat":[1,2,3],"answer":42}"#);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateText {
    /// The names, and the JSON texts of their values.
    fields: Vec<(String, String)>,
}

impl StateText {
    /// Reads a state that is told whole.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn whole(state: &str) -> Result<Self, String> {
        let Fields(fields): Fields<'_> =
            serde_json::from_str(state).map_err(|error| format!("it is no state: {error}"))?;
        Ok(Self { fields: fields.into_iter().map(|(name, value)| (name.into_owned(), value.get().into())).collect() })
    }

    /// Makes of the state the one that a delta leads to. After an error, the state is of no use.
    ///
    /// # Errors
    /// What does not fit, as a sentence: the delta was made for another state.
    pub fn change(&mut self, delta: &str) -> Result<(), String> {
        let delta: Delta<'_> = serde_json::from_str(delta).map_err(|error| format!("it is no delta: {error}"))?;
        for name in delta.remove {
            let at = self.place(&name)?;
            self.fields.remove(at);
        }
        for (name, value) in delta.set.0 {
            match self.fields.iter_mut().find(|(known, _)| *known == *name) {
                Some((_, old)) => value.get().clone_into(old),
                None => self.fields.push((name.into_owned(), value.get().into())),
            }
        }
        for (name, items) in delta.append.0 {
            let no_list = || format!("field {name:?} holds no list that items could be appended to");
            let items = inside(items.get()).ok_or_else(no_list)?;
            let list = self.value(&name)?;
            let is_empty = inside(list).ok_or_else(no_list)?.is_empty();
            list.pop();
            let comma = if is_empty || items.is_empty() { "" } else { "," };
            list.extend([comma, items, "]"]);
        }
        for (name, Splice(before, after, middle)) in delta.splice.0 {
            let value = self.value(&name)?;
            let end = value.len().checked_sub(after).filter(|end| *end >= before);
            let end = end.filter(|end| value.is_char_boundary(*end) && value.is_char_boundary(before));
            let end = end.ok_or_else(|| format!("field {name:?} is not as long as its splice says"))?;
            value.replace_range(before..end, &middle);
        }
        Ok(())
    }

    /// Returns the state as a JSON object.
    pub fn json(&self) -> Json {
        let length = self.fields.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>() + 2;
        let mut text = String::with_capacity(length);
        for (name, value) in &self.fields {
            text.push(if text.is_empty() { '{' } else { ',' });
            // A text is always JSON.
            text.push_str(&serde_json::to_string(name).unwrap_or_default());
            text.push(':');
            text.push_str(value);
        }
        if text.is_empty() {
            text.push('{');
        }
        text.push('}');
        Json(text.into())
    }

    fn value(&mut self, name: &str) -> Result<&mut String, String> {
        let at = self.place(name)?;
        self.fields.get_mut(at).map(|(_, value)| value).ok_or_else(|| unknown(name))
    }

    fn place(&self, name: &str) -> Result<usize, String> {
        self.fields.iter().position(|(known, _)| known == name).ok_or_else(|| unknown(name))
    }
}

fn unknown(name: &str) -> String {
    format!("the state has no field {name:?} that could change")
}

/// Returns what stands between the brackets of a list.
fn inside(list: &str) -> Option<&str> {
    list.strip_prefix('[')?.strip_suffix(']')
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    remove: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    set: Fields<'a, &'a RawValue>,
    #[serde(borrow, default)]
    append: Fields<'a, &'a RawValue>,
    #[serde(borrow, default)]
    splice: Fields<'a, Splice>,
}

/// So many bytes stay at the beginning, so many at the end, and this stands between them.
#[derive(Deserialize)]
struct Splice(usize, usize, String);

/// The fields of an object, in their order.
struct Fields<'a, T = &'a RawValue>(Vec<(Cow<'a, str>, T)>);

impl<T> Default for Fields<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Fields<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads<'a, T>(PhantomData<(&'a (), T)>);

        impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for Reads<'a, T> {
            type Value = Fields<'a, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, T>()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Reads(PhantomData))
    }
}

/// A name, which is copied only where it is written with escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
