//! Times as the SDK writes them.

use trackway_model::Timestamp;

/// Writes a time in UTC to the microsecond, as `2026-11-20T15:27:46.287932+00:00`; a whole second without a fraction.
pub(super) fn written(time: Timestamp) -> String {
    let micros = time.0 / 1000;
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}+00:00")
}

/// Returns the date so many days after 1 January 1970, in the Gregorian calendar.
fn date(days: u64) -> (u64, u64, u64) {
    // Years are counted from March, so that a leap day is the last of its year; eras have 400 of them.
    const FROM_MARCH_OF_YEAR_0: u64 = 719_468;
    const ERA: u64 = 146_097;
    let days = days + FROM_MARCH_OF_YEAR_0;
    let (era, of_era) = (days / ERA, days % ERA);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_as_it_was() {
        for nanoseconds in [0, 951_782_400_000_000_000, 1_795_274_866_287_932_000, 4_107_542_399_000_001_000] {
            let text = written(Timestamp(nanoseconds));
            let read: jiff::Timestamp = text.parse().unwrap();
            assert_eq!(read.as_nanosecond(), i128::from(nanoseconds), "{text}");
        }
        assert_eq!(written(Timestamp(1_795_274_866_000_000_999)), "2026-11-21T15:27:46+00:00");
    }
}
