//! What segments count, when traces go.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use trackway_model::{Text, Timestamp, TraceId};

use super::{Shelved, Snapshot, gone::Gone};
use crate::{
    Error,
    catalog::{Publication, SegmentId},
    engine::{
        room::is_lack_of_handles,
        tallies::{Tallies, Tallying},
    },
    segment::{Flags, Listed, SegmentSpan},
};

/// How many of the newest traces of a segment are looked at for the one that started last.
const MOST_LISTED: usize = 1_024;

/// The new counts of segments.
pub(super) type Recounted = Vec<(SegmentId, Arc<Tallies>)>;

/// Tells under which project a client listed a trace as a whole.
pub(super) type ToldProject<'a> = dyn Fn(TraceId) -> Result<Option<Text>, Error> + 'a;

/// How traces were counted in segments: by all that was published of each.
struct Counting<'a> {
    /// What was published then.
    as_of: &'a Snapshot,
    /// Segments of it of which others take the place.
    replaced: &'a [SegmentId],
    told: &'a ToldProject<'a>,
}

/// How a trace is counted in a segment.
struct Counted {
    /// The project that the whole trace lists under.
    project: Text,
    /// When the whole trace starts.
    start: Timestamp,
    /// Whether it is this segment that counts it: the one that has its first row.
    is_first: bool,
}

impl Counting<'_> {
    fn counted(&self, id: TraceId, shelved: &Arc<Shelved>, listed: Listed) -> Result<Counted, Error> {
        let is_other = |it: &&Arc<Shelved>| it.id() != shelved.id() && !self.replaced.contains(&it.id());
        let mut parts = vec![(Arc::clone(shelved), listed)];
        for part in self.as_of.holding(id).filter(is_other) {
            if let Some(listed) = part.open()?.listed(id)? {
                parts.push((Arc::clone(part), listed));
            }
        }
        let start = parts.iter().map(|(_, listed)| listed.start).min().unwrap_or_default();
        let is_first = first_part(id, &parts)? == Some(shelved.id());
        let project = match (self.told)(id)? {
            Some(project) => project,
            None => project_of(id, &parts)?,
        };
        Ok(Counted { project, start, is_first })
    }
}

/// Returns the segment that has the first row of a trace.
fn first_part(id: TraceId, parts: &[(Arc<Shelved>, Listed)]) -> Result<Option<SegmentId>, Error> {
    if let [(only, _)] = parts {
        return Ok(Some(only.id()));
    }
    let mut first = None;
    for (part, _) in parts {
        let here = part.open()?.first_sequence(id)?.map(|sequence| (sequence, part.id()));
        first = [first, here].into_iter().flatten().min();
    }
    Ok(first.map(|(_, part)| part))
}

/// Returns the project of a trace: its earliest root's, or its earliest span's while no root has come.
fn project_of(id: TraceId, parts: &[(Arc<Shelved>, Listed)]) -> Result<Text, Error> {
    let projects = || parts.iter().map(|(_, listed)| &listed.project);
    let is_mixed = parts.iter().any(|(_, listed)| listed.flags.meets(Flags::MIXED));
    if !is_mixed && projects().all(|project| Some(project) == projects().next()) {
        return Ok(projects().next().cloned().unwrap_or_default());
    }
    let mut shown = None;
    for (part, _) in parts {
        part.open()?.gather(&[id], &mut |_, SegmentSpan { sequence, record, .. }| {
            let place = (record.parent_id.is_some(), record.start, record.span_id, sequence);
            if shown.as_ref().is_none_or(|(earliest, _)| place < *earliest) {
                shown = Some((place, record.project));
            }
        })?;
    }
    Ok(shown.map(|(_, project)| project).unwrap_or_default())
}

impl Snapshot {
    /// Takes back what is counted of rows that a publication makes dead, and returns the new counts.
    ///
    /// Called before that is noted: what is dead already is not counted any more.
    pub(super) fn recount(
        &mut self,
        publication: &Publication,
        before: &Self,
        told: &ToldProject<'_>,
    ) -> Result<Recounted, Error> {
        let is_added = |it: &Shelved| publication.added.iter().any(|about| about.id == it.id());
        let counting = Counting { as_of: before, replaced: &[], told };
        let mut recounted = self.without_traces(&publication.moved, |it| !is_added(it), &counting)?.1;
        recounted.extend(self.inherit(publication, before, told)?);
        let base = publication.base.as_deref();
        let mut dead = publication.deleted.clone();
        if let Some(base) = base {
            dead.extend(before.gone.iter().filter(|(id, age)| base.gone.before(*id) != Some(*age)).map(|(id, _)| id));
        }
        // What these hold of traces deleted meanwhile is counted in them, whatever is noted as gone.
        let mut all = self.clone();
        all.gone = Gone::default();
        let records = publication.told.iter().map(|(_, record)| (record.trace_id, &record.project));
        let told_now: HashMap<_, _> = if dead.is_empty() { HashMap::new() } else { records.collect() };
        let told = |id: TraceId| told_now.get(&id).map_or_else(|| told(id), |project| Ok(Some((*project).clone())));
        let counting = Counting { as_of: base.unwrap_or(before), replaced: &publication.removed, told: &told };
        recounted.extend(all.without_traces(&dead, is_added, &counting)?.1);
        self.set_tallies(&recounted);
        Ok(recounted)
    }

    /// Counts traces where their first row is now, which were counted in segments that go without a replacement.
    fn inherit(&self, publication: &Publication, before: &Self, told: &ToldProject<'_>) -> Result<Recounted, Error> {
        let mut inherited: HashMap<SegmentId, Tallies> = HashMap::new();
        for id in &publication.inherited {
            let parts = before.parts_of(*id)?;
            let is_gone = |part: SegmentId| publication.removed.contains(&part);
            if !first_part(*id, &parts)?.is_some_and(is_gone) {
                continue;
            }
            let project = match told(*id)? {
                Some(project) => project,
                None => project_of(*id, &parts)?,
            };
            let left: Vec<_> = parts.into_iter().filter(|(part, _)| !is_gone(part.id())).collect();
            let heir = first_part(*id, &left)?;
            let Some((part, _)) = left.iter().find(|(part, _)| Some(part.id()) == heir) else { continue };
            let start = left.iter().map(|(_, listed)| listed.start).min().unwrap_or_default();
            let tallies = inherited.entry(part.id()).or_insert_with(|| (*part.about().tallies).clone());
            tallies.add_trace(&project, 0, start);
        }
        Ok(inherited.into_iter().map(|(id, tallies)| (id, Arc::new(tallies))).collect())
    }

    /// Returns the segments that have rows of a trace, each with what it lists.
    fn parts_of(&self, id: TraceId) -> Result<Vec<(Arc<Shelved>, Listed)>, Error> {
        let mut parts = Vec::new();
        for part in self.holding(id) {
            match part.open().and_then(|segment| segment.listed(id)) {
                Ok(listed) => parts.extend(listed.map(|listed| (Arc::clone(part), listed))),
                Err(error) if is_lack_of_handles(&error) => return Err(error),
                // What cannot be read does not keep others from going; whoever asks it next tells the damage.
                Err(_) => {}
            }
        }
        Ok(parts)
    }

    /// Returns the counts of what goes from segments when traces do, and the counts that remain of each.
    pub(super) fn without(&self, traces: &[TraceId], told: &ToldProject<'_>) -> Result<(Tallies, Recounted), Error> {
        self.without_traces(traces, |_| true, &Counting { as_of: self, replaced: &[], told })
    }

    fn without_traces(
        &self,
        traces: &[TraceId],
        is_asked: impl Fn(&Shelved) -> bool,
        counting: &Counting<'_>,
    ) -> Result<(Tallies, Recounted), Error> {
        let (mut all, mut recounted) = (Tallies::default(), Vec::new());
        if traces.is_empty() {
            return Ok((all, recounted));
        }
        let doomed: HashSet<_> = traces.iter().copied().collect();
        for shelved in self.segments.iter().filter(|it| is_asked(it)) {
            let removed = self.tallies_of(shelved, traces, counting)?;
            if removed.is_empty() {
                continue;
            }
            let mut rest = rest_of(shelved, &removed);
            self.put_back_last_starts(shelved, &doomed, counting, &removed, &mut rest)?;
            all.add(&removed);
            recounted.push((shelved.id(), Arc::new(rest)));
        }
        Ok((all, recounted))
    }

    /// Finds the latest start of the traces that remain, in the projects whose latest may have gone.
    fn put_back_last_starts(
        &self,
        shelved: &Arc<Shelved>,
        doomed: &HashSet<TraceId>,
        counting: &Counting<'_>,
        removed: &Tallies,
        rest: &mut Tallies,
    ) -> Result<(), Error> {
        // The newest come first, so it is found at once, unless most of what is listed there is dead.
        let page = shelved.open()?.list_before(None, MOST_LISTED)?;
        for (name, _) in removed.by_project().filter(|(name, _)| rest.of_project(name).spans > 0).collect::<Vec<_>>() {
            let mut last: Option<Timestamp> = None;
            for listed in &page {
                let (id, start) = (listed.trace_id, listed.start);
                if last.is_some_and(|last| start <= last) {
                    break;
                }
                if doomed.contains(&id) || self.is_gone(id, shelved) {
                    continue;
                }
                let counted = counting.counted(id, shelved, listed.clone())?;
                if counted.project == *name {
                    last = last.max(Some(counted.start));
                }
            }
            last.into_iter().for_each(|last| rest.set_last_start(name, last));
        }
        Ok(())
    }

    /// Counts what a segment has of traces.
    fn tallies_of(
        &self,
        shelved: &Arc<Shelved>,
        traces: &[TraceId],
        counting: &Counting<'_>,
    ) -> Result<Tallies, Error> {
        let held = |id: &TraceId| shelved.may_hold(*id) && !self.is_gone(*id, shelved);
        let ids: Vec<_> = traces.iter().copied().filter(held).collect();
        if ids.is_empty() {
            return Ok(Tallies::default());
        }
        let segment = shelved.open()?;
        let mut counts = HashMap::new();
        let mut tallying = Tallying::default();
        for id in ids {
            let Some(listed) = segment.listed(id)? else { continue };
            let counted = counting.counted(id, shelved, listed)?;
            if counted.is_first {
                tallying.note_trace(&counted.project);
            }
            counts.insert(id, counted);
        }
        let ids: Vec<_> = counts.keys().copied().collect();
        segment.each_operation(&ids, &mut |it| {
            if let Some(counted) = counts.get(&it.trace) {
                tallying.note_operation(&counted.project, it.service, it.name, it.is_error, counted.start);
            }
        })?;
        Ok(tallying.finish())
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

/// Returns what remains to be counted of a segment.
fn rest_of(shelved: &Shelved, removed: &Tallies) -> Tallies {
    let mut rest = (*shelved.about().tallies).clone();
    rest.subtract(removed);
    rest
}
