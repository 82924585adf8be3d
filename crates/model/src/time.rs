//! Points in time and the distances between them.

use std::time::{Duration, SystemTime};

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, as OTLP counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub u64);

/// A distance between two points in time, in nanoseconds; negative when the second lies before the first.
///
/// A span can end before it starts when the clock behind it jumped. That is kept as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Elapsed(pub i64);

impl Timestamp {
    /// Returns the time that passed from `earlier` until this point, clamped to what 64 bits hold.
    pub fn since(self, earlier: Timestamp) -> Elapsed {
        let distance = i128::from(self.0) - i128::from(earlier.0);
        Elapsed(i64::try_from(distance).unwrap_or(if distance < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// Clamped to what 64 bits hold: before 1970 is 1970, and after 2554 is 2554.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}

/// A negative distance, which no `Duration` can be, becomes none.
impl From<Elapsed> for Duration {
    fn from(elapsed: Elapsed) -> Self {
        Self::from_nanos(u64::try_from(elapsed.0).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_other_side_cannot_hold_becomes_the_nearest_that_it_can() {
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(Timestamp::from(epoch + Duration::from_nanos(7)), Timestamp(7));
        assert_eq!(Timestamp::from(epoch - Duration::from_secs(1)), Timestamp(0));
        assert_eq!(Timestamp::from(epoch + Duration::from_secs(1 << 36)), Timestamp(u64::MAX));
        assert_eq!(Duration::from(Elapsed(7)), Duration::from_nanos(7));
        assert_eq!(Duration::from(Elapsed(-7)), Duration::ZERO);
    }

    #[test]
    fn distances_reach_from_one_end_of_time_to_the_other() {
        assert_eq!(Timestamp(7).since(Timestamp(10)), Elapsed(-3));
        assert_eq!(Timestamp(u64::MAX).since(Timestamp(0)), Elapsed(i64::MAX));
        assert_eq!(Timestamp(0).since(Timestamp(u64::MAX)), Elapsed(i64::MIN));
    }
}
