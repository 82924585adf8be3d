//! A map of what was written last.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::TooMany;

/// A map that lets the entry go that was written longest ago when a new key finds no room, and counts it.
///
/// To write a key anew makes it the newest; that lets nothing go. Reading changes nothing.
#[derive(Debug, Clone)]
pub struct BoundedMap<K, V> {
    /// By when they were written.
    entries: BTreeMap<u64, (K, V)>,
    written: HashMap<K, u64>,
    writes: u64,
    capacity: usize,
    dropped: u64,
}

impl<K: Hash + Eq + Clone, V> BoundedMap<K, V> {
    /// Returns an empty map of at most so many entries; one of 0 counts whatever it is given.
    pub fn new(capacity: usize) -> Self {
        Self { entries: BTreeMap::new(), written: HashMap::new(), writes: 0, capacity, dropped: 0 }
    }

    /// Returns a map that begins with these entries.
    ///
    /// # Errors
    /// [`TooMany`] when they do not all fit: what is known beforehand should be kept whole or not at all.
    pub fn of(capacity: usize, entries: impl IntoIterator<Item = (K, V)>) -> Result<Self, TooMany> {
        let mut map = Self::new(capacity);
        for (key, value) in entries {
            map.insert(key, value);
            if map.dropped > 0 {
                return Err(TooMany { given: capacity + 1, capacity });
            }
        }
        Ok(map)
    }

    /// Writes an entry and returns the value that its key had before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        if self.capacity == 0 {
            self.dropped += 1;
            return None;
        }
        let before = self.remove(&key);
        if self.entries.len() >= self.capacity
            && let Some((_, (oldest, _))) = self.entries.pop_first()
        {
            self.written.remove(&oldest);
            self.dropped += 1;
        }
        self.writes += 1;
        self.written.insert(key.clone(), self.writes);
        self.entries.insert(self.writes, (key, value));
        before
    }

    /// Returns the value of a key.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(self.written.get(key)?).map(|(_, value)| value)
    }

    /// Returns whether a key is there.
    pub fn contains_key<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.written.contains_key(key)
    }

    /// Takes an entry out, which is not counted, and returns its value; `None` when there is none.
    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let written = self.written.remove(key)?;
        self.entries.remove(&written).map(|(_, value)| value)
    }

    /// Returns the entries, the one that was written longest ago first.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.values().map(|(key, value)| (key, value))
    }

    /// Returns how many entries are in it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true when nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns how many entries fit.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns how many entries were let go.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl<K: Hash + Eq + Clone, V> Extend<(K, V)> for BoundedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K, V> IntoIterator for BoundedMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::collections::btree_map::IntoValues<u64, (K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_values()
    }
}
