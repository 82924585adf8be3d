//! How a value compares with what it is asked to be.

use std::cmp::Ordering;

use trackway_model::Value;

use super::Operand;

/// A value as a test sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen<'a> {
    Text(&'a str),
    Bool(bool),
    /// Wide enough for a signed value and for a time.
    Int(i128),
    Double(f64),
    /// Something that is there and compares with nothing.
    Other,
}

impl Operand {
    pub(super) fn seen(&self) -> Seen<'_> {
        match self {
            Self::Text(text) => Seen::Text(text),
            Self::Bool(bool) => Seen::Bool(*bool),
            Self::Int(int) => Seen::Int((*int).into()),
            Self::Double(double) => Seen::Double(*double),
            Self::Duration(elapsed) => Seen::Int(elapsed.0.into()),
            Self::Time(time) => Seen::Int(time.0.into()),
        }
    }
}

/// Returns whether `test` holds of a value, or of one of its elements where it is an array.
pub(super) fn any_of(value: &Value, test: &mut dyn FnMut(Seen<'_>) -> bool) -> bool {
    match value {
        Value::Text(text) => test(Seen::Text(text)),
        Value::Bool(bool) => test(Seen::Bool(*bool)),
        Value::Int(int) => test(Seen::Int((*int).into())),
        Value::Double(double) => test(Seen::Double(*double)),
        // An array is also something that is there, were it empty.
        Value::Array(values) => test(Seen::Other) || values.iter().any(|value| any_of(value, test)),
        Value::Empty | Value::Bytes(_) | Value::Map(_) => test(Seen::Other),
    }
}

/// Returns how two values stand to each other; `None` where they are different, and neither is the smaller.
pub(super) fn order(a: Seen<'_>, b: Seen<'_>) -> Option<Ordering> {
    match (a, b) {
        (Seen::Text(a), Seen::Text(b)) => Some(a.cmp(b)),
        (Seen::Bool(a), Seen::Bool(b)) => (a == b).then_some(Ordering::Equal),
        (Seen::Int(a), Seen::Int(b)) => Some(a.cmp(&b)),
        (Seen::Double(a), Seen::Double(b)) => a.partial_cmp(&b),
        (Seen::Int(a), Seen::Double(b)) => int_to_double(a, b),
        (Seen::Double(a), Seen::Int(b)) => int_to_double(b, a).map(Ordering::reverse),
        (Seen::Text(text), other) => order(read_as(text, other)?, other),
        (other, Seen::Text(text)) => order(other, read_as(text, other)?),
        _ => None,
    }
}

/// Compares by the exact values: making a float of a large whole number would round it.
fn int_to_double(int: i128, double: f64) -> Option<Ordering> {
    /// 2^127, the first whole number that is too large.
    const END: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    if double.is_nan() {
        return None;
    }
    if double >= END {
        return Some(Ordering::Less);
    }
    if double < -END {
        return Some(Ordering::Greater);
    }
    // Exact: the whole part is in range.
    let whole = double.trunc() as i128;
    Some(int.cmp(&whole).then_with(|| 0.0_f64.total_cmp(&(double.fract() + 0.0))))
}

/// Reads a text as what another value is.
fn read_as<'a>(text: &str, other: Seen<'_>) -> Option<Seen<'a>> {
    match other {
        Seen::Bool(_) => match text {
            "true" => Some(Seen::Bool(true)),
            "false" => Some(Seen::Bool(false)),
            _ => None,
        },
        Seen::Int(_) | Seen::Double(_) => number(text),
        Seen::Text(_) | Seen::Other => None,
    }
}

/// Reads decimal digits with a sign, a fraction and an exponent where these are; Rust alone would also read `inf` and `+1`.
fn number<'a>(text: &str) -> Option<Seen<'a>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.starts_with(|it: char| it.is_ascii_digit())
        && digits.bytes().all(|it| it.is_ascii_digit() || matches!(it, b'.' | b'e' | b'E' | b'+' | b'-'));
    if !is_number {
        return None;
    }
    text.parse().map(Seen::Int).ok().or_else(|| text.parse().map(Seen::Double).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_their_exact_value() {
        let large = 9_007_199_254_740_993; // 2^53 + 1, which no float is
        assert_eq!(order(Seen::Int(large), Seen::Double(9_007_199_254_740_992.0)), Some(Ordering::Greater));
        assert_eq!(order(Seen::Int(1), Seen::Double(1.0)), Some(Ordering::Equal));
        assert_eq!(order(Seen::Int(0), Seen::Double(-0.0)), Some(Ordering::Equal));
        assert_eq!(order(Seen::Int(0), Seen::Double(-0.5)), Some(Ordering::Greater));
        assert_eq!(order(Seen::Double(1.5), Seen::Int(1)), Some(Ordering::Greater));
        assert_eq!(order(Seen::Int(i128::MAX), Seen::Double(f64::INFINITY)), Some(Ordering::Less));
        assert_eq!(order(Seen::Int(i128::MIN), Seen::Double(f64::NEG_INFINITY)), Some(Ordering::Greater));
        assert_eq!(order(Seen::Int(1), Seen::Double(f64::NAN)), None);
    }

    #[test]
    fn a_text_is_read_as_what_it_is_compared_with() {
        assert_eq!(order(Seen::Text("503"), Seen::Int(500)), Some(Ordering::Greater));
        assert_eq!(order(Seen::Int(500), Seen::Text("503")), Some(Ordering::Less));
        assert_eq!(order(Seen::Text("5e2"), Seen::Int(500)), Some(Ordering::Equal));
        assert_eq!(order(Seen::Text("true"), Seen::Bool(true)), Some(Ordering::Equal));
        assert_eq!(order(Seen::Text("9"), Seen::Text("10")), Some(Ordering::Greater), "two texts compare as texts");
        for odd in ["", "inf", "NaN", "+1", " 1", "1s", "0x10", "-", "-inf", "1e", "1.2.3"] {
            assert_eq!(order(Seen::Text(odd), Seen::Int(1)), None, "{odd:?}");
        }
        assert_eq!(order(Seen::Text("1"), Seen::Bool(true)), None);
        assert_eq!(order(Seen::Other, Seen::Text("")), None);
    }
}
