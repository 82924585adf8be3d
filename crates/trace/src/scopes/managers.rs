//! Managers that need nothing but the standard library.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
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
    hasher: RandomState,
    tasks: Mutex<Tasks<K>>,
    outside: PerThread,
}

struct Tasks<K> {
    open: HashMap<u64, Alike<K>>,
    /// From how many on those are looked for that have ended.
    most: usize,
}

/// The tasks whose keys have the same hash, mostly one. The list is replaced as a whole, so that it is read without the lock.
type Alike<K> = Arc<[Arc<Open<K>>]>;

struct Open<K> {
    task: K,
    scopes: Weak<Scopes>,
}

impl<K> Open<K> {
    fn lasts(&self) -> bool {
        self.scopes.strong_count() > 0
    }
}

/// How many tasks are kept in mind before any is looked for that has ended.
const FEW: usize = 64;

impl<K: Eq + Hash + Send + Sync + 'static> PerTask<K> {
    /// Returns a manager that asks `task` which one is running: a value that no other one has while this one lasts.
    pub fn new(task: impl Fn() -> Option<K> + Send + Sync + 'static) -> Self {
        let tasks = Mutex::new(Tasks { open: HashMap::new(), most: FEW });
        Self { task: Box::new(task), hasher: RandomState::new(), tasks, outside: PerThread::new() }
    }

    /// Calls `work` with the tasks, which must call nothing of the key's: that is the program's own, and may trace.
    fn with<R>(&self, work: impl FnOnce(&mut Tasks<K>) -> R) -> R {
        collector::unforked(|| work(&mut self.tasks.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn of(&self, task: K) -> Arc<Scopes> {
        let hash = self.hasher.hash_one(&task);
        let mut seen = self.with(|tasks| tasks.open.get(&hash).cloned());
        let known = |seen: &Option<Alike<K>>, task: &K| {
            let mut lasting = seen.iter().flat_map(|alike| alike.iter()).filter(|open| open.lasts());
            lasting.find(|open| open.task == *task).and_then(|open| open.scopes.upgrade())
        };
        if let Some(scopes) = known(&seen, &task) {
            return scopes;
        }
        let scopes = Arc::new(Scopes::new());
        let new = Arc::new(Open { task, scopes: Arc::downgrade(&scopes) });
        loop {
            match self.with(|tasks| tasks.add(hash, &new, seen.as_ref())) {
                // What has ended is dropped here, with the lock free.
                Ok(_ended) => return scopes,
                Err(now) => seen = now,
            }
            if let Some(scopes) = known(&seen, &new.task) {
                return scopes;
            }
        }
    }
}

impl<K: Eq + Hash + Send + Sync + 'static> ScopeManager for PerTask<K> {
    fn here(&self) -> Option<Arc<Scopes>> {
        match (self.task)() {
            Some(task) => Some(self.of(task)),
            None => self.outside.here(),
        }
    }
}

impl<K> Tasks<K> {
    /// Adds a task where all that last and are like it are among the `seen` ones, and returns what is to be dropped;
    /// otherwise those that are there now.
    fn add(
        &mut self,
        hash: u64,
        new: &Arc<Open<K>>,
        seen: Option<&Alike<K>>,
    ) -> Result<Vec<Alike<K>>, Option<Alike<K>>> {
        let now = self.open.get(&hash);
        let lasting = || now.iter().flat_map(|alike| alike.iter()).filter(|open| open.lasts());
        let is_seen = |open: &Arc<Open<K>>| seen.is_some_and(|seen| seen.iter().any(|known| Arc::ptr_eq(known, open)));
        // Those that have ended do not matter: a key that makes spans when it is compared leaves some each time.
        if !lasting().all(is_seen) {
            return Err(now.cloned());
        }
        let alike = lasting().chain([new]).cloned().collect();
        let mut ended = Vec::new();
        if self.open.len() >= self.most {
            ended.extend(
                self.open.extract_if(|_, alike| !alike.iter().any(|open| open.lasts())).map(|(_, alike)| alike),
            );
            self.most = (self.open.len() * 2).max(FEW);
        }
        ended.extend(self.open.insert(hash, alike));
        Ok(ended)
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
