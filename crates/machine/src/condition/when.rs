//! Conditions that compare one field of the state with a value.

use std::ops::{BitAnd, BitOr, Not};

use serde::Serialize;
use trackway_model::Text;

use super::{
    Condition, Rule,
    compare::{self, Operator},
};
use crate::{State, Value};

/// A field of the state, to be compared. By itself it is the condition that the field is `true`.
#[derive(Debug, Clone)]
#[must_use]
pub struct When {
    field: Text,
}

/// A field of the state and what it is compared with.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    pub(super) field: Text,
    pub(super) operator: Operator,
    /// What it is compared with, or why that is no value.
    pub(super) operand: Result<Value, Text>,
}

/// Names the field of the state that a condition is about. By itself it holds where the field is `true`.
///
/// A field that is absent makes the condition fail, whatever it asks: a misspelt name would answer it otherwise.
///
/// ```
/// use trackway_machine::{Condition, State, when};
///
/// let state = State::default().set("count", 3).set("is_safe", true).set("tags", ["new", "paid"]);
/// let condition = when("count").lt(3.5) & when("is_safe") & when("tags").contains("paid");
/// assert_eq!(condition.holds(&state), Ok(true));
/// assert_eq!(&*condition.name(), r#"count < 3.5 & is_safe & tags contains "paid""#);
/// assert!(Condition::from(when("absent")).holds(&state).is_err());
/// ```
pub fn when(field: impl AsRef<str>) -> When {
    When { field: field.as_ref().into() }
}

impl When {
    /// Holds where the field equals `value`: numbers by what they count, lists item by item, maps whatever the order of their
    /// names.
    pub fn eq(self, value: impl Serialize) -> Condition {
        self.compare(Operator::Eq, value)
    }

    /// Holds where the field does not equal `value`.
    pub fn ne(self, value: impl Serialize) -> Condition {
        self.compare(Operator::Ne, value)
    }

    /// Holds where the field is less than `value`: a number than a number, a text than a text.
    pub fn lt(self, value: impl Serialize) -> Condition {
        self.compare(Operator::Lt, value)
    }

    /// Holds where the field is at most `value`.
    pub fn lte(self, value: impl Serialize) -> Condition {
        self.compare(Operator::Lte, value)
    }

    /// Holds where the field is greater than `value`.
    pub fn gt(self, value: impl Serialize) -> Condition {
        self.compare(Operator::Gt, value)
    }

    /// Holds where the field is at least `value`.
    pub fn gte(self, value: impl Serialize) -> Condition {
        self.compare(Operator::Gte, value)
    }

    /// Holds where the field equals one of `values`, which is a list.
    pub fn is_in(self, values: impl Serialize) -> Condition {
        self.compare(Operator::In, values)
    }

    /// Holds where the field equals none of `values`, which is a list.
    pub fn not_in(self, values: impl Serialize) -> Condition {
        self.compare(Operator::NotIn, values)
    }

    /// Holds where the field's text has the text `value` in it, its list an item that equals it, or its map that name.
    pub fn contains(self, value: impl Serialize) -> Condition {
        self.compare(Operator::Contains, value)
    }

    /// Holds where the field is there and holds nothing.
    pub fn is_null(self) -> Condition {
        self.compare(Operator::IsNull, ())
    }

    /// Holds where the field holds something.
    pub fn not_null(self) -> Condition {
        self.compare(Operator::NotNull, ())
    }

    fn compare(self, operator: Operator, operand: impl Serialize) -> Condition {
        let operand = operand_of(operator, &operand);
        Rule::Comparison(Comparison { field: self.field, operator, operand }).into()
    }
}

fn operand_of(operator: Operator, operand: &impl Serialize) -> Result<Value, Text> {
    let value = Value::encode(operand).map_err(|error| Text::from(format!("it compares with no value: {error}")))?;
    let wants_list = matches!(operator, Operator::In | Operator::NotIn);
    if wants_list && value.as_list().is_none() {
        return Err(Text::from(format!(
            "`{}` wants a list of values, and was given {}",
            operator.sign(),
            value.kind()
        )));
    }
    Ok(value)
}

impl Comparison {
    pub(super) fn holds(&self, state: &State) -> Result<bool, Text> {
        let operand = self.operand.as_ref().map_err(Clone::clone)?;
        let value = state.value(&self.field).ok_or_else(|| super::no_field(state, &self.field))?;
        compare::holds(&self.field, value, self.operator, operand)
    }

    pub(super) fn mistake(&self) -> Option<&Text> {
        self.operand.as_ref().err()
    }
}

impl From<When> for Condition {
    fn from(when: When) -> Self {
        when.compare(Operator::IsTrue, ())
    }
}

impl Not for When {
    type Output = Condition;

    fn not(self) -> Condition {
        !Condition::from(self)
    }
}

impl<Right: Into<Condition>> BitAnd<Right> for When {
    type Output = Condition;

    fn bitand(self, right: Right) -> Condition {
        Condition::from(self) & right
    }
}

impl<Right: Into<Condition>> BitOr<Right> for When {
    type Output = Condition;

    fn bitor(self, right: Right) -> Condition {
        Condition::from(self) | right
    }
}
