//! Merges segments: rows come in the order of the file from each, and go into one in that order.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use trackway_model::{Event, SpanId, SpanRecord, Timestamp, TraceId};

use crate::{
    Error, SegmentFilter, SegmentSpan, SegmentSpans,
    catalog::{LateEvent, SegmentId},
    engine::{Pinned, Shelved, Tallying},
    segment::file_order,
};

/// The rows of several segments in the order of the file, without those that are dead and without equal copies.
pub(super) struct Merge<'a> {
    pinned: &'a Pinned,
    inputs: Vec<Input>,
    /// The next row of each input, the first in the order of the file on top.
    next: BinaryHeap<Next>,
    /// The rows of one span that begin at one time, while more of them may come.
    run: Vec<SegmentSpan>,
    done: std::vec::IntoIter<SegmentSpan>,
    apart: Apart,
    /// What was left out because an equal row is there.
    pub(super) copies: Tallying,
    pub(super) copy_count: u64,
    /// The input that could not be read.
    pub(super) unreadable: Option<SegmentId>,
}

struct Input {
    shelved: Arc<Shelved>,
    spans: SegmentSpans,
}

/// A row that comes next from an input.
struct Next {
    row: SegmentSpan,
    input: usize,
}

/// Events that the catalog keeps apart from their spans.
#[derive(Default)]
struct Apart {
    traces: HashSet<TraceId>,
    events: HashMap<SpanId, Vec<(i64, Timestamp, Event)>>,
    of: Option<TraceId>,
    /// Those that are in rows now, and when they came.
    settled: HashSet<i64>,
    heard: Vec<(TraceId, Timestamp)>,
}

/// Among so many records with the same ids and start a copy is looked for.
const MOST_TWINS: usize = 1_024;

/// The most events kept apart that one merge folds into their rows.
const MOST_APART: usize = 100_000;

impl<'a> Merge<'a> {
    pub(super) fn new(pinned: &'a Pinned) -> Result<Self, Error> {
        Ok(Self {
            pinned,
            inputs: Vec::new(),
            next: BinaryHeap::new(),
            run: Vec::new(),
            done: Vec::new().into_iter(),
            apart: Apart::of(pinned)?,
            copies: Tallying::default(),
            copy_count: 0,
            unreadable: None,
        })
    }

    /// Adds the rows of a segment.
    pub(super) fn add(&mut self, shelved: &Arc<Shelved>) -> Result<(), Error> {
        let spans = shelved.open().and_then(|segment| segment.spans(&SegmentFilter::default()));
        let spans = spans.inspect_err(|_| self.unreadable = Some(shelved.id()))?;
        self.inputs.push(Input { shelved: Arc::clone(shelved), spans });
        self.advance(self.inputs.len() - 1)
    }

    /// Returns the next row; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<SegmentSpan>, Error> {
        loop {
            if let Some(row) = self.done.next() {
                return Ok(Some(row));
            }
            let Some(Next { row, input }) = self.next.pop() else {
                if self.run.is_empty() {
                    return Ok(None);
                }
                self.finish_run()?;
                continue;
            };
            self.advance(input)?;
            let is_over = |first: &SegmentSpan| !is_of_one_run(&first.record, &row.record);
            if self.run.first().is_some_and(is_over) || self.run.len() >= MOST_TWINS {
                self.finish_run()?;
            }
            self.join(row);
        }
    }

    /// The events that rows hold now and the catalog need not keep any more.
    pub(super) fn settled(&self) -> Vec<i64> {
        self.apart.settled.iter().copied().collect()
    }

    /// When these events came.
    pub(super) fn heard(&self) -> Vec<(TraceId, Timestamp)> {
        self.apart.heard.clone()
    }

    /// Takes the next living row of an input.
    fn advance(&mut self, input: usize) -> Result<(), Error> {
        let Some(Input { shelved, spans }) = self.inputs.get_mut(input) else { return Ok(()) };
        for row in spans {
            // Whoever asks that segment next tells the damage.
            let row = row.inspect_err(|_| self.unreadable = Some(shelved.id()))?;
            if !self.pinned.is_gone(row.record.trace_id, shelved) {
                self.next.push(Next { row, input });
                break;
            }
        }
        Ok(())
    }

    fn join(&mut self, row: SegmentSpan) {
        match self.run.iter_mut().find(|known| known.record == row.record) {
            Some(known) => {
                join_events(&mut known.late_events, row.late_events);
                self.copies.note_span(&row.record.project, &row.record, row.record.start);
                self.copy_count += 1;
            }
            None => self.run.push(row),
        }
    }

    /// Lets a run go on its way, with the events that came apart from it.
    fn finish_run(&mut self) -> Result<(), Error> {
        if let Some(first) = self.run.first_mut() {
            let events = self.apart.take(first.record.trace_id, first.record.span_id, self.pinned)?;
            join_events(&mut first.late_events, events);
        }
        self.done = std::mem::take(&mut self.run).into_iter();
        Ok(())
    }
}

fn join_events(known: &mut Vec<Event>, more: Vec<Event>) {
    for event in more {
        if !known.contains(&event) {
            known.push(event);
        }
    }
}

fn is_of_one_run(a: &SpanRecord, b: &SpanRecord) -> bool {
    (a.trace_id, a.start, a.span_id) == (b.trace_id, b.start, b.span_id)
}

impl Apart {
    fn of(pinned: &Pinned) -> Result<Self, Error> {
        let all = pinned.catalog().late_before(Timestamp(u64::MAX), MOST_APART)?;
        Ok(Self { traces: all.into_iter().map(|(_, trace, _)| trace).collect(), ..Self::default() })
    }

    /// Takes the events of a span.
    fn take(&mut self, trace: TraceId, span: SpanId, pinned: &Pinned) -> Result<Vec<Event>, Error> {
        if !self.traces.contains(&trace) {
            return Ok(Vec::new());
        }
        if self.of != Some(trace) {
            (self.of, self.events) = (Some(trace), HashMap::new());
            for late in pinned.catalog().late(trace)?.into_iter().filter(|late| !self.settled.contains(&late.id)) {
                let LateEvent { arrival, event, .. } = late.event;
                self.events.entry(event.span_id).or_default().push((late.id, arrival, event.event));
            }
        }
        let mut events = Vec::new();
        for (id, arrival, event) in self.events.remove(&span).unwrap_or_default() {
            self.settled.insert(id);
            self.heard.push((trace, arrival));
            events.push(event);
        }
        Ok(events)
    }
}

impl Next {
    fn order(&self) -> impl Ord + use<> {
        file_order(self.row.sequence, &self.row.record)
    }
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Next {}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        other.order().cmp(&self.order())
    }
}
