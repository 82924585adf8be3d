//! Spans that wait for the verdict on their trace.
//!
//! Times are nanoseconds by the same clock; they only need to go on.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use trackway_model::SpanRecord;

use crate::tail::Tail;

/// How many verdicts are remembered.
const MOST_VERDICTS: usize = 100_000;

/// So many traces may be watched in vain.
const FEW: usize = 1024;

/// OTLP's flag of a span whose parent is in another process.
const REMOTE: u32 = 0x200;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Kept,
    LeftOut,
    /// The program wants it left out, whatever comes.
    Cancelled,
}

#[derive(Default)]
pub(crate) struct Holding {
    traces: HashMap<u128, Waiting>,
    /// The traces that wait, and when each was last seen not to have been idle for too long, in order.
    watched: VecDeque<(u64, u128)>,
    /// The traces whose first span has ended, and when, in order.
    ended: VecDeque<(u64, u128)>,
    bytes: usize,
    verdicts: HashMap<u128, Verdict>,
    /// When each verdict was given, in order.
    given: VecDeque<(u64, u128)>,
    pub(crate) out: Out,
}

#[derive(Default)]
struct Waiting {
    spans: Vec<SpanRecord>,
    bytes: usize,
    /// When its last span came.
    last: u64,
}

/// What waits no more.
#[derive(Default)]
pub(crate) struct Out {
    pub(crate) kept: Vec<SpanRecord>,
    /// How many spans the rules left out,
    pub(crate) left_out: u64,
    /// and how many there was no room for.
    pub(crate) no_room: u64,
}

impl Holding {
    /// Takes a finished span, which may speak for its trace.
    pub(crate) fn take(&mut self, span: SpanRecord, speaks: bool, tail: &Tail, now: u64) {
        let trace = u128::from_be_bytes(span.trace_id.bytes());
        match self.verdicts.get(&trace) {
            Some(Verdict::Kept) => return self.out.kept.push(span),
            Some(Verdict::LeftOut) if !speaks => return self.out.left_out += 1,
            Some(Verdict::Cancelled) => return self.out.left_out += 1,
            Some(Verdict::LeftOut) | None => {}
        }
        let is_first = span.parent_id.is_none() || span.flags & REMOTE != 0;
        self.hold(trace, span, now);
        if speaks {
            return self.give(trace, Verdict::Kept, now);
        }
        if is_first {
            self.ended.push_back((now, trace));
        }
        self.make_room(tail.bytes);
    }

    fn hold(&mut self, trace: u128, span: SpanRecord, now: u64) {
        let bytes = span.memory_bytes();
        let waiting = self.traces.entry(trace).or_insert_with(|| {
            self.watched.push_back((now, trace));
            Waiting::default()
        });
        waiting.spans.push(span);
        waiting.bytes += bytes;
        waiting.last = now;
        self.bytes += bytes;
    }

    fn make_room(&mut self, most: usize) {
        while self.bytes > most {
            let Some((_, trace)) = self.watched.pop_front() else { return };
            let forgotten = self.remove(trace);
            self.out.no_room += forgotten.len() as u64;
        }
    }

    fn remove(&mut self, trace: u128) -> Vec<SpanRecord> {
        let waiting = self.traces.remove(&trace).unwrap_or_default();
        self.bytes -= waiting.bytes;
        waiting.spans
    }

    fn give(&mut self, trace: u128, verdict: Verdict, now: u64) {
        let mut waited = self.remove(trace);
        match verdict {
            Verdict::Kept => self.out.kept.append(&mut waited),
            Verdict::LeftOut | Verdict::Cancelled => self.out.left_out += waited.len() as u64,
        }
        if self.verdicts.insert(trace, verdict).is_none() {
            self.given.push_back((now, trace));
        }
        if self.given.len() > MOST_VERDICTS {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, trace)) = self.given.pop_front() {
            self.verdicts.remove(&trace);
        }
    }

    /// Keeps a trace or leaves it out, because the program says so.
    pub(crate) fn judge(&mut self, trace: u128, keep: bool, now: u64) {
        match self.verdicts.get(&trace) {
            Some(Verdict::Cancelled) => {}
            Some(Verdict::Kept) if keep => {}
            _ => self.give(trace, if keep { Verdict::Kept } else { Verdict::Cancelled }, now),
        }
    }

    /// Judges the traces whose time has come; all that have ended, when nobody waits any more.
    pub(crate) fn settle(&mut self, tail: &Tail, now: u64, waits: bool) {
        let wait = if waits { nanos(tail.wait) } else { 0 };
        while let Some(trace) = due(&mut self.ended, |ended| !waits || ended.saturating_add(wait) <= now) {
            // It may have its verdict already, or have been forgotten.
            if self.traces.contains_key(&trace) {
                self.give_share(trace, tail, now);
            }
        }
        let longest = nanos(tail.longest);
        while let Some(trace) = due(&mut self.watched, |seen| seen.saturating_add(longest) <= now) {
            match self.traces.get(&trace) {
                Some(waiting) if waiting.last.saturating_add(longest) > now => {
                    self.watched.push_back((waiting.last, trace));
                }
                Some(_) => self.give_share(trace, tail, now),
                None => {}
            }
        }
        // Those that were judged earlier are watched no more.
        if self.watched.len() > 2 * self.traces.len() + FEW {
            self.watched.retain(|(_, trace)| self.traces.contains_key(trace));
        }
        let late = nanos(tail.late);
        while self.given.front().is_some_and(|(given, _)| given.saturating_add(late) <= now) {
            self.forget_oldest();
        }
    }

    fn give_share(&mut self, trace: u128, tail: &Tail, now: u64) {
        let is_kept = tail.share.decide(trace, None).is_recorded();
        self.give(trace, if is_kept { Verdict::Kept } else { Verdict::LeftOut }, now);
    }

    /// Keeps all that still waits.
    pub(crate) fn keep_all(&mut self) {
        for (_, mut waiting) in self.traces.drain() {
            self.out.kept.append(&mut waiting.spans);
        }
        (self.bytes, self.watched, self.ended) = (0, VecDeque::new(), VecDeque::new());
    }

    pub(crate) fn is_kept(&self, trace: u128) -> bool {
        self.verdicts.get(&trace) == Some(&Verdict::Kept)
    }
}

/// Takes the oldest, if it is due.
fn due(queue: &mut VecDeque<(u64, u128)>, is_due: impl Fn(u64) -> bool) -> Option<u128> {
    let (since, trace) = *queue.front()?;
    is_due(since).then(|| queue.pop_front().map_or(trace, |(_, trace)| trace))
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
