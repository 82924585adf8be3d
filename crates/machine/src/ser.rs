//! Makes values of whatever can be serialised, in the form that JSON gives it.

use serde::{Serialize, Serializer};
use trackway_model::Text;

use crate::{
    Codecs, Number, Value, ValueError, handover,
    json::{self, DEEPEST},
};

mod compound;
mod of_value;

use compound::{Fields, Items, Within};

/// Makes a value; codecs of types are asked at every level.
pub(crate) fn encode<T: Serialize + ?Sized>(content: &T, codecs: Option<&Codecs>) -> Result<Value, ValueError> {
    Encoder { codecs, depth: 0 }.encode(content)
}

#[derive(Clone, Copy)]
struct Encoder<'c> {
    codecs: Option<&'c Codecs>,
    depth: usize,
}

impl Encoder<'_> {
    fn encode<T: Serialize + ?Sized>(self, content: &T) -> Result<Value, ValueError> {
        let value = content.serialize(self)?;
        match self.codecs.and_then(Codecs::of_type::<T>) {
            Some(codec) => codec.encode(value),
            None => Ok(value),
        }
    }

    fn deeper(self) -> Result<Self, ValueError> {
        if self.depth >= DEEPEST {
            return Err(ValueError::new("it goes deeper than 512 levels"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

macro_rules! numbers {
    ($($method:ident: $kind:ty),*) => {$(
        fn $method(self, number: $kind) -> Result<Value, ValueError> {
            Ok(Value::Number(Number::from(number)))
        }
    )*};
}

impl<'c> Serializer for Encoder<'c> {
    type Ok = Value;
    type Error = ValueError;
    type SerializeSeq = Items<'c>;
    type SerializeTuple = Items<'c>;
    type SerializeTupleStruct = Items<'c>;
    type SerializeTupleVariant = Within<Items<'c>>;
    type SerializeMap = Fields<'c>;
    type SerializeStruct = Fields<'c>;
    type SerializeStructVariant = Within<Fields<'c>>;

    numbers!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_f64: f64
    );

    fn serialize_f32(self, float: f32) -> Result<Value, ValueError> {
        Ok(Value::from(json::nearest_double(float)))
    }

    fn serialize_bool(self, held: bool) -> Result<Value, ValueError> {
        Ok(Value::Bool(held))
    }

    fn serialize_char(self, letter: char) -> Result<Value, ValueError> {
        Ok(Value::from(&*letter.encode_utf8(&mut [0; 4])))
    }

    fn serialize_str(self, text: &str) -> Result<Value, ValueError> {
        Ok(Value::from(text))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, ValueError> {
        Ok(Value::List(bytes.iter().copied().map(Value::from).collect()))
    }

    fn serialize_none(self) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, content: &T) -> Result<Value, ValueError> {
        self.encode(content)
    }

    fn serialize_unit(self) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _name: &'static str, _at: u32, variant: &'static str) -> Result<Value, ValueError> {
        Ok(Value::Text(Text::literal(variant)))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        content: &T,
    ) -> Result<Value, ValueError> {
        if name != handover::NAME {
            // On the way back nobody knows of which type the content is, so no codec is asked here either.
            return content.serialize(self);
        }
        let (given, written) = handover::receive(|| content.serialize(self));
        given.map_or(written, Ok)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _at: u32,
        variant: &'static str,
        content: &T,
    ) -> Result<Value, ValueError> {
        Ok(compound::within(variant, self.deeper()?.encode(content)?))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items<'c>, ValueError> {
        Ok(Items::new(self.deeper()?, len))
    }

    fn serialize_tuple(self, len: usize) -> Result<Items<'c>, ValueError> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Items<'c>, ValueError> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _at: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Within<Items<'c>>, ValueError> {
        Ok(Within { variant, inner: self.deeper()?.serialize_seq(Some(len))? })
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Fields<'c>, ValueError> {
        Ok(Fields::new(self.deeper()?, len.unwrap_or_default()))
    }

    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<Fields<'c>, ValueError> {
        Ok(Fields::new(self.deeper()?, len))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _at: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Within<Fields<'c>>, ValueError> {
        Ok(Within { variant, inner: Fields::new(self.deeper()?.deeper()?, len) })
    }
}
