//! Attribute keys: every span repeats them, and a long one is kept once for all spans.

use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock},
};

use trackway_model::{Attributes, SpanRecord, Text};

/// The most keys that are shared: those of the conventions, not those that a client makes up without end.
const MOST: usize = 4_096;
/// The longest key that is shared.
const LONGEST: usize = 128;

/// Keys that were seen, for ever; there are few enough of them.
#[derive(Default)]
pub(super) struct Keys(RwLock<HashSet<Text>>);

impl Keys {
    /// Points the keys of a record to the copies that are kept; returns how many bytes of its own that saves it.
    pub(super) fn share(&self, record: &mut SpanRecord) -> usize {
        let events = record.events.iter_mut().map(|event| &mut event.attributes);
        std::iter::once(&mut record.attributes).chain(events).map(|attributes| self.share_list(attributes)).sum()
    }

    fn share_list(&self, attributes: &mut Attributes) -> usize {
        let mut saved = 0;
        for (key, _) in &mut attributes.0 {
            // A short text lies in its own 24 bytes.
            let bytes = key.heap_bytes();
            if bytes == 0 || bytes > LONGEST {
                continue;
            }
            if let Some(kept) = self.kept(key) {
                *key = kept;
                saved += bytes;
            }
        }
        saved
    }

    fn kept(&self, key: &Text) -> Option<Text> {
        {
            let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(kept) = keys.get(key) {
                return Some(kept.clone());
            }
            if keys.len() >= MOST {
                return None;
            }
        }
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(key.clone()).then(|| key.clone()).or_else(|| keys.get(key).cloned())
    }
}
