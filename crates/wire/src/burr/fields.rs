//! The fields of a JSON object, each as it came.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use trackway_model::{Json, Text};

/// The fields of an object that are not taken yet; of those with one name, the last counts.
#[derive(Default)]
pub(super) struct Fields<'a>(Vec<(Text, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads the fields of an object.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub(super) fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Takes the value of a field, `null` included.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a str> {
        let mut found = None;
        self.0.retain(|(of, value)| {
            let is_other = &**of != name;
            if !is_other {
                found = Some(value.get());
            }
            is_other
        });
        found
    }

    /// Takes the value of a field; `None` when it is `null`.
    pub(super) fn some(&mut self, name: &str) -> Option<&'a str> {
        self.take(name).filter(|value| *value != "null")
    }

    /// Takes the value of a field as JSON.
    pub(super) fn json(&mut self, name: &str) -> Option<Json> {
        self.some(name).map(|value| Json(value.into()))
    }

    /// Takes a field as a text; what is none is its JSON.
    pub(super) fn text(&mut self, name: &str) -> Option<Text> {
        self.some(name).map(text)
    }

    /// Takes a whole number.
    pub(super) fn integer(&mut self, name: &str) -> Option<i64> {
        self.some(name)?.parse().ok()
    }

    /// Takes a list of texts.
    pub(super) fn texts(&mut self, name: &str) -> Vec<Text> {
        self.list(name).into_iter().map(text).collect()
    }

    /// Takes a list of values.
    pub(super) fn list(&mut self, name: &str) -> Vec<&'a str> {
        let list = self.some(name).and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list).ok());
        list.unwrap_or_default().into_iter().map(RawValue::get).collect()
    }

    /// Returns what nobody took.
    pub(super) fn rest(self) -> impl Iterator<Item = (Text, &'a str)> {
        self.0.into_iter().map(|(name, value)| (name, value.get()))
    }
}

/// Reads JSON as a text; what is none is a text of its JSON.
pub(super) fn text(json: &str) -> Text {
    serde_json::from_str(json).map_or_else(|_| json.into(), |Lossy(text)| text)
}

/// A text in which halves of surrogate pairs, which Python can write, became U+FFFD.
struct Lossy(Text);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(LossyVisitor)
    }
}

struct LossyVisitor;

impl Visitor<'_> for LossyVisitor {
    type Value = Lossy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Lossy, E> {
        Ok(Lossy(text.into()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Lossy, E> {
        Ok(Lossy(Text::from(&*String::from_utf8_lossy(bytes))))
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Vec::with_capacity(8);
        while let Some(Lossy(name)) = map.next_key()? {
            fields.push((name, map.next_value()?));
        }
        Ok(Fields(fields))
    }
}
