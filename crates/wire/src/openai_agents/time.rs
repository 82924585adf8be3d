//! Times as Python and JavaScript write them.

use trackway_model::{Timestamp, Value};

use super::fields::is_nothing;

/// A time of an item.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Time {
    /// None was sent.
    Absent,
    /// When it was.
    At(Timestamp),
    /// What was sent is no time, or none between 1970 and 2554.
    Unread(Value),
}

impl Time {
    /// Reads `2026-11-20T15:27:46.287932+00:00`, with or without a fraction; without an offset it is UTC.
    pub(super) fn of(value: Value) -> Self {
        if is_nothing(&value) {
            return Self::Absent;
        }
        value.as_text().and_then(read).map_or(Self::Unread(value), Self::At)
    }

    /// Returns the point in time.
    pub(super) fn point(&self) -> Option<Timestamp> {
        match self {
            Self::At(time) => Some(*time),
            Self::Absent | Self::Unread(_) => None,
        }
    }
}

/// Reads a time; `None` for what is none, or not between 1970 and 2554.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let time = text.parse().ok().or_else(|| {
        let local: jiff::civil::DateTime = text.parse().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(local).ok()
    });
    let time: jiff::Timestamp = time?;
    u64::try_from(time.as_nanosecond()).ok().map(Timestamp)
}
