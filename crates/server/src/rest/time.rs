//! Times and durations as text.

use jiff::SignedDuration;
use trackway_model::{Elapsed, Timestamp};

/// Writes a time as RFC 3339 in UTC with nine decimals.
pub(super) fn rfc3339(time: Timestamp) -> String {
    // 64 bits of nanoseconds end in the year 2554, which jiff holds.
    jiff::Timestamp::from_nanosecond(i128::from(time.0)).map_or_else(|_| String::new(), |time| format!("{time:.9}"))
}

/// Reads RFC 3339, or a time relative to `now` as `-1h`.
pub(super) fn parse_time(text: &str, now: Timestamp) -> Option<Timestamp> {
    let nanoseconds = match text.parse::<jiff::Timestamp>() {
        Ok(time) => time.as_nanosecond(),
        Err(_) => i128::from(now.0) + text.parse::<SignedDuration>().ok()?.as_nanos(),
    };
    u64::try_from(nanoseconds).ok().map(Timestamp)
}

/// Reads a duration as `5ms`, `1.5s` or `2m 3s`.
pub(super) fn parse_duration(text: &str) -> Option<Elapsed> {
    let nanoseconds = text.parse::<SignedDuration>().ok()?.as_nanos();
    i64::try_from(nanoseconds).ok().map(Elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_nine_decimals_from_first_to_last() {
        assert_eq!(rfc3339(Timestamp(0)), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(rfc3339(Timestamp(1_763_708_400_123_456_789)), "2025-11-21T07:00:00.123456789Z");
        assert_eq!(rfc3339(Timestamp(u64::MAX)), "2554-07-21T23:34:33.709551615Z");
    }

    #[test]
    fn times_are_absolute_or_relative() {
        let now = Timestamp(7_200_000_000_000);
        assert_eq!(parse_time("1970-01-01T00:00:01.5Z", now), Some(Timestamp(1_500_000_000)));
        assert_eq!(parse_time("-1h", now), Some(Timestamp(3_600_000_000_000)));
        assert_eq!(parse_time("-3h", now), None);
        assert_eq!(parse_time("yesterday", now), None);
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(parse_duration("5ms"), Some(Elapsed(5_000_000)));
        assert_eq!(parse_duration("1.5s"), Some(Elapsed(1_500_000_000)));
        assert_eq!(parse_duration("250us"), Some(Elapsed(250_000)));
        assert_eq!(parse_duration("5"), None);
    }
}
