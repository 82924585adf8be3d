//! Points in time as lines have them.

use trackway_model::Timestamp;

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400;

/// Writes times as RFC 3339 in UTC with nanoseconds. It remembers the last second, since times come close together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stamp {
    second: Option<u64>,
    /// `2026-11-20T15:26:38`
    text: [u8; 19],
}

impl Stamp {
    /// Writes a time in quotes.
    pub(super) fn write(&mut self, time: Timestamp, line: &mut Vec<u8>) {
        let (second, nanosecond) = (time.0 / SECOND, time.0 % SECOND);
        if self.second != Some(second) {
            *self = Self { second: Some(second), text: date(second) };
        }
        line.push(b'"');
        line.extend_from_slice(&self.text);
        let mut digits = *b".000000000Z\"";
        put(&mut digits, 1..10, nanosecond);
        line.extend_from_slice(&digits);
    }
}

/// Returns date and time of a second since 1970.
fn date(second: u64) -> [u8; 19] {
    let (year, month, day) = civil(second / DAY);
    let in_day = second % DAY;
    let mut text = *b"0000-00-00T00:00:00";
    put(&mut text, 0..4, year);
    put(&mut text, 5..7, month);
    put(&mut text, 8..10, day);
    put(&mut text, 11..13, in_day / 3600);
    put(&mut text, 14..16, in_day / 60 % 60);
    put(&mut text, 17..19, in_day % 60);
    text
}

/// Returns the year, month and day of a day since 1970, in a calendar whose years begin in March: leap days come last.
fn civil(day: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097; // Days of 400 years, after which the calendar repeats.
    let day = day + 719_468; // Since 1 March of the year 0.
    let (era, in_era) = (day / ERA, day % ERA);
    let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

/// Writes a number over some places of a text, with zeros before it.
fn put(text: &mut [u8], places: std::ops::Range<usize>, mut number: u64) {
    for place in text.get_mut(places).into_iter().flatten().rev() {
        *place = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_from_the_first_to_the_last() {
        let write = |time| {
            let mut line = Vec::new();
            Stamp::default().write(Timestamp(time), &mut line);
            String::from_utf8(line).unwrap()
        };
        assert_eq!(write(0), r#""1970-01-01T00:00:00.000000000Z""#);
        assert_eq!(write(951_782_399_999_999_999), r#""2000-02-28T23:59:59.999999999Z""#);
        assert_eq!(write(951_782_400_000_000_000), r#""2000-02-29T00:00:00.000000000Z""#);
        assert_eq!(write(951_868_800_000_000_001), r#""2000-03-01T00:00:00.000000001Z""#);
        assert_eq!(write(1_795_188_398_500_565_000), r#""2026-11-20T15:26:38.500565000Z""#);
        assert_eq!(write(u64::MAX), r#""2554-07-21T23:34:33.709551615Z""#);
    }
}
