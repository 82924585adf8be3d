//! What the index of a segment tells of a trace.

use std::ops::{BitOr, BitOrAssign};

use trackway_model::{Elapsed, Repeats, SpanRecord, Text, Timestamp, TraceId};

use crate::cursor::{TracePlace, trace_place};

/// A trace as a segment lists it: facts of the rows in this segment alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The trace.
    pub(crate) trace_id: TraceId,
    /// The earliest start of a row.
    pub(crate) start: Timestamp,
    /// The latest end of a row, or the latest start where that is later.
    pub(crate) last: Timestamp,
    /// How many rows there are.
    pub(crate) spans: u64,
    /// How many of them failed.
    pub(crate) errors: u64,
    /// What is special about some row.
    pub(crate) flags: Flags,
    /// The project of the earliest row.
    pub(crate) project: Text,
}

impl Listed {
    /// Returns where the trace stands in the list of traces, were there no other part of it.
    pub(crate) fn place(&self) -> TracePlace {
        trace_place(self.start, self.trace_id)
    }

    /// Makes the entry of a trace of which one row is known.
    pub(super) fn first(mark: &Mark<'_>) -> Self {
        let open = if mark.end.is_none() { Flags::OPEN } else { Flags::default() };
        Self {
            trace_id: mark.trace_id,
            start: mark.start,
            last: mark.last(),
            spans: 1,
            errors: u64::from(mark.is_error),
            flags: mark.flags | open,
            project: mark.project.into(),
        }
    }

    /// Adds a row, which stands behind the others in the file.
    pub(super) fn add(&mut self, mark: &Mark<'_>) {
        if *self.project != *mark.project {
            self.flags |= Flags::MIXED;
        }
        if mark.end.is_none() {
            self.flags |= Flags::OPEN;
        }
        self.flags |= mark.flags;
        self.start = self.start.min(mark.start);
        self.last = self.last.max(mark.last());
        self.spans += 1;
        self.errors += u64::from(mark.is_error);
    }

    /// Returns how long the trace lasts, were there no other part of it.
    pub(crate) fn duration(&self) -> Elapsed {
        self.last.since(self.start)
    }
}

/// What is special about some row of a trace; a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags(pub(super) u8);

impl Flags {
    /// A row has no end.
    pub(crate) const OPEN: Self = Self(1);
    /// A row takes the place of what has its ids.
    pub(crate) const REPLACE: Self = Self(1 << 1);
    /// A row says of itself what an agent did.
    pub(crate) const AGENT: Self = Self(1 << 2);
    /// A row has ids of its client's own.
    pub(crate) const FOREIGN: Self = Self(1 << 3);
    /// A row has events that came apart from it.
    pub(crate) const LATE: Self = Self(1 << 4);
    /// Not all rows are of one project.
    pub(crate) const MIXED: Self = Self(1 << 5);

    /// Returns true when each of these is in the set.
    pub(crate) fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Returns true when one of these at least is in the set.
    pub(crate) fn meets(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What the index of a segment has to know of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark<'a> {
    pub(super) trace_id: TraceId,
    pub(super) start: Timestamp,
    pub(super) end: Option<Timestamp>,
    /// Without [`Flags::OPEN`] and [`Flags::MIXED`], which are worked out.
    pub(super) flags: Flags,
    pub(super) is_error: bool,
    pub(super) project: &'a str,
}

impl<'a> Mark<'a> {
    fn last(&self) -> Timestamp {
        self.end.map_or(self.start, |end| end.max(self.start))
    }

    /// Returns what the index has to know of a span; some of its events may have come apart from it.
    pub(super) fn of(span: &'a SpanRecord, has_late_events: bool) -> Self {
        let mut flags = Flags::default();
        let special = [
            (span.repeats == Repeats::Replace, Flags::REPLACE),
            (span.data.is_some(), Flags::AGENT),
            (span.foreign.is_some(), Flags::FOREIGN),
            (has_late_events, Flags::LATE),
        ];
        special.into_iter().filter(|(is_so, _)| *is_so).for_each(|(_, flag)| flags |= flag);
        Self {
            trace_id: span.trace_id,
            start: span.start,
            end: span.end,
            flags,
            is_error: span.is_error(),
            project: &span.project,
        }
    }
}
