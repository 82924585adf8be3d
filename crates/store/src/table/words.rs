//! The services and the span names of all traces, and how many spans each pair of them has; and the ids that foreign
//! clients gave their spans.

use std::{collections::HashMap, sync::Arc};

use trackway_model::{SpanRecord, Text, TraceId};

use super::{
    names::{NameId, Names},
    originals::Originals,
};

/// What all traces say, kept once.
#[derive(Default)]
pub(super) struct Words {
    pub(super) services: Names,
    /// Of spans, with the titles of spans and the names of traces: what a search looks at.
    pub(super) operations: Names,
    /// Conversations.
    pub(super) groups: Names,
    /// By service and operation.
    pub(super) tallies: HashMap<(NameId, NameId), Tally>,
    pub(super) originals: Originals,
    /// Knows the spans that are in other parts of the store.
    pub(super) far: Option<Far>,
}

/// Tells whether a part of the store has a span with a client's id in another trace than the one named.
pub(crate) type Far = Arc<dyn Fn(&Text, TraceId) -> bool + Send + Sync>;

/// How many spans of an operation there are, and how many of them failed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) spans: u64,
    pub(super) errors: u64,
}

impl Words {
    /// Returns true when a span with a client's id is in another trace.
    pub(super) fn is_elsewhere(&self, id: &Text, trace: TraceId) -> bool {
        self.originals.is_elsewhere(id, trace) || self.far.as_ref().is_some_and(|far| far(id, trace))
    }

    /// Counts a span and returns the numbers of its service and its name.
    pub(super) fn hold(&mut self, span: &SpanRecord) -> (NameId, NameId) {
        let pair = (self.services.hold(span.service()), self.operations.hold(&span.name));
        self.tallies.entry(pair).or_default().add(span);
        self.originals.hold(span);
        pair
    }

    /// Counts a span no more.
    pub(super) fn release(&mut self, span: &SpanRecord, service: NameId, name: NameId) {
        if let Some(tally) = self.tallies.get_mut(&(service, name))
            && tally.remove(span)
        {
            self.tallies.remove(&(service, name));
        }
        self.services.release(service);
        self.operations.release(name);
        self.originals.release(span);
    }
}

impl Tally {
    pub(super) fn add(&mut self, span: &SpanRecord) {
        self.spans += 1;
        self.errors += u64::from(span.is_error());
    }

    /// Returns true when that was the last span.
    pub(super) fn remove(&mut self, span: &SpanRecord) -> bool {
        self.spans -= 1;
        self.errors -= u64::from(span.is_error());
        self.spans == 0
    }
}
