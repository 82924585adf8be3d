//! What segments count, when traces go.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use trackway_model::{Timestamp, TraceId};

use super::{Doomed, Shelved, Snapshot, gone::Gone};
use crate::{
    Error,
    catalog::{Publication, SegmentId},
    engine::tallies::{Tallies, Tallying},
    segment::Listed,
};

/// How many of the newest traces of a segment are looked at for the one that started last.
const MOST_LISTED: usize = 1_024;

/// The new counts of segments.
pub(super) type Recounted = Vec<(SegmentId, Arc<Tallies>)>;

impl Snapshot {
    /// Takes back what is counted of rows that a publication makes dead, and returns the new counts.
    ///
    /// Called before that is noted: what is dead already is not counted any more.
    pub(super) fn recount(&mut self, publication: &Publication, before: &Self) -> Result<Recounted, Error> {
        let is_added = |it: &Shelved| publication.added.iter().any(|about| about.id == it.id());
        let (_, mut recounted) = self.without(Doomed::Traces(&publication.moved), |it| !is_added(it))?;
        let mut dead = publication.deleted.clone();
        if let Some(base) = &publication.base {
            dead.extend(before.gone.iter().filter(|(id, age)| base.gone.before(*id) != Some(*age)).map(|(id, _)| id));
        }
        // What these hold of traces deleted meanwhile is counted in them, whatever is noted as gone.
        let mut all = self.clone();
        all.gone = Gone::default();
        recounted.extend(all.without(Doomed::Traces(&dead), is_added)?.1);
        self.set_tallies(&recounted);
        Ok(recounted)
    }

    /// Returns the counts of what goes from segments when traces do, and the counts that remain of each.
    pub(super) fn without(
        &self,
        doomed: Doomed<'_>,
        is_asked: impl Fn(&Shelved) -> bool,
    ) -> Result<(Tallies, Recounted), Error> {
        let mut all = Tallies::default();
        let mut recounted = Vec::new();
        let mut doomed_set: Option<HashSet<_>> = None;
        for shelved in self.segments.iter().filter(|it| is_asked(it)) {
            let removed = match doomed {
                Doomed::Traces(traces) => self.tallies_of(shelved, traces)?,
                Doomed::Project(name, _) => shelved.about().tallies.only_project(name),
            };
            if removed.is_empty() {
                continue;
            }
            let mut rest = (*shelved.about().tallies).clone();
            rest.subtract(&removed);
            if let Doomed::Traces(traces) = doomed {
                let doomed = doomed_set.get_or_insert_with(|| traces.iter().copied().collect());
                self.put_back_last_starts(shelved, doomed, &removed, &mut rest)?;
            }
            all.add(&removed);
            recounted.push((shelved.id(), Arc::new(rest)));
        }
        Ok((all, recounted))
    }

    /// Finds the latest start of the traces that remain, in the projects whose latest may have gone.
    fn put_back_last_starts(
        &self,
        shelved: &Shelved,
        doomed: &HashSet<TraceId>,
        removed: &Tallies,
        rest: &mut Tallies,
    ) -> Result<(), Error> {
        // The newest come first, so it is found at once, unless most of what is listed there is dead.
        let page = shelved.open()?.list_before(None, MOST_LISTED)?;
        for (name, _) in removed.by_project() {
            let remains = |it: &&Listed| !doomed.contains(&it.trace_id) && !self.is_gone(it.trace_id, shelved);
            if let Some(last) = page.iter().filter(|it| it.project == *name).find(remains) {
                rest.set_last_start(name, last.start);
            }
        }
        Ok(())
    }

    /// Counts what a segment has of traces.
    fn tallies_of(&self, shelved: &Shelved, traces: &[TraceId]) -> Result<Tallies, Error> {
        let held = |id: &TraceId| shelved.may_hold(*id) && !self.is_gone(*id, shelved);
        let ids: Vec<_> = traces.iter().copied().filter(held).collect();
        if ids.is_empty() {
            return Ok(Tallies::default());
        }
        let segment = shelved.open()?;
        let mut listed = HashMap::new();
        let mut counted = Tallying::default();
        for id in ids {
            let Some(trace) = segment.listed(id)? else { continue };
            if !self.is_older_there(id, shelved)? {
                counted.note_trace(&trace.project);
            }
            listed.insert(id, trace);
        }
        let ids: Vec<_> = listed.keys().copied().collect();
        segment.gather(&ids, &mut |id, span| {
            if let Some(trace) = listed.get(&id) {
                counted.note_span(&trace.project, &span.record, trace.start);
            }
        })?;
        Ok(counted.finish())
    }

    /// Returns true when an older segment than this has a row of a trace that is not dead.
    fn is_older_there(&self, id: TraceId, shelved: &Shelved) -> Result<bool, Error> {
        let order = (shelved.age(), shelved.id());
        for older in self.holding(id).filter(|it| (it.age(), it.id()) < order) {
            if older.open()?.listed(id)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives segments other counts.
    pub(super) fn set_tallies(&mut self, tallies: &Recounted) {
        if tallies.is_empty() {
            return;
        }
        let counts: HashMap<_, _> = tallies.iter().map(|(id, tallies)| (*id, tallies)).collect();
        let mut total = (*self.tallies).clone();
        let segments = self.segments.iter().map(|it| match counts.get(&it.id()) {
            Some(tallies) => {
                total.subtract(&it.about().tallies);
                total.add(tallies);
                Arc::new(it.counted(Arc::clone(tallies)))
            }
            None => Arc::clone(it),
        });
        self.segments = segments.collect();
        self.tallies = Arc::new(total);
        self.settle_last_starts();
    }

    /// Finds the latest start in each project anew, after something went.
    pub(super) fn settle_last_starts(&mut self) {
        let mut last: HashMap<_, Timestamp> = HashMap::new();
        for shelved in self.segments.iter() {
            for (name, tally) in shelved.about().tallies.by_project() {
                let start = last.entry(name.clone()).or_default();
                *start = (*start).max(tally.last_start);
            }
        }
        let tallies = Arc::make_mut(&mut self.tallies);
        last.iter().for_each(|(name, start)| tallies.set_last_start(name, *start));
    }
}
