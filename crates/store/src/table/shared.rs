//! Resources and scopes: a process sends the same ones with every request, and each is kept once.

use std::{collections::HashMap, sync::Arc};

use trackway_model::{Resource, Scope};

/// Keeps one copy of each value that records point to.
pub(crate) struct Shared<T> {
    /// By fingerprint; the list is longer than one only where two fingerprints collide.
    kept: HashMap<u64, Vec<Arc<T>>>,
    size: fn(&T) -> usize,
    bytes: u64,
}

impl Shared<Resource> {
    pub(crate) fn resources() -> Self {
        Self::new(|it| size_of::<Resource>() + it.attributes.heap_bytes())
    }
}

impl Shared<Scope> {
    pub(crate) fn scopes() -> Self {
        Self::new(|it| size_of::<Scope>() + it.attributes.heap_bytes())
    }
}

impl<T: PartialEq> Shared<T> {
    fn new(size: fn(&T) -> usize) -> Self {
        Self { kept: HashMap::new(), size, bytes: 0 }
    }

    /// Points `value` to the copy that is kept, and keeps it when there is none.
    pub(crate) fn share(&mut self, print: u64, value: &mut Arc<T>) {
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
    pub(crate) fn forget_unused(&mut self) {
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

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}
