//! Traces of which older segments have rows: some of them move forward as a whole.
//!
//! Of two parts of the store none may have a record that takes the place of one in the other, and what lists count of a
//! trace is counted under one project. So a trace is moved into the new segment where that could become untrue: all
//! that older segments have of it is written again, without what is superseded, and is dead there.

use std::{collections::BTreeMap, sync::Arc};

use trackway_model::{Event, SpanId, Text, TraceId};

use super::{
    GIANT,
    days::Row,
    facts::Facts,
    portion::{self, Portion},
    taken::{Came, Taken},
};
use crate::{
    Error, SegmentSpan,
    catalog::SegmentId,
    engine::{Gathered, Pinned, Shelved},
    quick::{HashMap, HashSet},
    segment::Flags,
};

/// About how much memory the rows may take that move with one flush: what is beyond that stays, and is settled by whoever
/// reads it.
const MOST_MOVED_BYTES: u64 = 32 << 20;
/// What a row takes in memory at least, and how many times more than on the disk, about.
const ROW_BYTES: u64 = 1 << 10;
const EXPANSION: u64 = 10;

/// A row can take another's place, or another its.
const UNSETTLED: [Flags; 2] = [Flags::OPEN, Flags::REPLACE];

/// What becomes of the traces that lie in several parts.
#[derive(Default)]
pub(super) struct Spread {
    pub(super) moved: Vec<TraceId>,
    /// By how much a trace starts before what an older segment lists, in nanoseconds.
    pub(super) lags: Vec<(SegmentId, u64)>,
    /// Traces that stay where they are and have an open span there.
    pub(super) waiting: HashSet<TraceId>,
    /// What is known of those that stay where they are.
    pub(super) facts: HashMap<TraceId, Facts>,
}

/// Moves traces forward where that is needed: their rows are then among those taken.
pub(super) fn settle(taken: &mut Taken, pinned: &Pinned) -> Result<Spread, Error> {
    let mut spread = Spread::default();
    let mut moving: Vec<(TraceId, Vec<Portion>)> = Vec::new();
    let mut room = MOST_MOVED_BYTES;
    for (id, came) in &taken.spread {
        let portions = portion::portions(pinned, *id);
        if portions.is_empty() {
            continue;
        }
        match stays_under(*id, came, &portions, taken, pinned)? {
            Some(project) => spread.stay(*id, came, &portions, project),
            None if bytes(&portions) > room => spread.stay_unsettled(*id, came, &portions),
            None => {
                room -= bytes(&portions);
                moving.push((*id, portions));
            }
        }
    }
    if !moving.is_empty() {
        spread.advance(&moving, taken);
    }
    Ok(spread)
}

/// About how much memory the rows of a trace take.
fn bytes(portions: &[Portion]) -> u64 {
    let of_row = |shelved: &Shelved| shelved.bytes() / shelved.about().spans.max(1) * EXPANSION;
    portions.iter().map(|it| it.listed.spans.saturating_mul(of_row(&it.shelved).max(ROW_BYTES))).sum()
}

/// Returns the project under which a trace lists before and after, when it can stay where it is.
fn stays_under(
    id: TraceId,
    came: &Came,
    portions: &[Portion],
    taken: &Taken,
    pinned: &Pinned,
) -> Result<Option<Text>, Error> {
    let told_before = portion::told_project(pinned, id)?;
    let told_now = taken.told.get(&id).map(|(_, record)| record.project.clone()).or_else(|| told_before.clone());
    let of_portions = portion::agreed(portions);
    let of_all = of_portions.filter(|project| came.rows.iter().all(|(_, span)| span.project == **project));
    let (before, now) = (told_before.or_else(|| of_portions.cloned()), told_now.or_else(|| of_all.cloned()));

    if portion::spans(portions) + came.rows.len() as u64 > GIANT {
        let first = portions.first().map(|portion| portion.listed.project.clone());
        return Ok(before.or(first));
    }
    let is_unsettled = |portion: &Portion| UNSETTLED.iter().any(|flag| portion.listed.flags.meets(*flag));
    let may_change = came.is_unsettled || portions.iter().any(is_unsettled) || now != before;
    Ok(before.filter(|_| !may_change))
}

impl Spread {
    /// Leaves a trace where it is.
    fn stay(&mut self, id: TraceId, came: &Came, portions: &[Portion], project: Text) {
        let starts = portions.iter().map(|portion| portion.listed.start);
        let Some(start) = starts.chain(came.rows.iter().map(|(_, span)| span.start)).min() else { return };
        for Portion { shelved, listed } in portions.iter().filter(|portion| portion.listed.start > start) {
            self.lags.push((shelved.id(), listed.start.0 - start.0));
        }
        if portions.iter().any(|portion| portion.listed.flags.meets(Flags::OPEN)) {
            self.waiting.insert(id);
        }
        self.facts.insert(id, Facts { project, start, first: None });
    }

    /// Leaves a trace where it is, though it should move.
    fn stay_unsettled(&mut self, id: TraceId, came: &Came, portions: &[Portion]) {
        if let Some(first) = portions.first() {
            self.stay(id, came, portions, first.listed.project.clone());
        }
    }

    /// Moves traces into the new segments; one that cannot be read stays where it is.
    fn advance(&mut self, moving: &[(TraceId, Vec<Portion>)], taken: &mut Taken) {
        let mut wanted: BTreeMap<SegmentId, (&Arc<Shelved>, Vec<TraceId>)> = BTreeMap::new();
        for (id, portions) in moving {
            for Portion { shelved, .. } in portions {
                wanted.entry(shelved.id()).or_insert_with(|| (shelved, Vec::new())).1.push(*id);
            }
        }
        let mut found: HashMap<TraceId, Found> = HashMap::default();
        let mut unreadable: HashSet<TraceId> = HashSet::default();
        for (shelved, ids) in wanted.into_values() {
            let add = &mut |id, span| found.entry(id).or_default().add(span);
            // Whoever asks that segment next counts and tells the damage.
            if shelved.open().and_then(|segment| segment.gather(&ids, add)).is_err() {
                unreadable.extend(ids);
            }
        }
        let mut survivors = Vec::new();
        for (id, portions) in moving {
            match found.remove(id).filter(|_| !unreadable.contains(id)) {
                Some(found) => {
                    survivors.extend(found.join(*id, taken));
                    self.moved.push(*id);
                }
                None => {
                    let came = taken.spread.get(id);
                    came.into_iter().for_each(|came| self.stay_unsettled(*id, came, portions));
                }
            }
        }
        taken.replace(&self.moved, survivors);
    }
}

/// What older segments have of a trace that moves.
#[derive(Default)]
struct Found {
    rows: Vec<Row>,
    late: Vec<(SpanId, Event)>,
}

impl Found {
    fn add(&mut self, span: SegmentSpan) {
        let SegmentSpan { sequence, record, late_events } = span;
        self.late.extend(late_events.into_iter().map(|event| (record.span_id, event)));
        self.rows.push((sequence, Arc::new(record)));
    }

    /// Joins what came with it, and returns the rows that stay.
    fn join(self, id: TraceId, taken: &mut Taken) -> Vec<Row> {
        let came = taken.spread.get_mut(&id).map(|came| std::mem::take(&mut came.rows)).unwrap_or_default();
        let spans = self.rows.into_iter().chain(came).collect();
        for (span, event) in self.late {
            let late = taken.late.entry((id, span)).or_default();
            if !late.contains(&event) {
                late.push(event);
            }
        }
        Gathered { spans, ..Gathered::default() }.settled().spans
    }
}
