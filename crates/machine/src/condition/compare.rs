//! How a field of the state is compared with a value.

use std::cmp::Ordering;

use trackway_model::Text;

use crate::Value;

/// How a field is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte,
    In,
    NotIn,
    Contains,
    IsNull,
    NotNull,
    IsTrue,
}

impl Operator {
    /// Returns what stands between the field and the value, as people read it.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Lte => "<=",
            Self::Gt => ">",
            Self::Gte => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Contains => "contains",
            Self::IsNull => "is null",
            Self::NotNull => "is not null",
            Self::IsTrue => "",
        }
    }

    /// Returns false for what asks about the field alone.
    pub(super) fn has_operand(self) -> bool {
        !matches!(self, Self::IsNull | Self::NotNull | Self::IsTrue)
    }
}

/// Returns whether `value`, which `field` holds, is to `operand` what `operator` says.
pub(super) fn holds(field: &str, value: &Value, operator: Operator, operand: &Value) -> Result<bool, Text> {
    match operator {
        Operator::Eq => Ok(equal(value, operand)),
        Operator::Ne => Ok(!equal(value, operand)),
        Operator::Lt => Ok(order(field, value, operand)?.is_lt()),
        Operator::Lte => Ok(order(field, value, operand)?.is_le()),
        Operator::Gt => Ok(order(field, value, operand)?.is_gt()),
        Operator::Gte => Ok(order(field, value, operand)?.is_ge()),
        Operator::In => Ok(has_item(operand, value)),
        Operator::NotIn => Ok(!has_item(operand, value)),
        Operator::Contains => contains(field, value, operand),
        Operator::IsNull => Ok(value.is_null()),
        Operator::NotNull => Ok(!value.is_null()),
        Operator::IsTrue => value
            .as_bool()
            .ok_or_else(|| Text::from(format!("the field `{field}` holds {}, neither true nor false", value.kind()))),
    }
}

/// Returns whether two values are equal: numbers by what they count, maps whatever the order of their names.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.compare(right).is_some_and(Ordering::is_eq),
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| equal(left, right))
        }
        (Value::Map(left), Value::Map(right)) => {
            let is_same = |(name, value): (&Text, &Value)| right.get(name).is_some_and(|right| equal(value, right));
            left.len() == right.len() && left.iter().all(is_same)
        }
        (left, right) => left == right,
    }
}

fn order(field: &str, value: &Value, operand: &Value) -> Result<Ordering, Text> {
    let order = match (value, operand) {
        (Value::Number(_), Value::Number(_)) | (Value::Text(_), Value::Text(_)) => value.compare(operand),
        _ => None,
    };
    order.ok_or_else(|| {
        let (held, wanted) = (value.kind(), operand.kind());
        Text::from(format!("the field `{field}` holds {held}, which is neither less nor greater than {wanted}"))
    })
}

fn contains(field: &str, value: &Value, item: &Value) -> Result<bool, Text> {
    match (value, item) {
        (Value::Text(text), Value::Text(part)) => Ok(text.contains(&**part)),
        (Value::List(_), _) => Ok(has_item(value, item)),
        (Value::Map(map), Value::Text(name)) => Ok(map.contains(name)),
        _ => {
            Err(Text::from(format!("the field `{field}` holds {}, which cannot contain {}", value.kind(), item.kind())))
        }
    }
}

fn has_item(list: &Value, item: &Value) -> bool {
    list.as_list().is_some_and(|list| list.iter().any(|other| equal(other, item)))
}
