//! Values of a state: immutable, and shared where they are copied.

use std::{cmp::Ordering, fmt, ops::Index};

use serde::{Serialize, de::DeserializeOwned};
use trackway_model::Text;

use crate::{List, Map, Number, ValueError, de, json, ser};

/// What is found where there is nothing.
pub(crate) static NULL: Value = Value::Null;

/// A value: what JSON can say. Copies share what they hold.
///
/// ```
/// use trackway_machine::Value;
///
/// let value = Value::from_json(r#"{"name":"Ada","scores":[1,2.5]}"#)?;
/// assert_eq!(value["name"], "Ada");
/// assert_eq!(value["scores"][1], 2.5);
/// assert!(value["absent"].is_null());
/// assert_eq!(value.to_json(), r#"{"name":"Ada","scores":[1,2.5]}"#);
/// # Ok::<(), trackway_machine::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    Text(Text),
    /// Values in order.
    List(List),
    /// Named values, in the order in which the names came.
    Map(Map),
}

impl Value {
    /// Makes a value of anything that can be serialised, in the form that JSON gives it.
    ///
    /// # Errors
    ///
    /// When the type refuses, has a map whose keys are no texts, numbers or booleans, or goes deeper than 512 levels.
    pub fn encode(content: &(impl Serialize + ?Sized)) -> Result<Self, ValueError> {
        ser::encode(content, None)
    }

    /// Makes anything that can be deserialised of this value.
    ///
    /// # Errors
    ///
    /// When the value is not what the type wants.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, ValueError> {
        de::decode(self, None)
    }

    /// Reads a JSON text. Whole numbers stay exact, whatever their size.
    ///
    /// # Errors
    ///
    /// When the text is not one JSON value, holds a number too large for any float, or goes deeper than 512 levels.
    pub fn from_json(text: &str) -> Result<Self, ValueError> {
        json::read(text)
    }

    /// Writes the value as compact JSON behind what `out` holds.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        json::write(self, out);
    }

    /// Returns the value as compact JSON.
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write_json(&mut out);
        json::text(out)
    }

    /// Returns true for nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(held) = self { Some(*held) } else { None }
    }

    /// Returns the number, if it is one.
    pub fn as_number(&self) -> Option<&Number> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// Returns the whole number, if it is one and 64 bits hold it.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// Returns the number as a float, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number().map(Number::as_f64)
    }

    /// Returns the text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Returns the list, if it is one.
    pub fn as_list(&self) -> Option<&List> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// Returns the map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// Returns what this is, as people say it: `a text`, `a list`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Number(Number::Float(_)) => "a fraction",
            Self::Number(_) => "a whole number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    /// Compares two numbers by their values, two texts by their letters, two booleans; `None` for all else.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.compare(other),
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            (Self::Bool(one), Self::Bool(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }

    /// Returns this value, as a map sharing its names with another where both have the same.
    pub(crate) fn like(mut self, other: Option<&Self>) -> Self {
        if let (Self::Map(map), Some(Self::Map(other))) = (&mut self, other) {
            map.share_names(other);
        }
        self
    }

    /// Returns true when both share one memory, or are equal and too small to share any: a quick look that may say no of
    /// equal lists and maps that were made apart.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(one), Self::List(other)) => one.is_same(other),
            (Self::Map(one), Self::Map(other)) => one.is_same(other),
            (Self::Text(one), Self::Text(other)) => {
                one.as_ptr() == other.as_ptr() || (one.heap_bytes() == 0 && one == other)
            }
            (one, other) => one == other,
        }
    }
}

impl Index<&str> for Value {
    type Output = Self;

    /// Returns the value under a name of a map; nothing when there is none.
    fn index(&self, name: &str) -> &Self {
        self.as_map().and_then(|map| map.get(name)).unwrap_or(&NULL)
    }
}

impl Index<usize> for Value {
    type Output = Self;

    /// Returns the item of a list, counted from 0; nothing when there is none.
    fn index(&self, at: usize) -> &Self {
        self.as_list().and_then(|list| list.get(at)).unwrap_or(&NULL)
    }
}

impl fmt::Display for Value {
    /// Writes a text as it is, and all else as JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.pad(text),
            other => f.pad(&other.to_json()),
        }
    }
}

macro_rules! from_number {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Value {
            fn from(number: $kind) -> Self {
                Self::Number(Number::from(number))
            }
        }

        impl PartialEq<$kind> for Value {
            fn eq(&self, number: &$kind) -> bool {
                self.as_number().is_some_and(|held| *held == Number::from(*number))
            }
        }
    )*};
}

from_number!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64);

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(held: bool) -> Self {
        Self::Bool(held)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Text::from(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Text::from(text))
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(held: Option<T>) -> Self {
        held.map_or(Self::Null, Into::into)
    }
}

impl PartialEq<bool> for Value {
    fn eq(&self, other: &bool) -> bool {
        self.as_bool() == Some(*other)
    }
}

impl PartialEq<str> for Value {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(*other)
    }
}

impl PartialEq<String> for Value {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == Some(other)
    }
}
