//! A list of what came last.

use std::collections::{VecDeque, vec_deque};

use super::TooMany;

/// A list that lets its oldest item go when a new one finds no room, and counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundedList<T> {
    items: VecDeque<T>,
    capacity: usize,
    dropped: u64,
}

impl<T> BoundedList<T> {
    /// Returns an empty list of at most so many items; one of 0 counts whatever it is given.
    pub fn new(capacity: usize) -> Self {
        Self { items: VecDeque::new(), capacity, dropped: 0 }
    }

    /// Returns a list that begins with these items.
    ///
    /// # Errors
    /// [`TooMany`] when they do not all fit: what is known beforehand should be kept whole or not at all.
    pub fn of(capacity: usize, items: impl IntoIterator<Item = T>) -> Result<Self, TooMany> {
        let mut list = Self::new(capacity);
        for item in items {
            list.push(item);
            if list.dropped > 0 {
                return Err(TooMany { given: capacity + 1, capacity });
            }
        }
        Ok(list)
    }

    /// Adds an item; returns the one that was let go for it, which is the item itself where nothing fits.
    pub fn push(&mut self, item: T) -> Option<T> {
        if self.items.len() < self.capacity {
            self.items.push_back(item);
            return None;
        }
        self.dropped += 1;
        match self.items.pop_front() {
            None => Some(item),
            oldest => {
                self.items.push_back(item);
                oldest
            }
        }
    }

    /// Returns the item at that place, counted from the oldest.
    pub fn get(&self, at: usize) -> Option<&T> {
        self.items.get(at)
    }

    /// Returns the items, the oldest first.
    pub fn iter(&self) -> vec_deque::Iter<'_, T> {
        self.items.iter()
    }

    /// Returns how many items are in it.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns true when nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns how many items fit.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns how many items were let go.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl<T> Extend<T> for BoundedList<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            self.push(item);
        }
    }
}

impl<T> IntoIterator for BoundedList<T> {
    type Item = T;
    type IntoIter = vec_deque::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a BoundedList<T> {
    type Item = &'a T;
    type IntoIter = vec_deque::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
