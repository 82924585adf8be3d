//! What of a question can be decided row by row.

use trackway_model::Timestamp;

use crate::{SpanFilter, TraceQuery, filter::Reach};

/// What a trace must have rows for, and when these can be.
///
/// Each of the conditions must be met by a row, and they may be met by different ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    /// A row is as this says.
    pub(super) spans: Option<SpanFilter>,
    /// The name or the title of a row contains this, whatever the case.
    pub(super) name: Option<String>,
    /// A row is of this service.
    pub(super) service: Option<String>,
    /// No row before this time is looked at.
    pub(super) start: Option<Timestamp>,
    /// Only traces that the segment lists before this time are named.
    pub(super) before: Option<Timestamp>,
}

impl Wanted {
    /// Returns what rows are needed for; `None` where the question does not ask for a span.
    ///
    /// The name of the whole trace, which clients may tell of, can also be what [`TraceQuery::name`] asks for: a segment
    /// does not know of it.
    pub(crate) fn of(query: &TraceQuery) -> Option<Self> {
        let (spans, name, service) = (query.spans.clone(), query.name.clone(), query.service.clone());
        if spans.is_none() && name.is_none() && service.is_none() {
            return None;
        }
        // A span never starts before its trace.
        Some(Self { spans, name, service, start: query.start, before: None })
    }

    /// Leaves out the traces that the segment lists at this time or later, and the rows that only they can have.
    ///
    /// A trace that has other parts may begin earlier as a whole than this segment lists it.
    #[must_use]
    pub(crate) fn before(self, time: Timestamp) -> Self {
        Self { before: Some(time), ..self }
    }

    /// Returns true when events decide: then those that came apart and are not in the segment can also do so.
    pub(crate) fn looks_at_events(&self) -> bool {
        self.spans.as_ref().is_some_and(|spans| spans.reach() == Some(Reach::Events))
    }
}

/// A trace must have a row for each; of the first it must have one in the segment that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    Spans(SpanFilter),
    Name(String),
    Service(String),
}

impl Wanted {
    /// Returns what is asked for, what mostly fewer rows meet first.
    ///
    /// The order is the same for all segments: a trace that is spread is named by whichever has a row for the first.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        let spans = self.spans.clone().map(Condition::Spans);
        let name = self.name.clone().map(Condition::Name);
        let service = self.service.clone().map(Condition::Service);
        [spans, name, service].into_iter().flatten().collect()
    }
}
