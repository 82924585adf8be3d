//! A filter as text.

use std::fmt::{self, Display, Formatter};

use trackway_model::{Elapsed, Timestamp};

use super::{Field, Operand, SpanFilter, Test, fields::spelling};

/// Units of time, the largest first, in nanoseconds.
pub(super) const UNITS: [(&str, i128); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Writes the filter so that reading it gives one that finds the same.
impl Display for SpanFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match alone(self) {
            Self::All(parts) if parts.is_empty() => write!(f, "{{ }}"),
            filter => write!(f, "{{ {} }}", Part { filter, within: Within::Braces }),
        }
    }
}

/// What a part stands in, which says whether it needs parentheses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Braces,
    Any,
    All,
    Not,
}

struct Part<'a> {
    filter: &'a SpanFilter,
    within: Within,
}

impl Display for Part<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let is_negated = self.within == Within::Not;
        match alone(self.filter) {
            SpanFilter::All(parts) if parts.is_empty() => write!(f, "true"),
            SpanFilter::Any(parts) if parts.is_empty() => write!(f, "false"),
            SpanFilter::All(parts) => {
                let needs = matches!(self.within, Within::All | Within::Not);
                in_parentheses(f, needs, Joined { parts, sign: " && ", within: Within::All })
            }
            SpanFilter::Any(parts) => {
                let needs = self.within != Within::Braces;
                in_parentheses(f, needs, Joined { parts, sign: " || ", within: Within::Any })
            }
            SpanFilter::Not(part) => match alone(part) {
                SpanFilter::Is { field, test: Test::Exists } => {
                    in_parentheses(f, is_negated, format_args!("{} = nil", spelling(field)))
                }
                filter => write!(f, "!{}", Part { filter, within: Within::Not }),
            },
            SpanFilter::Is { field, test } => in_parentheses(f, is_negated, Is(field, test)),
        }
    }
}

/// What a filter is that only wraps another.
fn alone(filter: &SpanFilter) -> &SpanFilter {
    match filter {
        SpanFilter::All(parts) | SpanFilter::Any(parts) => match parts.as_slice() {
            [part] => alone(part),
            _ => filter,
        },
        _ => filter,
    }
}

fn in_parentheses(f: &mut Formatter<'_>, needs: bool, what: impl Display) -> fmt::Result {
    if needs { write!(f, "({what})") } else { write!(f, "{what}") }
}

struct Joined<'a> {
    parts: &'a [SpanFilter],
    sign: &'a str,
    within: Within,
}

impl Display for Joined<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (number, filter) in self.parts.iter().enumerate() {
            let sign = if number == 0 { "" } else { self.sign };
            write!(f, "{sign}{}", Part { filter, within: self.within })?;
        }
        Ok(())
    }
}

struct Is<'a>(&'a Field, &'a Test);

impl Display for Is<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(field, test) = self;
        let field_text = spelling(field);
        let value = |operand| OperandText { field, operand };
        match test {
            Test::Exists => write!(f, "{field_text} != nil"),
            Test::Eq(operand) => write!(f, "{field_text} = {}", value(operand)),
            Test::Ne(operand) => write!(f, "{field_text} != {}", value(operand)),
            Test::Lt(operand) => write!(f, "{field_text} < {}", value(operand)),
            Test::Lte(operand) => write!(f, "{field_text} <= {}", value(operand)),
            Test::Gt(operand) => write!(f, "{field_text} > {}", value(operand)),
            Test::Gte(operand) => write!(f, "{field_text} >= {}", value(operand)),
            Test::Contains(part) => write!(f, "{field_text} contains {}", quoted(part)),
            Test::StartsWith(part) => write!(f, "{field_text} starts_with {}", quoted(part)),
            Test::Matches(pattern) => write!(f, "{field_text} =~ {}", quoted(pattern.source())),
            Test::Misses(pattern) => write!(f, "{field_text} !~ {}", quoted(pattern.source())),
        }
    }
}

struct OperandText<'a> {
    field: &'a Field,
    operand: &'a Operand,
}

impl Display for OperandText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.operand {
            Operand::Text(word) if matches!(self.field, Field::Kind | Field::Status) => write!(f, "{word}"),
            Operand::Text(text) => write!(f, "{}", quoted(text)),
            Operand::Bool(bool) => write!(f, "{bool}"),
            Operand::Int(int) => write!(f, "{int}"),
            Operand::Double(double) => write!(f, "{double:?}"),
            Operand::Duration(elapsed) => write!(f, "{}", duration(*elapsed)),
            Operand::Time(time) if *self.field == Field::Start => write!(f, "\"{}\"", rfc3339(*time)),
            Operand::Time(time) => write!(f, "{}", time.0),
        }
    }
}

/// Writes a text in quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn duration(Elapsed(nanoseconds): Elapsed) -> String {
    if nanoseconds == 0 {
        return "0s".into();
    }
    let mut rest = i128::from(nanoseconds).abs();
    let mut text = String::from(if nanoseconds < 0 { "-" } else { "" });
    for (unit, length) in UNITS {
        let number = rest / length;
        rest %= length;
        if number > 0 {
            text += &format!("{number}{unit}");
        }
    }
    text
}

fn rfc3339(time: Timestamp) -> String {
    // 64 bits of nanoseconds end in the year 2554, which jiff holds.
    jiff::Timestamp::from_nanosecond(i128::from(time.0)).map_or_else(|_| String::new(), |time| time.to_string())
}
