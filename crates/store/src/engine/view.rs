//! A head, arranged for questions when somebody asks.

use std::collections::HashSet;

use trackway_model::{SpanEvent, SpanId, SpanRecord, Timestamp, TraceId};

use super::{
    gathered::Gathered,
    head::{Applied, Seen},
};
use crate::{
    Ack, Announced, Deleted, Error,
    clock::Moment,
    table::{AnnouncedTallies, Fingerprints, Holding, Table},
};

/// What older parts have of a trace; `None` when that is too much to be gathered.
pub(crate) type Older<'a> = &'a mut dyn FnMut(TraceId) -> Result<Option<Gathered>, Error>;

/// The traces of a head as a table, whole: with what older parts have of them, and with the spans that were announced.
#[derive(Default)]
pub(crate) struct View {
    table: Table,
    seen: Seen,
    giants: HashSet<TraceId>,
}

impl View {
    /// How far it has taken what was applied to its head: what it takes next is `Head::since` that.
    pub(crate) fn seen(&self) -> Seen {
        self.seen
    }

    /// Takes what was applied to its head since it last did; afterwards its table answers exactly.
    ///
    /// # Errors
    /// Those of `older`. What was taken so far stays, and the rest is taken the next time.
    pub(crate) fn catch_up(&mut self, _applied: Applied, _older: Older<'_>, _prints: &Fingerprints) -> Result<(), Error> {
        Ok(())
    }

    /// The table, to be asked after it caught up.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Returns true when the trace is in the table or among the giants, so that no older part is to be asked for it.
    pub(crate) fn covers(&self, id: TraceId) -> bool {
        self.table.contains(id) || self.giants.contains(&id)
    }

    /// The traces of its head that are too large to be gathered; the table has nothing of them.
    pub(crate) fn giants(&self) -> &HashSet<TraceId> {
        &self.giants
    }

    /// Holds spans that were announced, within bounds.
    ///
    /// # Errors
    /// Those of `older`; then nothing was announced.
    pub(crate) fn announce(
        &mut self,
        _applied: Applied,
        _spans: Vec<SpanRecord>,
        _arrival: Timestamp,
        _moment: Moment,
        _bounds: &Announced,
        _older: Older<'_>,
        _prints: &Fingerprints,
    ) -> Result<Holding, Error> {
        Ok(Holding::default())
    }

    /// Forgets announced spans that were silent for too long, and finds what was lost since this was last asked; without
    /// any, it costs nothing.
    ///
    /// # Errors
    /// Those of `older`.
    pub(crate) fn tend(
        &mut self,
        _applied: Applied,
        _moment: Moment,
        _bounds: &Announced,
        _older: Older<'_>,
        _prints: &Fingerprints,
    ) -> Result<Holding, Error> {
        Ok(Holding::default())
    }

    /// Returns true while it holds announced spans: only then has an acknowledgement to be amended.
    pub(crate) fn has_announced(&self) -> bool {
        self.table.announced().spans > 0
    }

    /// Corrects what a head acknowledged, which knows nothing of announced spans: their traces were there before, and
    /// the events for them show at once.
    pub(crate) fn amend(&self, _events: &[(TraceId, SpanId)], _ack: &mut Ack) {}

    pub(crate) fn announced(&self) -> AnnouncedTallies {
        self.table.announced()
    }

    /// Makes the view of the next head, which the announced spans move to.
    pub(crate) fn succeed(&mut self) -> Self {
        Self::default()
    }

    /// Removes traces, also the announced spans of them; tells of those that its table has.
    pub(crate) fn delete(&mut self, ids: &[TraceId]) -> Deleted {
        self.giants.retain(|id| !ids.contains(id));
        self.table.delete(ids)
    }

    /// About how much memory it takes beside its head.
    pub(crate) fn bytes(&self) -> u64 {
        self.table.memory_bytes()
    }
}
