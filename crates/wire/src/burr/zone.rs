//! Which zone the local times of a log are in, found where a step shows both local time and UTC.
//!
//! Lines are written in the order in which things happen. So a time in UTC lies between the local times before and after it,
//! and the distance between the clocks lies between two differences:
//!
//! ```text
//! begin_span 10:00:00.0 ── attribute 15:00:00.1Z ── end_span 10:00:02.0     between −5:00:00.1 and −4:59:58.1
//! ```
//!
//! Zones differ from UTC by whole quarters of an hour; where one quarter alone lies between, it is the one.

use jiff::{
    civil::DateTime,
    tz::{Offset, TimeZone},
};
use trackway_model::Timestamp;

use super::time::Moment;

/// Which zone the local times of a log are in.
#[derive(Debug, Clone)]
pub enum Zone {
    /// This one, whatever the log shows.
    Named(TimeZone),
    /// The one that the log shows, and this one while and where it shows none.
    Inferred {
        /// The zone to go by until then, mostly that of the machine.
        fallback: TimeZone,
    },
}

const QUARTER: i64 = 15 * 60;
/// No clock on the wall is farther from UTC than this many quarters of an hour.
const FARTHEST: i64 = 15 * 4;
/// How much lines of several threads can be out of order, in seconds.
const SLACK: i64 = 2;
/// How soon, in seconds, a time in UTC must follow a local one to be believed before the next local one comes.
const SOON: i64 = 5;

/// Turns local times into points in time.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    zone: TimeZone,
    infers: bool,
    /// How far local time is from UTC, where the log shows something else than the zone.
    offset: Option<Offset>,
    /// The first offset that the log proved, `Some(None)` where it is the zone's own.
    first: Option<Option<Offset>>,
    /// True when local times were told for good before any offset was proved.
    has_guessed: bool,
    is_stale: bool,
}

/// What the lines of one step show of the distance between the clocks, in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bracket {
    local: Option<i64>,
    utc: Option<i64>,
    least: Option<i64>,
    most: Option<i64>,
}

impl Clock {
    pub(super) fn new(zone: Zone) -> Self {
        let (zone, infers) = match zone {
            Zone::Named(zone) => (zone, false),
            Zone::Inferred { fallback } => (fallback, true),
        };
        Self { zone, infers, offset: None, first: None, has_guessed: false, is_stale: false }
    }

    /// Returns a clock for reading the same log from its beginning, which knows what this one has found.
    pub(super) fn rewound(&self) -> Self {
        let offset = self.first.unwrap_or(self.offset);
        Self { offset, has_guessed: false, is_stale: false, ..self.clone() }
    }

    /// Returns true when something was told in a zone that the log then proved wrong.
    pub(super) fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Returns the point in time.
    pub(super) fn at(&self, moment: Moment) -> Option<Timestamp> {
        moment.at(self.offset, &self.zone)
    }

    /// Notes that a time is told which will not be told again.
    pub(super) fn tell(&mut self, moment: Option<Moment>) {
        let is_guess = self.infers && self.first.is_none() && matches!(moment, Some(Moment::Local(_)));
        self.has_guessed |= is_guess;
    }

    /// Learns from the next time of a step; returns true when local times mean other points in time than before.
    pub(super) fn learn(&mut self, bracket: &mut Bracket, moment: Moment) -> bool {
        if !self.infers {
            return false;
        }
        match moment {
            Moment::Local(local) => {
                let seconds = as_utc(local);
                bracket.local = Some(seconds);
                let Some(utc) = bracket.utc else { return false };
                bracket.most = Some(bracket.most.map_or(seconds - utc, |most| most.min(seconds - utc)));
                self.prove(*bracket, local)
            }
            Moment::Point(time) => {
                let utc = i64::try_from(time.0 / 1_000_000_000).unwrap_or(i64::MAX);
                bracket.utc = Some(utc);
                let Some(local) = bracket.local else { return false };
                bracket.least = Some(bracket.least.map_or(local - utc, |least| least.max(local - utc)));
                self.believe(local, local - utc)
            }
        }
    }

    /// Takes the one quarter of an hour that lies between what a step shows.
    fn prove(&mut self, bracket: Bracket, local: DateTime) -> bool {
        let (Some(least), Some(most)) = (bracket.least, bracket.most) else { return false };
        let first = (least - SLACK).div_euclid(QUARTER) + i64::from((least - SLACK).rem_euclid(QUARTER) != 0);
        let last = (most + SLACK).div_euclid(QUARTER);
        let (first, last) = (first.max(-FARTHEST), last.min(FARTHEST));
        if first == last {
            return self.take(first * QUARTER, local, true);
        }
        // Whoever was silent for long proves nothing: what the zone says is as good as any other.
        let Some(own) = self.own(local) else { return false };
        let is_possible = (first * QUARTER..=last * QUARTER).contains(&own);
        self.first.is_none() && is_possible && self.take(own, local, false)
    }

    /// Takes a quarter of an hour that is so near that it would be chance if it were another, until one is proved.
    fn believe(&mut self, local: i64, distance: i64) -> bool {
        let nearest = (distance + QUARTER / 2).div_euclid(QUARTER);
        let is_near = (distance - nearest * QUARTER).abs() <= SOON && nearest.abs() <= FARTHEST;
        if !is_near || self.first.is_some() {
            return false;
        }
        jiff::Timestamp::from_second(local)
            .is_ok_and(|time| self.take(nearest * QUARTER, TimeZone::UTC.to_datetime(time), false))
    }

    fn take(&mut self, seconds: i64, local: DateTime, is_proof: bool) -> bool {
        let Some(offset) = i32::try_from(seconds).ok().and_then(|seconds| Offset::from_seconds(seconds).ok()) else {
            return false;
        };
        let now = match self.offset {
            Some(offset) => Some(i64::from(offset.seconds())),
            None => self.own(local),
        };
        let is_other = now != Some(seconds);
        if is_other {
            self.offset = (self.own(local) != Some(seconds)).then_some(offset);
            self.is_stale |= self.has_guessed && self.first.is_none();
        }
        if is_proof && self.first.is_none() {
            self.first = Some(self.offset);
        }
        is_other
    }

    /// How far the given zone is from UTC then, in seconds.
    fn own(&self, local: DateTime) -> Option<i64> {
        let zoned = self.zone.to_zoned(local).ok()?;
        Some(i64::from(zoned.offset().seconds()))
    }
}

/// Counts the seconds of a local time as if it were UTC.
fn as_utc(local: DateTime) -> i64 {
    TimeZone::UTC.to_timestamp(local).map_or(0, |time| time.as_second())
}
