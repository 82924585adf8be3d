//! What was worked out and may be asked for again, as much as there is room for.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use trackway_model::{Timestamp, TraceId, TraceRecord};

use crate::{catalog::SegmentId, engine::Gathered};

/// What a trace was put together from; anything else may make it look different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    segments: Vec<SegmentId>,
    told: Option<(Timestamp, Arc<TraceRecord>)>,
    late: usize,
    news: Timestamp,
}

impl Version {
    /// Returns the version of a trace that lies in these segments; `beside` is what the catalog knows of it.
    pub(super) fn new(segments: impl IntoIterator<Item = SegmentId>, beside: &Gathered) -> Self {
        Self {
            segments: segments.into_iter().collect(),
            told: beside.told.clone(),
            late: beside.late.len(),
            news: beside.news,
        }
    }
}

/// Something of traces; what was not asked for longest goes first.
pub(super) struct Kept<T> {
    entries: HashMap<TraceId, Entry<T>>,
    by_use: BTreeMap<u64, TraceId>,
    uses: u64,
    bytes: usize,
    most_bytes: usize,
}

struct Entry<T> {
    version: Version,
    it: T,
    bytes: usize,
    last_use: u64,
}

impl<T: Clone> Kept<T> {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { entries: HashMap::new(), by_use: BTreeMap::new(), uses: 0, bytes: 0, most_bytes }
    }

    pub(super) fn get(&mut self, id: TraceId, version: &Version) -> Option<T> {
        let entry = self.entries.get_mut(&id).filter(|entry| entry.version == *version)?;
        self.by_use.remove(&entry.last_use);
        self.uses += 1;
        entry.last_use = self.uses;
        self.by_use.insert(self.uses, id);
        Some(entry.it.clone())
    }

    pub(super) fn put(&mut self, id: TraceId, version: Version, it: T, bytes: usize) {
        self.remove(id);
        if bytes > self.most_bytes {
            return;
        }
        self.uses += 1;
        self.bytes += bytes;
        self.by_use.insert(self.uses, id);
        self.entries.insert(id, Entry { version, it, bytes, last_use: self.uses });
        while self.bytes > self.most_bytes
            && let Some((_, oldest)) = self.by_use.first_key_value()
        {
            self.remove(*oldest);
        }
    }

    fn remove(&mut self, id: TraceId) {
        if let Some(entry) = self.entries.remove(&id) {
            self.by_use.remove(&entry.last_use);
            self.bytes -= entry.bytes;
        }
    }
}
