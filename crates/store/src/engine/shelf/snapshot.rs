//! What is published at one moment.

use std::{collections::HashMap, path::Path, sync::Arc};

use trackway_model::TraceId;

use super::{gone::Gone, opened::Opened, shelved::Shelved};
use crate::{
    Damage, Error,
    catalog::{Age, Publication, Published, SegmentEntry, SegmentId},
    engine::{
        Sequence,
        tallies::{MOST_TOGETHER, Tallies},
    },
};

/// The published segments and what is dead in them; what is published later is not in it.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(super) segments: Arc<[Arc<Shelved>]>,
    pub(super) gone: Gone,
    pub(super) tallies: Arc<Tallies>,
    next_age: Age,
    next_sequence: Sequence,
    has_notes: bool,
    /// How many of those that are gone were looked at, since all were, for dead rows that are left.
    probed: usize,
    /// Whether the catalog has segments that cannot be used. They may be back at another start, so what is dead in them
    /// stays noted.
    is_partial: bool,
}

/// How often a publication looks whether dead rows are left; where that is not enough for all, the next one goes on.
const MOST_PROBES: usize = 1 << 20;

impl Snapshot {
    /// Makes it of what the catalog has published, and tells which files are missing; what they held is left out.
    pub(super) fn new(directory: &Path, published: Published, opened: &Arc<Opened>) -> (Self, Vec<Damage>) {
        let (mut segments, mut damaged, mut tallies) = (Vec::new(), Vec::new(), Tallies::default());
        for entry in published.segments {
            let shelved = Shelved::new(directory, entry, opened);
            match shelved.damage() {
                Some(damage) => damaged.push(damage),
                None => {
                    tallies.add(&shelved.about().tallies);
                    segments.push(Arc::new(shelved));
                }
            }
        }
        tallies.limit(MOST_TOGETHER);
        let is_partial = !damaged.is_empty() || !published.unreadable.is_empty();
        let snapshot = Self {
            segments: segments.into(),
            gone: Gone::new(published.gone),
            tallies: Arc::new(tallies),
            next_age: published.next_age.max(Age(1)),
            next_sequence: published.next_sequence,
            has_notes: published.has_notes,
            probed: 0,
            is_partial,
        };
        (snapshot, damaged)
    }

    /// Returns the segments, the oldest first.
    pub(crate) fn segments(&self) -> &[Arc<Shelved>] {
        &self.segments
    }

    /// Returns the segments that may hold rows of a trace that are not dead, the oldest first.
    pub(crate) fn holding(&self, id: TraceId) -> impl Iterator<Item = &Arc<Shelved>> {
        let before = self.gone.before(id);
        let lives = move |it: &&Arc<Shelved>| before.is_none_or(|before| it.age() >= before);
        self.segments.iter().filter(lives).filter(move |it| it.may_hold(id))
    }

    /// Returns true when what a segment has of a trace is dead.
    pub(crate) fn is_gone(&self, id: TraceId, segment: &Shelved) -> bool {
        self.gone.before(id).is_some_and(|before| segment.age() < before)
    }

    /// Returns true when some segment has a row of the trace that is not dead.
    ///
    /// # Errors
    /// [`Error`] when a segment that may have one cannot be read.
    pub(crate) fn is_there(&self, id: TraceId) -> Result<bool, Error> {
        // What came last is asked for most often, and is most often open.
        let holding: Vec<_> = self.holding(id).collect();
        for shelved in holding.into_iter().rev() {
            if shelved.open()?.listed(id)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the traces of which a segment may have dead rows.
    pub(crate) fn gone_in(&self, segment: &Shelved) -> Vec<TraceId> {
        let is_dead = |(id, before): &(TraceId, Age)| segment.age() < *before && segment.may_hold(*id);
        self.gone.iter().filter(is_dead).map(|(id, _)| id).collect()
    }

    /// Returns false when the catalog knows of no trace told of, and of no event that came apart from its span.
    pub(crate) fn has_notes(&self) -> bool {
        self.has_notes
    }

    /// Returns what lists count of all segments.
    pub(crate) fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// Returns the sequence of the first record that no segment holds.
    pub(crate) fn next_sequence(&self) -> Sequence {
        self.next_sequence
    }

    pub(super) fn next_age(&self) -> Age {
        self.next_age
    }

    /// Returns where that stands which takes the place of segments.
    pub(super) fn age_of_replacement(&self, removed: &[SegmentId]) -> Option<Age> {
        self.segments.iter().filter(|it| removed.contains(&it.id())).map(|it| it.age()).max()
    }

    /// Returns what is published after a publication.
    pub(super) fn changed(
        &self,
        directory: &Path,
        publication: &Publication,
        added: &[SegmentEntry],
        next_age: Age,
        opened: &Arc<Opened>,
    ) -> Self {
        let lags: HashMap<_, _> = publication.lags.iter().copied().collect();
        let (removed, kept): (Vec<_>, Vec<_>) =
            self.segments.iter().cloned().partition(|it| publication.removed.contains(&it.id()));
        let lagging =
            |it: Arc<Shelved>| lags.get(&it.id()).map_or_else(|| Arc::clone(&it), |lag| it.lagging(*lag).into());
        let mut segments: Vec<_> = kept.into_iter().map(lagging).collect();
        segments.extend(added.iter().map(|entry| Arc::new(Shelved::new(directory, entry.clone(), opened))));
        segments.sort_by_key(|it| (it.age(), it.id()));
        let mut tallies = (*self.tallies).clone();
        added.iter().for_each(|entry| tallies.add(&entry.about.tallies));
        removed.iter().for_each(|it| tallies.subtract(&it.about().tallies));
        tallies.limit(MOST_TOGETHER);
        let next_sequence = publication.flushed.map_or(0, |flushed| flushed.next_sequence).max(self.next_sequence);
        let mut changed = Self {
            segments: segments.into(),
            gone: self.gone.clone(),
            tallies: Arc::new(tallies),
            next_age,
            next_sequence,
            has_notes: self.has_notes || !publication.told.is_empty() || !publication.late.is_empty(),
            probed: self.probed,
            is_partial: self.is_partial,
        };
        if !removed.is_empty() {
            changed.settle_last_starts();
        }
        changed
    }

    pub(super) fn note_gone(&mut self, gone: &[(TraceId, Age)]) {
        self.gone.note(gone);
    }

    /// Forgets traces of which no segment has dead rows any more, and returns them.
    pub(super) fn clear_gone(&mut self) -> Vec<TraceId> {
        if self.is_partial {
            return Vec::new();
        }
        let at_once = (MOST_PROBES / self.segments.len().max(1)).max(1);
        // A segment that is still being written may hold dead rows; it is older than what is noted as gone meanwhile.
        let Some(last) = self.segments.iter().map(|it| it.age()).max() else { return Vec::new() };
        let is_cleared = |(id, before): &(TraceId, Age)| {
            *before <= last && !self.segments.iter().any(|it| it.age() < *before && it.may_hold(*id))
        };
        let probed = self.gone.iter().skip(self.probed).take(at_once);
        let cleared: Vec<_> = probed.filter(is_cleared).map(|(id, _)| id).collect();
        self.probed = if self.probed + at_once < self.gone.len() { self.probed + at_once - cleared.len() } else { 0 };
        self.gone.clear(&cleared);
        cleared
    }
}
