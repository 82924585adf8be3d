//! What is published: segments that do not change any more, each opened when somebody asks it.

mod beside;
mod counting;
mod gone;
mod opened;
mod shelved;
mod snapshot;
mod start;
#[cfg(test)]
mod tests;

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use trackway_model::TraceId;

use super::tallies::Tallies;
use crate::{
    Damage, Error,
    catalog::{
        Age, Catalog, Change, Deletion, Flushed, Lookups, Publication, Reader, Readers, SegmentEntry, SegmentId,
        segment_path,
    },
    wal::Position,
};

pub(crate) use opened::OpenBounds;
pub(crate) use shelved::Shelved;
pub(crate) use snapshot::Snapshot;

use opened::Opened;
use start::Start;

/// The published segments, and what changes them.
pub(crate) struct Shelf {
    directory: PathBuf,
    catalog: Arc<Catalog>,
    readers: Readers,
    opened: Arc<Opened>,
    snapshot: Mutex<Arc<Snapshot>>,
    /// Written to while a change becomes true, so that whoever asks the catalog as well asks about the same state.
    changing: RwLock<()>,
    /// Held by whoever publishes: one at a time.
    publishing: Mutex<()>,
    next_segment: AtomicU64,
    /// How far the log was in segments at the start.
    flushed: Option<Flushed>,
}

/// What is published at one moment, with what the catalog knows beside it.
pub(crate) struct Pinned {
    snapshot: Arc<Snapshot>,
    reader: Reader,
}

impl Shelf {
    /// Takes what the catalog has published, and tells what of it is damaged or missing.
    ///
    /// No segment is opened, unless the catalog was lost: then what it knew is found out again from the segments. Files
    /// that are not published are removed.
    pub(crate) fn open(
        directory: &Path,
        quarantine: &Path,
        catalog: Arc<Catalog>,
        bounds: OpenBounds,
    ) -> Result<(Self, Vec<Damage>), Error> {
        let readers = catalog.readers();
        let start = Start { directory, quarantine, catalog: &catalog, readers: &readers };
        let (published, mut damaged) = start.run()?;
        let opened = Arc::new(Opened::new(bounds));
        let flushed = published.flushed;
        let next_segment = published.next_segment.0.max(1);
        let (snapshot, missing) = Snapshot::new(directory, published, &opened);
        damaged.extend(missing);
        let shelf = Self {
            directory: directory.to_owned(),
            catalog,
            readers,
            opened,
            snapshot: Mutex::new(Arc::new(snapshot)),
            changing: RwLock::default(),
            publishing: Mutex::default(),
            next_segment: AtomicU64::new(next_segment),
            flushed,
        };
        Ok((shelf, damaged))
    }

    /// Returns a number for a segment that is about to be written.
    pub(crate) fn reserve(&self) -> SegmentId {
        SegmentId(self.next_segment.fetch_add(1, Relaxed))
    }

    /// Returns where the Parquet file of a segment is to be written.
    pub(crate) fn path_of(&self, day: u32, id: SegmentId) -> PathBuf {
        self.directory.join(segment_path(day, id))
    }

    /// Returns what is published now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns what is published now, with what the catalog knows beside it.
    pub(crate) fn pin(&self) -> Result<Pinned, Error> {
        let _unchanged = self.changing.read().unwrap_or_else(PoisonError::into_inner);
        Ok(Pinned { snapshot: self.snapshot(), reader: self.readers.begin()? })
    }

    /// Makes a publication durable and visible: all of it or nothing.
    pub(crate) fn publish(&self, publication: &Publication) -> Result<(), Error> {
        let _turn = self.turn();
        let before = self.snapshot();
        let first = before.next_age();
        let age = before.age_of_replacement(&publication.removed);
        let ages = (first.0..).map(Age);
        let added: Vec<_> = publication
            .added
            .iter()
            .zip(ages)
            .map(|(about, next)| {
                let path = segment_path(about.day, about.id);
                SegmentEntry { age: age.unwrap_or(next), path, about: about.clone() }
            })
            .collect();
        let next_age = if age.is_some() { first } else { Age(first.0 + added.len() as u64) };
        let moved = publication.moved.iter().map(|id| (*id, first));
        let gone: Vec<_> = moved.chain(publication.deleted.iter().map(|id| (*id, next_age))).collect();
        let mut after = before.changed(&self.directory, publication, &added, next_age, &self.opened);
        let reader = self.readers.begin()?;
        let tallies = after.recount(publication, &before, &|id| reader.lookups().told_project(id))?;
        drop(reader);
        after.note_gone(&gone);
        let cleared = after.clear_gone();
        let accompanied = self.accompanied(publication, &after)?;
        let change = Change {
            publication,
            added: &added,
            gone: &gone,
            cleared: &cleared,
            tallies: &tallies,
            accompanied: &accompanied,
            next_segment: SegmentId(self.next_segment.load(Relaxed)),
            next_age,
        };
        let changing =
            self.catalog.publish(&change, || self.changing.write().unwrap_or_else(PoisonError::into_inner))?;
        self.put(after);
        drop(changing);
        before.segments().iter().filter(|it| publication.removed.contains(&it.id())).for_each(|it| it.replace());
        Ok(())
    }

    /// Deletes traces from all segments, and notes that what the log has of them before `position` is dead; returns the
    /// counts of what went.
    pub(crate) fn delete(&self, traces: &[TraceId], position: Position) -> Result<Tallies, Error> {
        let _turn = self.turn();
        let before = self.snapshot();
        let age = before.next_age();
        let reader = self.readers.begin()?;
        let (removed, tallies) = before.without(traces, &|id| reader.lookups().told_project(id))?;
        drop(reader);
        let gone: Vec<_> = traces.iter().map(|id| (*id, age)).collect();
        let mut after = (*before).clone();
        after.set_tallies(&tallies);
        after.note_gone(&gone);
        let deletion = Deletion { traces, position, tallies };
        let lock = || self.changing.write().unwrap_or_else(PoisonError::into_inner);
        let changing = self.catalog.delete_published(&deletion, age, lock)?;
        self.put(after);
        drop(changing);
        Ok(removed)
    }

    /// Returns how far the log was in segments when this was opened: a start reads it from there, or all of it.
    pub(crate) fn flushed(&self) -> Option<Flushed> {
        self.flushed
    }

    /// Returns how many segments were opened since the start.
    pub(crate) fn segments_opened(&self) -> u64 {
        self.opened.count()
    }

    /// Returns those of the traces told of that have a span in some segment, though the catalog does not say so yet.
    fn accompanied(&self, publication: &Publication, after: &Snapshot) -> Result<Vec<TraceId>, Error> {
        let told = publication.told.iter().map(|(_, record)| record.trace_id);
        let mut asked: Vec<_> = told.collect();
        if !publication.added.is_empty() {
            let may_come = |id: &TraceId| publication.added.iter().any(|about| about.bloom.may_hold(*id));
            asked.extend(self.catalog.traces_told_alone()?.into_iter().filter(may_come));
        }
        // What a damaged segment holds is not shown either.
        asked.retain(|id| after.is_there(*id).unwrap_or(false));
        Ok(asked)
    }

    fn put(&self, snapshot: Snapshot) {
        *self.snapshot.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.publishing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.readers.close();
    }
}

impl Pinned {
    /// Returns what asks the catalog.
    pub(crate) fn catalog(&self) -> Lookups<'_> {
        self.reader.lookups()
    }
}

impl Deref for Pinned {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}
