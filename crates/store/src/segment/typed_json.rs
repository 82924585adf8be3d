//! Attribute values as JSON that a person can read and that brings back the very values.
//!
//! ```text
//! text, bool   "GET", true           int      5         always without a point
//! empty        null                  double   5.0       always with a point or an exponent
//! array        [1, "a"]              other    {"$double": "7ff8000000000001"}, its bits: NaN and the infinities
//! map          {"a": 1}              bytes    {"$bytes": "AQI="}
//!              {"$map": [["a", 1], ["a", 2]]}   where a key is repeated, or begins with a dollar
//! ```

use std::{borrow::Cow, collections::HashSet, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor},
    ser::SerializeMap,
};
use trackway_model::{Attributes, Text, Value};

const DOUBLE: &str = "$double";
const BYTES: &str = "$bytes";
const MAP: &str = "$map";

/// How deep a text may be nested; what is decoded of a request is nested less.
const DEEPEST: usize = 1024;

/// Writes something as JSON.
pub(super) fn write(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(value).map_err(|error| error.to_string())
}

/// Reads what [`write()`] wrote.
pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    if depth(text) > DEEPEST {
        return Err(format!("a text is nested deeper than {DEEPEST}"));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    // The depth is known to be bounded, and deeper than what serde_json allows.
    reader.disable_recursion_limit();
    let value = T::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// Returns how deep arrays and objects lie in each other.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut is_text, mut is_escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Named values as an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Named<'a>(pub(super) Cow<'a, Attributes>);

impl Named<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> From<&'a Attributes> for Named<'a> {
    fn from(attributes: &'a Attributes) -> Self {
        Self(Cow::Borrowed(attributes))
    }
}

impl From<Named<'_>> for Attributes {
    fn from(named: Named<'_>) -> Self {
        named.0.into_owned()
    }
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_map(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Named<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Typed::deserialize(deserializer)?.0 {
            Value::Map(map) => Ok(Self(Cow::Owned(map))),
            _ => Err(de::Error::custom("named values are no object")),
        }
    }
}

fn serialize_map<S: Serializer>(map: &Attributes, serializer: S) -> Result<S::Ok, S::Error> {
    if is_plain(map) {
        return serializer.collect_map(map.iter().map(|(key, value)| (key, Shown(value))));
    }
    let pairs: Vec<_> = map.iter().map(|(key, value)| (key, Shown(value))).collect();
    entry(MAP, &pairs, serializer)
}

/// Up to so many keys are compared with each other, which costs less than a set of them.
const FEW: usize = 16;

/// Whether an object can hold these: each key once, and none that has a meaning here.
fn is_plain(map: &Attributes) -> bool {
    if map.iter().any(|(key, _)| key.starts_with('$')) {
        return false;
    }
    if map.len() > FEW {
        let mut seen = HashSet::new();
        return map.iter().all(|(key, _)| seen.insert(key));
    }
    map.iter().enumerate().all(|(at, (key, _))| map.iter().take(at).all(|(before, _)| before != key))
}

fn entry<S: Serializer>(key: &str, value: &impl Serialize, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

/// A value to be written.
struct Shown<'a>(&'a Value);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Empty => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::Double(value) if value.is_finite() => serializer.serialize_f64(*value),
            Value::Double(value) => entry(DOUBLE, &format!("{:016x}", value.to_bits()), serializer),
            Value::Text(value) => serializer.serialize_str(value),
            Value::Bytes(value) => entry(BYTES, &STANDARD.encode(value), serializer),
            Value::Array(values) => serializer.collect_seq(values.iter().map(Shown)),
            Value::Map(map) => serialize_map(map, serializer),
        }
    }
}

/// A value that was read.
struct Typed(Value);

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
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

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value).map(Value::Int).map_err(|_| E::custom("a whole number is larger than 64 bits with a sign"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Double(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Typed(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                DOUBLE => {
                    let bits = u64::from_str_radix(&map.next_value::<Cow<'de, str>>()?, 16);
                    return bits.map(|bits| Value::Double(f64::from_bits(bits))).map_err(de::Error::custom);
                }
                BYTES => {
                    let bytes = STANDARD.decode(&*map.next_value::<Cow<'de, str>>()?);
                    return bytes.map(|bytes| Value::Bytes(bytes.into())).map_err(de::Error::custom);
                }
                MAP => {
                    let pairs: Vec<(Cow<'de, str>, Typed)> = map.next_value()?;
                    let pairs = pairs.into_iter().map(|(key, Typed(value))| (Text::from(&*key), value));
                    return Ok(Value::Map(Attributes(pairs.collect())));
                }
                _ => {
                    let Typed(value) = map.next_value()?;
                    pairs.push((Text::from(&*key), value));
                }
            }
        }
        Ok(Value::Map(Attributes(pairs)))
    }
}
