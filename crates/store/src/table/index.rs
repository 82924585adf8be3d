//! The order of the list of traces, as a whole and project by project.

use std::collections::{BTreeSet, HashMap};

use trackway_model::{Text, TraceId};

use crate::{Project, cursor::TracePlace};

/// Where a trace stands in the lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) project: Text,
    pub(super) place: TracePlace,
    pub(super) spans: u64,
}

/// Every trace that has spans, by start and id.
#[derive(Default)]
pub(super) struct Index {
    all: BTreeSet<TracePlace>,
    projects: HashMap<Text, Listed>,
}

#[derive(Default)]
struct Listed {
    traces: BTreeSet<TracePlace>,
    spans: u64,
}

impl Index {
    /// Moves a trace from where it stood to where it stands now.
    pub(super) fn relist(&mut self, before: Option<Listing>, after: Option<Listing>) {
        if let (Some(before), Some(after)) = (&before, &after)
            && (before.place, &before.project) == (after.place, &after.project)
        {
            // What comes mostly changes neither the start nor the project of its trace.
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
        }
    }

    fn unlist(&mut self, listing: &Listing) {
        self.all.remove(&listing.place);
        let Some(listed) = self.projects.get_mut(&listing.project) else { return };
        listed.traces.remove(&listing.place);
        listed.spans -= listing.spans;
        if listed.traces.is_empty() {
            self.projects.remove(&listing.project);
        }
    }

    /// Returns the places of one project's traces, or of all; `None` when the project has none.
    pub(super) fn places(&self, project: Option<&str>) -> Option<&BTreeSet<TracePlace>> {
        match project {
            Some(name) => self.projects.get(name).map(|listed| &listed.traces),
            None => Some(&self.all),
        }
    }

    /// Returns the traces that list under a project.
    pub(super) fn traces_of(&self, project: &str) -> Vec<TraceId> {
        self.places(Some(project)).into_iter().flatten().filter_map(|(_, id)| TraceId::new(*id)).collect()
    }

    pub(super) fn projects(&self) -> Vec<Project> {
        let project = |(name, listed): (&Text, &Listed)| Project {
            name: name.clone(),
            trace_count: listed.traces.len() as u64,
            span_count: listed.spans,
            last_start: listed.traces.last().map(|(start, _)| *start).unwrap_or_default(),
        };
        let mut projects: Vec<_> = self.projects.iter().map(project).collect();
        projects.sort_by(|a, b| a.name.cmp(&b.name));
        projects
    }
}
