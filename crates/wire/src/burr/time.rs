//! Times as Burr writes them: of steps and spans as the clock on the wall shows them, of attributes and streams in UTC.

use jiff::{
    civil::DateTime,
    tz::{Offset, TimeZone},
};
use trackway_model::Timestamp;

/// A time of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Moment {
    /// Without an offset: local time, wherever that was.
    Local(DateTime),
    /// A point in time.
    Point(Timestamp),
}

impl Moment {
    /// Reads a time; `None` for what is none, or not between 1970 and 2554.
    pub(super) fn read(text: &str) -> Option<Self> {
        let clock = text.get(10..).unwrap_or_default();
        if clock.contains(['Z', 'z', '+', '-']) {
            return point(text.parse().ok()?).map(Self::Point);
        }
        // Whatever the zone, these years lie between the points in time that there are.
        let is_told = |local: &DateTime| (1971..2554).contains(&local.year());
        text.parse().ok().filter(is_told).map(Self::Local)
    }

    /// Returns the point in time, given how far local time is from UTC.
    pub(super) fn at(self, offset: Option<Offset>, zone: &TimeZone) -> Option<Timestamp> {
        match (self, offset) {
            (Self::Point(time), _) => Some(time),
            (Self::Local(local), Some(offset)) => point(offset.to_timestamp(local).ok()?),
            (Self::Local(local), None) => point(zone.to_timestamp(local).ok()?),
        }
    }
}

fn point(time: jiff::Timestamp) -> Option<Timestamp> {
    u64::try_from(time.as_nanosecond()).ok().map(Timestamp)
}
