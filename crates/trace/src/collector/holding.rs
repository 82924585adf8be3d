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

/// How many bytes it takes to know that a trace's first span has ended.
const ENDED_BYTES: usize = size_of::<(u64, u128)>();

/// OTLP's flag of a span whose parent is in another process.
const REMOTE: u32 = 0x200;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Kept,
    LeftOut,
    /// The program wants it left out, whatever comes.
    Cancelled,
}

struct Known {
    verdict: Verdict,
    /// When the program or a span of the trace was last heard.
    last: u64,
    /// True once the trace's first span has ended.
    is_over: bool,
}

#[derive(Default)]
pub(crate) struct Holding {
    traces: HashMap<u128, Waiting>,
    /// The traces that wait, and when each was last seen not to have been idle for too long, in order.
    watched: VecDeque<(u64, u128)>,
    /// The traces whose first span has ended, and when, in order.
    ended: VecDeque<(u64, u128)>,
    /// From how many of them on those are looked for that wait no more.
    most_ended: usize,
    bytes: usize,
    verdicts: HashMap<u128, Known>,
    /// The traces under way that have a verdict, and when each was last seen not to have been idle for too long, in order.
    judged: VecDeque<(u64, u128)>,
    /// The traces that are over and have a verdict, and since when they have both, in order.
    over: VecDeque<(u64, u128)>,
    pub(crate) out: Out,
}

#[derive(Default)]
struct Waiting {
    spans: Vec<SpanRecord>,
    bytes: usize,
    /// When its last span came.
    last: u64,
    /// True once its first span has ended.
    is_over: bool,
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
        let is_first = span.parent_id.is_none() || span.flags & REMOTE != 0;
        match self.known(trace, is_first, now) {
            Some(Verdict::Kept) => return self.out.kept.push(span),
            Some(Verdict::LeftOut) if !speaks => return self.out.left_out += 1,
            Some(Verdict::Cancelled) => return self.out.left_out += 1,
            Some(Verdict::LeftOut) | None => {}
        }
        self.hold(trace, span, is_first, now);
        if speaks {
            return self.give(trace, Verdict::Kept, now);
        }
        if is_first {
            self.note_end(trace, now);
        }
        self.make_room(tail.bytes);
    }

    /// Returns the verdict that there is when a span of the trace comes.
    fn known(&mut self, trace: u128, is_first: bool, now: u64) -> Option<Verdict> {
        let known = self.verdicts.get_mut(&trace)?;
        known.last = now;
        if is_first && !known.is_over {
            known.is_over = true;
            self.over.push_back((now, trace));
        }
        Some(known.verdict)
    }

    fn hold(&mut self, trace: u128, span: SpanRecord, is_first: bool, now: u64) {
        let bytes = span.memory_bytes();
        let waiting = self.traces.entry(trace).or_insert_with(|| {
            self.watched.push_back((now, trace));
            Waiting::default()
        });
        waiting.spans.push(span);
        waiting.bytes += bytes;
        waiting.last = now;
        waiting.is_over |= is_first;
        self.bytes += bytes;
    }

    /// Notes that a first span of a waiting trace has ended; the trace pays for the memory.
    fn note_end(&mut self, trace: u128, now: u64) {
        self.ended.push_back((now, trace));
        if let Some(waiting) = self.traces.get_mut(&trace) {
            waiting.bytes += ENDED_BYTES;
            self.bytes += ENDED_BYTES;
        }
        // Those that were judged or forgotten meanwhile.
        if self.ended.len() > self.most_ended.max(FEW) {
            self.ended.retain(|(_, trace)| self.traces.contains_key(trace));
            self.most_ended = 2 * self.ended.len();
        }
    }

    fn make_room(&mut self, most: usize) {
        while self.bytes > most {
            let Some((_, trace)) = self.watched.pop_front() else { return };
            let forgotten = self.remove(trace);
            self.out.no_room += forgotten.spans.len() as u64;
        }
    }

    fn remove(&mut self, trace: u128) -> Waiting {
        let waiting = self.traces.remove(&trace).unwrap_or_default();
        self.bytes -= waiting.bytes;
        waiting
    }

    fn give(&mut self, trace: u128, verdict: Verdict, now: u64) {
        let Waiting { mut spans, is_over, .. } = self.remove(trace);
        match verdict {
            Verdict::Kept => self.out.kept.append(&mut spans),
            Verdict::LeftOut | Verdict::Cancelled => self.out.left_out += spans.len() as u64,
        }
        let before = self.verdicts.get(&trace).map(|known| known.is_over);
        let is_over = is_over || before == Some(true);
        self.verdicts.insert(trace, Known { verdict, last: now, is_over });
        match before {
            Some(true) => {}
            _ if is_over => self.over.push_back((now, trace)),
            Some(false) => {}
            None => self.judged.push_back((now, trace)),
        }
        if self.verdicts.len() > MOST_VERDICTS {
            self.forget_oldest();
        }
    }

    /// Forgets a verdict, on a trace that is over if there is one.
    fn forget_oldest(&mut self) {
        if let Some((_, trace)) = self.over.pop_front().or_else(|| self.judged.pop_front()) {
            self.verdicts.remove(&trace);
        }
    }

    /// Forgets the verdicts that nobody asks for any more: some time after a trace is over, and later when it does not end.
    fn forget(&mut self, tail: &Tail, now: u64) {
        let late = nanos(tail.late);
        while let Some(trace) = due(&mut self.over, |since| since.saturating_add(late) <= now) {
            self.verdicts.remove(&trace);
        }
        let longest = nanos(tail.longest);
        while let Some(trace) = due(&mut self.judged, |seen| seen.saturating_add(longest) <= now) {
            let Some(known) = self.verdicts.get(&trace).filter(|known| !known.is_over) else { continue };
            if known.last.saturating_add(longest) > now {
                self.judged.push_back((known.last, trace));
            } else {
                self.verdicts.remove(&trace);
            }
        }
        if self.judged.len() > 2 * self.verdicts.len().saturating_sub(self.over.len()) + FEW {
            self.judged.retain(|(_, trace)| self.verdicts.get(trace).is_some_and(|known| !known.is_over));
        }
    }

    /// Keeps a trace or leaves it out, because the program says so.
    pub(crate) fn judge(&mut self, trace: u128, keep: bool, now: u64) {
        match self.verdicts.get(&trace).map(|known| known.verdict) {
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
        self.forget(tail, now);
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
        self.verdicts.get(&trace).is_some_and(|known| known.verdict == Verdict::Kept)
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
