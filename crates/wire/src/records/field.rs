//! The fields of a line: how texts, times, ids and JSON are written, and read again.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};
use serde_json::value::RawValue;
use trackway_model::{Json, SpanId, Timestamp, TraceId};

/// Writes a line of a type.
pub(super) fn line<T: Serialize>(kind: &'static str, fields: &T) -> String {
    #[derive(Serialize)]
    struct Line<'a, T> {
        r#type: &'static str,
        #[serde(flatten)]
        fields: &'a T,
    }
    // Texts and numbers in fields of fixed names: there is nothing in them that JSON could not hold.
    serde_json::to_string(&Line { r#type: kind, fields }).unwrap_or_default()
}

/// Reads the fields of a line.
pub(super) fn read<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| error.to_string())
}

/// A text: of a record where it is written, of its own where it was read.
pub(super) type Words<'a> = Cow<'a, str>;

/// JSON, as it came.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Raw(Box<RawValue>);

impl Raw {
    /// Returns JSON as it stands in one line; as a text what is none.
    pub(super) fn of(json: &Json) -> Self {
        let is_line_break = |c: char| matches!(c, '\n' | '\r');
        let text = if json.0.contains(is_line_break) { json.0.replace(is_line_break, " ") } else { json.0.to_string() };
        let raw = RawValue::from_string(text).or_else(|_| serde_json::value::to_raw_value(&*json.0));
        Self(raw.unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    pub(super) fn json(self) -> Json {
        Json(String::from(Box::<str>::from(self.0)).into())
    }
}

/// A point in time, as RFC 3339 with nanoseconds; read with any offset.
#[derive(Clone, Copy)]
pub(super) struct Time(pub(super) Timestamp);

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = jiff::Timestamp::from_nanosecond(i128::from(self.0.0)).map_err(serde::ser::Error::custom)?;
        serializer.collect_str(&format_args!("{time:.9}"))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        let nanoseconds = u64::try_from(time.as_nanosecond());
        nanoseconds.map(|time| Self(Timestamp(time))).map_err(|_| D::Error::custom("a time lies between 1970 and 2554"))
    }
}

/// An id, as its hexadecimal digits.
#[derive(Clone, Copy)]
pub(super) struct Id<T>(pub(super) T);

impl<T: std::fmt::Display> Serialize for Id<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: std::str::FromStr<Err: std::fmt::Display>> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

/// The span that something ran in.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct SpanName {
    pub(super) trace_id: Id<TraceId>,
    pub(super) span_id: Id<SpanId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parent_id: Option<Id<SpanId>>,
    /// The span of the step that its run was resumed or forked from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) follows: Option<Followed>,
    /// True when nothing else tells of the span.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) told_here: bool,
}

/// The span that another one goes on from.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Followed {
    pub(super) trace_id: Id<TraceId>,
    pub(super) span_id: Id<SpanId>,
}

impl SpanName {
    /// Returns the name of a span that is told elsewhere.
    pub(super) fn of((trace_id, span_id): (TraceId, SpanId)) -> Self {
        Self { trace_id: Id(trace_id), span_id: Id(span_id), parent_id: None, follows: None, told_here: false }
    }
}
