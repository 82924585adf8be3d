//! Resources and scopes of a head: a process sends the same ones with every request, and each is kept once.

use std::sync::Arc;

use trackway_model::{Resource, Scope, SpanRecord};

use crate::table::{Fingerprints, Shared};

/// One copy of each resource and scope.
pub(super) struct Sharing {
    resources: Shared<Resource>,
    scopes: Shared<Scope>,
    /// As it last came, and the copy that is kept: the spans of one process come one after another.
    last_resource: Option<[Arc<Resource>; 2]>,
    last_scope: Option<[Arc<Scope>; 2]>,
}

impl Default for Sharing {
    fn default() -> Self {
        let (resources, scopes) = (Shared::resources(), Shared::scopes());
        Self { resources, scopes, last_resource: None, last_scope: None }
    }
}

impl Sharing {
    /// Points a record to the copies that are kept.
    pub(super) fn share(&mut self, record: &mut SpanRecord, prints: &Fingerprints) {
        let Self { resources, scopes, last_resource, last_scope } = self;
        share(&mut record.resource, last_resource, |it| resources.share(prints.of_resource(it), it));
        share(&mut record.scope, last_scope, |it| scopes.share(prints.of_scope(it), it));
    }

    /// Forgets what no record points to any more.
    pub(super) fn forget_unused(&mut self) {
        (self.last_resource, self.last_scope) = (None, None);
        self.resources.forget_unused();
        self.scopes.forget_unused();
    }

    pub(super) fn bytes(&self) -> u64 {
        self.resources.bytes() + self.scopes.bytes()
    }
}

fn share<T>(value: &mut Arc<T>, last: &mut Option<[Arc<T>; 2]>, find: impl FnOnce(&mut Arc<T>)) {
    match last {
        Some([came, kept]) if Arc::ptr_eq(came, value) => *value = Arc::clone(kept),
        _ => {
            let came = Arc::clone(value);
            find(value);
            *last = Some([came, Arc::clone(value)]);
        }
    }
}
