//! Times as the format spells them.

use trackway_model::Timestamp;

/// Returns a time in UTC with microseconds: `2024-01-02T03:04:05.678901Z`.
pub(super) fn text(time: Timestamp) -> String {
    let micros = time.0 / 1000;
    let seconds = micros / 1_000_000;
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z", micros % 1_000_000)
}

/// Returns the year, the month and the day that is so many days after 1970-01-01, counting years from March on.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399, "2000-02-28T23:59:59.000000Z"),
            (1_709_164_800, "2024-02-29T00:00:00.000000Z"),
            (1_704_164_645, "2024-01-02T03:04:05.000000Z"),
        ] {
            assert_eq!(text(Timestamp(seconds * 1_000_000_000)), expected);
        }
        assert_eq!(text(Timestamp(1_704_164_645_678_901_999)), "2024-01-02T03:04:05.678901Z");
        assert!(text(Timestamp(u64::MAX)).starts_with("2554-07-21T"));
    }
}
