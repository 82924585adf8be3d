//! How long a case goes on.

use std::time::{Duration, Instant};

/// The short form's least number of cycles, or the time of the long form.
pub(crate) struct Pace {
    until: Option<Instant>,
}

impl Pace {
    /// The pace of a case that takes this part of the long form's time.
    pub(crate) fn of(part: f64) -> Self {
        let minutes = std::env::var("TRACKWAY_TORTURE_MINUTES")
            .ok()
            .map(|text| text.parse::<f64>().unwrap_or_else(|error| panic!("TRACKWAY_TORTURE_MINUTES={text}: {error}")));
        Self { until: minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0 * part)) }
    }

    /// Returns true in the long form.
    pub(crate) fn is_long(&self) -> bool {
        self.until.is_some()
    }

    /// Returns true while a case that did so many cycles is to do more: `least` of them, and in the long form until its
    /// time is over.
    pub(crate) fn goes_on(&self, done: u64, least: u64) -> bool {
        done < least || self.until.is_some_and(|until| Instant::now() < until)
    }
}

/// Numbers that look random and are the same in every run: SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
