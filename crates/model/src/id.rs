//! Trace and span ids as [W3C Trace Context](https://www.w3.org/TR/trace-context-2/) defines them.

use std::{fmt, num::NonZero, str::FromStr};

/// Identifies a trace: 128 bits, never all zero, written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(NonZero<u128>);

/// Identifies a span within its trace: 64 bits, never all zero, written as 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(NonZero<u64>);

/// Why a text or a byte string is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The id has another length than its kind demands.
    #[error("{actual} hexadecimal digits where an id has {expected}")]
    Length {
        /// Digits that an id of this kind has.
        expected: usize,
        /// Digits that were given.
        actual: usize,
    },
    /// The text holds something else than hexadecimal digits.
    #[error("an id has hexadecimal digits only")]
    Digit,
    /// Every bit is zero, which W3C Trace Context reserves for "no id".
    #[error("an id of zeros only means that there is no id")]
    Zero,
}

impl TraceId {
    /// Makes an id from its bytes in network order; `None` when all are zero.
    pub fn new(bytes: [u8; 16]) -> Option<Self> {
        NonZero::new(u128::from_be_bytes(bytes)).map(Self)
    }

    /// Reads an id from bytes of any length, as they come from a client.
    ///
    /// # Errors
    /// [`IdError::Length`] unless there are 16 bytes, [`IdError::Zero`] when all are zero.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
        let bytes = bytes.try_into().map_err(|_| IdError::Length { expected: 32, actual: bytes.len() * 2 })?;
        Self::new(bytes).ok_or(IdError::Zero)
    }

    /// Returns the id's bytes in network order.
    pub fn bytes(self) -> [u8; 16] {
        self.0.get().to_be_bytes()
    }
}

impl SpanId {
    /// Makes an id from its bytes in network order; `None` when all are zero.
    pub fn new(bytes: [u8; 8]) -> Option<Self> {
        NonZero::new(u64::from_be_bytes(bytes)).map(Self)
    }

    /// Reads an id from bytes of any length, as they come from a client.
    ///
    /// # Errors
    /// [`IdError::Length`] unless there are 8 bytes, [`IdError::Zero`] when all are zero.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
        let bytes = bytes.try_into().map_err(|_| IdError::Length { expected: 16, actual: bytes.len() * 2 })?;
        Self::new(bytes).ok_or(IdError::Zero)
    }

    /// Returns the id's bytes in network order.
    pub fn bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }
}

/// Reads `expected` hexadecimal digits of either case.
fn hex(text: &str, expected: usize) -> Result<u128, IdError> {
    if text.len() != expected {
        return Err(IdError::Length { expected, actual: text.chars().count() });
    }
    // `from_str_radix` would also take a leading sign.
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(IdError::Digit);
    }
    u128::from_str_radix(text, 16).map_err(|_| IdError::Digit)
}

impl FromStr for TraceId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        NonZero::new(hex(text, 32)?).map(Self).ok_or(IdError::Zero)
    }
}

impl FromStr for SpanId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let number = u64::try_from(hex(text, 16)?).map_err(|_| IdError::Digit)?;
        NonZero::new(number).map(Self).ok_or(IdError::Zero)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_case_is_read_and_lower_case_is_written() {
        let id: TraceId = "4BF92F3577B34DA6A3CE929D0E0E4736".parse().unwrap();
        assert_eq!(id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    }

    #[test]
    fn what_is_not_an_id_says_why() {
        assert_eq!("".parse::<SpanId>(), Err(IdError::Length { expected: 16, actual: 0 }));
        assert_eq!("+123456789abcdef".parse::<SpanId>(), Err(IdError::Digit));
        assert_eq!("ü23456789abcdef".parse::<SpanId>(), Err(IdError::Digit));
        assert_eq!("0000000000000000".parse::<SpanId>(), Err(IdError::Zero));
        assert_eq!(TraceId::from_slice(&[1; 8]), Err(IdError::Length { expected: 32, actual: 16 }));
    }

    proptest::proptest! {
        #[test]
        fn an_id_survives_its_text(bytes: [u8; 16]) {
            if let Some(id) = TraceId::new(bytes) {
                proptest::prop_assert_eq!(id.to_string().parse::<TraceId>().unwrap().bytes(), bytes);
            }
        }
    }
}
