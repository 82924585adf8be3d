//! What stands in lists, maps and variants.

use serde::{
    Deserializer,
    de::{self, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor},
};

use super::{Decoder, key::Name};
use crate::{Codecs, List, Map, Value, ValueError, list, map};

/// The items of a list that are still to be read.
pub(super) struct Items<'v> {
    items: list::Items<'v>,
    codecs: Option<&'v Codecs>,
}

impl<'v> Items<'v> {
    pub(super) fn visit<'de, V: Visitor<'de>>(
        list: &'v List,
        codecs: Option<&'v Codecs>,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let mut items = Self { items: list.iter(), codecs };
        let made = visitor.visit_seq(&mut items)?;
        match items.items.len() {
            0 => Ok(made),
            _ => Err(de::Error::invalid_length(list.len(), &"fewer items")),
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_> {
    type Error = ValueError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ValueError> {
        let Some(value) = self.items.next() else { return Ok(None) };
        Decoder { value, codecs: self.codecs }.decode(seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The fields of a map that are still to be read.
pub(super) struct Entries<'v> {
    fields: map::Fields<'v>,
    value: Option<&'v Value>,
    codecs: Option<&'v Codecs>,
}

impl<'v> Entries<'v> {
    pub(super) fn visit<'de, V: Visitor<'de>>(
        map: &'v Map,
        codecs: Option<&'v Codecs>,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_map(Self { fields: map.iter(), value: None, codecs })
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = ValueError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ValueError> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Name(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ValueError> {
        let Some(value) = self.value.take() else {
            return Err(ValueError::new("a value was asked for before its name"));
        };
        Decoder { value, codecs: self.codecs }.decode(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.fields.len())
    }
}

/// A variant of an enum.
pub(super) struct Variant<'v> {
    pub(super) variant: &'v str,
    pub(super) content: Option<&'v Value>,
    pub(super) codecs: Option<&'v Codecs>,
}

impl<'v> Variant<'v> {
    fn content(self) -> Result<Decoder<'v>, ValueError> {
        match self.content {
            Some(value) => Ok(Decoder { value, codecs: self.codecs }),
            None => Err(ValueError::new(format_args!("variant `{}` has content, and none is there", self.variant))),
        }
    }
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = ValueError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), ValueError> {
        Ok((seed.deserialize(Name(self.variant))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = ValueError;

    fn unit_variant(self) -> Result<(), ValueError> {
        match self.content {
            None | Some(Value::Null) => Ok(()),
            Some(_) => Err(ValueError::new(format_args!("variant `{}` has no content", self.variant))),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, ValueError> {
        self.content()?.decode(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, ValueError> {
        self.content()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.content()?.deserialize_map(visitor)
    }
}
