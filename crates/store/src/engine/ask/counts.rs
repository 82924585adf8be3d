//! Projects and services, counted: what segments tally and what views hold, less what both have.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError},
};

use trackway_model::{Text, Timestamp, TraceId};

use super::{Desk, parts::Question};
use crate::{
    Error, PageRequest, Project, Service, TraceQuery,
    engine::{Gathered, Sequence, Shelved, Tallies, Tallying, heads::Side},
};

/// What older parts count of the traces that a view holds whole.
#[derive(Default)]
pub(crate) struct OlderCounts {
    of_traces: HashMap<TraceId, OfTrace>,
    /// How many rows the view took from older parts, and about how much memory those of segments take.
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

struct OfTrace {
    /// What is counted of its segments.
    published: Tallies,
    /// With the head that was frozen then, named by its first record: what is counted once that is published.
    with_frozen: Option<(Sequence, Tallies)>,
}

impl OlderCounts {
    /// Forgets traces that were deleted.
    pub(in crate::engine) fn forget(&mut self, ids: &[TraceId]) {
        ids.iter().for_each(|id| drop(self.of_traces.remove(id)));
    }

    pub(super) fn note(&mut self, id: TraceId, published: Tallies, with_frozen: Option<(Sequence, Tallies)>) {
        self.of_traces.insert(id, OfTrace { published, with_frozen });
    }
}

impl OfTrace {
    /// What older parts count while the head that begins with that record is frozen.
    fn counted(&self, frozen: Option<Sequence>) -> &Tallies {
        match &self.with_frozen {
            Some((first, with_frozen)) if Some(*first) != frozen => with_frozen,
            _ => &self.published,
        }
    }
}

impl Desk {
    pub(crate) fn projects(&self) -> Result<Vec<Project>, Error> {
        let question = self.ask()?;
        let counts = question.counts()?;
        let mut projects = counts.tallies.projects();
        projects.retain(|project| project.trace_count > 0);
        for project in &mut projects {
            if let Some(start) = question.last_start(&project.name, &counts.doubtful)? {
                project.last_start = start;
            }
        }
        Ok(projects)
    }

    pub(crate) fn services(&self, project: Option<&str>) -> Result<Vec<Service>, Error> {
        Ok(self.ask()?.counts()?.tallies.services(project))
    }
}

struct Counts {
    tallies: Tallies,
    /// Projects whose latest start is counted of a trace that may start earlier by now.
    doubtful: BTreeMap<Text, Timestamp>,
}

impl Question<'_> {
    fn counts(&self) -> Result<Counts, Error> {
        let mut tallies = self.parts.published.tallies().clone();
        for (name, traces, last) in self.parts.published.catalog().count_told_alone()? {
            (0..traces).for_each(|_| tallies.add_trace(&name, 0, last));
        }
        let mut doubtful = BTreeMap::new();
        let frozen = self.parts.frozen.as_ref().map(|frozen| frozen.first());
        for side in self.sides() {
            self.catch_up(side)?;
        }
        for side in self.sides() {
            // Of a trace that both heads have, the active one's view is the whole.
            let younger = (!std::ptr::eq(&**side, &*self.parts.active)).then(|| self.parts.active.view());
            let is_of_younger = |id| younger.as_ref().is_some_and(|view| view.covers(id));
            for (name, start) in take_back(side, frozen, &mut tallies, &is_of_younger) {
                let latest: &mut Timestamp = doubtful.entry(name).or_default();
                *latest = start.max(*latest);
            }
            tallies.add(&side.view().table().tally(&is_of_younger));
        }
        for side in self.sides() {
            self.count_giants(side, &mut tallies)?;
        }
        Ok(Counts { tallies, doubtful })
    }

    /// Counts the rows of giants that are in a head: of these its view has nothing.
    fn count_giants(&self, side: &Side, tallies: &mut Tallies) -> Result<(), Error> {
        let giants: Vec<_> = side.view().giants().iter().copied().collect();
        for id in giants {
            let located = self.locate(id)?;
            let mut gathered = Gathered::default();
            side.head().gather(id, &mut gathered);
            let first = gathered.spans.first().map(|(_, span)| span.project.clone());
            let project = located.parts.first().map(|(_, listed)| listed.project.clone()).or(first);
            let Some(project) = project else { continue };
            let mut counted = Tallying::default();
            let is_first = located.parts.is_empty() && !self.is_older_in_frozen(side, id);
            if is_first {
                counted.note_trace(&project);
            }
            gathered.spans.iter().for_each(|(_, span)| counted.note_span(&project, span, span.start));
            tallies.add(&counted.finish());
        }
        Ok(())
    }

    fn is_older_in_frozen(&self, side: &Side, id: TraceId) -> bool {
        let frozen = self.parts.frozen.as_deref().filter(|frozen| !std::ptr::eq(*frozen, side));
        frozen.is_some_and(|frozen| frozen.head().contains(id))
    }

    /// Finds the latest start in a project, where what was counted of it may be of a trace that starts earlier by now.
    fn last_start(&self, project: &Text, doubtful: &BTreeMap<Text, Timestamp>) -> Result<Option<Timestamp>, Error> {
        let published = &self.parts.published;
        let counted = published.tallies().of_project(project).last_start;
        // A trace of which a segment has only later spans starts earlier than it is listed there.
        let is_late = |it: &Arc<Shelved>| it.lag() > 0 && it.about().tallies.of_project(project).last_start == counted;
        let is_taken_back = doubtful.get(project).is_some_and(|start| *start >= counted);
        if !is_taken_back && !published.segments().iter().any(is_late) {
            return Ok(None);
        }
        let query = TraceQuery { project: Some(project.to_string()), ..TraceQuery::default() };
        let newest = self.list(&query, &PageRequest { limit: 1, cursor: None })?;
        Ok(newest.items.first().map(|trace| trace.start))
    }
}

/// Takes back what older parts count of the traces that a view holds whole; returns the starts that went with them.
fn take_back(
    side: &Side,
    frozen: Option<Sequence>,
    tallies: &mut Tallies,
    is_left_out: &dyn Fn(TraceId) -> bool,
) -> Vec<(Text, Timestamp)> {
    let view = side.view();
    let mut older = side.older.lock().unwrap_or_else(PoisonError::into_inner);
    older.of_traces.retain(|id, _| view.covers(*id));
    let mut starts = Vec::new();
    for (_, of_trace) in older.of_traces.iter().filter(|(id, _)| !is_left_out(**id)) {
        let counted = of_trace.counted(frozen);
        tallies.subtract(counted);
        starts.extend(counted.by_project().map(|(name, tally)| (name.clone(), tally.last_start)));
    }
    starts
}
