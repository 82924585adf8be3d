//! What the rows of a flush tell of their traces, found with one look at each of them.

use std::collections::BTreeSet;

use trackway_model::{SpanId, SpanRecord, Text, Timestamp, TraceId};

use super::{days::Row, shown::Shown};
use crate::{
    engine::{Sequence, Tallies, Tallying},
    quick::{HashMap, HashSet},
};

/// What is known of a trace as a whole.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// The project that it lists under.
    pub(super) project: Text,
    /// Its earliest start.
    pub(super) start: Timestamp,
    /// The first of its rows that came, when no older segment counts it: the segment that has this row does.
    pub(super) first: Option<Sequence>,
}

/// What rows tell.
#[derive(Default)]
pub(super) struct Survey {
    /// Of every trace that has rows.
    pub(super) facts: HashMap<TraceId, Facts>,
    /// The traces with an open span.
    pub(super) open: Vec<TraceId>,
    /// The ids that clients of their own kind gave to spans.
    pub(super) originals: Vec<(Text, TraceId, SpanId)>,
    /// The conversations that spans name, each with its traces.
    pub(super) conversations: BTreeSet<(Text, TraceId)>,
}

impl Survey {
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut survey = Self::default();
        let mut shown: HashMap<TraceId, Shown<'_>> = HashMap::default();
        for (sequence, span) in rows {
            shown.entry(span.trace_id).or_default().note(*sequence, span);
            survey.note(span);
        }
        let facts = |(id, shown): (TraceId, Shown<'_>)| {
            let (project, start) = (shown.project()?.clone(), shown.start()?);
            Some((id, Facts { project, start, first: shown.first() }))
        };
        survey.facts = shown.into_iter().filter_map(facts).collect();
        survey
    }

    fn note(&mut self, span: &SpanRecord) {
        if span.end.is_none() {
            self.open.push(span.trace_id);
        }
        if let Some(foreign) = &span.foreign {
            self.originals.push((foreign.id.clone(), span.trace_id, span.span_id));
        }
        if let Some(conversation) = span.data.as_ref().and_then(|data| data.conversation.as_ref()) {
            self.conversations.insert((conversation.clone(), span.trace_id));
        }
    }
}

/// Counts the rows of a segment in the order of the file, as these are written.
pub(super) struct Counting<'a> {
    facts: &'a HashMap<TraceId, Facts>,
    tallying: Tallying,
    met: HashSet<TraceId>,
    lag: u64,
    /// The trace of the row before: the rows of one mostly lie together.
    last: Option<(TraceId, &'a Facts)>,
}

impl<'a> Counting<'a> {
    pub(super) fn new(facts: &'a HashMap<TraceId, Facts>) -> Self {
        Self { facts, tallying: Tallying::default(), met: HashSet::default(), lag: 0, last: None }
    }

    /// Counts a row for the lists; a trace is counted where its first row is.
    pub(super) fn note(&mut self, sequence: Sequence, span: &SpanRecord) {
        let Some(facts) = self.facts_of(span) else { return };
        self.tallying.note_span(&facts.project, span, facts.start);
        if facts.first == Some(sequence) {
            self.tallying.note_trace(&facts.project);
        }
    }

    fn facts_of(&mut self, span: &SpanRecord) -> Option<&'a Facts> {
        let id = span.trace_id;
        if let Some((_, facts)) = self.last.filter(|(last, _)| *last == id) {
            return Some(facts);
        }
        let facts = self.facts.get(&id)?;
        self.last = Some((id, facts));
        // In the order of the file, the first row of a trace is its earliest.
        if self.met.insert(id) {
            self.lag = self.lag.max(span.start.0.saturating_sub(facts.start.0));
        }
        Some(facts)
    }

    /// Returns the counts, and by how much a trace of these rows starts before the first of its rows here, at most.
    pub(super) fn finish(self) -> (Tallies, u64) {
        (self.tallying.finish(), self.lag)
    }
}
