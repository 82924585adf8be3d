//! Finds the newest traces that match, from many sources of candidates.
//!
//! ```text
//! sources   ──pull──►  pool            ──judge, whole──►  found           ──►  a page
//! newest first         not judged yet                     by their place
//! ```
//!
//! A trace may be named by several sources, each of which knows a part of it and with it a place that the trace as a whole
//! has at most: another part may start earlier. So what was found counts only once nothing newer can come any more.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashSet},
    thread,
    time::Instant,
};

use trackway_model::{Timestamp, TraceId};

use crate::{Error, TraceSummary, cursor::TracePlace};

#[cfg(test)]
mod tests;

/// Names traces that may be asked for, the newest first.
pub(super) trait Source {
    /// Every trace that this source names from now on is listed before this place; `None` when it names none any more.
    fn before(&self) -> Option<TracePlace>;

    /// Goes on, and brings the place down.
    fn pull(&mut self, most: usize) -> Result<Pulled, Error>;

    /// Returns what can be done before it is pulled, on any thread; `None` when that is nothing, or was done.
    fn ahead(&mut self) -> Result<Option<Work<'_>>, Error> {
        Ok(None)
    }
}

/// Work of a source that others need not wait for.
pub(super) type Work<'a> = Box<dyn FnOnce() + Send + 'a>;

/// What a source gave.
#[derive(Default)]
pub(super) struct Pulled {
    /// Traces to be judged, each with a place that it has at most.
    pub(super) named: Vec<(TracePlace, TraceId)>,
    /// Traces that match.
    pub(super) found: Vec<(TracePlace, TraceSummary)>,
    /// How many spans were looked at one by one.
    pub(super) scanned: u64,
}

/// What became of traces that were judged as a whole.
#[derive(Default)]
pub(super) struct Judged {
    /// Those that match.
    pub(super) found: Vec<(TracePlace, TraceSummary)>,
    /// How many spans were looked at one by one.
    pub(super) scanned: u64,
    /// Those for which the time did not suffice: who judges them again goes on where this ended.
    pub(super) left: Vec<TraceId>,
}

/// How far to go.
pub(super) struct Limits<'a> {
    /// Only traces before this place are asked for.
    pub(super) before: Option<TracePlace>,
    /// How many are enough.
    pub(super) most: usize,
    /// When to answer with what there is.
    pub(super) stop: Instant,
    /// Tells whether nobody waits for the answer any more.
    pub(super) is_unwanted: &'a dyn Fn() -> bool,
}

/// The newest traces that match.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) found: Vec<(TracePlace, TraceSummary)>,
    pub(super) scanned: u64,
    /// Where the search goes on, when time ran out before there was enough.
    pub(super) cut: Option<TracePlace>,
}

/// After so many steps without enough a search looks for more on several threads, and on how many at most.
const ALONE: u64 = 6;
const MOST_THREADS: usize = 4;
/// The fewest traces that are judged together: what they have in common is read once.
const FEWEST_AT_ONCE: usize = 8;
/// The most, so that a search ends in time, and needs memory for so many.
const MOST_AT_ONCE: usize = 128;

/// Looks for traces until there are enough, or no more, or no time.
pub(super) fn merge(
    mut sources: Vec<Box<dyn Source + '_>>,
    judge: &mut dyn FnMut(Vec<TraceId>) -> Result<Judged, Error>,
    limits: &Limits<'_>,
) -> Result<Merged, Error> {
    let mut search = Merging::default();
    loop {
        let from_sources = sources.iter().filter_map(|source| source.before()).max();
        let from_pool = search.pool.last().map(|(place, _)| just_above(*place));
        let Some(frontier) = from_sources.max(from_pool) else { return Ok(search.into_merged(limits.most, None)) };
        let decided = search.found.range(frontier..).take(limits.most).count();
        if decided == limits.most {
            return Ok(search.into_merged(limits.most, None));
        }
        // A search that goes on where the last was cut gets further than that, however little time it has.
        let is_further = search.rounds > 0 && limits.before.is_none_or(|before| frontier < before);
        if is_further && ((limits.is_unwanted)() || Instant::now() >= limits.stop) {
            return Ok(search.into_merged(limits.most, Some(frontier)));
        }
        search.rounds += 1;
        if from_pool >= from_sources {
            let lacking = limits.most - decided;
            let taken = search.take_pool(lacking.clamp(FEWEST_AT_ONCE, MOST_AT_ONCE));
            let judged = judge(taken.iter().map(|(_, id)| *id).collect())?;
            search.scanned += judged.scanned;
            search.keep(judged.found, limits);
            let left: Vec<_> = taken.into_iter().filter(|(_, id)| judged.left.contains(id)).collect();
            if let Some((place, _)) = left.iter().max() {
                let cut = just_above(*place);
                let cut = limits.before.map_or(cut, |before| cut.min(before));
                return Ok(search.into_merged(limits.most, Some(cut)));
            }
            continue;
        }
        if search.rounds > ALONE {
            look_ahead(&mut sources)?;
        }
        if let Some(source) = sources.iter_mut().max_by_key(|source| source.before()) {
            let pulled = source.pull(limits.most)?;
            search.scanned += pulled.scanned;
            for (_, trace) in &pulled.found {
                search.seen.insert(trace.trace_id);
            }
            search.keep(pulled.found, limits);
            for (place, id) in pulled.named {
                if search.seen.insert(id) {
                    search.pool.insert((place, id));
                }
            }
            sources.retain(|source| source.before().is_some());
        }
    }
}

/// Lets the newest sources work side by side, as many as there are cores.
///
/// What the others have found waits until their turn comes. It is for nothing when there is enough before that.
fn look_ahead(sources: &mut [Box<dyn Source + '_>]) -> Result<(), Error> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let mut newest: Vec<_> = sources.iter_mut().filter(|source| source.before().is_some()).collect();
    newest.sort_by_key(|source| Reverse(source.before()));
    let mut work = Vec::with_capacity(threads);
    for source in newest {
        match source.ahead()? {
            Some(of_source) => work.push(of_source),
            // The first is what is waited for.
            None if work.is_empty() => return Ok(()),
            None => {}
        }
        if work.len() == threads {
            break;
        }
    }
    let Some(first) = (work.len() > 1).then(|| work.remove(0)) else { return Ok(()) };
    thread::scope(|scope| {
        work.into_iter().for_each(|of_source| drop(scope.spawn(of_source)));
        first();
    });
    Ok(())
}

#[derive(Default)]
struct Merging {
    /// Every trace that was named or found.
    seen: HashSet<TraceId>,
    /// Those that are not judged yet.
    pool: BTreeSet<(TracePlace, TraceId)>,
    found: BTreeMap<TracePlace, TraceSummary>,
    scanned: u64,
    rounds: u64,
}

impl Merging {
    fn take_pool(&mut self, most: usize) -> Vec<(TracePlace, TraceId)> {
        std::iter::from_fn(|| self.pool.pop_last()).take(most).collect()
    }

    fn keep(&mut self, found: Vec<(TracePlace, TraceSummary)>, limits: &Limits<'_>) {
        self.found.extend(found.into_iter().filter(|(place, _)| limits.before.is_none_or(|before| *place < before)));
    }

    fn into_merged(self, most: usize, cut: Option<TracePlace>) -> Merged {
        let newest = self.found.into_iter().rev();
        let decided = newest.take_while(|(place, _)| cut.is_none_or(|cut| *place >= cut));
        Merged { found: decided.take(most).collect(), scanned: self.scanned, cut }
    }
}

/// The place that comes right after another.
fn just_above((start, id): TracePlace) -> TracePlace {
    match u128::from_be_bytes(id).checked_add(1) {
        Some(next) => (start, next.to_be_bytes()),
        None => (Timestamp(start.0.saturating_add(1)), [0; 16]),
    }
}
