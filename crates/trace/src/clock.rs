//! Ticks, which cost 9 ns, and how they become wall-clock time, which the collector works out later.

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// True once the time-stamp counter was found to be steady.
static STEADY: AtomicBool = AtomicBool::new(false);
static FIRST: OnceLock<Instant> = OnceLock::new();

/// Returns the count of a clock that only ever rises; what a tick is, [`Timeline`] finds out.
#[inline(always)]
pub(crate) fn ticks() -> u64 {
    #[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]
    if STEADY.load(Ordering::Relaxed) {
        return crate::sys::time_stamp();
    }
    portable_ticks()
}

/// Returns true when [`quick_ticks`] may be used in the place of [`ticks`].
#[inline(always)]
pub(crate) fn is_quick() -> bool {
    STEADY.load(Ordering::Relaxed)
}

/// Returns the time-stamp counter, which is the clock when it [is quick](is_quick).
#[inline(always)]
pub(crate) fn quick_ticks() -> u64 {
    #[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]
    return crate::sys::time_stamp();
    #[cfg(not(all(target_arch = "x86_64", target_os = "linux", not(miri))))]
    portable_ticks()
}

/// Nanoseconds since the process first asked: right on every system, at twice the price.
#[cold]
#[inline(never)]
fn portable_ticks() -> u64 {
    u64::try_from(FIRST.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Chooses the clock, once, before the first span: the time-stamp counter where it is known to be steady.
///
/// `TRACKWAY_CLOCK=portable` asks for the clock that is right everywhere, `TRACKWAY_CLOCK=tsc` for the counter even where the
/// kernel does not vouch for it, such as under an emulator.
pub(crate) fn choose() {
    static CHOSEN: OnceLock<()> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        #[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]
        {
            let steady = match std::env::var("TRACKWAY_CLOCK").as_deref() {
                Ok("portable") => false,
                Ok("tsc") => true,
                _ => crate::sys::time_stamp_is_steady(),
            };
            STEADY.store(steady, Ordering::Relaxed);
        }
    });
}

/// One look at all clocks at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) ticks: u64,
    /// Nanoseconds of the monotonic clock, from any origin.
    pub(crate) steady: u64,
    /// Nanoseconds since 1970.
    pub(crate) wall: u64,
}

impl Reading {
    /// Reads the clocks, again when something came in between.
    pub(crate) fn now() -> Self {
        let attempt = || {
            let before = ticks();
            let (steady, wall) = (Instant::now(), SystemTime::now());
            let after = ticks();
            let steady = steady.duration_since(*FIRST.get_or_init(|| steady)).as_nanos();
            let wall = wall.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_nanos();
            let reading = Self { ticks: before + (after - before) / 2, steady: steady as u64, wall: wall as u64 };
            (after - before, reading)
        };
        let attempts = [attempt(), attempt(), attempt()];
        attempts.into_iter().min_by_key(|(took, _)| *took).map_or_else(|| attempt().1, |(_, reading)| reading)
    }
}

/// The wall-clock time of every tick: a line of straight pieces without gaps, so that order and nesting survive.
///
/// Each reading starts a new piece where the old one ends and bends it towards the wall clock by at most 500 ppm, as a
/// time server's correction does. Only when the wall clock was set, by more than [`STEP`], the line jumps with it.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    pieces: VecDeque<Piece>,
    /// What the length of a tick is measured against: a reading of half a minute to a minute ago.
    from: Reading,
    next: Reading,
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    tick: u64,
    wall: u64,
    /// Nanoseconds a tick.
    rate: f64,
}

const STEP: f64 = 100e6;
const MOST_BEND: f64 = 500e-6;
const PIECES: usize = 64;
/// Two readings nearer than this say too little of how long a tick is.
const SHORTEST_BASE: u64 = 2_000_000;
const REBASE: u64 = 30_000_000_000;

impl Timeline {
    pub(crate) fn new(first: Reading) -> Self {
        Self { pieces: VecDeque::new(), from: first, next: first }
    }

    /// Returns true when ticks can be told in time.
    pub(crate) fn is_ready(&self) -> bool {
        !self.pieces.is_empty()
    }

    /// Takes a reading into account; of no effect when it comes too soon after the first.
    pub(crate) fn observe(&mut self, now: Reading) {
        let base = now.steady.saturating_sub(self.from.steady);
        let elapsed = now.ticks.saturating_sub(self.from.ticks);
        if base < SHORTEST_BASE || elapsed == 0 {
            return;
        }
        let rate = base as f64 / elapsed as f64;
        let piece = match self.pieces.back() {
            None => Piece { tick: self.from.ticks, wall: self.from.wall, rate },
            Some(last) => {
                let line = last.at(now.ticks);
                let error = now.wall as f64 - line as f64;
                if error.abs() > STEP {
                    Piece { tick: now.ticks, wall: now.wall, rate }
                } else {
                    // Gone in about a second.
                    let bend = (error / 1e9).clamp(-MOST_BEND, MOST_BEND);
                    Piece { tick: now.ticks, wall: line, rate: rate * (1.0 + bend) }
                }
            }
        };
        if self.pieces.len() == PIECES {
            self.pieces.pop_front();
        }
        self.pieces.push_back(piece);
        if now.steady.saturating_sub(self.next.steady) > REBASE {
            self.from = self.next;
            self.next = now;
        }
    }

    /// Returns the wall-clock time of a tick, in nanoseconds since 1970.
    #[inline]
    pub(crate) fn wall(&self, tick: u64) -> u64 {
        match self.pieces.back() {
            Some(last) if tick >= last.tick => last.at(tick),
            _ => self.earlier(tick),
        }
    }

    /// Returns the wall-clock time of a tick of which only the low 56 bits are known: the one that is nearest.
    #[inline]
    pub(crate) fn wall_of_low_bits(&self, low: u64) -> u64 {
        const BITS: u64 = (1 << 56) - 1;
        let near = self.pieces.back().map_or(0, |piece| piece.tick);
        let ahead = low.wrapping_sub(near) & BITS;
        // Of the two halves of the circle, the upper one lies behind.
        let tick = if ahead <= BITS / 2 { near.wrapping_add(ahead) } else { near.wrapping_sub(BITS + 1 - ahead) };
        self.wall(tick)
    }

    fn earlier(&self, tick: u64) -> u64 {
        let piece = self.pieces.iter().rev().find(|piece| tick >= piece.tick).or(self.pieces.front());
        piece.map_or(0, |piece| piece.at(tick))
    }
}

impl Piece {
    #[inline]
    fn at(&self, tick: u64) -> u64 {
        let ticks = tick.wrapping_sub(self.tick) as i64;
        self.wall.saturating_add_signed((ticks as f64 * self.rate) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64, ticks_a_second: f64, wall_error: f64) -> Reading {
        let nanoseconds = seconds * 1e9;
        Reading {
            ticks: (seconds * ticks_a_second) as u64 + 77,
            steady: nanoseconds as u64,
            wall: (1_700_000_000e9 + nanoseconds + wall_error) as u64,
        }
    }

    #[test]
    fn time_never_runs_backwards_and_follows_a_wall_clock_that_drifts() {
        let mut line = Timeline::new(at(0.0, 2.6e9, 0.0));
        let mut last = 0;
        for step in 1..3000 {
            let seconds = f64::from(step) * 0.1;
            // 50 microseconds a second: a poor crystal.
            line.observe(at(seconds, 2.6e9, seconds * 50e3));
            for part in 0..4 {
                let now = line.wall(at(seconds + f64::from(part) * 0.025, 2.6e9, 0.0).ticks);
                assert!(now >= last, "{now} < {last} at {seconds}");
                last = now;
            }
        }
        let off = last as f64 - at(299.9 + 0.075, 2.6e9, 299.9 * 50e3).wall as f64;
        assert!(off.abs() < 200e3, "{off} ns");
    }

    #[test]
    fn a_clock_that_was_set_is_followed_at_once() {
        let mut line = Timeline::new(at(0.0, 1e9, 0.0));
        line.observe(at(1.0, 1e9, 0.0));
        line.observe(at(2.0, 1e9, 3600e9));
        let off = line.wall(at(2.5, 1e9, 0.0).ticks) as f64 - at(2.5, 1e9, 3600e9).wall as f64;
        assert!(off.abs() < 1e6, "{off} ns");
        let before = line.wall(at(1.5, 1e9, 0.0).ticks) as f64 - at(1.5, 1e9, 0.0).wall as f64;
        assert!(before.abs() < 1e6, "what was before the step keeps its time: {before} ns");
    }

    #[test]
    fn two_readings_at_once_say_nothing() {
        let mut line = Timeline::new(at(0.0, 1e9, 0.0));
        line.observe(at(0.0001, 1e9, 0.0));
        assert!(!line.is_ready());
        line.observe(at(0.01, 1e9, 0.0));
        assert!(line.is_ready());
    }
}
