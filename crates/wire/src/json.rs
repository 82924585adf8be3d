//! JSON as values, in one pass, with keys in the order in which they came.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use trackway_model::{Attributes, Text, Value};

/// What to do with a number that only a `Double` holds and that looks whole: it may have lost digits.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(any(feature = "genai", feature = "openai-agents", feature = "burr")), allow(dead_code))]
pub(crate) enum Wide {
    /// Refuse it, so that the text can be repaired first.
    Refuse,
    /// Take it; the text is repaired, and the number was written with a point or an exponent.
    Round,
}

/// Reads one value and nothing after it.
///
/// # Errors
/// What is wrong with the text. It is given to a parser that recurses, 128 levels at most.
pub(crate) fn read(text: &[u8], wide: Wide) -> Result<Value, serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_slice(text);
    let value = Any(wide).deserialize(&mut parser)?;
    parser.end()?;
    Ok(value)
}

/// Returns whether a text is one value, without building it.
#[cfg(feature = "openai-agents")]
pub(crate) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

#[derive(Clone, Copy)]
struct Any(Wide);

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Empty)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        const WHOLE: f64 = i64::MAX as f64;
        match self.0 {
            Wide::Refuse if value.abs() >= WHOLE => Err(E::custom("a number that may have lost digits")),
            _ => Ok(Value::Double(value)),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        values.shrink_to_fit();
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            pairs.push((key, map.next_value_seed(self)?));
        }
        pairs.shrink_to_fit();
        Ok(Value::Map(Attributes(pairs)))
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Text;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
        match deserializer.deserialize_str(Any(Wide::Round))? {
            Value::Text(text) => Ok(text),
            _ => Err(D::Error::custom("a key is a text")),
        }
    }
}
