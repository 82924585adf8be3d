//! Finds the traces of a segment that may be an answer, by looking at columns.
//!
//! ```text
//! rows   second 1          second 2          second 3              the file's order
//!        a a a b b c c     b b c d d d e     d e e f f g g
//!                        ◄───────────────── block ─────────►       looked at backward
//!        ◄─ floor: what starts before it may still come in sight ─► all that start later were seen whole
//! ```
//!
//! A row is never earlier than the trace that it is of, so a trace that starts at the floor or later has no row that was
//! not looked at. Until the floor has passed its start, a trace that was found waits: so all are named in the order of
//! their places.

mod bits;
mod check;
mod look;
mod pages;
mod plan;
#[cfg(test)]
mod tests;
mod wanted;

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::Arc,
};

use trackway_model::{Timestamp, TraceId};

pub(crate) use self::wanted::Wanted;
use self::{
    bits::Bits,
    look::Look,
    plan::{Node, Plan},
};
use super::{Segment, listed::Listed, schema};
use crate::{Error, cursor::TracePlace};

/// How many rows the first block has; each next one has twice as many, up to the most.
const FIRST_ROWS: usize = 16 * 1024;
const MOST_ROWS: usize = 64 * 1024;
/// So many traces are looked up one by one; of more, the list is read.
const FEW: usize = 64;
const SECOND: u64 = 1_000_000_000;

/// A trace that has a row as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The trace, as the segment lists it.
    pub(crate) listed: Listed,
    /// False when some of what is asked for has no row in this segment: the trace is an answer only when another part of it
    /// has that row, or the whole trace has the name that is asked for.
    pub(crate) is_whole: bool,
}

/// What was found in some rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// The traces that may be an answer, in the order of their places, the newest first; none of them is in two blocks.
    pub(crate) found: Vec<Found>,
    /// Every trace that may be an answer, and that the segment lists at this time or later, was named by now.
    pub(crate) floor: Timestamp,
    /// How many rows were looked at.
    pub(crate) scanned: u64,
    /// How many pages of columns were not, since their statistics told enough.
    pub(crate) pruned: u64,
}

/// What is known of a trace that has a row as it is asked for first.
#[derive(Debug, Clone, Default)]
struct Met {
    /// A bit for each condition.
    conditions: u8,
    /// How many of its rows were looked at for all of them.
    rows: u64,
    /// Whether it waits with what the segment lists of it.
    is_listed: bool,
}

/// Looks for traces backward in time, some ten thousand rows for each block; ends when all was looked at, and the floor of
/// the last block is the beginning of time.
pub(crate) struct Candidates {
    /// It is open as long as somebody looks for more.
    segment: Arc<Segment>,
    conditions: Vec<Node>,
    /// No row before this time is looked at.
    start: Timestamp,
    /// No row behind this time is looked at.
    last: Timestamp,
    /// Only traces that start before this time are named.
    before: Option<Timestamp>,
    /// The row group at work, and how many of its rows are left; `None` at the end.
    left: Option<(usize, usize)>,
    /// How many rows the next block has.
    rows: usize,
    /// Unknown until the earlier rows are known to start before some time.
    floor: Option<Timestamp>,
    met: HashMap<TraceId, Met>,
    waiting: BTreeMap<TracePlace, Listed>,
}

impl Candidates {
    pub(super) fn new(segment: &Arc<Segment>, wanted: &Wanted) -> Result<Self, Error> {
        let plan = Plan::new(segment);
        let last = match wanted.before {
            Some(time) => segment.index()?.latest_before(time),
            None => Some(Timestamp(u64::MAX)),
        };
        let groups = segment.parquet().row_groups();
        let left = groups.len().checked_sub(1).zip(groups.last()).map(|(at, it)| (at, it.num_rows() as usize));
        Ok(Self {
            segment: Arc::clone(segment),
            conditions: wanted.conditions().iter().map(|condition| plan.condition(condition)).collect(),
            start: wanted.start.unwrap_or(Timestamp(0)),
            last: last.unwrap_or(Timestamp(0)),
            before: wanted.before,
            // Where no trace is listed early enough, there is nothing to look at.
            left: left.filter(|_| last.is_some()),
            rows: FIRST_ROWS,
            floor: None,
            met: HashMap::new(),
            waiting: BTreeMap::new(),
        })
    }

    /// Looks at the next rows, which end where others begin that were looked at.
    fn look(&mut self, group: usize, end: usize) -> Result<Block, Error> {
        let segment = Arc::clone(&self.segment);
        let starts = Starts::of(&segment, group)?;
        let first = starts.page_before(end.saturating_sub(self.rows)).unwrap_or(0);
        self.rows = (self.rows * 2).min(MOST_ROWS);
        let mut look = Look::new(&segment, group, first..end);
        let alive = self.alive(&starts, first..end);
        if let Some(lead) = self.conditions.first().filter(|_| !alive.is_empty()) {
            let hits = look.passing(lead, &alive)?;
            if !hits.is_empty() {
                self.note(&mut look, &hits, end - first)?;
            }
        }
        let above = self.floor;
        self.go_on(group, first)?;
        self.list(above)?;
        let found = self.named();
        Ok(Block {
            found,
            floor: self.floor.unwrap_or(Timestamp(u64::MAX)),
            scanned: alive.count(),
            pruned: look.pruned,
        })
    }

    /// Returns the rows of a block that can be of a trace that is wanted.
    fn alive(&self, starts: &Starts, rows: Range<usize>) -> Bits {
        let mut alive = Bits::none(rows.len());
        for (page, known) in &starts.pages {
            if known.is_none_or(|(min, max)| self.start <= max && min <= self.last) {
                let inside = |row: usize| row.clamp(rows.start, rows.end) - rows.start;
                alive.set_all(&(inside(page.start)..inside(page.end)));
            }
        }
        alive
    }

    /// Notes the traces of rows that pass the first condition, and what else these pages have of them.
    fn note(&mut self, look: &mut Look<'_>, hits: &Bits, rows: usize) -> Result<(), Error> {
        let runs = look.runs(hits)?;
        let mut conditions = vec![hits.clone()];
        if self.conditions.len() > 1 {
            let mut seen = Bits::none(rows);
            runs.iter().for_each(|(_, run)| seen.set_all(run));
            for condition in self.conditions.iter().skip(1) {
                conditions.push(look.passing(condition, &seen)?);
            }
        }
        for (trace, run) in runs {
            let is_hit = hits.meets(&run);
            let met = match self.met.get_mut(&trace) {
                Some(met) => met,
                None if is_hit => self.met.entry(trace).or_default(),
                None => continue,
            };
            met.rows += run.len() as u64;
            for (place, passed) in conditions.iter().enumerate() {
                met.conditions |= u8::from(passed.meets(&run)) << place;
            }
        }
        Ok(())
    }

    /// Finds the rows before these, and until when they all start.
    fn go_on(&mut self, group: usize, first: usize) -> Result<(), Error> {
        self.left = if first > 0 {
            Some((group, first))
        } else {
            let groups = self.segment.parquet().row_groups();
            let before = group.checked_sub(1).zip(group.checked_sub(1).and_then(|group| groups.get(group)));
            before.map(|(group, it)| (group, it.num_rows() as usize))
        };
        let Some((group, rows)) = self.left else {
            self.floor = Some(Timestamp(0));
            return Ok(());
        };
        if let Some(floor) = Starts::of(&self.segment, group)?.floor(rows) {
            self.floor = Some(self.floor.map_or(floor, |known| known.min(floor)));
            if floor <= self.start {
                (self.left, self.floor) = (None, Some(Timestamp(0)));
            }
        }
        Ok(())
    }

    /// Finds what the segment lists of the traces that were met, as far as it has to be known by now.
    fn list(&mut self, above: Option<Timestamp>) -> Result<(), Error> {
        let unlisted: Vec<TraceId> = self.met.iter().filter(|(_, met)| !met.is_listed).map(|(id, _)| *id).collect();
        let segment = Arc::clone(&self.segment);
        let index = segment.index()?;
        if unlisted.len() <= FEW {
            for id in unlisted {
                let listed = index.listed(id)?.ok_or_else(|| segment.damaged("its index lacks a trace"))?;
                self.wait(listed);
            }
        } else if let Some(floor) = self.floor {
            let mut listed = Vec::new();
            let is_met = |id: TraceId| self.met.get(&id).is_some_and(|met| !met.is_listed);
            index.list_between(floor, above, &is_met, &mut listed)?;
            listed.into_iter().for_each(|listed| self.wait(listed));
        }
        Ok(())
    }

    fn wait(&mut self, listed: Listed) {
        if let Some(met) = self.met.get_mut(&listed.trace_id) {
            met.is_listed = true;
            self.waiting.insert(listed.place(), listed);
        }
    }

    /// Takes the traces out of which all rows were seen.
    fn named(&mut self) -> Vec<Found> {
        let mut found = Vec::new();
        let all = (1_u8 << self.conditions.len()) - 1;
        while let Some(last) = self.waiting.last_entry() {
            if self.floor.is_none_or(|floor| last.get().start < floor) {
                break;
            }
            let listed = last.remove();
            let Some(met) = self.met.remove(&listed.trace_id) else { continue };
            if self.before.is_none_or(|before| listed.start < before) {
                // Where a part of its rows was not looked at, it may have all.
                let is_whole = met.conditions == all || met.rows < listed.spans;
                found.push(Found { listed, is_whole });
            }
        }
        found
    }
}

impl Iterator for Candidates {
    type Item = Result<Block, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut scanned, mut pruned) = (0, 0);
        // A block in which nothing has to be looked at is none, nor is one of which the floor is not known.
        while let Some((group, rows)) = self.left {
            match self.look(group, rows) {
                Ok(block) => {
                    (scanned, pruned) = (scanned + block.scanned, pruned + block.pruned);
                    if self.floor.is_some() && (block.scanned > 0 || self.left.is_none()) {
                        return Some(Ok(Block { scanned, pruned, ..block }));
                    }
                }
                Err(error) => {
                    self.left = None;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// The rows of a page, and the earliest and the latest start of one.
type PageStarts = (Range<usize>, Option<(Timestamp, Timestamp)>);

/// When the rows of a row group start, as far as statistics tell: by page, the earliest and the latest.
struct Starts {
    pages: Vec<PageStarts>,
}

impl Starts {
    fn of(segment: &Segment, group: usize) -> Result<Self, Error> {
        let index = segment.parquet().page_index_for_row_group(group);
        let places = segment.column(schema::START).and_then(|column| Some((column, index.page_locations(column)?)));
        let (column, places) = places.ok_or_else(|| segment.damaged("it does not tell where the starts are"))?;
        let rows = segment.parquet().row_group(group).num_rows() as usize;
        let ends = places.iter().skip(1).map(|place| place.first_row_index as usize).chain([rows]);
        let pages =
            places.iter().zip(ends).enumerate().map(|(page, (place, end))| {
                (place.first_row_index as usize..end, look::page_starts(&index, column, page))
            });
        Ok(Self { pages: pages.collect() })
    }

    /// Returns the first row of the page that a row is in.
    fn page_before(&self, row: usize) -> Option<usize> {
        self.pages.iter().map(|(rows, _)| rows.start).take_while(|start| *start <= row).last()
    }

    /// Returns a time before which so many rows from the beginning start, and all that stand before them.
    fn floor(&self, rows: usize) -> Option<Timestamp> {
        let (_, starts) = self.pages.iter().find(|(page, _)| page.contains(&rows.saturating_sub(1)))?;
        let (_, last) = (*starts)?;
        // Within a second, rows are in the order of their traces.
        (last.0 / SECOND + 1).checked_mul(SECOND).map(Timestamp)
    }
}
