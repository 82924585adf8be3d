//! The thread that merges segments, and drops what is not to be kept any more.

mod late;
mod merge;
mod plan;
mod retention;

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use trackway_model::{Text, TraceId};

use super::{
    MOST_OPERATIONS, Shared, Shelved, Snapshot, Tallies,
    background::whole,
    flush::{Unpublished, new_segment},
    room::is_lack_of_handles,
    work::Occasion,
};
use crate::{
    Clock, Config, Error, Retention, Written,
    catalog::{NewSegment, Publication, SegmentId},
    files::make_private_directory,
    segment::{Effort, Plan, SegmentStream},
};
use merge::Merge;
use plan::{Choice, Wish};
use retention::Going;

/// How often it is looked whether something is too old, though nothing came.
const PERIOD: Duration = Duration::from_secs(60);
/// How long nothing may come before all is merged that can be.
const QUIET: Duration = Duration::from_secs(600);
/// After how many rows a merge gives way.
const STRETCH: u64 = 8_192;

/// Merges segments in the background, one merge at a time.
pub(crate) struct Compactor {
    shared: Arc<Shared>,
    retention: Retention,
    clock: Clock,
    /// When something was last published.
    news: Instant,
    /// Segments that could not be read, and are left out.
    unreadable: HashSet<SegmentId>,
    /// Those that are merged just now.
    under_way: Vec<SegmentId>,
}

/// Something to do.
enum Task {
    /// Nothing of these is to be kept.
    Drop(Vec<Arc<Shelved>>),
    /// These become one, without the rows of some projects.
    Merge { inputs: Vec<Arc<Shelved>>, without: Vec<Text>, is_urgent: bool },
}

impl Compactor {
    pub(crate) fn new(shared: Arc<Shared>, config: &Config) -> Self {
        let (retention, clock) = (config.retention.clone(), Arc::clone(&config.clock));
        Self { shared, retention, clock, news: Instant::now(), unreadable: HashSet::new(), under_way: Vec::new() }
    }

    /// Works until the store closes.
    pub(crate) fn run(mut self) {
        while let Some(occasion) = self.shared.work.next_compaction(PERIOD) {
            // A segment that makes this thread panic must not keep it from merging others.
            if catch_unwind(AssertUnwindSafe(|| self.work(occasion))).is_err() {
                self.shared.counts.compactions_failed.fetch_add(1, Relaxed);
                self.unreadable.extend(self.under_way.drain(..));
            }
            if let Occasion::Asked(number) = occasion {
                self.shared.work.note_compacted(number);
            }
        }
    }

    fn work(&mut self, occasion: Occasion) {
        if occasion == Occasion::News {
            self.news = Instant::now();
        }
        let wish = match occasion {
            Occasion::News => Wish::Some,
            Occasion::Time if self.news.elapsed() < QUIET => Wish::Tidy,
            Occasion::Time | Occasion::Asked(_) => Wish::All,
        };
        if occasion == Occasion::Time && self.drop_late().is_err() {
            self.shared.counts.compactions_failed.fetch_add(1, Relaxed);
        }
        while !self.shared.work.is_closing() && !self.shared.door.is_closed() {
            let snapshot = self.shared.shelf.snapshot();
            let Some(task) = self.next_task(&snapshot, wish) else { break };
            if let Err(error) = self.perform(task) {
                self.shared.counts.compactions_failed.fetch_add(1, Relaxed);
                if matches!(error, Error::Catalog(_)) && !super::room::is_lack_of_room(&error) {
                    self.shared.door.close(format!("merged segments could not be published: {}", whole(&error)));
                }
                return;
            }
        }
        // Where that fails, what is to be written next tells why.
        let _ = self.shared.catalog.tidy();
    }

    fn next_task(&self, snapshot: &Snapshot, wish: Wish) -> Option<Task> {
        if let Some(task) = retention::due(&self.retention, snapshot, &self.unreadable, (self.clock)()) {
            return Some(task);
        }
        let Choice { inputs, is_urgent } = plan::choose(snapshot, wish, &self.unreadable)?;
        let bytes = inputs.iter().map(|it| it.about().bytes).sum();
        self.shared.door.has_room_for(bytes).then_some(Task::Merge { inputs, without: Vec::new(), is_urgent })
    }

    fn perform(&mut self, task: Task) -> Result<(), Error> {
        match task {
            Task::Drop(segments) => self.drop_segments(&segments),
            Task::Merge { inputs, without, is_urgent } => {
                self.under_way = inputs.iter().map(|it| it.id()).collect();
                let merged = self.merge(&inputs, &without, is_urgent);
                self.under_way.clear();
                merged
            }
        }
    }

    /// Drops events that were written apart from their spans, and whose spans have not come in time.
    fn drop_late(&self) -> Result<(), Error> {
        while !self.shared.work.is_closing() {
            let settled = late::overdue(&self.shared, (self.clock)())?;
            if settled.is_empty() {
                break;
            }
            let events = settled.len() as u64;
            let publication = Publication { settled, ..Publication::default() };
            self.shared.publish_merged(Unpublished::default(), |_| publication)?;
            self.shared.counts.events_dropped.fetch_add(events, Relaxed);
        }
        Ok(())
    }

    fn drop_segments(&self, segments: &[Arc<Shelved>]) -> Result<(), Error> {
        let removed: Vec<SegmentId> = segments.iter().map(|it| it.id()).collect();
        let spans = segments.iter().map(|it| it.about().spans).sum();
        let Going { known, spread: inherited } = retention::going(&self.shared, segments)?;
        self.shared.publish_merged(Unpublished::default(), |now| {
            let forgotten =
                known.into_iter().filter(|id| !retention::stays(&self.shared, now, &removed, *id)).collect();
            Publication { removed, inherited, forgotten, ..Publication::default() }
        })?;
        self.shared.counts.expired_spans.fetch_add(spans, Relaxed);
        Ok(())
    }

    fn merge(&mut self, inputs: &[Arc<Shelved>], without: &[Text], is_urgent: bool) -> Result<(), Error> {
        let base = self.shared.shelf.snapshot();
        let is_input = |it: &&Arc<Shelved>| inputs.iter().any(|input| input.id() == it.id());
        // As they are counted now: a deletion may have come since they were chosen.
        let inputs = &base.segments().iter().filter(is_input).cloned().collect::<Vec<_>>();
        let mut plan = Plan::default();
        for shelved in inputs {
            let segment = shelved.open().inspect_err(|error| {
                self.unreadable.extend(Some(shelved.id()).filter(|_| !is_lack_of_handles(error)));
            })?;
            plan.count_segment(&segment);
        }
        let mut merge = Merge::new(&self.shared.shelf, Arc::clone(&base), inputs)?;
        let (day, level) = place_of(inputs);
        let mut files = Unpublished::default();
        let mut output = Output { shared: &self.shared, plan, day, level, stream: None };
        let mut rows = 0;
        while let Some(row) = merge.next().inspect_err(|_| self.unreadable.extend(merge.unreadable))? {
            if !without.contains(&row.record.project) {
                output.push(&row)?;
            }
            rows += 1;
            if rows % STRETCH == 0 && !self.goes_on(is_urgent) {
                return Ok(());
            }
        }
        let (settled, heard, copies) = (merge.settled(), merge.heard(), merge.copy_count);
        let tallies = tallies_of(inputs, &merge.copies.finish(), without);
        let added = output.finish(&mut files)?;
        let bytes = added.as_ref().map_or(0, |segment| segment.bytes + segment.index_bytes);
        let removed: Vec<SegmentId> = inputs.iter().map(|it| it.id()).collect();
        self.shared.publish_merged(files, |now| {
            let lags = now.segments().iter().filter(|it| removed.contains(&it.id())).map(|it| it.lag());
            let lag = lags.max().unwrap_or_default();
            let added = added.map(|segment| NewSegment { tallies: Arc::new(tallies), lag, ..segment });
            // A trace that moved forward meanwhile has its rows elsewhere, without these events.
            let stays = |id: &TraceId| !inputs.iter().any(|it| now.is_gone(*id, it) && !base.is_gone(*id, it));
            let settled = settled.iter().filter(|(_, trace)| stays(trace)).map(|(id, _)| *id).collect();
            let base = Some(Arc::clone(&base));
            Publication { added: added.into_iter().collect(), removed, base, settled, heard, ..Publication::default() }
        })?;
        let read = inputs.iter().map(|it| it.about().spans).sum();
        let counts = &self.shared.counts;
        counts.compactions.fetch_add(1, Relaxed);
        counts.compacted_spans.fetch_add(read, Relaxed);
        counts.compacted_bytes.fetch_add(bytes, Relaxed);
        counts.copies.fetch_add(copies, Relaxed);
        Ok(())
    }

    /// Gives way to what is more urgent; false when the store closes.
    fn goes_on(&self, is_urgent: bool) -> bool {
        if is_urgent { !self.shared.work.is_closing() } else { self.shared.work.give_way() }
    }
}

/// The day and the level of what segments are merged into.
fn place_of(inputs: &[Arc<Shelved>]) -> (u32, u32) {
    let days = inputs.iter().map(|it| it.about().day);
    let levels = inputs.iter().map(|it| it.about().level);
    (days.min().unwrap_or_default(), levels.max().unwrap_or_default() + 1)
}

/// What lists count of segments together, without equal copies and without some projects.
fn tallies_of(inputs: &[Arc<Shelved>], copies: &Tallies, without: &[Text]) -> Tallies {
    let mut tallies = Tallies::default();
    inputs.iter().for_each(|it| tallies.add(&it.about().tallies));
    tallies.subtract(copies);
    for project in without {
        let gone = tallies.only_project(project);
        tallies.subtract(&gone);
    }
    tallies.limit(MOST_OPERATIONS);
    tallies
}

/// The segment that others are merged into; without a row it is never begun.
struct Output<'a> {
    shared: &'a Shared,
    plan: Plan,
    day: u32,
    level: u32,
    stream: Option<(SegmentId, SegmentStream)>,
}

impl Output<'_> {
    fn push(&mut self, row: &crate::SegmentSpan) -> Result<(), Error> {
        let (_, stream) = match &mut self.stream {
            Some(stream) => stream,
            None => {
                let id = self.shared.shelf.reserve();
                let path = self.shared.shelf.path_of(self.day, id);
                if let Some(parent) = path.parent() {
                    make_private_directory(parent)?;
                }
                self.stream.insert((id, SegmentStream::begin(&path, &self.plan, Effort::Shared)?))
            }
        };
        stream.push(row.sequence, &row.record, &row.late_events)
    }

    fn finish(self, files: &mut Unpublished) -> Result<Option<NewSegment>, Error> {
        let Some((id, stream)) = self.stream else { return Ok(None) };
        let written: Written = stream.finish()?;
        files.push(self.shared.shelf.path_of(self.day, id));
        Ok(Some(new_segment(id, self.day, self.level, written)))
    }
}
