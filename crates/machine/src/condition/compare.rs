//! How values compare.

use std::cmp::Ordering;

use trackway_model::Text;

use crate::{Number, Value};

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
        (Value::Number(left), Value::Number(right)) => order_of_numbers(left, right) == Some(Ordering::Equal),
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::List(left), Value::List(right)) => {
            left.0.len() == right.0.len() && left.0.iter().zip(right.0.iter()).all(|(left, right)| equal(left, right))
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
        (Value::Number(left), Value::Number(right)) => order_of_numbers(left, right),
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
        Value::List(list) => list.0.iter().any(|other| equal(other, item)),
        _ => false,
    }
}

/// Returns how two numbers stand to each other, exactly; `None` where one is not a number.
fn order_of_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (left, right) {
        (Number::Float(left), Number::Float(right)) => left.partial_cmp(right),
        (Number::Float(left), right) => order_of_float(*left, right),
        (left, Number::Float(right)) => order_of_float(*right, left).map(Ordering::reverse),
        (left, right) => match (whole(left), whole(right)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => Some(Digits::of(left).cmp(&Digits::of(right))),
        },
    }
}

/// Returns how a float stands to a number that is none.
fn order_of_float(float: f64, other: &Number) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.is_infinite() {
        return Some(if float > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    let whole_part = Digits::of_text(&format!("{:.0}", float.trunc()));
    let fraction = float.fract().partial_cmp(&0.0)?;
    Some(whole_part.cmp(&Digits::of(other)).then(fraction))
}

fn whole(number: &Number) -> Option<i128> {
    match number {
        Number::Int(value) => Some((*value).into()),
        Number::Uint(value) => Some((*value).into()),
        Number::Float(_) | Number::Big(_) => None,
    }
}

/// A whole number of any size, as its digits without leading zeros.
#[derive(Debug, PartialEq, Eq)]
struct Digits {
    is_negative: bool,
    digits: String,
}

impl Digits {
    fn of(number: &Number) -> Self {
        match number {
            Number::Int(value) => Self::of_text(&value.to_string()),
            Number::Uint(value) => Self::of_text(&value.to_string()),
            Number::Float(value) => Self::of_text(&format!("{:.0}", value.trunc())),
            Number::Big(text) => Self::of_text(text),
        }
    }

    fn of_text(text: &str) -> Self {
        let digits = text.trim_start_matches(['-', '+']).trim_start_matches('0');
        Self { is_negative: text.starts_with('-') && !digits.is_empty(), digits: digits.into() }
    }

    fn size(&self) -> (usize, &str) {
        (self.digits.len(), &self.digits)
    }
}

impl Ord for Digits {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, false) => self.size().cmp(&other.size()),
            (true, true) => other.size().cmp(&self.size()),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }
}

impl PartialOrd for Digits {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
