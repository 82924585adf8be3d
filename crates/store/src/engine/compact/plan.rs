//! Which segments are merged next.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use crate::{
    catalog::SegmentId,
    engine::{Shelved, Snapshot},
    segment::bucket_of,
};

/// A segment with as many spans is not merged any more.
const FULL: u64 = 1_000_000;
/// The most spans of a segment that others are merged into.
const MOST_SPANS: u64 = 2_000_000;
/// From so many spans on a segment waits until it is merged into a full one at once: each merge writes all of them again.
const MIDDLING: u64 = 16 * 1024;
/// How many segments of about one size are worth to be merged, of small ones and of those that wait for a full one.
const ENOUGH: usize = 8;
const ENOUGH_MIDDLING: usize = 32;
/// How many segments are merged at most.
const MOST: usize = 64;
/// How many of them may have rows of one time: those take memory together.
const MOST_TOGETHER: usize = 12;
/// Small segments are about one size when their spans differ less than so many times.
const STEP: u64 = 8;
/// A segment is written anew when one of so many rows is dead.
const DEAD_PART: u64 = 10;
/// From so many segments of a day on that were never merged, merging does not give way to anything.
const CROWD: usize = 64;

/// How much is to be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// What pays.
    Some,
    /// What pays, and what many rows are dead of.
    Tidy,
    /// All that can be, since nothing else goes on.
    All,
}

/// What is merged next.
pub(super) struct Choice {
    pub(super) inputs: Vec<Arc<Shelved>>,
    /// There are so many that questions suffer.
    pub(super) is_urgent: bool,
}

/// Chooses segments of one day to merge; the last days come first, since these are asked most.
pub(super) fn choose(snapshot: &Snapshot, wish: Wish, unreadable: &HashSet<SegmentId>) -> Option<Choice> {
    let mut days: BTreeMap<u32, Vec<&Arc<Shelved>>> = BTreeMap::new();
    let is_whole = |it: &&Arc<Shelved>| !it.is_damaged() && !unreadable.contains(&it.id());
    for shelved in snapshot.segments().iter().filter(is_whole).filter(|it| it.about().spans < FULL) {
        days.entry(shelved.about().day).or_default().push(shelved);
    }
    let merged = days.into_values().rev().find_map(|day| {
        let is_urgent = day.iter().filter(|it| it.about().level == 0).count() > CROWD;
        let inputs = match wish {
            Wish::Some | Wish::Tidy => of_one_size(&day)?,
            Wish::All => fitting(day)?,
        };
        Some(Choice { inputs, is_urgent })
    });
    merged.or_else(|| with_dead_rows(snapshot, wish, unreadable))
}

/// Chooses a segment to be written anew without its dead rows.
fn with_dead_rows(snapshot: &Snapshot, wish: Wish, unreadable: &HashSet<SegmentId>) -> Option<Choice> {
    if wish == Wish::Some {
        return None;
    }
    let is_due = |it: &&Arc<Shelved>| {
        let dead = dead_rows(snapshot, it);
        let least = if wish == Wish::All { 1 } else { (it.about().spans / DEAD_PART).max(1) };
        dead >= least && !it.is_damaged() && !unreadable.contains(&it.id())
    };
    let shelved = snapshot.segments().iter().find(is_due)?;
    Some(Choice { inputs: vec![Arc::clone(shelved)], is_urgent: false })
}

/// How many rows of a segment are dead.
fn dead_rows(snapshot: &Snapshot, shelved: &Shelved) -> u64 {
    let gone = snapshot.gone_in(shelved);
    if gone.is_empty() {
        return 0;
    }
    // Whoever asks that segment next tells its damage.
    let Ok(segment) = shelved.open() else { return 0 };
    let listed = gone.into_iter().filter_map(|id| segment.listed(id).ok().flatten());
    listed.map(|listed| listed.spans).sum()
}

/// Returns segments of about one size, the smallest first, when there are enough of them or when they make a full one.
fn of_one_size(day: &[&Arc<Shelved>]) -> Option<Vec<Arc<Shelved>>> {
    let mut sizes: BTreeMap<u32, Vec<&Arc<Shelved>>> = BTreeMap::new();
    for shelved in day {
        let spans = shelved.about().spans.clamp(1, MIDDLING);
        sizes.entry(spans.ilog(STEP) + u32::from(spans == MIDDLING)).or_default().push(shelved);
    }
    sizes.into_values().find_map(|alike| {
        let spans: u64 = alike.iter().map(|it| it.about().spans).sum();
        let are_middling = alike.iter().any(|it| it.about().spans >= MIDDLING);
        let enough = if are_middling { ENOUGH_MIDDLING } else { ENOUGH };
        if alike.len() >= enough || spans >= FULL { fitting(alike) } else { None }
    })
}

/// Returns as many as fit into one segment and into the memory of one merge, the smallest first; at least two.
fn fitting(mut segments: Vec<&Arc<Shelved>>) -> Option<Vec<Arc<Shelved>>> {
    segments.sort_by_key(|it| (it.about().spans, it.age()));
    let mut spans = 0;
    let mut inputs: Vec<Arc<Shelved>> = Vec::new();
    for shelved in segments {
        if spans + shelved.about().spans > MOST_SPANS || inputs.len() == MOST {
            break;
        }
        if inputs.iter().filter(|it| do_meet(it, shelved)).count() < MOST_TOGETHER {
            spans += shelved.about().spans;
            inputs.push(Arc::clone(shelved));
        }
    }
    (inputs.len() > 1).then_some(inputs)
}

/// Whether two segments may have rows of one time.
fn do_meet(a: &Shelved, b: &Shelved) -> bool {
    let ((a_first, a_last), (b_first, b_last)) = (a.starts(), b.starts());
    bucket_of(a_first) <= bucket_of(b_last) && bucket_of(b_first) <= bucket_of(a_last)
}
