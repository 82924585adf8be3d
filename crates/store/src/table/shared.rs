//! Resources and scopes: a process sends the same ones with every request, and each is kept once.

use std::{collections::HashMap, sync::Arc};

/// Keeps one copy of each value that records point to.
pub(super) struct Shared<T> {
    /// By fingerprint; the list is longer than one only where two fingerprints collide.
    kept: HashMap<u64, Vec<Arc<T>>>,
    size: fn(&T) -> usize,
    bytes: u64,
}

impl<T: PartialEq> Shared<T> {
    pub(super) fn new(size: fn(&T) -> usize) -> Self {
        Self { kept: HashMap::new(), size, bytes: 0 }
    }

    /// Points `value` to the copy that is kept, and keeps it when there is none.
    pub(super) fn share(&mut self, print: u64, value: &mut Arc<T>) {
        let twins = self.kept.entry(print).or_default();
        match twins.iter().find(|twin| Arc::ptr_eq(twin, value) || ***twin == **value) {
            Some(twin) => *value = Arc::clone(twin),
            None => {
                self.bytes += (self.size)(value) as u64;
                twins.push(Arc::clone(value));
            }
        }
    }

    /// Forgets every value that no record points to any more.
    pub(super) fn forget_unused(&mut self) {
        for twins in self.kept.values_mut() {
            twins.retain(|twin| {
                let used = Arc::strong_count(twin) > 1;
                if !used {
                    self.bytes -= (self.size)(twin) as u64;
                }
                used
            });
        }
        self.kept.retain(|_, twins| !twins.is_empty());
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}
