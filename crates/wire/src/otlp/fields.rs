//! A walk over the fields of a protobuf message, without decoding or allocating.

use std::fmt::{self, Display};

use super::Malformed;

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    /// The field's number.
    pub(super) number: u32,
    /// What it holds.
    pub(super) held: Held<'a>,
}

/// What a field holds, as the wire tells it; the message's type says what that means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Held<'a> {
    /// A number of any size.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Four bytes.
    Fixed32(u32),
    /// A string, a byte string or an embedded message.
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    /// The bytes of a string, a byte string or an embedded message.
    pub(super) fn bytes(&self) -> Result<&'a [u8], Malformed> {
        match self.held {
            Held::Bytes(bytes) => Ok(bytes),
            _ => Err(self.is_wrong("bytes")),
        }
    }

    /// A string.
    pub(super) fn text(&self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| self.is_no_text())
    }

    pub(super) fn varint(&self) -> Result<u64, Malformed> {
        match self.held {
            Held::Varint(number) => Ok(number),
            _ => Err(self.is_wrong("a number")),
        }
    }

    /// A `uint32`, which is what the low bits of a larger number say.
    pub(super) fn uint32(&self) -> Result<u32, Malformed> {
        self.varint().map(|number| number as u32)
    }

    /// An `int32`, which is what the low bits of a larger number say.
    pub(super) fn int32(&self) -> Result<i32, Malformed> {
        self.varint().map(|number| number as i32)
    }

    pub(super) fn fixed64(&self) -> Result<u64, Malformed> {
        match self.held {
            Held::Fixed64(number) => Ok(number),
            _ => Err(self.is_wrong("eight bytes")),
        }
    }

    pub(super) fn fixed32(&self) -> Result<u32, Malformed> {
        match self.held {
            Held::Fixed32(number) => Ok(number),
            _ => Err(self.is_wrong("four bytes")),
        }
    }

    #[cold]
    fn is_wrong(&self, wanted: &str) -> Malformed {
        let is = match self.held {
            Held::Varint(_) => "a number",
            Held::Fixed64(_) => "eight bytes",
            Held::Fixed32(_) => "four bytes",
            Held::Bytes(_) => "bytes",
        };
        Malformed(format!("field {} is {is} where {wanted} belong", self.number))
    }

    #[cold]
    fn is_no_text(&self) -> Malformed {
        Malformed(format!("the text in field {} is not UTF-8", self.number))
    }
}

/// The fields of a message in order; ends after the first error.
#[derive(Clone)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    // Always, since a field that is handed over in memory costs more than to read it.
    #[inline(always)]
    fn read(&mut self) -> Result<Field<'a>, Malformed> {
        let key = self.varint()?;
        let number = u32::try_from(key).map_err(|_| broken("a field number that is too large"))? >> 3;
        if number == 0 {
            return Err(broken("a field without a number"));
        }
        let held = match key & 7 {
            0 => Held::Varint(self.varint()?),
            1 => Held::Fixed64(u64::from_le_bytes(self.fixed()?)),
            2 => {
                let length = self.varint()?;
                Held::Bytes(self.take(length)?)
            }
            5 => Held::Fixed32(u32::from_le_bytes(self.fixed()?)),
            other => return Err(broken(format_args!("the unknown wire type {other} in field {number}"))),
        };
        Ok(Field { number, held })
    }

    #[inline(always)]
    fn varint(&mut self) -> Result<u64, Malformed> {
        // Keys and lengths are mostly a byte.
        if let Some((byte, rest)) = self.rest.split_first()
            && *byte < 0x80
        {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or_else(|| broken("the middle of a number at its end"))?;
            self.rest = rest;
            // The tenth byte has room for one bit.
            if shift == 63 && *byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(broken("a number of more than 64 bits"))
    }

    #[inline(always)]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(|| self.is_short(N as u64))?;
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline(always)]
    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let split = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = split.ok_or_else(|| self.is_short(length))?;
        self.rest = rest;
        Ok(taken)
    }

    #[cold]
    fn is_short(&self, length: u64) -> Malformed {
        broken(format_args!("a field of {length} bytes where {} are left", self.rest.len()))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

#[cold]
fn broken(what: impl Display) -> Malformed {
    Malformed(format!("the protobuf message is broken: it has {what}"))
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fields in {} bytes", self.rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(message: &[u8]) -> String {
        Fields::of(message).find_map(Result::err).expect("an error").to_string()
    }

    #[test]
    fn lying_lengths_and_wrong_types_are_errors() {
        assert_eq!(error(&[0x0a, 5, 1]), "the protobuf message is broken: it has a field of 5 bytes where 1 are left");
        assert!(
            error(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).contains("9223372036854775807 bytes")
        );
        assert!(error(&[0x0b]).contains("unknown wire type 3 in field 1"));
        assert!(error(&[0x00]).contains("without a number"));
        assert!(error(&[0x80]).contains("middle of a number"));
        assert!(error(&[0x80, 0x80, 0x80, 0x80, 0x10, 0]).contains("too large"));
        assert!(error(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]).contains("more than 64 bits"));
        assert!(error(&[0xff; 11]).contains("more than 64 bits"));
    }

    #[test]
    fn every_field_comes_in_order() {
        let message = [0x08, 7, 0x12, 1, b'x', 0x1d, 1, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0, 0, 0];
        let fields: Vec<_> = Fields::of(&message).map(|field| format!("{:?}", field.unwrap())).collect();
        assert_eq!(
            fields,
            [
                "Field { number: 1, held: Varint(7) }",
                "Field { number: 2, held: Bytes([120]) }",
                "Field { number: 3, held: Fixed32(1) }",
                "Field { number: 4, held: Fixed64(2) }",
            ]
        );
    }

    #[test]
    fn the_largest_number_is_one() {
        let message = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(Fields::of(&message).next().unwrap().unwrap().varint().unwrap(), u64::MAX);
    }
}
