//! Places in the code that make spans, and names of attributes, each numbered when it is first used.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use trackway_model::SpanKind;

use crate::record;

/// A place in the code that makes spans: what all of them have in common. The macros make it.
#[derive(Debug)]
pub struct Callsite {
    pub(crate) name: &'static str,
    pub(crate) kind: SpanKind,
    id: AtomicU32,
    /// The first word of a span's record; 0 until there is a number.
    start: AtomicU64,
}

static SITES: RwLock<Vec<&'static Callsite>> = RwLock::new(Vec::new());
static KEYS: RwLock<Vec<&'static str>> = RwLock::new(Vec::new());

impl Callsite {
    /// Returns a callsite, to be kept in a `static`.
    pub const fn new(name: &'static str, kind: SpanKind) -> Self {
        Self { name, kind, id: AtomicU32::new(0), start: AtomicU64::new(0) }
    }

    /// Returns the name of the spans made here.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns which side of a call the spans made here are.
    pub fn kind(&self) -> SpanKind {
        self.kind
    }

    /// Returns the first word of a span's record; 0 while the callsite has no number.
    #[inline(always)]
    pub(crate) fn start(&self) -> u64 {
        self.start.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(crate) fn id(&'static self) -> u32 {
        match self.id.load(Ordering::Relaxed) {
            0 => self.register(),
            id => id,
        }
    }

    #[cold]
    fn register(&'static self) -> u32 {
        let id = number(&SITES, self, &self.id, u32::MAX as usize);
        self.start.store(u64::from(id) << 8 | u64::from(record::START), Ordering::Relaxed);
        id
    }
}

/// A record has room for numbers up to here.
const MOST_KEYS: usize = 0xff_ffff;

/// Returns the key's number; 0 when there are too many, and it is to be written out.
#[cold]
pub(crate) fn register_key(name: &'static str, id: &AtomicU32) -> u32 {
    number(&KEYS, name, id, MOST_KEYS)
}

/// Numbers from 1; under the lock, so that two threads at once agree.
///
/// Nothing is allocated or freed under the lock, for the program's allocator may make spans.
fn number<T: Copy>(table: &RwLock<Vec<T>>, item: T, id: &AtomicU32, most: usize) -> u32 {
    let mut larger = Vec::new();
    loop {
        let mut table = table.write().unwrap_or_else(PoisonError::into_inner);
        let (known, length) = (id.load(Ordering::Relaxed), table.len());
        if known != 0 || length >= most {
            return known;
        }
        if length == table.capacity() {
            if larger.capacity() <= length {
                drop(table);
                larger = Vec::with_capacity((2 * length).max(64));
                continue;
            }
            larger.extend_from_slice(&table);
            std::mem::swap(&mut *table, &mut larger);
        }
        table.push(item);
        let new = u32::try_from(table.len()).unwrap_or(u32::MAX);
        id.store(new, Ordering::Relaxed);
        return new;
    }
}

/// Adds to `copy` what is new in the table, with nothing allocated under its lock.
fn catch_up<T: Copy, C>(table: &RwLock<Vec<T>>, copy: &mut Vec<C>, copied: impl Fn(T) -> C) {
    let known = table.read().unwrap_or_else(PoisonError::into_inner).len();
    copy.reserve(known.saturating_sub(copy.len()));
    let table = table.read().unwrap_or_else(PoisonError::into_inner);
    let room = copy.capacity() - copy.len();
    for item in table.iter().skip(copy.len()).take(room) {
        copy.push(copied(*item));
    }
}

pub(crate) type Held =
    (RwLockWriteGuard<'static, Vec<&'static Callsite>>, RwLockWriteGuard<'static, Vec<&'static str>>);

/// Keeps the two tables whole while the process forks.
pub(crate) fn hold() -> Held {
    let sites = SITES.write().unwrap_or_else(PoisonError::into_inner);
    (sites, KEYS.write().unwrap_or_else(PoisonError::into_inner))
}

/// The collector's copy of the two tables, so that it takes no lock a span.
#[derive(Debug, Default)]
pub(crate) struct Names {
    sites: Vec<&'static Callsite>,
    /// With what tells a key from another quickly.
    keys: Vec<(&'static str, u64)>,
}

impl Names {
    #[inline]
    pub(crate) fn site(&mut self, id: u32) -> (&'static str, SpanKind) {
        let place = (id as usize).wrapping_sub(1);
        if place >= self.sites.len() {
            catch_up(&SITES, &mut self.sites, |site| site);
        }
        self.sites.get(place).map_or(("", SpanKind::Internal), |site| (site.name, site.kind))
    }

    #[inline]
    pub(crate) fn key(&mut self, id: u32) -> (&'static str, u64) {
        let place = (id as usize).wrapping_sub(1);
        if place >= self.keys.len() {
            catch_up(&KEYS, &mut self.keys, |name| (name, mark(name)));
        }
        self.keys.get(place).copied().unwrap_or_default()
    }
}

/// Returns what tells one key from another: FNV-1a of its name.
pub(crate) fn mark(name: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    name.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
