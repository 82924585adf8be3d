//! Which spans are announced, for those who must not wait for whoever asks the view.

use std::{
    collections::BTreeSet,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use trackway_model::{SpanId, TraceId};

/// The spans of which a view holds announcements; a head and its view share it, and those that come after them.
#[derive(Debug, Default)]
pub(in crate::engine) struct AnnouncedIds(RwLock<Ids>);

#[derive(Debug, Default)]
pub(super) struct Ids(BTreeSet<(TraceId, SpanId)>);

impl AnnouncedIds {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Ids> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes which spans are announced now.
    pub(in crate::engine) fn set(&self, ids: impl Iterator<Item = (TraceId, SpanId)>) {
        let ids = BTreeSet::from_iter(ids);
        if self.read().0 != ids {
            self.0.write().unwrap_or_else(PoisonError::into_inner).0 = ids;
        }
    }
}

impl Ids {
    pub(super) fn contains(&self, id: TraceId, span: SpanId) -> bool {
        self.0.contains(&(id, span))
    }

    /// Returns true when some span of a trace is announced.
    pub(super) fn has(&self, id: TraceId) -> bool {
        let from = SpanId::new([0, 0, 0, 0, 0, 0, 0, 1]).and_then(|least| self.0.range((id, least)..).next());
        from.is_some_and(|(other, _)| *other == id)
    }
}
