//! Writes a head that takes nothing more into segments.

mod days;
mod facts;
mod portion;
mod shown;
mod spread;
mod taken;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use trackway_model::{Event, SpanId, TraceId};

use super::{Pinned, Shelf, Side};
use crate::{
    Error, Written,
    catalog::{Flushed, Grouped, NewSegment, Publication, SegmentId},
    files::make_private_directory,
    quick::{HashMap, HashSet},
    segment::{Effort, Plan, SegmentStream},
};
use days::{Day, Row};
use facts::{Counting, Facts, Survey};
use spread::Spread;
use taken::Taken;

/// A trace with more spans than this is never read whole.
pub(crate) const GIANT: u64 = 50_000;

/// Files of segments that nobody knows of yet: they go unless they are published.
#[derive(Default)]
pub(crate) struct Unpublished(Vec<PathBuf>);

impl Unpublished {
    pub(crate) fn push(&mut self, path: PathBuf) {
        self.0.push(path);
    }

    /// Leaves the files where they are.
    pub(crate) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Unpublished {
    fn drop(&mut self) {
        for path in &self.0 {
            // What cannot be removed now is swept by the next start.
            let _ = (fs::remove_file(path), fs::remove_file(path.with_extension("tix")));
        }
    }
}

/// Segments that are written, and what is to be published with them.
pub(crate) struct Ready {
    pub(crate) publication: Publication,
    pub(crate) files: Unpublished,
}

/// Writes what a head holds into segments, and returns what is to be published of it.
///
/// # Errors
/// [`Error`] when a file cannot be written; then none of them stays.
pub(crate) fn write(side: &Side, shelf: &Shelf, flushed: Flushed) -> Result<Ready, Error> {
    let mut taken = Taken::of(&side.head());
    let pinned = shelf.pin()?;
    let spread = spread::settle(&mut taken, &pinned)?;
    let mut survey = Survey::of(&taken.rows);
    let Spread { moved, lags, mut waiting, facts: known } = spread;
    survey.facts.extend(known);
    list_as_told(&mut survey.facts, &mut waiting, &taken, &pinned)?;

    let mut publication = Publication { moved, lags, flushed: Some(flushed), ..Publication::default() };
    let facts = note_traces(&mut publication, &taken, waiting, survey);
    let mut files = Unpublished::default();
    let Taken { rows, mut late, apart, told, .. } = taken;
    (publication.late, publication.told) = (apart, told.into_values().collect());
    for day in days::by_day(rows) {
        let mut segmenting = Segmenting { shelf, late: &mut late, facts: &facts };
        publication.added.push(segmenting.write(&day, &mut files)?);
    }
    Ok(Ready { publication, files })
}

/// Lets traces list under the projects that their clients told, and notes which wait for something since they were told of.
fn list_as_told(
    facts: &mut HashMap<TraceId, Facts>,
    waiting: &mut HashSet<TraceId>,
    taken: &Taken,
    pinned: &Pinned,
) -> Result<(), Error> {
    for id in taken.told.keys().chain(taken.spread.keys()) {
        let told = match taken.told.get(id) {
            Some((_, record)) => Some(record.project.clone()),
            None => pinned.catalog().told(*id)?.map(|told| told.record.project.clone()),
        };
        let Some(project) = told else { continue };
        waiting.insert(*id);
        if let Some(facts) = facts.get_mut(id) {
            facts.project = project;
        }
    }
    Ok(())
}

/// Notes what the catalog keeps of traces beside their spans; returns the facts of those that have rows.
fn note_traces(
    publication: &mut Publication,
    taken: &Taken,
    mut waiting: HashSet<TraceId>,
    survey: Survey,
) -> HashMap<TraceId, Facts> {
    let Survey { facts, open, originals, conversations } = survey;
    waiting.extend(open);
    publication.quiet = publication.moved.iter().filter(|id| !waiting.contains(*id)).copied().collect();
    publication.news = waiting.into_iter().filter_map(|id| Some((id, *taken.news.get(&id)?))).collect();
    publication.originals = originals;
    let told = taken.told.iter().filter_map(|(id, (arrival, record))| Some((record.group.clone()?, *id, *arrival)));
    let named = conversations.into_iter().filter_map(|(group, id)| Some((group, id, facts.get(&id)?.start)));
    let start_of = |id: &TraceId, otherwise| facts.get(id).map_or(otherwise, |facts| facts.start);
    publication.groups.extend(told.chain(named).map(|(group, trace, time)| Grouped {
        group,
        trace,
        start: start_of(&trace, time),
    }));
    facts
}

/// What is known of a segment that was written.
pub(crate) fn new_segment(id: SegmentId, day: u32, level: u32, written: Written) -> NewSegment {
    let Written { version, spans, bytes, index_bytes, traces, starts, last, sequences, bloom } = written;
    NewSegment {
        id,
        day,
        level,
        version,
        spans,
        traces,
        bytes,
        index_bytes,
        starts: starts.unwrap_or_default(),
        last: last.unwrap_or_default(),
        sequences: sequences.unwrap_or_default(),
        lag: 0,
        tallies: Arc::default(),
        bloom,
    }
}

/// Writes one segment of a flush.
struct Segmenting<'a> {
    shelf: &'a Shelf,
    late: &'a mut HashMap<(TraceId, SpanId), Vec<Event>>,
    facts: &'a HashMap<TraceId, Facts>,
}

impl Segmenting<'_> {
    fn write(&mut self, day: &Day, files: &mut Unpublished) -> Result<NewSegment, Error> {
        let id = self.shelf.reserve();
        let path = self.shelf.path_of(day.day, id);
        if let Some(parent) = path.parent() {
            make_private_directory(parent)?;
        }
        let mut counting = Counting::new(self.facts);
        let written = self.write_rows(&path, &day.rows, &mut counting)?;
        files.push(path);
        let (tallies, lag) = counting.finish();
        Ok(NewSegment { tallies: Arc::new(tallies), lag, ..new_segment(id, day.day, 0, written) })
    }

    fn write_rows(&mut self, path: &Path, rows: &[Row], counting: &mut Counting<'_>) -> Result<Written, Error> {
        let mut plan = Plan::default();
        rows.iter().for_each(|(_, span)| plan.count(span));
        let mut stream = SegmentStream::begin(path, &plan, Effort::Quick)?;
        for (sequence, span) in rows {
            // Of several records with the same ids the first carries the events.
            let late = self.late.remove(&(span.trace_id, span.span_id)).unwrap_or_default();
            counting.note(*sequence, span);
            stream.push(*sequence, span, &late)?;
        }
        stream.finish()
    }
}
