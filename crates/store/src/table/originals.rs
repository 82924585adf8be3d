//! Finds spans by the ids that their clients gave them.

use std::{collections::BTreeMap, ops::Bound};

use trackway_model::{SpanId, SpanRecord, Text, TraceId};

/// An id as it came, and the span that has it.
type Entry = (Text, [u8; 16], [u8; 8]);

/// The spans of clients that have ids of their own, with how many records each span has.
#[derive(Default)]
pub(crate) struct Originals(BTreeMap<Entry, u64>);

impl Originals {
    pub(crate) fn hold(&mut self, span: &SpanRecord) {
        if let Some(entry) = entry(span) {
            *self.0.entry(entry).or_default() += 1;
        }
    }

    pub(crate) fn release(&mut self, span: &SpanRecord) {
        let Some(entry) = entry(span) else { return };
        let Some(records) = self.0.get_mut(&entry) else { return };
        *records -= 1;
        if *records == 0 {
            self.0.remove(&entry);
        }
    }

    /// Returns the spans with an id, in order of their trace and their own id.
    pub(crate) fn find(&self, id: &str) -> impl Iterator<Item = (TraceId, SpanId)> {
        let from = (Text::from(id), [0; 16], [0; 8]);
        let found = self.0.range((Bound::Included(&from), Bound::Unbounded)).map(|(entry, _)| entry);
        found
            .take_while(move |(text, ..)| *text == from.0)
            .filter_map(|(_, trace, span)| Some((TraceId::new(*trace)?, SpanId::new(*span)?)))
    }

    /// Returns true when a span with an id is in another trace than `trace`.
    pub(super) fn is_elsewhere(&self, id: &Text, trace: TraceId) -> bool {
        let own = trace.bytes();
        let before = (id.clone(), [0; 16], [0; 8])..(id.clone(), own, [0; 8]);
        let behind = (
            Bound::Excluded((id.clone(), own, [u8::MAX; 8])),
            Bound::Included((id.clone(), [u8::MAX; 16], [u8::MAX; 8])),
        );
        self.0.range(before).next().is_some() || self.0.range(behind).next().is_some()
    }
}

fn entry(span: &SpanRecord) -> Option<Entry> {
    let foreign = span.foreign.as_ref()?;
    Some((foreign.id.clone(), span.trace_id.bytes(), span.span_id.bytes()))
}
