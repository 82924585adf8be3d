//! How values compare.

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

/// Returns whether `value`, which `field` holds, is to `operand` what `operator` says.
pub(super) fn holds(field: &str, value: &Value, operator: Operator, operand: &Value) -> Result<bool, Text> {
    match operator {
        Operator::Eq => Ok(equal(value, operand)),
        Operator::Ne => Ok(!equal(value, operand)),
        Operator::Lt => Ok(order(field, value, operand)? == Ordering::Less),
        Operator::Lte => Ok(order(field, value, operand)? != Ordering::Greater),
        Operator::Gt => Ok(order(field, value, operand)? == Ordering::Greater),
        Operator::Gte => Ok(order(field, value, operand)? != Ordering::Less),
        Operator::In => Ok(contains_item(operand, value)),
        Operator::NotIn => Ok(!contains_item(operand, value)),
        Operator::Contains => contains(field, value, operand),
        Operator::IsNull => Ok(matches!(value, Value::Null)),
        Operator::NotNull => Ok(!matches!(value, Value::Null)),
        Operator::IsTrue => match value {
            Value::Bool(is_true) => Ok(*is_true),
            other => Err(Text::from(format!("field {field:?} is {}, neither true nor false", kind(other)))),
        },
    }
}

/// Returns what a value is, as people say it.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Text(_) => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
    }
}

/// Returns whether two values are equal: numbers by what they count, maps whatever the order of their names.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Number(left), Value::Number(right)) => left.compare(right) == Some(Ordering::Equal),
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| equal(left, right))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.0.len() == right.0.len()
                && left.0.iter().all(|(name, value)| {
                    right.0.iter().any(|(other, right)| other == name && equal(value, right))
                })
        }
        _ => false,
    }
}

fn order(field: &str, value: &Value, operand: &Value) -> Result<Ordering, Text> {
    let order = match (value, operand) {
        (Value::Number(left), Value::Number(right)) => left.compare(right),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        _ => None,
    };
    order.ok_or_else(|| {
        Text::from(format!("field {field:?} is {}, which has no order beside {}", kind(value), kind(operand)))
    })
}

fn contains(field: &str, value: &Value, item: &Value) -> Result<bool, Text> {
    match (value, item) {
        (Value::Text(text), Value::Text(part)) => Ok(text.contains(&**part)),
        (Value::List(_), _) => Ok(contains_item(value, item)),
        (Value::Map(map), Value::Text(name)) => Ok(map.0.iter().any(|(other, _)| other == name)),
        _ => Err(Text::from(format!("field {field:?} is {}, which cannot contain {}", kind(value), kind(item)))),
    }
}

fn contains_item(list: &Value, item: &Value) -> bool {
    match list {
        Value::List(list) => list.iter().any(|other| equal(other, item)),
        _ => false,
    }
}
