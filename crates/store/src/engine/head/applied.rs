//! What was applied to a head since somebody last looked.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use trackway_model::{Timestamp, TraceId};

use super::{AnnouncedIds, Elsewhere, Head, LateEvent, Row, Telling, late::Dropped};

/// How far somebody has taken what was applied.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    rows: usize,
    late: usize,
    told: usize,
    dropped: usize,
}

/// What was applied behind some place and still counts, as cheap as it is to take under a lock.
#[derive(Debug, Clone, Default)]
pub(crate) struct Applied {
    pub(in crate::engine) rows: Vec<Row>,
    pub(in crate::engine) late: Vec<LateEvent>,
    pub(in crate::engine) told: Vec<Telling>,
    pub(in crate::engine) dropped: Vec<Dropped>,
    /// The traces of these that older parts have, too.
    pub(in crate::engine) spread: HashSet<TraceId>,
    /// Of the others, when something last came: also what does not count any more.
    pub(in crate::engine) news: HashMap<TraceId, Timestamp>,
    /// Where to note which spans are announced.
    pub(in crate::engine) announced: Arc<AnnouncedIds>,
    /// How far it goes.
    pub(in crate::engine) until: Seen,
}

impl Head {
    /// What was applied behind `seen`, in order.
    pub(crate) fn since(&self, seen: Seen) -> Applied {
        let (late_end, dropped_end) = self.late.ends();
        let until = Seen { rows: self.rows.end(), late: late_end, told: self.told.len(), dropped: dropped_end };
        let told = self.told.get(seen.told..).unwrap_or_default();
        let mut applied = Applied {
            rows: Vec::with_capacity(until.rows - seen.rows),
            late: self.late.from(seen.late).cloned().collect(),
            told: told.iter().flatten().cloned().collect(),
            dropped: self.late.dropped(seen.dropped).to_vec(),
            spread: HashSet::new(),
            news: HashMap::new(),
            announced: Arc::clone(&self.announced),
            until,
        };
        applied.rows.extend(self.rows.from(seen.rows).cloned());
        self.note_traces(&mut applied);
        applied
    }

    fn note_traces(&self, applied: &mut Applied) {
        let of_rows = applied.rows.iter().map(|row| row.record.trace_id);
        let of_late = applied.late.iter().map(|late| late.event.trace_id);
        let of_told = applied.told.iter().map(|telling| telling.record.trace_id);
        let mut last = None;
        for id in of_rows.chain(of_late).chain(of_told) {
            // The spans of a trace mostly come one after another.
            if last.replace(id) == Some(id) {
                continue;
            }
            let Some(kept) = self.traces.get(&id) else { continue };
            if kept.elsewhere != Elsewhere::Nothing {
                applied.spread.insert(id);
            } else if let Some(news) = kept.news {
                applied.news.insert(id, news);
            }
        }
    }
}
