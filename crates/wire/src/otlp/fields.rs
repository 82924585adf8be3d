//! A walk over the fields of a protobuf message, without decoding or allocating.

use super::Malformed;

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    /// The field's number.
    pub(super) number: u32,
    /// The bytes of a string, a byte string or an embedded message; `None` for a number.
    pub(super) bytes: Option<&'a [u8]>,
}

/// The fields of a message in order; ends after the first error.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn read(&mut self) -> Result<Field<'a>, Malformed> {
        let key = self.varint()?;
        let number =
            u32::try_from(key >> 3).ok().filter(|n| *n > 0).ok_or_else(|| broken("a field without a number"))?;
        let bytes = match key & 7 {
            0 => self.varint().map(|_| None),
            1 => self.take(8).map(|_| None),
            2 => {
                let length = self.varint()?;
                self.take(length).map(Some)
            }
            5 => self.take(4).map(|_| None),
            other => Err(broken(format_args!("the unknown wire type {other} in field {number}"))),
        }?;
        Ok(Field { number, bytes })
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or_else(|| broken("the middle of a number at its end"))?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(broken("a number of more than ten bytes"))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let split = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = split
            .ok_or_else(|| broken(format_args!("a field of {length} bytes where {} are left", self.rest.len())))?;
        self.rest = rest;
        Ok(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

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

fn broken(what: impl std::fmt::Display) -> Malformed {
    Malformed(format!("the protobuf message is broken: it has {what}"))
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
        assert!(error(&[0xff; 11]).contains("more than ten bytes"));
    }

    #[test]
    fn every_field_comes_in_order() {
        let fields: Vec<_> = Fields::of(&[0x08, 7, 0x12, 1, b'x', 0x1d, 0, 0, 0, 0])
            .map(|field| field.map(|f| (f.number, f.bytes.map(<[u8]>::to_vec))))
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(fields, [(1, None), (2, Some(b"x".to_vec())), (3, None)]);
    }
}
