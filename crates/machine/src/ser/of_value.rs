//! Values given to whatever takes serde's data.

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

use crate::{List, Map, Number, State, Value, handover};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(handover::NAME, &Plain(self))
    }
}

/// A value that is given in one piece to who wants it, and taken apart for all others.
struct Plain<'a>(&'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if handover::give(|| self.0.clone()) {
            return serializer.serialize_unit();
        }
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(held) => serializer.serialize_bool(*held),
            Value::Number(number) => number.serialize(serializer),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(list) => {
                let mut items = serializer.serialize_seq(Some(list.len()))?;
                for item in list {
                    items.serialize_element(&Self(item))?;
                }
                items.end()
            }
            Value::Map(map) => fields(map.iter(), map.len(), serializer),
        }
    }
}

fn fields<'a, S: Serializer>(
    fields: impl Iterator<Item = (&'a trackway_model::Text, &'a Value)>,
    len: usize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut written = serializer.serialize_map(Some(len))?;
    for (name, value) in fields {
        written.serialize_entry(&**name, &Plain(value))?;
    }
    written.end()
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(whole) => serializer.serialize_i64(*whole),
            Self::Uint(whole) => serializer.serialize_u64(*whole),
            Self::Float(float) => serializer.serialize_f64(*float),
            Self::Big(digits) => match (digits.parse::<i128>(), digits.parse::<u128>()) {
                (Ok(whole), _) => serializer.serialize_i128(whole),
                (_, Ok(whole)) => serializer.serialize_u128(whole),
                // No type of serde's holds it. As text it loses nothing.
                _ => serializer.serialize_str(digits),
            },
        }
    }
}

impl Serialize for List {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::List(self.clone()).serialize(serializer)
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::Map(self.clone()).serialize(serializer)
    }
}

impl Serialize for State {
    /// Gives the fields that can be read.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fields(self.iter(), self.len(), serializer)
    }
}
