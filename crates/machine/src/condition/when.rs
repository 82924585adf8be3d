//! Conditions that compare one field of the state with a value.

use std::ops::{BitAnd, BitOr, Not};

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

/// Names the field of the state that a condition is about.
pub fn when(field: impl Into<Text>) -> When {
    When { field: field.into() }
}

impl When {
    /// Holds where the field equals `value`: numbers by what they count, lists item by item, maps whatever the order of their names.
    pub fn eq(self, value: impl Into<Value>) -> Condition {
        self.compare(Operator::Eq, value)
    }

    /// Holds where the field does not equal `value`.
    pub fn ne(self, value: impl Into<Value>) -> Condition {
        self.compare(Operator::Ne, value)
    }

    /// Holds where the field is less than `value`: a number than a number, text than text.
    pub fn lt(self, value: impl Into<Value>) -> Condition {
        self.compare(Operator::Lt, value)
    }

    /// Holds where the field is at most `value`.
    pub fn lte(self, value: impl Into<Value>) -> Condition {
        self.compare(Operator::Lte, value)
    }

    /// Holds where the field is greater than `value`.
    pub fn gt(self, value: impl Into<Value>) -> Condition {
        self.compare(Operator::Gt, value)
    }

    /// Holds where the field is at least `value`.
    pub fn gte(self, value: impl Into<Value>) -> Condition {
        self.compare(Operator::Gte, value)
    }

    /// Holds where the field equals one of `values`.
    pub fn is_in(self, values: impl Into<Value>) -> Condition {
        self.compare(Operator::In, values)
    }

    /// Holds where the field equals none of `values`.
    pub fn not_in(self, values: impl Into<Value>) -> Condition {
        self.compare(Operator::NotIn, values)
    }

    /// Holds where the field's text has `value` in it, its list an item that equals it, or its map that name.
    pub fn contains(self, value: impl Into<Value>) -> Condition {
        self.compare(Operator::Contains, value)
    }

    /// Holds where the field is there and holds nothing.
    pub fn is_null(self) -> Condition {
        self.compare(Operator::IsNull, Value::Null)
    }

    /// Holds where the field holds something.
    pub fn not_null(self) -> Condition {
        self.compare(Operator::NotNull, Value::Null)
    }

    fn compare(self, operator: Operator, operand: impl Into<Value>) -> Condition {
        Rule::Comparison(Comparison { field: self.field, operator, operand: Ok(operand.into()) }).into()
    }
}

impl Comparison {
    pub(super) fn holds(&self, state: &State) -> Result<bool, Text> {
        let operand = self.operand.as_ref().map_err(Clone::clone)?;
        let fields = &state.fields.0;
        let Some((_, value)) = fields.iter().find(|(name, _)| *name == self.field) else {
            return Err(Text::from(format!("the state has no field {:?}", &*self.field)));
        };
        compare::holds(&self.field, value, self.operator, operand)
    }

    pub(super) fn mistake(&self) -> Option<&Text> {
        self.operand.as_ref().err()
    }
}

impl From<When> for Condition {
    fn from(when: When) -> Self {
        when.compare(Operator::IsTrue, Value::Null)
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
