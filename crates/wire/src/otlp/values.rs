//! Attributes read from protobuf: one walk that builds them and keeps to the limits as it goes.

use trackway_model::{Attributes, Text, Value};

use super::{
    Afford, Error, Malformed,
    fields::{Field, Fields},
    known::Known,
    pay, shape,
};

/// How much memory is asked for at a time: asking for each value would cost more than the value.
const CREDIT: usize = 64 << 10;
/// For how many items room is made before they are read.
const FEW: usize = 64;
/// How many lists are kept to be filled again: one for a span, and one for what is within it.
const SPARE: usize = 2;

/// Builds the items of a request. It asks for the memory of whatever it makes before it does.
pub(super) struct Builder<'a> {
    afford: Afford<'a>,
    /// What was granted and is not used yet.
    credit: usize,
    depth: usize,
    values: usize,
    /// What was said before in the request.
    known: Known,
    /// Empty lists with room.
    spare: Vec<Attributes>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(afford: Afford<'a>) -> Self {
        Self { afford, credit: 0, depth: 0, values: 0, known: Known::new(), spare: Vec::with_capacity(SPARE) }
    }

    /// Begins an item, which will take so much memory beside its values.
    pub(super) fn begin(&mut self, bytes: usize) -> Result<(), Error> {
        (self.depth, self.values) = (0, 0);
        self.pay(bytes)
    }

    /// Notes one more value, event or link of the item, which takes so much memory beside its texts.
    pub(super) fn count(&mut self, bytes: usize) -> Result<(), Error> {
        self.values += 1;
        shape::within(self.depth, self.values)?;
        self.pay(bytes)
    }

    fn pay(&mut self, bytes: usize) -> Result<(), Error> {
        if bytes > self.credit {
            let wanted = bytes.max(CREDIT);
            pay(self.afford, wanted)?;
            self.credit += wanted;
        }
        self.credit -= bytes;
        Ok(())
    }

    /// Returns an empty list, which has room where one was [finished](Self::finished) before.
    pub(super) fn list(&mut self) -> Attributes {
        self.spare.pop().unwrap_or_default()
    }

    /// Returns what a list holds in no more room than that needs. Counting the items before they are read costs more.
    pub(super) fn finished(&mut self, mut list: Attributes) -> Attributes {
        if list.len() > FEW {
            return list;
        }
        let mut exact = Attributes(Vec::with_capacity(list.len()));
        exact.0.append(&mut list.0);
        if self.spare.len() < SPARE {
            self.spare.push(list);
        }
        exact
    }

    /// Reads a string that spans often have in common.
    pub(super) fn long_text(&mut self, field: Field<'_>) -> Result<Text, Malformed> {
        self.known.long_text(field)
    }

    /// Reads a `KeyValue` and puts it behind the others.
    pub(super) fn attribute(&mut self, field: Field<'_>, attributes: &mut Attributes) -> Result<(), Error> {
        let bytes = field.bytes()?;
        self.count(size_of::<(Text, Value)>())?;
        // Built where it stays: it is as large as what is read for it.
        attributes.0.push((Text::default(), Value::Empty));
        let Some((key, value)) = attributes.0.last_mut() else { return Ok(()) };
        for field in Fields::of(bytes) {
            let field = field?;
            match field.number {
                1 => *key = self.known.text(field)?,
                2 => self.value(field, value)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads an `AnyValue` into what an earlier one of the same field left, as protobuf merges messages: the last kind
    /// counts, and of arrays and maps all items.
    pub(super) fn value(&mut self, field: Field<'_>, value: &mut Value) -> Result<(), Error> {
        let bytes = field.bytes()?;
        // Counted although it has its place already, which makes up for what the allocator adds.
        self.count(size_of::<Value>())?;
        for field in Fields::of(bytes) {
            let field = field?;
            match field.number {
                1 => *value = Value::Text(self.known.long_text(field)?),
                2 => *value = Value::Bool(field.varint()? != 0),
                3 => *value = Value::Int(field.varint()?.cast_signed()),
                4 => *value = Value::Double(f64::from_bits(field.fixed64()?)),
                5 => self.array(field, value)?,
                6 => self.map(field, value)?,
                7 => *value = Value::Bytes(field.bytes()?.into()),
                _ => {}
            }
        }
        Ok(())
    }

    fn array(&mut self, field: Field<'_>, value: &mut Value) -> Result<(), Error> {
        let bytes = field.bytes()?;
        self.deeper()?;
        let mut items = match std::mem::take(value) {
            Value::Array(items) => items,
            _ => room(bytes, 1)?,
        };
        for field in Fields::of(bytes) {
            let field = field?;
            if field.number == 1 {
                let mut item = Value::Empty;
                self.value(field, &mut item)?;
                items.push(item);
            }
        }
        self.depth -= 1;
        *value = Value::Array(items);
        Ok(())
    }

    fn map(&mut self, field: Field<'_>, value: &mut Value) -> Result<(), Error> {
        let bytes = field.bytes()?;
        self.deeper()?;
        let mut pairs = match std::mem::take(value) {
            Value::Map(pairs) => pairs,
            _ => Attributes(room(bytes, 1)?),
        };
        for field in Fields::of(bytes) {
            let field = field?;
            if field.number == 1 {
                self.attribute(field, &mut pairs)?;
            }
        }
        self.depth -= 1;
        *value = Value::Map(pairs);
        Ok(())
    }

    fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        self.count(0)
    }
}

/// Room for the items of field `number`: for all of them where they are few, so that the list is made once; for the
/// others it grows with what was asked for.
pub(super) fn room<T>(bytes: &[u8], number: u32) -> Result<Vec<T>, Malformed> {
    let mut items = 0;
    for field in Fields::of(bytes) {
        items += usize::from(field?.number == number);
    }
    Ok(Vec::with_capacity(items.min(FEW)))
}
