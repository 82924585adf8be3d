//! What is not to be kept any more: what began too long ago, and what began first where there is too much.

use std::{collections::HashSet, sync::Arc, time::Duration};

use trackway_model::{Text, Timestamp, TraceId};

use super::Task;
use crate::{
    Error, Keep, Retention,
    catalog::SegmentId,
    engine::{Shared, Shelved, Snapshot, room::is_lack_of_handles},
    segment::Flags,
};

/// How many traces of a segment are looked at together.
const TRACES_AT_ONCE: usize = 1_000;

/// Returns what is to go next.
///
/// Segments go as a whole, so what is too old goes once all that is in one segment with it is: within a day. Of a project
/// it goes by writing the others anew.
pub(super) fn due(
    retention: &Retention,
    snapshot: &Snapshot,
    unreadable: &HashSet<SegmentId>,
    now: Timestamp,
) -> Option<Task> {
    let all = Asked { project: None, keep: &retention.all };
    let projects = retention.projects.iter().map(|(name, keep)| Asked { project: Some(name), keep });
    std::iter::once(all).chain(projects).find_map(|asked| asked.due(snapshot, unreadable, now))
}

/// What holds for a project, or for all.
struct Asked<'a> {
    project: Option<&'a str>,
    keep: &'a Keep,
}

impl Asked<'_> {
    fn due(&self, snapshot: &Snapshot, unreadable: &HashSet<SegmentId>, now: Timestamp) -> Option<Task> {
        let mut first: Vec<&Arc<Shelved>> = snapshot.segments().iter().filter(|it| self.bytes(it) > 0).collect();
        first.sort_by_key(|it| it.starts().1);
        let too_old = self.keep.time.map(|time| before(now, time));
        let mut surplus = self.surplus(&first);
        let is_due = |it: &&&Arc<Shelved>| {
            let is_surplus = surplus > 0;
            surplus = surplus.saturating_sub(self.bytes(it));
            is_surplus || too_old.is_some_and(|cutoff| it.starts().1 < cutoff)
        };
        let due: Vec<Arc<Shelved>> = first.iter().take_while(is_due).map(|it| Arc::clone(it)).collect();
        let Some(project) = self.project else { return (!due.is_empty()).then_some(Task::Drop(due)) };
        // What cannot be read can only go as a whole.
        due.into_iter().find_map(|shelved| {
            let has_others = shelved.about().tallies.by_project().any(|(name, _)| **name != *project);
            let without = vec![Text::from(project)];
            match (has_others, unreadable.contains(&shelved.id())) {
                (false, _) => Some(Task::Drop(vec![shelved])),
                (true, false) => Some(Task::Merge { inputs: vec![shelved], without, is_urgent: false }),
                (true, true) => None,
            }
        })
    }

    /// By how many bytes there is too much.
    fn surplus(&self, segments: &[&Arc<Shelved>]) -> u64 {
        let Some(most) = self.keep.bytes else { return 0 };
        segments.iter().map(|it| self.bytes(it)).sum::<u64>().saturating_sub(most)
    }

    /// The bytes of a segment; of a project about so many as it has spans.
    fn bytes(&self, shelved: &Shelved) -> u64 {
        let about = shelved.about();
        let bytes = shelved.bytes();
        match self.project {
            None => bytes,
            Some(name) => {
                let spans = about.tallies.of_project(name).spans.min(about.spans);
                (u128::from(bytes) * u128::from(spans) / u128::from(about.spans.max(1))) as u64
            }
        }
    }
}

fn before(now: Timestamp, time: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
}

/// The traces of segments that go, as far as something has to be done about them.
#[derive(Default)]
pub(super) struct Going {
    /// Those that the catalog may know something of.
    pub(super) known: Vec<TraceId>,
    /// Those of which other segments may have rows as well.
    pub(super) spread: Vec<TraceId>,
}

/// Looks at the traces of segments that go.
pub(super) fn going(shared: &Shared, segments: &[Arc<Shelved>]) -> Result<Going, Error> {
    let (snapshot, has_notes) = (shared.shelf.snapshot(), shared.shelf.pin()?.has_notes());
    let may_be_known = Flags::FOREIGN | Flags::AGENT | Flags::LATE | Flags::OPEN;
    let is_other = |it: &&Arc<Shelved>| !segments.iter().any(|gone| gone.id() == it.id());
    let is_spread = |id: TraceId| snapshot.holding(id).any(|it| is_other(&it));
    let mut going = Going::default();
    for shelved in segments {
        let segment = match shelved.open() {
            Ok(segment) => segment,
            Err(error) if is_lack_of_handles(&error) => return Err(error),
            // What cannot be read goes all the same.
            Err(_) => continue,
        };
        let mut before = None;
        while let Ok(page) = segment.list_before(before, TRACES_AT_ONCE) {
            let Some(last) = page.last() else { break };
            before = Some(last.place());
            for listed in page {
                if has_notes || listed.flags.meets(may_be_known) {
                    going.known.push(listed.trace_id);
                }
                if is_spread(listed.trace_id) {
                    going.spread.push(listed.trace_id);
                }
            }
        }
    }
    Ok(going)
}

/// Returns true when something of a trace stays though some segments go.
pub(super) fn stays(shared: &Shared, now: &Snapshot, going: &[SegmentId], id: TraceId) -> bool {
    let sides = [Some(shared.heads.active()), shared.heads.frozen()];
    sides.into_iter().flatten().any(|side| side.head().contains(id))
        || now.holding(id).any(|shelved| !going.contains(&shelved.id()))
}
