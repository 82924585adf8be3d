//! Which spans of a trace stand out.

use std::cmp::Reverse;

use trackway_model::{Elapsed, SpanRecord, Timestamp};

use crate::{Outline, cursor::SpanPlace};

/// What stands out among the spans that ended.
#[derive(Default)]
pub(super) struct Ranked {
    /// The longest.
    pub(super) longest: Vec<(Reverse<Elapsed>, SpanPlace)>,
    /// The last to start of those that ended in an error: mostly the one that made the others fail.
    pub(super) last_failed: Option<SpanPlace>,
    pub(super) latest_end: Option<Timestamp>,
}

impl Ranked {
    pub(super) fn note(&mut self, span: &SpanRecord, place: SpanPlace) {
        let Some(duration) = span.duration() else { return };
        let bar = (Reverse(duration), place);
        let rank = self.longest.partition_point(|other| *other < bar);
        if rank < Outline::MOST {
            self.longest.insert(rank, bar);
            self.longest.truncate(Outline::MOST);
        }
        self.last_failed = self.last_failed.max(span.is_error().then_some(place));
        self.latest_end = self.latest_end.max(span.end);
    }

    /// Returns true when something else stands out once the span is gone.
    pub(super) fn needs(&self, span: &SpanRecord, place: SpanPlace) -> bool {
        let is_latest = span.end.is_some() && span.end == self.latest_end;
        is_latest || self.last_failed == Some(place) || self.longest.iter().any(|(_, other)| *other == place)
    }
}
