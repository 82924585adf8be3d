//! Traces whose rows in older segments are dead.

use std::{collections::HashMap, sync::Arc};

use trackway_model::TraceId;

use crate::catalog::Age;

/// What changes costs what changed and not what there is: only now and then all is put in order anew.
const MOST_RECENT: usize = 1_024;

/// For each trace the age before which segments have only dead rows of it; cheap to copy.
#[derive(Clone, Default)]
pub(super) struct Gone {
    /// In order of the trace.
    settled: Arc<[(TraceId, Age)]>,
    /// What came since; nothing for a trace that has no dead rows any more.
    recent: Arc<HashMap<TraceId, Option<Age>>>,
}

impl Gone {
    pub(super) fn new(mut all: Vec<(TraceId, Age)>) -> Self {
        all.sort_unstable();
        Self { settled: all.into(), recent: Arc::default() }
    }

    pub(super) fn before(&self, id: TraceId) -> Option<Age> {
        if let Some(recent) = self.recent.get(&id) {
            return *recent;
        }
        let at = self.settled.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.settled.get(at).map(|(_, age)| *age)
    }

    /// Notes that rows in segments before an age are dead; an earlier note for a later age stands.
    pub(super) fn note(&mut self, gone: &[(TraceId, Age)]) {
        for (id, age) in gone {
            let age = self.before(*id).map_or(*age, |known| known.max(*age));
            Arc::make_mut(&mut self.recent).insert(*id, Some(age));
        }
        self.settle();
    }

    /// Notes that no dead rows of these traces are left.
    pub(super) fn clear(&mut self, ids: &[TraceId]) {
        for id in ids {
            Arc::make_mut(&mut self.recent).insert(*id, None);
        }
        self.settle();
    }

    /// Returns how many there are, or a few more.
    pub(super) fn len(&self) -> usize {
        self.settled.len() + self.recent.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (TraceId, Age)> {
        let settled = self.settled.iter().filter(|(id, _)| !self.recent.contains_key(id)).copied();
        settled.chain(self.recent.iter().filter_map(|(id, age)| Some((*id, (*age)?))))
    }

    fn settle(&mut self) {
        if self.recent.len() > MOST_RECENT.max(self.settled.len() / 8) {
            *self = Self::new(self.iter().collect());
        }
    }
}
