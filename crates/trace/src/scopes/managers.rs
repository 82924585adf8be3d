//! Managers that need nothing but the standard library.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{ScopeManager, Scopes};
use crate::collector;

/// Keeps what is active by thread, for each manager apart: two tracers with one each do not see each other's spans, nor do
/// the macros see them.
#[derive(Debug)]
pub struct PerThread {
    number: u64,
}

thread_local! {
    /// The scopes of every manager that has some open on this thread.
    static HERE: RefCell<Vec<(u64, Weak<Scopes>)>> = const { RefCell::new(Vec::new()) };
}

impl PerThread {
    /// Returns a manager with nothing active.
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Default for PerThread {
    fn default() -> Self {
        Self::new()
    }
}

impl ScopeManager for PerThread {
    fn here(&self) -> Option<Arc<Scopes>> {
        // At the thread's end there is nothing to keep it in, and an allocator that makes spans is not answered.
        let here = HERE.try_with(|here| {
            let mut here = here.try_borrow_mut().ok()?;
            here.retain(|(_, scopes)| scopes.strong_count() > 0);
            let known = here.iter().find(|(number, _)| *number == self.number);
            let known = known.and_then(|(_, scopes)| scopes.upgrade());
            Some(known.unwrap_or_else(|| {
                let scopes = Arc::new(Scopes::new());
                here.push((self.number, Arc::downgrade(&scopes)));
                scopes
            }))
        });
        here.ok().flatten()
    }
}

/// Keeps what is active by what a closure says that the work is: the task of a runtime, a request, a fiber. Where it says
/// `None` it keeps it by thread.
///
/// Nothing is handed down to what a task spawns; there the parent is named, or activated. What is active is forgotten when
/// the last scope of a task is closed.
///
/// ```
/// use trackway::scopes::PerTask;
///
/// let tracer = trackway::builder().scope_manager(PerTask::new(tokio::task::try_id)).build();
/// ```
pub struct PerTask<K> {
    task: Box<dyn Fn() -> Option<K> + Send + Sync>,
    tasks: Mutex<Tasks<K>>,
    outside: PerThread,
}

struct Tasks<K> {
    open: HashMap<K, Weak<Scopes>>,
    /// From how many on those are looked for that have ended.
    most: usize,
}

/// How many tasks are kept in mind before any is looked for that has ended.
const FEW: usize = 64;

impl<K: Eq + Hash + Send + 'static> PerTask<K> {
    /// Returns a manager that asks `task` which one is running: a value that no other one has while this one lasts.
    pub fn new(task: impl Fn() -> Option<K> + Send + Sync + 'static) -> Self {
        let tasks = Mutex::new(Tasks { open: HashMap::new(), most: FEW });
        Self { task: Box::new(task), tasks, outside: PerThread::new() }
    }
}

impl<K: Eq + Hash + Send + 'static> ScopeManager for PerTask<K> {
    fn here(&self) -> Option<Arc<Scopes>> {
        let Some(task) = (self.task)() else { return self.outside.here() };
        Some(collector::unforked(|| self.tasks.lock().unwrap_or_else(PoisonError::into_inner).of(task)))
    }
}

impl<K: Eq + Hash> Tasks<K> {
    fn of(&mut self, task: K) -> Arc<Scopes> {
        if let Some(scopes) = self.open.get(&task).and_then(Weak::upgrade) {
            return scopes;
        }
        if self.open.len() >= self.most {
            self.open.retain(|_, scopes| scopes.strong_count() > 0);
            self.most = (self.open.len() * 2).max(FEW);
        }
        let scopes = Arc::new(Scopes::new());
        self.open.insert(task, Arc::downgrade(&scopes));
        scopes
    }
}

impl<K> fmt::Debug for PerTask<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerTask").finish_non_exhaustive()
    }
}

/// Keeps nothing: no span is a part of another one unless it names it as its parent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Explicit;

impl ScopeManager for Explicit {
    fn here(&self) -> Option<Arc<Scopes>> {
        None
    }
}
