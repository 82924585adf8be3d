//! Lists that share what they have in common.

use crate::Value;

/// Values in order. Copies share their items, and adding to one leaves the others as they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct List(pub(crate) imbl::Vector<Value>);
