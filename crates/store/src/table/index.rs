//! The order of the list of traces: as a whole, project by project, and of the groups in each.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound,
};

use trackway_model::{Text, Timestamp};

use super::names::NameId;
use crate::cursor::TracePlace;

/// Where a trace stands in the lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) project: Text,
    pub(super) place: TracePlace,
    pub(super) spans: u64,
    pub(super) group: Option<NameId>,
}

/// Every trace that a list shows, by start and id.
#[derive(Default)]
pub(super) struct Index {
    all: BTreeSet<TracePlace>,
    groups: BTreeSet<(NameId, TracePlace)>,
    projects: HashMap<Text, Listed>,
}

#[derive(Default)]
struct Listed {
    traces: BTreeSet<TracePlace>,
    groups: BTreeSet<(NameId, TracePlace)>,
    spans: u64,
}

/// Places in their order, from either end.
pub(super) type Places<'a> = Box<dyn DoubleEndedIterator<Item = TracePlace> + 'a>;

impl Index {
    /// Moves a trace from where it stood to where it stands now.
    pub(super) fn relist(&mut self, before: Option<Listing>, after: Option<Listing>) {
        if let (Some(before), Some(after)) = (&before, &after)
            && (before.place, before.group, &before.project) == (after.place, after.group, &after.project)
        {
            // What comes mostly changes neither the start nor the group nor the project of its trace.
            if let Some(listed) = self.projects.get_mut(&after.project) {
                listed.spans = listed.spans - before.spans + after.spans;
            }
            return;
        }
        if let Some(before) = before {
            self.unlist(&before);
        }
        if let Some(after) = after {
            self.all.insert(after.place);
            let listed = self.projects.entry(after.project).or_default();
            listed.traces.insert(after.place);
            listed.spans += after.spans;
            if let Some(group) = after.group {
                listed.groups.insert((group, after.place));
                self.groups.insert((group, after.place));
            }
        }
    }

    fn unlist(&mut self, listing: &Listing) {
        self.all.remove(&listing.place);
        let Some(listed) = self.projects.get_mut(&listing.project) else { return };
        listed.traces.remove(&listing.place);
        listed.spans -= listing.spans;
        if let Some(group) = listing.group {
            listed.groups.remove(&(group, listing.place));
            self.groups.remove(&(group, listing.place));
        }
        if listed.traces.is_empty() {
            self.projects.remove(&listing.project);
        }
    }

    /// Returns the places of one project's traces, or of all, as far as they lie before `upper`; `None` when the project
    /// has none.
    pub(super) fn before(
        &self,
        upper: Option<TracePlace>,
        project: Option<&str>,
        group: Option<NameId>,
    ) -> Option<Places<'_>> {
        let (traces, groups) = match project {
            Some(name) => self.projects.get(name).map(|listed| (&listed.traces, &listed.groups))?,
            None => (&self.all, &self.groups),
        };
        let Some(group) = group else {
            let upper = upper.map_or(Bound::Unbounded, Bound::Excluded);
            return Some(Box::new(traces.range((Bound::Unbounded, upper)).copied()));
        };
        let last = (group, (Timestamp(u64::MAX), [u8::MAX; 16]));
        let upper = upper.map_or(Bound::Included(last), |upper| Bound::Excluded((group, upper)));
        let places = groups.range((Bound::Included((group, (Timestamp(0), [0; 16]))), upper));
        Some(Box::new(places.map(|(_, place)| *place)))
    }
}
