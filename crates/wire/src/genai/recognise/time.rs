//! From a span's start to the first part of the answer.

use trackway_model::{Elapsed, SpanRecord, Timestamp, Value};

use super::table::{Fact, Facts};

/// Reads when the first part of the answer came, as seconds, milliseconds or a time of day.
pub(super) fn first_token(span: &SpanRecord, facts: &Facts<'_>) -> Option<Elapsed> {
    let seconds = facts.number(Fact::FirstTokenSeconds).map(|seconds| seconds * 1e9);
    let nanoseconds = seconds.or_else(|| Some(facts.number(Fact::FirstTokenMillis)? * 1e6));
    match nanoseconds {
        Some(nanoseconds) => elapsed(nanoseconds),
        None => Some(moment(facts.get(Fact::FirstTokenAt)?)?.since(span.start)).filter(|elapsed| elapsed.0 >= 0),
    }
}

/// Makes a distance of a number of nanoseconds; `None` for what is negative or beyond centuries.
fn elapsed(nanoseconds: f64) -> Option<Elapsed> {
    let nanoseconds = nanoseconds.round();
    (0.0..i64::MAX as f64).contains(&nanoseconds).then_some(Elapsed(nanoseconds as i64))
}

/// Reads a time: ISO 8601, often as JSON with its quotes, or nanoseconds since 1970.
fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Int(nanoseconds) => u64::try_from(*nanoseconds).ok().map(Timestamp),
        Value::Text(text) => {
            let time: jiff::Timestamp = text.trim_matches('"').parse().ok()?;
            u64::try_from(time.as_nanosecond()).ok().map(Timestamp)
        }
        _ => None,
    }
}
