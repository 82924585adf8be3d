//! Values of a state: immutable, and shared where they are copied.

use trackway_model::Text;

use crate::{List, Map, Number};

/// A value: what JSON can say. Copies share what they hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    Text(Text),
    /// Values in order.
    List(List),
    /// Named values, in the order in which the names came.
    Map(Map),
}
