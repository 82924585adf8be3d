//! What the threads of a store share, and the changes that they make to it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
    time::Instant,
};

use trackway_model::{Batch, SpanEvent, Timestamp, TraceId, TraceRecord};

use super::{
    Head, Heads, Patience, Sequence, Shelf, Snapshot, Work,
    elsewhere::Older,
    flush::{self, Ready, Unpublished},
    room::is_lack_of_room,
};
use crate::{
    Ack, Config, Error,
    catalog::{Catalog, Flushed, Publication},
    counters::Counts,
    door::Door,
    wal::Position,
};

/// About how much memory a record takes in a head beside its content.
const ROW_BYTES: usize = 128;

/// About how much memory a batch takes once it is stored.
pub(crate) fn batch_bytes(batch: &Batch) -> u64 {
    let spans: usize = batch.spans.iter().map(|span| span.memory_bytes() + ROW_BYTES).sum();
    let events: usize = batch.events.iter().map(|late| size_of::<SpanEvent>() + late.event.memory_bytes()).sum();
    let traces: usize = batch.traces.iter().map(TraceRecord::memory_bytes).sum();
    (spans + events + traces) as u64
}

/// A head of so many bytes has about as many spans as bytes divided by this.
const SPAN_BYTES: u64 = 640;

pub(crate) struct Shared {
    pub(crate) heads: Arc<Heads>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) door: Arc<Door>,
    pub(crate) counts: Counts,
    pub(crate) work: Work,
    /// The traces that were deleted since the frozen head was frozen. Whoever deletes or publishes holds it, so that a
    /// deletion is either in a publication or behind it.
    doomed: Mutex<Vec<TraceId>>,
    /// Held while a head is written and published, and while merged segments are published.
    turn: Mutex<()>,
}

/// How much is kept in memory and in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// A head is written when it takes so much memory, or has so many spans.
    pub(crate) head_bytes: u64,
    pub(crate) head_spans: u64,
    pub(crate) max_log_bytes: u64,
}

impl Bounds {
    pub(crate) fn of(config: &Config) -> Self {
        let head_bytes = config.head_bytes();
        Self { head_bytes, head_spans: (head_bytes / SPAN_BYTES).max(1), max_log_bytes: config.max_log_bytes }
    }

    /// Returns true when a head is to be written.
    pub(crate) fn are_reached(&self, head: &Head) -> bool {
        head.bytes() >= self.head_bytes || head.spans() >= self.head_spans
    }
}

impl Shared {
    pub(crate) fn new(shelf: Shelf, catalog: Arc<Catalog>, door: Arc<Door>, first: Sequence) -> Self {
        Self {
            heads: Arc::new(Heads::new(first)),
            shelf: Arc::new(shelf),
            catalog,
            door,
            counts: Counts::default(),
            work: Work::default(),
            doomed: Mutex::default(),
            turn: Mutex::default(),
        }
    }

    /// Makes a durable batch visible.
    pub(crate) fn apply(&self, batch: Batch, arrival: Timestamp, patience: Option<Patience>) -> Ack {
        let (active, mut older) = (self.heads.active(), Older::of(self));
        let ack = {
            let mut head = active.head_mut();
            let ack = head.apply(batch, arrival, &mut |id| older.has(id));
            if let Some(patience) = patience {
                head.drop_waiting(patience);
            }
            ack
        };
        self.note_heads();
        ack
    }

    /// Tells the door how much memory the heads take.
    pub(crate) fn note_heads(&self) {
        let frozen = self.heads.frozen().map_or(0, |side| side.head().bytes());
        self.door.note_heads(self.heads.active().head().bytes() + frozen);
    }

    /// Deletes traces from every part, durable before it returns; what comes for them later is kept.
    pub(crate) fn delete(&self, ids: &[TraceId], position: Position) -> Result<(), Error> {
        let mut doomed = self.doomed();
        let frozen = self.heads.frozen();
        // First where it is durable: a trace that was gone must not come back with the next start.
        if self.is_stored(ids)? {
            self.shelf.delete(ids, position)?;
            if frozen.is_some() {
                doomed.extend(ids);
            }
        }
        for side in [Some(self.heads.active()), frozen].into_iter().flatten() {
            side.head_mut().delete(ids);
            side.change_view(|view| {
                view.delete(ids);
                side.forget_older(ids);
            });
        }
        drop(doomed);
        self.note_heads();
        Ok(())
    }

    /// Returns true when something of these traces is in the log or in segments, or known beside their spans.
    fn is_stored(&self, ids: &[TraceId]) -> Result<bool, Error> {
        let sides: Vec<_> = [Some(self.heads.active()), self.heads.frozen()].into_iter().flatten().collect();
        if sides.iter().any(|side| ids.iter().any(|id| side.head().contains(*id))) {
            return Ok(true);
        }
        let pinned = self.shelf.pin()?;
        for id in ids {
            let lookups = pinned.catalog();
            if pinned.holding(*id).next().is_some() || lookups.told(*id)?.is_some() || !lookups.late(*id)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes the frozen head as segments and publishes them; then it is there no more.
    ///
    /// # Errors
    /// [`Error`] when that could not be done; the head stays.
    pub(crate) fn write_frozen(&self, flushed: Flushed) -> Result<(), Error> {
        let Some(side) = self.heads.frozen() else { return Ok(()) };
        let began = Instant::now();
        // What is merged meanwhile waits: the segments that traces move out of must be there still.
        let turn = self.turn();
        let ready = flush::write(&side, &self.shelf, flushed)?;
        let (mut segments, mut spans, mut bytes) = (0, 0, 0);
        for segment in &ready.publication.added {
            segments += 1;
            spans += segment.spans;
            bytes += segment.bytes + segment.index_bytes;
        }
        self.publish_frozen(ready)?;
        drop((turn, side));
        // Nothing else keeps what was frozen in memory.
        self.heads.active().take_over();
        let counts = &self.counts;
        counts.flushes.fetch_add(1, Relaxed);
        counts.flushed_segments.fetch_add(segments, Relaxed);
        counts.flushed_spans.fetch_add(spans, Relaxed);
        counts.flushed_bytes.fetch_add(bytes, Relaxed);
        counts.flush_nanoseconds.fetch_add(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX), Relaxed);
        Ok(())
    }

    fn publish_frozen(&self, ready: Ready) -> Result<(), Error> {
        let Ready { mut publication, files } = ready;
        let mut doomed = self.doomed();
        publication.deleted = doomed.clone();
        self.publish(&publication, files)?;
        doomed.clear();
        self.note_tallies();
        self.heads.settle();
        drop(doomed);
        self.note_heads();
        Ok(())
    }

    /// Keeps what the frozen head counted, which is about to go.
    fn note_tallies(&self) {
        let Some(frozen) = self.heads.frozen() else { return };
        let tallies = frozen.head().tallies();
        self.counts.duplicates.fetch_add(tallies.duplicates, Relaxed);
        self.counts.superseded.fetch_add(tallies.superseded, Relaxed);
        self.counts.events_dropped.fetch_add(tallies.events_dropped, Relaxed);
    }

    /// Publishes new segments in the place of others.
    ///
    /// # Errors
    /// [`Error`] when they could not be published; those that are there stay.
    pub(crate) fn publish_merged(
        &self,
        files: Unpublished,
        publication: impl FnOnce(&Snapshot) -> Publication,
    ) -> Result<(), Error> {
        let _turn = self.turn();
        self.publish(&publication(&self.shelf.snapshot()), files)
    }

    fn publish(&self, publication: &Publication, files: Unpublished) -> Result<(), Error> {
        match self.shelf.publish(publication) {
            Err(error) if is_lack_of_room(&error) => Err(error),
            outcome => {
                // Where it failed otherwise, the next start finds out whether the catalog knows the files.
                files.keep();
                outcome
            }
        }
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doomed(&self) -> MutexGuard<'_, Vec<TraceId>> {
        self.doomed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
