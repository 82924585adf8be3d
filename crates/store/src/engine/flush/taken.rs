//! What a head holds when it is written.

use std::sync::Arc;

use trackway_model::{Event, Repeats, SpanId, SpanRecord, Timestamp, TraceId, TraceRecord};

use super::days::Row;
use crate::{
    catalog::LateEvent,
    engine::{Gathered, Head},
    quick::{HashMap, HashSet},
};

/// Everything of a head that stays, taken out of it under its lock.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) rows: Vec<Row>,
    /// The events that came apart from spans whose rows are here.
    pub(super) late: HashMap<(TraceId, SpanId), Vec<Event>>,
    /// Those of other spans.
    pub(super) apart: Vec<LateEvent>,
    /// What clients told last of whole traces.
    pub(super) told: HashMap<TraceId, (Timestamp, Arc<TraceRecord>)>,
    /// The traces of which older parts have something, too.
    pub(super) spread: HashMap<TraceId, Came>,
    /// When something last came of traces that wait for something.
    pub(super) news: HashMap<TraceId, Timestamp>,
}

/// What came of a trace that older parts know.
pub(super) struct Came {
    pub(super) rows: Vec<Row>,
    /// A row of it may take the place of an older one, or give way to it.
    pub(super) is_unsettled: bool,
}

impl Came {
    fn of(head: &Head, id: TraceId) -> Self {
        let mut gathered = Gathered::default();
        // Also what was replaced here: it has to take the place of what is older, too.
        head.gather(id, &mut gathered);
        let is_unsettled = gathered.spans.iter().any(|(_, record)| is_unsettled(record));
        Self { rows: gathered.spans, is_unsettled }
    }
}

impl Taken {
    pub(super) fn of(head: &Head) -> Self {
        let mut taken = Self { rows: Vec::with_capacity(head.spans() as usize), ..Self::default() };
        taken.spread = head.trace_ids().filter(|id| head.is_spread(*id)).map(|id| (id, Came::of(head, id))).collect();
        let mut waiting: HashSet<TraceId> = taken.spread.keys().copied().collect();
        for row in head.rows() {
            let (id, record) = (row.record.trace_id, &row.record);
            if record.end.is_none() {
                waiting.insert(id);
            }
            taken.rows.push((row.sequence, Arc::clone(record)));
        }
        for late in head.late() {
            let (id, span) = (late.event.trace_id, late.event.span_id);
            if head.has_span(id, span) {
                taken.late.entry((id, span)).or_default().push(late.event.event.clone());
            } else {
                let (sequence, arrival) = (late.sequence, late.arrival);
                taken.apart.push(LateEvent { sequence, arrival, event: late.event.clone() });
            }
        }
        for telling in head.tellings() {
            let id = telling.record.trace_id;
            waiting.insert(id);
            taken.told.insert(id, (telling.arrival, Arc::clone(&telling.record)));
        }
        taken.news = waiting.into_iter().filter_map(|id| Some((id, head.news(id)?))).collect();
        taken
    }
}

impl Taken {
    /// Takes the rows of traces that moved here in the place of those that came.
    pub(super) fn replace(&mut self, moved: &[TraceId], rows: Vec<Row>) {
        if moved.is_empty() {
            return;
        }
        let moved: HashSet<TraceId> = moved.iter().copied().collect();
        self.rows.retain(|(_, span)| !moved.contains(&span.trace_id));
        let spans: HashSet<_> = rows.iter().map(|(_, span)| (span.trace_id, span.span_id)).collect();
        for late in self.apart.extract_if(.., |late| spans.contains(&(late.event.trace_id, late.event.span_id))) {
            let events = self.late.entry((late.event.trace_id, late.event.span_id)).or_default();
            let news = self.news.entry(late.event.trace_id).or_default();
            *news = late.arrival.max(*news);
            if !events.contains(&late.event.event) {
                events.push(late.event.event);
            }
        }
        self.rows.extend(rows);
    }
}

/// Returns true when a record can take another's place, or another its.
fn is_unsettled(record: &SpanRecord) -> bool {
    record.end.is_none() || record.repeats == Repeats::Replace
}
