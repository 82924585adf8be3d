//! Lists and maps on their way to become values.

use serde::{Serialize, ser};
use trackway_model::Text;

use super::Encoder;
use crate::{Map, Number, Value, ValueError};

/// More room than this is not made before the content is there: what a length says need not be true.
const MOST_ROOM: usize = 1024;

/// A list that is being written.
pub(super) struct Items<'c> {
    encoder: Encoder<'c>,
    items: Vec<Value>,
}

impl<'c> Items<'c> {
    pub(super) fn new(encoder: Encoder<'c>, len: Option<usize>) -> Self {
        Self { encoder, items: Vec::with_capacity(len.unwrap_or_default().min(MOST_ROOM)) }
    }

    fn push<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), ValueError> {
        let item = self.encoder.encode(item)?.like(self.items.last());
        self.items.push(item);
        Ok(())
    }
}

/// A map that is being written.
pub(super) struct Fields<'c> {
    encoder: Encoder<'c>,
    names: Vec<Text>,
    values: Vec<Value>,
}

impl<'c> Fields<'c> {
    pub(super) fn new(encoder: Encoder<'c>, len: usize) -> Self {
        let room = len.min(MOST_ROOM);
        Self { encoder, names: Vec::with_capacity(room), values: Vec::with_capacity(room) }
    }

    fn finish(self) -> Value {
        Value::Map(Map::of_fields(&Map::default(), self.names, self.values))
    }
}

/// The content of an enum's variant that is being written.
pub(super) struct Within<C> {
    pub(super) variant: &'static str,
    pub(super) inner: C,
}

/// Returns the content of a variant as JSON has it: `{"Variant": content}`.
pub(super) fn within(variant: &'static str, content: Value) -> Value {
    Value::Map(Map::of_distinct(vec![Text::literal(variant)], vec![content]))
}

/// Returns the name that a map's key becomes.
fn name_of(key: Value) -> Result<Text, ValueError> {
    match key {
        Value::Text(name) => Ok(name),
        Value::Bool(held) => Ok(Text::literal(if held { "true" } else { "false" })),
        Value::Number(Number::Float(float)) if !float.is_finite() => {
            Err(ValueError::new("the key of a map is a number that is not finite"))
        }
        Value::Number(number) => Ok(Text::from(number.to_string())),
        other => Err(ValueError::new(format_args!("the key of a map is {}, and only a text can be one", other.kind()))),
    }
}

impl ser::SerializeSeq for Items<'_> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), ValueError> {
        self.push(item)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::from(self.items))
    }
}

impl ser::SerializeTuple for Items<'_> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), ValueError> {
        self.push(item)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::from(self.items))
    }
}

impl ser::SerializeTupleStruct for Items<'_> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), ValueError> {
        self.push(item)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::from(self.items))
    }
}

impl ser::SerializeTupleVariant for Within<Items<'_>> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), ValueError> {
        self.inner.push(item)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(within(self.variant, Value::from(self.inner.items)))
    }
}

impl ser::SerializeMap for Fields<'_> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ValueError> {
        self.names.push(name_of(key.serialize(self.encoder)?)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, content: &T) -> Result<(), ValueError> {
        self.values.push(self.encoder.encode(content)?);
        Ok(())
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(self.finish())
    }
}

impl ser::SerializeStruct for Fields<'_> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, content: &T) -> Result<(), ValueError> {
        self.values.push(self.encoder.encode(content)?);
        self.names.push(Text::literal(name));
        Ok(())
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(self.finish())
    }
}

impl ser::SerializeStructVariant for Within<Fields<'_>> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, content: &T) -> Result<(), ValueError> {
        ser::SerializeStruct::serialize_field(&mut self.inner, name, content)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(within(self.variant, self.inner.finish()))
    }
}
