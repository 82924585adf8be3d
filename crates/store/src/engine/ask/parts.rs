//! All parts of the store at one moment, and what they have of traces.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, PoisonError},
};

use trackway_model::{SpanEvent, Timestamp, TraceId};

use super::{BATCH_BYTES, Desk, MOST_ROW_BYTES, counts::OlderCounts};
use crate::{
    Error,
    catalog::SegmentId,
    clock::Moment,
    engine::{
        Gathered,
        heads::{Parts, Side},
        room::is_lack_of_handles,
        shelf::Shelved,
    },
    segment::{Flags, Listed, Segment},
    table::Table,
};

/// The most rows of older parts that a view takes in, and about how much memory they may take, so that it has a bound; a
/// trace that is more is a giant to it.
const MOST_OLDER_ROWS: u64 = 200_000;
const MOST_OLDER_BYTES: u64 = 48 << 20;

/// A question under way: what it sees stays as it is, but for the active head.
pub(super) struct Question<'a> {
    pub(super) desk: &'a Desk,
    pub(super) parts: Parts,
    pub(super) moment: Moment,
    asked: RefCell<HashSet<SegmentId>>,
}

/// Where the published rows of a trace are.
pub(super) struct Located {
    pub(super) id: TraceId,
    /// The oldest first.
    pub(super) parts: Vec<(Arc<Shelved>, Listed)>,
    /// About how much memory its rows take.
    pub(super) bytes: u64,
}

impl Located {
    pub(super) fn rows(&self) -> u64 {
        self.parts.iter().map(|(_, listed)| listed.spans).sum()
    }
}

impl<'a> Question<'a> {
    pub(super) fn new(desk: &'a Desk, parts: Parts) -> Result<Self, Error> {
        Ok(Self { desk, parts, moment: desk.moment(), asked: RefCell::default() })
    }

    /// How many segments were opened for the question.
    pub(super) fn segments_asked(&self) -> u64 {
        self.asked.borrow().len() as u64
    }

    /// The heads, the younger first.
    pub(super) fn sides(&self) -> impl Iterator<Item = &Arc<Side>> {
        [Some(&self.parts.active), self.parts.frozen.as_ref()].into_iter().flatten()
    }

    /// Opens a segment; `None` when it is damaged, which is noted.
    pub(super) fn open(&self, shelved: &Shelved) -> Result<Option<Arc<Segment>>, Error> {
        self.asked.borrow_mut().insert(shelved.id());
        self.readable(shelved, shelved.open())
    }

    /// Returns what a segment answered; `None` when it is damaged: the others answer without it.
    pub(super) fn readable<T>(&self, shelved: &Shelved, answer: Result<T, Error>) -> Result<Option<T>, Error> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            // That says nothing of the segment.
            Err(error) if is_lack_of_handles(&error) => Err(error),
            Err(error @ (Error::Segment { .. } | Error::File { .. } | Error::Newer { .. })) => {
                self.desk.note_damage(shelved, &error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Finds the published parts of a trace.
    pub(super) fn locate(&self, id: TraceId) -> Result<Located, Error> {
        let mut located = Located { id, parts: Vec::new(), bytes: 0 };
        for shelved in self.parts.published.holding(id) {
            let Some(segment) = self.open(shelved)? else { continue };
            if let Some(listed) = self.readable(shelved, segment.listed(id))?.flatten() {
                located.bytes += listed.spans.saturating_mul(segment.row_bytes());
                located.parts.push((Arc::clone(shelved), listed));
            }
        }
        Ok(located)
    }

    /// Returns true when a trace is too large for a table, as far as what is published tells.
    pub(super) fn is_giant(&self, located: &Located) -> bool {
        located.rows() > self.desk.giant_rows || located.bytes > MOST_ROW_BYTES
    }

    /// Returns what the catalog knows of a trace beside its spans.
    pub(super) fn beside(&self, trace: &Located) -> Result<Gathered, Error> {
        let mut beside = Gathered::default();
        let waits = trace.parts.iter().any(|(_, listed)| listed.flags.meets(Flags::OPEN));
        if waits || self.parts.published.has_notes() {
            self.parts.published.catalog().gather(trace.id, &mut beside)?;
        }
        Ok(beside)
    }

    /// Gathers the published parts of traces, each segment read once; adds to what the catalog knows beside.
    pub(super) fn gather_published(&self, traces: Vec<(Located, Gathered)>) -> Result<Vec<(Located, Gathered)>, Error> {
        let mut of_segments = BTreeMap::<SegmentId, (Arc<Shelved>, Vec<TraceId>)>::new();
        let mut gathered = HashMap::new();
        let mut located = Vec::new();
        for (trace, beside) in traces {
            for (shelved, _) in &trace.parts {
                let entry = of_segments.entry(shelved.id()).or_insert_with(|| (Arc::clone(shelved), Vec::new()));
                entry.1.push(trace.id);
            }
            gathered.insert(trace.id, beside);
            located.push(trace);
        }
        for (shelved, ids) in of_segments.values() {
            let Some(segment) = self.open(shelved)? else { continue };
            let outcome = segment.gather(ids, &mut |id, span| {
                let Some(of_trace) = gathered.get_mut(&id) else { return };
                let (sequence, trace_id, span_id) = (span.sequence, id, span.record.span_id);
                let late = span.late_events.into_iter().map(|event| SpanEvent { trace_id, span_id, event });
                of_trace.late.extend(late.map(|event| (sequence, Timestamp::default(), event)));
                of_trace.spans.push((sequence, Arc::new(span.record)));
            });
            self.readable(shelved, outcome)?;
        }
        let whole = |trace: Located| gathered.remove(&trace.id).map(|of_trace| (trace, of_trace));
        Ok(located.into_iter().filter_map(whole).collect())
    }

    /// Gathers a trace from all parts; `None` when that is too much.
    pub(super) fn gather(&self, id: TraceId) -> Result<Option<Gathered>, Error> {
        let located = self.locate(id)?;
        if self.is_giant(&located) {
            return Ok(None);
        }
        let beside = self.beside(&located)?;
        let mut published = self.gather_published(vec![(located, beside)])?;
        let mut gathered = published.pop().map(|(_, gathered)| gathered).unwrap_or_default();
        for side in [self.parts.frozen.as_ref(), Some(&self.parts.active)].into_iter().flatten() {
            side.head().gather(id, &mut gathered);
        }
        Ok(Some(gathered).filter(|gathered| gathered.spans.len() as u64 <= self.desk.giant_rows))
    }

    /// Makes the table of one trace.
    pub(super) fn table_of(&self, id: TraceId, gathered: Gathered) -> Table {
        let mut table = self.desk.new_table();
        table.gather(id, gathered, &self.desk.prints);
        table
    }

    /// Lets the view of a head take what came.
    pub(super) fn catch_up(&self, side: &Side) -> Result<(), Error> {
        side.change_view(|view| {
            view.set_far(Arc::clone(&self.desk.far));
            let applied = side.head().since(view.seen());
            let unmet = applied.spread.iter().copied().filter(|id| !view.covers(*id)).collect();
            let mut older = self.older(side, unmet)?;
            let mut ask = |id| match older.remove(&id) {
                Some(older) => Ok(older),
                None => Ok(self.older(side, vec![id])?.remove(&id).flatten()),
            };
            view.catch_up(applied, &mut ask, &self.desk.prints)
        })
    }

    /// Gathers what the parts older than a head have of traces, and notes what lists count there for them; nothing of a
    /// trace that is too large.
    pub(super) fn older(&self, side: &Side, ids: Vec<TraceId>) -> Result<HashMap<TraceId, Option<Gathered>>, Error> {
        let frozen = self.parts.frozen.as_deref().filter(|frozen| !std::ptr::eq(*frozen, side));
        let mut counts = side.older.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = HashMap::new();
        let (mut batch, mut rows, mut bytes) = (Vec::new(), 0, 0);
        for id in ids {
            let located = self.locate(id)?;
            let of_trace = located.rows() + frozen.map_or(0, |frozen| frozen.head().spans_of(id));
            let own = side.head().spans_of(id);
            let is_too_much =
                counts.rows + of_trace > MOST_OLDER_ROWS || counts.bytes + located.bytes > MOST_OLDER_BYTES;
            if self.is_giant(&located) || of_trace + own > self.desk.giant_rows || is_too_much {
                found.insert(id, None);
                continue;
            }
            counts.rows += of_trace;
            counts.bytes += located.bytes;
            (rows, bytes) = (rows + of_trace, bytes + located.bytes);
            let beside = self.beside(&located)?;
            batch.push((located, beside));
            if rows > self.desk.giant_rows || bytes > BATCH_BYTES {
                self.note_older(frozen, std::mem::take(&mut batch), &mut counts, &mut found)?;
                (rows, bytes) = (0, 0);
            }
        }
        self.note_older(frozen, batch, &mut counts, &mut found)?;
        Ok(found)
    }

    fn note_older(
        &self,
        frozen: Option<&Side>,
        batch: Vec<(Located, Gathered)>,
        counts: &mut OlderCounts,
        found: &mut HashMap<TraceId, Option<Gathered>>,
    ) -> Result<(), Error> {
        for (located, mut gathered) in self.gather_published(batch)? {
            let id = located.id;
            let published = self.table_of(id, gathered.clone()).tally(&|_| false);
            frozen.into_iter().for_each(|frozen| frozen.head().gather(id, &mut gathered));
            let with_frozen = match frozen.filter(|frozen| frozen.head().contains(id)) {
                Some(frozen) => {
                    let all = self.table_of(id, gathered.clone()).tally(&|_| false);
                    Some((frozen.first(), all))
                }
                None => None,
            };
            counts.note(id, published, with_frozen);
            found.insert(id, Some(gathered));
        }
        Ok(())
    }
}
