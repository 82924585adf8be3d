//! The segments that are open, as many as there is room for.

use std::{
    collections::HashMap,
    fs::File,
    io,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crate::{
    Error,
    catalog::SegmentId,
    engine::room::is_lack_of_handles,
    files::file_error,
    segment::{Segment, index_path},
};

/// How much of what is published may be open at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenBounds {
    /// The most segments; each takes two of the process's file handles.
    pub(crate) segments: usize,
    /// The most memory that their footers may take, about.
    pub(crate) bytes: usize,
}

impl Default for OpenBounds {
    fn default() -> Self {
        Self { segments: 128, bytes: 48 << 20 }
    }
}

/// Keeps segments open that were asked last.
pub(super) struct Opened {
    bounds: OpenBounds,
    kept: Mutex<Kept>,
    /// Files that somebody else may remove: they are held open, all of them.
    held: HashMap<SegmentId, Held>,
    count: AtomicU64,
}

/// The files of a segment.
struct Held {
    spans: File,
    index: File,
}

#[derive(Default)]
struct Kept {
    segments: HashMap<SegmentId, Used>,
    bytes: usize,
    /// Counts the questions, so that the segment is known that was asked longest ago.
    time: u64,
}

struct Used {
    segment: Arc<Segment>,
    bytes: usize,
    last: u64,
}

impl Opened {
    pub(super) fn new(bounds: OpenBounds) -> Self {
        Self { bounds, kept: Mutex::default(), held: HashMap::new(), count: AtomicU64::new(0) }
    }

    /// Holds the files of a segment open until the end, so that it can be read even when they are removed.
    pub(super) fn hold(&mut self, id: SegmentId, path: &Path) -> io::Result<()> {
        let held = Held { spans: File::open(path)?, index: File::open(index_path(path))? };
        self.held.insert(id, held);
        Ok(())
    }

    /// Returns a segment, opening it where it is not open.
    pub(super) fn get(&self, id: SegmentId, path: &Path) -> Result<Arc<Segment>, Error> {
        if let Some(segment) = self.kept().find(id) {
            return Ok(segment);
        }
        // Others may go on meanwhile. Two that open the same segment at once do no harm.
        let open = || match self.held.get(&id) {
            Some(held) => held.segment(path),
            None => open(path),
        };
        let segment = Arc::new(match open() {
            // What nobody reads just now gives its handles back.
            Err(error) if is_lack_of_handles(&error) => {
                self.kept().clear();
                open()?
            }
            opened => opened?,
        });
        self.count.fetch_add(1, Relaxed);
        self.kept().keep(id, Arc::clone(&segment), self.bounds);
        Ok(segment)
    }

    /// Closes a segment once nobody reads it.
    pub(super) fn forget(&self, id: SegmentId) {
        self.kept().remove(id);
    }

    /// Returns how often a segment was opened.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the files of a segment. One without its index is opened all the same, and tells so when it is asked for a trace.
fn open(path: &Path) -> Result<Segment, Error> {
    let file = File::open(path).map_err(file_error("open", path))?;
    let index = match File::open(index_path(path)).map_err(file_error("open", path)) {
        Err(error) if is_lack_of_handles(&error) => return Err(error),
        index => index.ok(),
    };
    Segment::of_files(path, file, index)
}

impl Held {
    fn segment(&self, path: &Path) -> Result<Segment, Error> {
        let copy = |file: &File| file.try_clone().map_err(file_error("open", path));
        Segment::of_files(path, copy(&self.spans)?, Some(copy(&self.index)?))
    }
}

impl Kept {
    fn find(&mut self, id: SegmentId) -> Option<Arc<Segment>> {
        self.time += 1;
        let used = self.segments.get_mut(&id)?;
        used.last = self.time;
        Some(Arc::clone(&used.segment))
    }

    fn keep(&mut self, id: SegmentId, segment: Arc<Segment>, bounds: OpenBounds) {
        self.remove(id);
        let bytes = segment.memory_bytes();
        self.bytes += bytes;
        self.segments.insert(id, Used { segment, bytes, last: self.time });
        while self.segments.len() > bounds.segments.max(1) || self.bytes > bounds.bytes && self.segments.len() > 1 {
            let oldest = self.segments.iter().filter(|(other, _)| **other != id).min_by_key(|(_, used)| used.last);
            let Some(oldest) = oldest.map(|(id, _)| *id) else { break };
            self.remove(oldest);
        }
    }

    fn clear(&mut self) {
        (self.segments, self.bytes) = (HashMap::new(), 0);
    }

    fn remove(&mut self, id: SegmentId) {
        if let Some(used) = self.segments.remove(&id) {
            self.bytes -= used.bytes;
        }
    }
}
