//! Merges segments: rows come in the order of the file from each, and go into one in that order.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use trackway_model::{Event, SpanId, SpanRecord, Timestamp, TraceId};

use crate::{
    Error, SegmentFilter, SegmentSpan, SegmentSpans,
    catalog::{LateEvent, SegmentId},
    engine::{Shelf, Shelved, Snapshot, Tallying, room::is_lack_of_handles},
    segment::{bucket_of, file_order},
};

/// The rows of several segments in the order of the file, without those that are dead and without equal copies.
///
/// It takes minutes, so it does not hold on to a state of the catalog: what the catalog writes meanwhile could not be
/// written over.
pub(super) struct Merge<'a> {
    shelf: &'a Shelf,
    /// What was published when it began.
    base: Arc<Snapshot>,
    /// Those of which the turn has come.
    inputs: Vec<Input>,
    /// Those that begin later, the first of them last.
    waiting: Vec<Arc<Shelved>>,
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
    /// Absent when all rows were read: they hold memory.
    spans: Option<SegmentSpans>,
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
    /// Those that are in rows now with the traces that they are of, and when they came.
    settled: HashMap<i64, TraceId>,
    heard: Vec<(TraceId, Timestamp)>,
}

/// Among so many records with the same ids and start a copy is looked for.
const MOST_TWINS: usize = 1_024;

/// The most events kept apart that one merge folds into their rows.
const MOST_APART: usize = 100_000;

impl<'a> Merge<'a> {
    /// Begins with segments of the base, of which only those take memory that have rows of one time.
    pub(super) fn new(shelf: &'a Shelf, base: Arc<Snapshot>, segments: &[Arc<Shelved>]) -> Result<Self, Error> {
        let mut waiting = segments.to_vec();
        waiting.sort_by_key(|it| Reverse(it.starts().0));
        Ok(Self {
            shelf,
            base,
            inputs: Vec::new(),
            waiting,
            next: BinaryHeap::new(),
            run: Vec::new(),
            done: Vec::new().into_iter(),
            apart: Apart::of(shelf)?,
            copies: Tallying::default(),
            copy_count: 0,
            unreadable: None,
        })
    }

    /// Takes up the segments that may have a row which comes before the next one that is known.
    fn take_up(&mut self) -> Result<(), Error> {
        while let Some(shelved) = self.waiting.last()
            && self.next.peek().is_none_or(|next| may_begin(shelved) <= bucket_of(next.row.record.start))
            && let Some(shelved) = self.waiting.pop()
        {
            let spans = shelved.open().and_then(|segment| segment.spans(&SegmentFilter::default()));
            let spans = spans.inspect_err(|error| self.unreadable = blamed(&shelved, error))?;
            self.inputs.push(Input { shelved, spans: Some(spans) });
            self.advance(self.inputs.len() - 1)?;
        }
        Ok(())
    }

    /// Returns the next row; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<SegmentSpan>, Error> {
        loop {
            if let Some(row) = self.done.next() {
                return Ok(Some(row));
            }
            self.take_up()?;
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

    /// The events that rows hold now and the catalog need not keep any more, each with its trace.
    pub(super) fn settled(&self) -> HashMap<i64, TraceId> {
        self.apart.settled.clone()
    }

    /// When these events came.
    pub(super) fn heard(&self) -> Vec<(TraceId, Timestamp)> {
        self.apart.heard.clone()
    }

    /// Takes the next living row of an input.
    fn advance(&mut self, input: usize) -> Result<(), Error> {
        let Some(Input { shelved, spans }) = self.inputs.get_mut(input) else { return Ok(()) };
        for row in spans.iter_mut().flatten() {
            // Whoever asks that segment next tells the damage.
            let row = row.inspect_err(|error| self.unreadable = blamed(shelved, error))?;
            if !self.base.is_gone(row.record.trace_id, shelved) {
                self.next.push(Next { row, input });
                return Ok(());
            }
        }
        *spans = None;
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
            let events = self.apart.take(first.record.trace_id, first.record.span_id, self.shelf)?;
            join_events(&mut first.late_events, events);
        }
        self.done = std::mem::take(&mut self.run).into_iter();
        Ok(())
    }
}

/// Returns the segment that is to be left out from now on: one that could not be opened for lack of handles is not.
fn blamed(shelved: &Shelved, error: &Error) -> Option<SegmentId> {
    (!is_lack_of_handles(error)).then(|| shelved.id())
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
    fn of(shelf: &Shelf) -> Result<Self, Error> {
        let all = shelf.pin()?.catalog().late_before(Timestamp(u64::MAX), MOST_APART)?;
        Ok(Self { traces: all.into_iter().map(|(_, trace, _)| trace).collect(), ..Self::default() })
    }

    /// Takes the events of a span.
    fn take(&mut self, trace: TraceId, span: SpanId, shelf: &Shelf) -> Result<Vec<Event>, Error> {
        if !self.traces.contains(&trace) {
            return Ok(Vec::new());
        }
        if self.of != Some(trace) {
            (self.of, self.events) = (Some(trace), HashMap::new());
            let late = shelf.pin()?.catalog().late(trace)?;
            for late in late.into_iter().filter(|late| !self.settled.contains_key(&late.id)) {
                let LateEvent { arrival, event, .. } = late.event;
                self.events.entry(event.span_id).or_default().push((late.id, arrival, event.event));
            }
        }
        let mut events = Vec::new();
        for (id, arrival, event) in self.events.remove(&span).unwrap_or_default() {
            self.settled.insert(id, trace);
            self.heard.push((trace, arrival));
            events.push(event);
        }
        Ok(events)
    }
}

/// The bucket of the file's order in which a segment has its first row, or an earlier one.
fn may_begin(shelved: &Shelved) -> u64 {
    bucket_of(shelved.starts().0)
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
