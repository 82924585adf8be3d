//! Local times beside UTC.

use jiff::tz::{TimeZone, offset};
use proptest::prelude::*;
use trackway_model::{RunFact, Timestamp};
use trackway_wire::burr::{Follower, Item, Zone};

use crate::given::{facts, feed, run, spans};

const DAY: u64 = 1_795_132_800_000_000_000; // 2026-11-20T00:00:00Z
const HOUR: u64 = 3_600_000_000_000;

fn new_york() -> TimeZone {
    TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap()
}

fn inferred(fallback: TimeZone) -> Follower {
    Follower::new(run(), Zone::Inferred { fallback })
}

fn begin(sequence: u32, time: &str) -> String {
    format!(
        r#"{{"type":"begin_entry","start_time":"2026-11-20T{time}","action":"a","inputs":{{}},"sequence_id":{sequence}}}"#
    )
}

fn end(sequence: u32, time: &str) -> String {
    format!(
        r#"{{"type":"end_entry","end_time":"2026-11-20T{time}","action":"a","result":{{}},"exception":null,"state":{{}},"sequence_id":{sequence}}}"#
    )
}

fn attribute(sequence: u32, time: &str) -> String {
    format!(
        r#"{{"type":"attribute","key":"k","action_sequence_id":{sequence},"span_id":null,"value":1,"tags":{{}},"time_logged":"2026-11-20T{time}Z"}}"#
    )
}

/// The times of the begins as they were told last, in hours of the day.
fn begins(items: &[Item]) -> Vec<f64> {
    let mut times = std::collections::BTreeMap::new();
    for fact in facts(items) {
        if let RunFact::Begin(begin) = fact {
            times.insert(begin.step, begin.time.unwrap());
        }
    }
    times.values().map(|time: &Timestamp| (time.0 as f64 - DAY as f64) / HOUR as f64).collect()
}

#[test]
fn a_step_that_shows_both_clocks_tells_the_zone() {
    let log = [begin(0, "10:00:00.5"), attribute(0, "15:00:00.6"), end(0, "10:00:02")].join("\n");
    let mut follower = inferred(TimeZone::UTC);
    let items = feed(&mut follower, &log);
    let step = &spans(&items)[0];
    assert_eq!((step.start.0, step.end.unwrap().0), (DAY + 15 * HOUR + HOUR / 7200, DAY + 15 * HOUR + HOUR / 1800));
    assert_eq!(begins(&items), [15.0 + 1.0 / 7200.0]);
    assert!(!follower.is_stale(), "what was told before is told again");
}

#[test]
fn a_step_that_nobody_ended_tells_the_zone_too() {
    let items = feed(&mut inferred(TimeZone::UTC), &[begin(0, "10:00:00"), attribute(0, "15:00:01")].join("\n"));
    assert_eq!(begins(&items), [15.0]);
}

#[test]
fn half_and_quarter_hours_are_zones_and_others_are_silence() {
    for (local, utc, hours) in [("10:00:00", "04:15:00.1", 4.25), ("10:00:00", "04:30:00.1", 4.5)] {
        let log = [begin(0, local), attribute(0, utc), end(0, "10:00:01")].join("\n");
        assert_eq!(begins(&feed(&mut inferred(TimeZone::UTC), &log)), [hours], "{utc}");
    }
    // A model that thinks for seven minutes before anything is logged, and one that thinks for exactly a quarter.
    for quiet in ["10:07:10", "10:15:00"] {
        let log = [begin(0, "10:00:00"), attribute(0, quiet), end(0, "10:15:01")].join("\n");
        assert_eq!(begins(&feed(&mut inferred(TimeZone::UTC), &log)), [10.0], "{quiet}");
    }
}

#[test]
fn a_zone_that_is_named_wins() {
    let log = [begin(0, "10:00:00"), attribute(0, "15:00:00.1"), end(0, "10:00:02")].join("\n");
    let mut follower = Follower::new(run(), Zone::Named(TimeZone::fixed(offset(2))));
    assert_eq!(begins(&feed(&mut follower, &log)), [8.0]);
}

#[test]
fn a_step_without_utc_has_the_zone_of_the_others_or_the_fallback() {
    let mut follower = inferred(new_york());
    assert_eq!(begins(&feed(&mut follower, &[begin(0, "10:00:00"), end(0, "10:00:01")].join("\n"))), [15.0]);
    let log = [begin(1, "11:00:00"), attribute(1, "09:00:00"), end(1, "11:00:01"), begin(2, "12:00:00")].join("\n");
    assert_eq!(begins(&feed(&mut follower, &log)), [9.0, 10.0]);

    assert!(follower.is_stale(), "step 0 was told in the zone of the machine");
    let mut follower = follower.rewound();
    let log = [begin(0, "10:00:00"), end(0, "10:00:01"), log].join("\n");
    assert_eq!(begins(&feed(&mut follower, &log)), [8.0, 9.0, 10.0]);
    assert!(!follower.is_stale());
}

#[test]
fn the_fallback_keeps_its_summer_where_the_log_agrees_with_it() {
    let winter = [begin(0, "10:00:00"), attribute(0, "15:00:00"), end(0, "10:00:01")].join("\n");
    let summer = winter.replace("2026-11-20", "2026-07-20").replace("15:00", "14:00").replace(":0}", ":1}");
    let without = begin(2, "10:00:00").replace("2026-11-20", "2026-07-20");
    let mut follower = inferred(new_york());
    let items = feed(&mut follower, &[winter, summer, without].join("\n"));
    let hours: Vec<f64> = begins(&items).iter().map(|hours| hours.rem_euclid(24.0)).collect();
    assert_eq!(hours, [15.0, 14.0, 14.0]);
    assert!(!follower.is_stale());
}

proptest! {
    #[test]
    fn any_zone_is_found_however_fast_the_step(quarters in -48i32..=56, began in 0i64..80_000, first in 0i64..600_000, rest in 0i64..600_000) {
        // The step ends within ten minutes of the line in UTC, and that comes within ten minutes of the begin.
        let zone = TimeZone::fixed(jiff::tz::Offset::from_seconds(quarters * 900).unwrap());
        let begun = jiff::Timestamp::from_second(1_795_132_800 + began).unwrap();
        let logged = begun + jiff::SignedDuration::from_millis(first.min(400_000));
        let ended = logged + jiff::SignedDuration::from_millis(rest.min(400_000));
        let local = |time: jiff::Timestamp| zone.to_datetime(time).to_string();
        let log = format!(
            "{}\n{}\n{}",
            begin(0, "TIME").replace("2026-11-20TTIME", &local(begun)),
            attribute(0, "TIMEZ").replace("2026-11-20TTIMEZZ", &logged.to_string()),
            end(0, "TIME").replace("2026-11-20TTIME", &local(ended)),
        );
        let items = feed(&mut inferred(TimeZone::UTC), &log);
        let told = begins(&items)[0] * HOUR as f64;
        prop_assert!((told - began as f64 * 1e9).abs() < 1e6, "{told} for {began} in {log}");
    }
}
