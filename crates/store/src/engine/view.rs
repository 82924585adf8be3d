//! A head, arranged for questions when somebody asks.
//!
//! Nothing is done for it while records come. Whoever asks lets it catch up first, which brings the records into a table;
//! of a trace that older parts have, too, it takes these in before. So the table always holds whole traces, and is exact.

use std::{collections::HashSet, sync::Arc};

use trackway_model::{SpanRecord, Timestamp, TraceId};

use super::{
    gathered::Gathered,
    head::{AnnouncedIds, Applied, LateEvent, Row, Seen},
};
use crate::{
    Announced, Deleted, Error,
    clock::Moment,
    table::{AnnouncedTallies, Far, Fingerprints, Holding, Intake, Moved, Table},
};

/// What older parts have of a trace; `None` when that is too much to be gathered.
pub(crate) type Older<'a> = &'a mut dyn FnMut(TraceId) -> Result<Option<Gathered>, Error>;

/// The traces of a head as a table, whole: with what older parts have of them, and with the spans that were announced.
#[derive(Default)]
pub(crate) struct View {
    table: Table,
    seen: Seen,
    /// The traces of which older parts were asked.
    met: HashSet<TraceId>,
    giants: HashSet<TraceId>,
    /// What was announced while an older head was the active one; held again when this is next asked.
    moved: Moved,
    /// Where its head looks which spans are announced.
    noted: Option<Arc<AnnouncedIds>>,
    /// Another view holds what is announced.
    is_succeeded: bool,
}

/// Spans that were announced, and the rules for them.
pub(crate) struct Announcing<'a> {
    pub(crate) spans: Vec<SpanRecord>,
    pub(crate) arrival: Timestamp,
    pub(crate) moment: Moment,
    pub(crate) bounds: &'a Announced,
}

impl View {
    /// How far it has taken what was applied to its head: what it takes next is `Head::since` that.
    pub(crate) fn seen(&self) -> Seen {
        self.seen
    }

    /// Takes what was applied to its head since it last did; afterwards its table answers exactly.
    ///
    /// # Errors
    /// Those of `older`. Nothing of what was applied is taken then, and all of it is the next time.
    pub(crate) fn catch_up(&mut self, applied: Applied, older: Older<'_>, prints: &Fingerprints) -> Result<(), Error> {
        let moved: Vec<_> = self.moved.keys().map(|(id, _)| *id).collect();
        for id in applied.spread.iter().copied().chain(moved) {
            self.meet(id, older, prints)?;
        }
        self.take(applied, prints);
        self.table.announce_again(std::mem::take(&mut self.moved), prints);
        self.note_announced();
        Ok(())
    }

    /// Lets its head know which spans are announced.
    fn note_announced(&self) {
        if let Some(noted) = &self.noted {
            noted.set(self.table.announced_spans().chain(self.moved.keys().copied()));
        }
    }

    /// Takes in what older parts have of a trace, when it is met for the first time.
    fn meet(&mut self, id: TraceId, older: Older<'_>, prints: &Fingerprints) -> Result<(), Error> {
        if self.met.contains(&id) {
            return Ok(());
        }
        match older(id)? {
            Some(gathered) => self.table.gather(id, gathered, prints),
            None => drop(self.giants.insert(id)),
        }
        self.met.insert(id);
        Ok(())
    }

    fn take(&mut self, applied: Applied, prints: &Fingerprints) {
        let Applied { rows, late, told, dropped, news, announced, until, .. } = applied;
        self.seen = until;
        if !self.is_succeeded {
            self.noted = Some(announced);
        }
        let Self { table, giants, .. } = self;
        for row in rows.iter().filter(|row| giants.contains(&row.record.trace_id)) {
            table.drop_announced(row.record.trace_id, row.record.span_id);
        }
        let mut intake = table.intake(prints);
        for telling in told.into_iter().filter(|telling| !giants.contains(&telling.record.trace_id)) {
            intake.told(telling.arrival, telling.record);
        }
        let mut late = late.into_iter().filter(|late| !giants.contains(&late.event.trace_id)).peekable();
        for Row { sequence, arrival, record, is_only } in rows {
            while let Some(late) = late.next_if(|late| late.sequence < sequence) {
                take_event(&mut intake, late);
            }
            match is_only {
                _ if giants.contains(&record.trace_id) => {}
                true => intake.only_span(sequence, arrival, record),
                false => intake.span(sequence, arrival, record),
            }
        }
        late.for_each(|late| take_event(&mut intake, late));
        for (id, news) in news {
            table.note_news(id, news);
        }
        for event in dropped {
            table.drop_event(event.trace, event.span, event.sequence);
        }
    }

    /// Lets the table ask other parts where the parents of its traces are.
    pub(crate) fn set_far(&mut self, far: Far) {
        self.table.set_far(far);
    }

    /// The table, to be asked after it caught up. Of the giants it has announced spans only, if any.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Returns true when the trace is in the table or among the giants, so that no older part is to be asked for it.
    pub(crate) fn covers(&self, id: TraceId) -> bool {
        self.table.contains(id) || self.giants.contains(&id)
    }

    /// The traces of its head, and of announced spans, that are too large to be gathered.
    pub(crate) fn giants(&self) -> &HashSet<TraceId> {
        &self.giants
    }

    /// Holds spans that were announced, within bounds.
    ///
    /// # Errors
    /// Those of `older`; then nothing was announced.
    pub(crate) fn announce(
        &mut self,
        applied: Applied,
        announcing: Announcing<'_>,
        older: Older<'_>,
        prints: &Fingerprints,
    ) -> Result<Holding, Error> {
        self.catch_up(applied, older, prints)?;
        let Announcing { mut spans, arrival, moment, bounds } = announcing;
        spans.retain(|record| record.end.is_none());
        for record in &spans {
            // A trace that came from the head is whole.
            if !self.table.contains(record.trace_id) {
                self.meet(record.trace_id, older, prints)?;
            }
        }
        let spans = prints.prepare(spans);
        let holding = self.table.announce(spans, arrival, moment, bounds);
        self.note_announced();
        Ok(holding)
    }

    /// Forgets announced spans that were silent for too long, and finds what was lost since this was last asked; without
    /// any it takes nothing of what was applied.
    ///
    /// # Errors
    /// Those of `older`.
    pub(crate) fn tend(
        &mut self,
        applied: impl FnOnce(Seen) -> Applied,
        moment: Moment,
        bounds: &Announced,
        older: Older<'_>,
        prints: &Fingerprints,
    ) -> Result<Holding, Error> {
        if self.has_announced() {
            self.catch_up(applied(self.seen), older, prints)?;
        }
        let holding = self.table.tend(moment, bounds);
        self.note_announced();
        Ok(holding)
    }

    /// Returns true while it holds announced spans.
    pub(crate) fn has_announced(&self) -> bool {
        self.announced().spans > 0
    }

    pub(crate) fn announced(&self) -> AnnouncedTallies {
        let held = self.table.announced();
        AnnouncedTallies { spans: held.spans + self.moved.len() as u64, ..held }
    }

    /// Makes the view of the next head, which the announced spans move to.
    pub(crate) fn succeed(&mut self) -> Self {
        let mut moved = std::mem::take(&mut self.moved);
        moved.append(&mut self.table.take_announced());
        let mut next = Self { moved, noted: self.noted.take(), ..Self::default() };
        self.is_succeeded = true;
        next.table.follow(&self.table);
        next
    }

    /// Removes traces, also the announced spans of them; tells of those that its table has.
    pub(crate) fn delete(&mut self, ids: &[TraceId]) -> Deleted {
        for id in ids {
            self.giants.remove(id);
            self.met.remove(id);
        }
        self.moved.retain(|(id, _), _| !ids.contains(id));
        let deleted = self.table.delete(ids);
        self.note_announced();
        deleted
    }

    /// About how much memory it takes beside its head.
    pub(crate) fn bytes(&self) -> u64 {
        self.table.memory_bytes()
    }
}

fn take_event(intake: &mut Intake<'_>, late: LateEvent) {
    let LateEvent { sequence, arrival, event } = late;
    intake.event(sequence, arrival, event);
}

#[cfg(test)]
mod tests;
