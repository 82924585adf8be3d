//! What is told of a trace as a whole, and what its spans come to.

use std::sync::Arc;

use trackway_model::{SpanRecord, TraceRecord};

use super::Trace;
use crate::{
    AgentTotals, Failure,
    table::{
        Came, about_bytes,
        agents::{AGENTS_OVERHEAD, Agents},
        run::Run,
        words::Words,
    },
};

impl Trace {
    /// Takes what the client tells of the whole trace.
    pub(in crate::table) fn tell(&mut self, record: Arc<TraceRecord>, came: Came, words: &mut Words) {
        self.news = self.news.max(came.arrival);
        self.bytes += about_bytes(&record);
        let before = self.agents_mut().tell(record, came, words);
        self.bytes -= before.as_ref().map_or(0, |before| about_bytes(before));
    }

    /// What the trace has beside its spans.
    pub(in crate::table) fn agents(&self) -> Option<&Agents> {
        self.agents.as_deref()
    }

    pub(super) fn agents_mut(&mut self) -> &mut Agents {
        let bytes = &mut self.bytes;
        self.agents.get_or_insert_with(|| {
            *bytes += AGENTS_OVERHEAD;
            Box::default()
        })
    }

    /// What the client tells of the whole trace.
    pub(in crate::table) fn about(&self) -> Option<&Arc<TraceRecord>> {
        self.agents()?.about.as_ref().map(|about| &about.record)
    }

    /// Returns true when the client told so last.
    pub(in crate::table) fn knows_record(&self, record: &TraceRecord) -> bool {
        self.about().is_some_and(|about| **about == *record)
    }

    /// What the spans come to.
    fn run(&self) -> Option<&Run> {
        Some(self.agents()?.run(self.spans.values().map(|kept| &kept.record)))
    }

    /// What agents did; `None` when no span is known to be of one.
    pub(in crate::table) fn totals(&self) -> Option<Arc<AgentTotals>> {
        self.run()?.totals.clone()
    }

    /// The first span that is a part of no other that is there.
    pub(in crate::table) fn first_top(&self) -> Option<&SpanRecord> {
        self.run()?.first_top.as_deref()
    }

    /// Returns true when a span ended in an error that was not survived.
    pub(in crate::table) fn has_failed(&self) -> bool {
        self.errors > 0 && (!self.has_agents_at_work() || self.run().is_some_and(|run| run.failure.is_some()))
    }

    fn has_agents_at_work(&self) -> bool {
        self.agents().is_some_and(Agents::are_working)
    }

    /// What made the trace fail.
    pub(in crate::table) fn failure(&self) -> Option<Failure> {
        if self.has_agents_at_work() {
            return self.run()?.failure.clone();
        }
        let place = self.ranked().last_failed?;
        self.at(place).map(|span| Failure::of(span))
    }
}
