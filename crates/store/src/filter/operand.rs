//! What may stand behind a test of a field.

use trackway_model::{Elapsed, SpanId, SpanKind, StatusCode, Text, Timestamp, TraceId};

use super::{
    Field, Operand, fields,
    judge::{kind_word, status_word},
    write::{UNITS, quoted},
};

/// A value as it was written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Given<'a> {
    /// In quotes.
    Text(&'a str),
    /// Without quotes.
    Word(&'a str),
}

const KINDS: [SpanKind; 6] = [
    SpanKind::Unspecified,
    SpanKind::Internal,
    SpanKind::Server,
    SpanKind::Client,
    SpanKind::Producer,
    SpanKind::Consumer,
];

const STATUSES: [StatusCode; 3] = [StatusCode::Unset, StatusCode::Ok, StatusCode::Error];

/// Whether a field can be asked with a test.
pub(super) fn takes(field: &Field, sign: &str) -> bool {
    match field {
        Field::Kind | Field::Status => matches!(sign, "=" | "!="),
        Field::Duration | Field::Start => matches!(sign, "=" | "!=" | "<" | "<=" | ">" | ">="),
        _ => true,
    }
}

/// Names the tests that a field can be asked with.
pub(super) fn tests_of(field: &Field) -> &'static str {
    match field {
        Field::Kind | Field::Status => "= or !=",
        _ => "= != < <= > >=",
    }
}

/// Reads what a field is compared with; else says what could stand there.
pub(super) fn read(field: &Field, given: Given<'_>) -> Result<Operand, String> {
    match field {
        Field::Kind => one_of(given, &KINDS.map(kind_word), "a kind"),
        Field::Status => one_of(given, &STATUSES.map(status_word), "a status"),
        Field::Duration => match given {
            Given::Word(word) => duration(word),
            Given::Text(_) => None,
        }
        .map(Operand::Duration)
        .ok_or_else(|| "a duration is a number with its unit, h, m, s, ms, us or ns: 100ms, 1.5s".into()),
        Field::Start => match given {
            Given::Text(text) => time(text),
            Given::Word(_) => None,
        }
        .map(Operand::Time)
        .ok_or_else(|| "a time is a text of RFC 3339: \"2026-11-21T07:00:00Z\"".into()),
        Field::TraceId => id(given, |text| text.parse::<TraceId>().map(|id| id.to_string()), 32),
        Field::SpanId | Field::ParentId => id(given, |text| text.parse::<SpanId>().map(|id| id.to_string()), 16),
        Field::Attribute { .. } => any(given),
        field => match given {
            Given::Text(text) => Ok(Operand::Text(text.into())),
            Given::Word(word) => {
                Err(format!("{} is a text, which stands in double quotes: {}", fields::spelling(field), quoted(word)))
            }
        },
    }
}

fn one_of(given: Given<'_>, words: &[&'static str], what: &str) -> Result<Operand, String> {
    let (Given::Text(given) | Given::Word(given)) = given;
    let known = words.iter().find(|word| **word == given);
    known.map(|word| Operand::Text(Text::literal(word))).ok_or_else(|| {
        let words = words.join(", ");
        format!("{given} is not {what}: there are {words}")
    })
}

fn id<E>(given: Given<'_>, read: impl Fn(&str) -> Result<String, E>, digits: usize) -> Result<Operand, String> {
    let text = match given {
        Given::Text(text) => read(text).ok(),
        Given::Word(_) => None,
    };
    text.map(|text| Operand::Text(text.into()))
        .ok_or_else(|| format!("an id is a text of {digits} hexadecimal digits, not all of them 0"))
}

/// Reads what an attribute is compared with.
fn any(given: Given<'_>) -> Result<Operand, String> {
    let word = match given {
        Given::Text(text) => return Ok(Operand::Text(text.into())),
        Given::Word(word) => word,
    };
    match word {
        "true" => return Ok(Operand::Bool(true)),
        "false" => return Ok(Operand::Bool(false)),
        _ => {}
    }
    if let Ok(int) = word.parse() {
        return Ok(Operand::Int(int));
    }
    // Rust would also read `inf` and `NaN`, which nobody means who writes a text without its quotes.
    let is_number = word.trim_start_matches('-').starts_with(|it: char| it.is_ascii_digit() || it == '.');
    if let Some(double) = word.parse().ok().filter(|double: &f64| is_number && double.is_finite()) {
        return Ok(Operand::Double(double));
    }
    if let Some(elapsed) = duration(word) {
        return Ok(Operand::Duration(elapsed));
    }
    Err(format!(
        "{word} is no number, duration, true, false or nil, and a text stands in double quotes: {}",
        quoted(word)
    ))
}

/// Reads a time of RFC 3339.
fn time(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(time.as_nanosecond()).ok().map(Timestamp)
}

/// Reads numbers with their units, one behind another: `1h30m`, `1.5s`.
fn duration(word: &str) -> Option<Elapsed> {
    let (sign, mut rest) = word.strip_prefix('-').map_or((1, word), |rest| (-1, rest));
    if rest.is_empty() {
        return None;
    }
    let mut sum: i128 = 0;
    while !rest.is_empty() {
        let is_digit = |it: char| it.is_ascii_digit() || it == '.';
        let (number, behind) = rest.split_at(rest.find(|it| !is_digit(it))?);
        let (unit, behind) = behind.split_at(behind.find(is_digit).unwrap_or(behind.len()));
        // The sign for micro is known in two spellings.
        let unit = if matches!(unit, "µs" | "μs") { "us" } else { unit };
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
        sum = sum.checked_add(nanoseconds(number, *length)?)?;
        rest = behind;
    }
    i64::try_from(sign * sum).ok().map(Elapsed)
}

/// Multiplies a decimal number without rounding it to a float first; what is below a nanosecond is cut off.
fn nanoseconds(number: &str, unit: i128) -> Option<i128> {
    /// More digits behind the point than an hour has nanoseconds.
    const MOST_DIGITS: usize = 13;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let fraction: String = fraction.chars().take(MOST_DIGITS).collect();
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let whole: i128 = whole.parse::<u64>().ok()?.into();
    let fraction: i128 = fraction.parse::<u64>().ok()?.into();
    whole.checked_mul(unit)?.checked_add(fraction * unit / scale)
}
