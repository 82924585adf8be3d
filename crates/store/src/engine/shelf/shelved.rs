//! One published segment.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use trackway_model::{Timestamp, TraceId};

use super::{super::tallies::Tallies, opened::Opened};
use crate::{
    Damage, Error,
    catalog::{Age, NewSegment, SegmentEntry, SegmentId},
    segment::{Segment, index_path},
};

/// A segment as the catalog knows it, open only while somebody asks it.
pub(crate) struct Shelved {
    entry: SegmentEntry,
    files: Arc<Files>,
}

/// The files of a segment; when it was replaced and nobody reads it any more, they go.
struct Files {
    id: SegmentId,
    path: PathBuf,
    opened: Arc<Opened>,
    is_replaced: AtomicBool,
    is_damaged: AtomicBool,
}

impl Shelved {
    pub(super) fn new(directory: &Path, entry: SegmentEntry, opened: &Arc<Opened>) -> Self {
        let files = Files {
            id: entry.about.id,
            path: directory.join(&entry.path),
            opened: Arc::clone(opened),
            is_replaced: AtomicBool::new(false),
            is_damaged: AtomicBool::new(false),
        };
        Self { entry, files: Arc::new(files) }
    }

    /// Returns the same segment with other counts.
    pub(super) fn counted(&self, tallies: Arc<Tallies>) -> Self {
        let mut entry = self.entry.clone();
        entry.about.tallies = tallies;
        Self { entry, files: Arc::clone(&self.files) }
    }

    /// Returns the same segment with at least this lag.
    pub(super) fn lagging(&self, lag: u64) -> Self {
        let mut entry = self.entry.clone();
        entry.about.lag = entry.about.lag.max(lag);
        Self { entry, files: Arc::clone(&self.files) }
    }

    /// Has the files removed once nobody reads them.
    pub(super) fn replace(&self) {
        self.files.is_replaced.store(true, Relaxed);
        self.files.opened.forget(self.id());
    }

    /// Returns the segment, open. Its files stay while `self`, or the snapshot that holds it, is there.
    ///
    /// # Errors
    /// [`Error::File`] when a file is missing, [`Error::Segment`] when it is damaged.
    pub(crate) fn open(&self) -> Result<Arc<Segment>, Error> {
        self.files.opened.get(self.id(), &self.files.path)
    }

    /// Tells what is wrong with its files, as far as that is known without opening them.
    pub(super) fn damage(&self) -> Option<Damage> {
        let missing = |(file, bytes): (&Path, u64)| {
            let found = file.metadata().map(|found| found.len());
            let reason = match found {
                Ok(length) if length == bytes => return None,
                Ok(length) => format!("a file of a segment has {length} bytes and not {bytes}"),
                Err(error) => format!("a file of a segment cannot be read ({error})"),
            };
            Some(Damage { file: file.to_owned(), offset: 0, bytes, reason })
        };
        let index = index_path(self.path());
        let about = self.about();
        missing((self.path(), about.bytes)).or_else(|| missing((&index, about.index_bytes)))
    }

    /// Notes that the segment could not be read; true when that was not known.
    pub(crate) fn note_damage(&self) -> bool {
        !self.files.is_damaged.swap(true, Relaxed)
    }

    /// Returns true when the segment could not be read at some time.
    pub(crate) fn is_damaged(&self) -> bool {
        self.files.is_damaged.load(Relaxed)
    }

    /// Returns false when the segment has no span of a trace.
    pub(crate) fn may_hold(&self, id: TraceId) -> bool {
        self.entry.about.bloom.may_hold(id)
    }

    /// Returns its number.
    pub(crate) fn id(&self) -> SegmentId {
        self.entry.about.id
    }

    /// Returns where it stands in the order of publication.
    pub(crate) fn age(&self) -> Age {
        self.entry.age
    }

    /// Returns all that the catalog knows of it.
    pub(crate) fn about(&self) -> &NewSegment {
        &self.entry.about
    }

    /// Returns how many bytes its files have.
    pub(crate) fn bytes(&self) -> u64 {
        self.about().bytes + self.about().index_bytes
    }

    /// Returns its Parquet file.
    pub(crate) fn path(&self) -> &Path {
        &self.files.path
    }

    /// Returns the earliest and the latest start of a span.
    pub(crate) fn starts(&self) -> (Timestamp, Timestamp) {
        self.entry.about.starts
    }

    /// Returns by how many nanoseconds a trace may start earlier than its spans here do.
    pub(crate) fn lag(&self) -> u64 {
        let lag = self.entry.about.lag;
        // The catalog keeps no more than that: it may be anything beyond.
        if lag >= NewSegment::UNKNOWN_LAG { u64::MAX } else { lag }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        if !self.is_replaced.load(Relaxed) {
            return;
        }
        self.opened.forget(self.id);
        // What could not be removed is swept by the next start. The index goes last: a segment without it is damaged.
        if fs::remove_file(&self.path).is_ok() {
            let _ = fs::remove_file(index_path(&self.path));
        }
        // The day's directory goes with its last segment; it stays when something is in it.
        let _ = self.path.parent().map(fs::remove_dir);
    }
}
