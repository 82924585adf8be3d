//! Makes whatever can be deserialised of values.

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor, value::UnitDeserializer},
};

use crate::{Codecs, Number, Value, ValueError, handover};

mod compound;
mod key;
mod to_value;

use compound::{Entries, Items, Variant};

/// Makes a `T` of a value; codecs of types are asked at every level.
pub(crate) fn decode<T: DeserializeOwned>(value: &Value, codecs: Option<&Codecs>) -> Result<T, ValueError> {
    Decoder { value, codecs }.decode(std::marker::PhantomData)
}

/// Returns what a type is when there is no value at all: `None` for most, and an `Option`'s nothing.
pub(crate) fn absent<T: DeserializeOwned>() -> Option<T> {
    T::deserialize(Absent).ok()
}

#[derive(Clone, Copy)]
struct Decoder<'v> {
    value: &'v Value,
    codecs: Option<&'v Codecs>,
}

impl<'v> Decoder<'v> {
    fn decode<'de, S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, ValueError> {
        match self.codecs.and_then(Codecs::of_type::<S::Value>) {
            None => seed.deserialize(self),
            Some(codec) => seed.deserialize(Decoder { value: &codec.decode(self.value.clone())?, ..self }),
        }
    }

    fn refuse<'de, V: Visitor<'de>>(self, visitor: &V) -> ValueError {
        let unexpected = match self.value {
            Value::Null => de::Unexpected::Unit,
            Value::Bool(held) => de::Unexpected::Bool(*held),
            Value::Number(Number::Int(whole)) => de::Unexpected::Signed(*whole),
            Value::Number(Number::Uint(whole)) => de::Unexpected::Unsigned(*whole),
            Value::Number(Number::Float(float)) => de::Unexpected::Float(*float),
            Value::Number(Number::Big(digits)) => de::Unexpected::Other(digits),
            Value::Text(text) => de::Unexpected::Str(text),
            Value::List(_) => de::Unexpected::Seq,
            Value::Map(_) => de::Unexpected::Map,
        };
        de::Error::invalid_type(unexpected, visitor)
    }
}

fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, ValueError> {
    match number {
        Number::Int(whole) if *whole < 0 => visitor.visit_i64(*whole),
        Number::Int(whole) => visitor.visit_u64(whole.unsigned_abs()),
        Number::Uint(whole) => visitor.visit_u64(*whole),
        Number::Float(float) => visitor.visit_f64(*float),
        Number::Big(digits) => match (digits.parse::<i128>(), digits.parse::<u128>()) {
            (Ok(whole), _) => visitor.visit_i128(whole),
            (_, Ok(whole)) => visitor.visit_u128(whole),
            _ => visitor.visit_str(digits),
        },
    }
}

impl<'de> Deserializer<'de> for Decoder<'_> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(held) => visitor.visit_bool(*held),
            Value::Number(number) => visit_number(number, visitor),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(list) => Items::visit(list, self.codecs, visitor),
            Value::Map(map) => Entries::visit(map, self.codecs, visitor),
        }
    }

    /// What is not finite was written as nothing.
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.value {
            Value::Null => visitor.visit_f64(f64::NAN),
            Value::Number(number @ Number::Big(_)) => visitor.visit_f64(number.as_f64()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.value {
            Value::Text(_) | Value::List(_) => self.deserialize_any(visitor),
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        if self.value.is_null() {
            return visitor.visit_none();
        }
        match self.codecs.and_then(Codecs::of_optional::<V::Value>) {
            None => visitor.visit_some(self),
            Some(codec) => visitor.visit_some(Decoder { value: &codec.decode(self.value.clone())?, ..self }),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        if name != handover::NAME {
            return visitor.visit_newtype_struct(self);
        }
        let nothing: UnitDeserializer<ValueError> = ().into_deserializer();
        handover::offer(self.value.clone(), || visitor.visit_newtype_struct(nothing))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.value {
            Value::Text(variant) => visitor.visit_enum(Variant { variant, content: None, codecs: self.codecs }),
            Value::Map(map) => {
                let mut fields = map.iter();
                let (Some((variant, content)), None) = (fields.next(), fields.next()) else {
                    return Err(de::Error::invalid_value(de::Unexpected::Map, &"a map with the one name of a variant"));
                };
                visitor.visit_enum(Variant { variant, content: Some(content), codecs: self.codecs })
            }
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string unit unit_struct seq tuple tuple_struct map struct
        identifier
    }
}

/// No value at all.
struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, ValueError> {
        Err(ValueError::new("there is no value"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Number(number) => Ok(number),
            other => Err(de::Error::custom(format_args!("{} is no number", other.kind()))),
        }
    }
}
