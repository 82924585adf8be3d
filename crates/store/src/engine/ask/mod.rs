//! Questions, answered from all parts of the store together.
//!
//! ```text
//! list, search   sources name traces ──merge──► judged whole, by a view or by a table made for it ──► a page
//! one trace      gathered from all parts into a table ──► its summary, its spans
//! counts         what segments tally, and what views hold, less what both have
//! giants         too large for a table: read in the order of their spans, page by page
//! ```

mod announced;
mod counts;
mod digest;
mod far;
mod giants;
mod halfway;
mod kept;
mod list;
mod merge;
mod one;
mod parts;
mod sources;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use super::{
    heads::Heads,
    shelf::{Shelf, Shelved},
};
use crate::{
    Announced, Clock, Config, Counter, Damage, Error, TraceSummary,
    clock::Moment,
    table::{Far, Fingerprints, Table},
};
use digest::Digest;
use far::far;
use halfway::Readings;
use kept::Kept;
use parts::Question;

pub(crate) use counts::OlderCounts;

/// The most rows of a trace that are put into a table.
const MOST_ROWS: u64 = 50_000;

/// About how much memory the rows of a trace may take that are put into a table.
const MOST_ROW_BYTES: u64 = 64 << 20;

/// About how much memory the rows of several traces may take that are put into one table.
const BATCH_BYTES: u64 = 16 << 20;

/// How much memory the summaries may take that are kept, about.
const SUMMARY_BYTES: usize = 6 << 20;

/// How much memory the traces may take that are kept as tables for their next page, about.
const TABLE_BYTES: usize = 16 << 20;

/// How much memory may be taken by what is kept of giants, about.
const DIGEST_BYTES: usize = 4 << 20;

/// Answers questions.
pub(crate) struct Desk {
    heads: Arc<Heads>,
    shelf: Arc<Shelf>,
    prints: Arc<Fingerprints>,
    far: Far,
    clock: Clock,
    lost_after: Duration,
    announced: Announced,
    search_time: Duration,
    giant_rows: u64,
    summaries: Mutex<Kept<TraceSummary>>,
    tables: Mutex<Kept<Arc<Table>>>,
    digests: Mutex<Kept<Arc<Digest>>>,
    readings: Readings,
    damaged: AtomicU64,
    reports: Mutex<Vec<Damage>>,
}

impl Desk {
    pub(crate) fn new(heads: Arc<Heads>, shelf: Arc<Shelf>, prints: Arc<Fingerprints>, config: &Config) -> Self {
        Self {
            far: far(&heads, &shelf),
            heads,
            shelf,
            prints,
            clock: Arc::clone(&config.clock),
            lost_after: config.lost_after,
            announced: config.announced,
            search_time: config.search_time,
            giant_rows: MOST_ROWS,
            summaries: Mutex::new(Kept::new(SUMMARY_BYTES)),
            tables: Mutex::new(Kept::new(TABLE_BYTES)),
            digests: Mutex::new(Kept::new(DIGEST_BYTES)),
            readings: Readings::default(),
            damaged: AtomicU64::default(),
            reports: Mutex::default(),
        }
    }

    /// Takes traces with more rows than this for giants.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn with_giants_of(self, rows: u64) -> Self {
        Self { giant_rows: rows, ..self }
    }

    pub(crate) fn counters(&self) -> Vec<Counter> {
        vec![
            Counter {
                name: "store.segments_opened",
                value: self.shelf.segments_opened(),
                unit: "times",
                help: "How often a segment's files were opened for a question.",
            },
            Counter {
                name: "store.segments_damaged",
                value: self.damaged.load(Relaxed),
                unit: "segments",
                help: "Segments that could not be read since the start: answers lack what they hold.",
            },
        ]
    }

    /// Takes what was found to be damaged since this was last asked.
    pub(crate) fn take_reports(&self) -> Vec<Damage> {
        std::mem::take(&mut *self.reports.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn moment(&self) -> Moment {
        Moment { now: (self.clock)(), lost_after: self.lost_after, announced_lost_after: self.announced.lost_after }
    }

    fn ask(&self) -> Result<Question<'_>, Error> {
        Question::new(self, self.heads.parts(&self.shelf)?)
    }

    fn new_table(&self) -> Table {
        let mut table = Table::default();
        table.set_far(Arc::clone(&self.far));
        table
    }

    /// Notes that a segment cannot be read, the first time.
    fn note_damage(&self, shelved: &Shelved, error: &Error) {
        if !shelved.note_damage() {
            return;
        }
        self.damaged.fetch_add(1, Relaxed);
        let about = shelved.about();
        let reason = format!("a segment of {} spans cannot be read, and answers lack them: {error}", about.spans);
        let damage = Damage { file: shelved.path().to_owned(), offset: 0, bytes: about.bytes, reason };
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).push(damage);
    }

    fn summaries(&self) -> MutexGuard<'_, Kept<TraceSummary>> {
        self.summaries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn digests(&self) -> MutexGuard<'_, Kept<Arc<Digest>>> {
        self.digests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tables(&self) -> MutexGuard<'_, Kept<Arc<Table>>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
