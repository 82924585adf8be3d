//! Numbers as JSON has them.

use std::{cmp::Ordering, fmt};

use trackway_model::Text;

/// A number: whole ones exactly, whatever their size.
///
/// Two are equal when they are of one kind and value: `1` is not `1.0`. [`Number::compare`] goes by the value alone.
///
/// ```
/// use trackway_machine::Number;
///
/// assert_eq!(Number::from(3_u8), Number::Int(3));
/// assert_eq!(Number::from(u64::MAX).to_string(), "18446744073709551615");
/// assert!(Number::Int(2).compare(&Number::Float(2.5)).is_some_and(|order| order.is_lt()));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// A whole number of 64 bits.
    Int(i64),
    /// A whole number above those.
    Uint(u64),
    /// Any other. What is not finite is written as `null`.
    Float(f64),
    /// A whole number that 64 bits do not hold, as it is written in JSON.
    Big(Text),
}

impl Number {
    /// Returns the whole number, if it is one and 64 bits hold it.
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Int(whole) = self { Some(*whole) } else { None }
    }

    /// Returns the whole number, if it is one, not negative, and 64 bits hold it.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Int(whole) => u64::try_from(*whole).ok(),
            Self::Uint(whole) => Some(*whole),
            Self::Float(_) | Self::Big(_) => None,
        }
    }

    /// Returns the whole number, if it is one and 128 bits hold it.
    pub fn as_i128(&self) -> Option<i128> {
        match self {
            Self::Int(whole) => Some(i128::from(*whole)),
            Self::Uint(whole) => Some(i128::from(*whole)),
            Self::Big(digits) => digits.parse().ok(),
            Self::Float(_) => None,
        }
    }

    /// Returns the nearest floating-point number.
    pub fn as_f64(&self) -> f64 {
        match self {
            Self::Int(whole) => *whole as f64,
            Self::Uint(whole) => *whole as f64,
            Self::Float(float) => *float,
            // Digits are a number to every parser; too many of them are infinity.
            Self::Big(digits) => digits.parse().unwrap_or(f64::NAN),
        }
    }

    /// Returns true for a whole number that is written as one: `2`, and not `2.0`.
    pub fn is_whole(&self) -> bool {
        !matches!(self, Self::Float(_))
    }

    /// Compares the values, exactly, whatever their kinds; `None` when one of them is no number (NaN).
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(one), Self::Int(other)) => Some(one.cmp(other)),
            (Self::Float(one), Self::Float(other)) => one.partial_cmp(other),
            (Self::Float(float), whole) => compare_whole(whole, *float).map(Ordering::reverse),
            (whole, Self::Float(float)) => compare_whole(whole, *float),
            (one, other) => Some(match (one.as_i128(), other.as_i128()) {
                (Some(one), Some(other)) => one.cmp(&other),
                _ => compare_digits(&one.to_string(), &other.to_string()),
            }),
        }
    }

    /// Makes a number of the digits of a whole one, with or without a minus before them.
    pub(crate) fn whole(digits: &str) -> Self {
        match digits.parse::<i128>() {
            Ok(whole) => Self::from(whole),
            Err(_) => Self::Big(Text::from(digits)),
        }
    }
}

fn compare_whole(whole: &Number, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    let Some(exact) = whole.as_i128() else { return whole.as_f64().partial_cmp(&float) };
    // Beyond these bounds the cast below would stop at the largest number there is.
    if float >= 2f64.powi(127) {
        return Some(Ordering::Less);
    }
    if float < -(2f64.powi(127)) {
        return Some(Ordering::Greater);
    }
    let below = float.floor();
    let order = exact.cmp(&(below as i128));
    Some(if order.is_eq() && float > below { Ordering::Less } else { order })
}

/// Compares whole numbers of any size, written without zeros before them.
fn compare_digits(one: &str, other: &str) -> Ordering {
    let by_size = |one: &str, other: &str| one.len().cmp(&other.len()).then_with(|| one.cmp(other));
    match (one.strip_prefix('-'), other.strip_prefix('-')) {
        (None, None) => by_size(one, other),
        (Some(one), Some(other)) => by_size(other, one),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
    }
}

macro_rules! from_small {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Number {
            fn from(whole: $kind) -> Self {
                Self::Int(i64::from(whole))
            }
        }
    )*};
}

from_small!(i8, i16, i32, i64, u8, u16, u32);

impl From<u64> for Number {
    fn from(whole: u64) -> Self {
        i64::try_from(whole).map_or(Self::Uint(whole), Self::Int)
    }
}

impl From<i128> for Number {
    fn from(whole: i128) -> Self {
        match (i64::try_from(whole), u64::try_from(whole)) {
            (Ok(whole), _) => Self::Int(whole),
            (_, Ok(whole)) => Self::Uint(whole),
            _ => Self::Big(Text::from(whole.to_string())),
        }
    }
}

impl From<u128> for Number {
    fn from(whole: u128) -> Self {
        u64::try_from(whole).map_or_else(|_| Self::Big(Text::from(whole.to_string())), Self::from)
    }
}

impl From<isize> for Number {
    fn from(whole: isize) -> Self {
        Self::from(whole as i128)
    }
}

impl From<usize> for Number {
    fn from(whole: usize) -> Self {
        Self::from(whole as u128)
    }
}

impl From<f32> for Number {
    fn from(float: f32) -> Self {
        Self::Float(f64::from(float))
    }
}

impl From<f64> for Number {
    fn from(float: f64) -> Self {
        Self::Float(float)
    }
}

impl fmt::Display for Number {
    /// Writes the number as JSON has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut json = Vec::new();
        crate::json::write_number(self, &mut json);
        f.write_str(&String::from_utf8_lossy(&json))
    }
}
