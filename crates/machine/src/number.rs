//! Numbers as JSON has them.

use trackway_model::Text;

/// A number: whole ones exactly, whatever their size.
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
