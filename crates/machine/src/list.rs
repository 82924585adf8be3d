//! Lists that share what they have in common.
//!
//! ```text
//!   a list of 70              the one it was made from: 69 items
//!   full ──► [32][32]  ◄────── full        chunks that never change, shared
//!   tail ──► [66 67 68 69 70 .. ]  ◄────── tail   its free places are taken once, by the first that appends
//!   len = 70                   len = 69    each sees its own length of the shared tail
//! ```

use std::{
    fmt, iter,
    sync::{Arc, OnceLock},
};

use crate::Value;

/// So many items a chunk has.
const CHUNK: usize = 32;

/// Places for items, each taken at most once.
type Chunk = Arc<[OnceLock<Value>]>;

/// Values in order. Copies share their items, and adding to one leaves the others as they are.
///
/// ```
/// use trackway_machine::{List, Value};
///
/// let one = List::from_iter([Value::from(1)]);
/// let two = one.push(2);
/// assert_eq!((one.len(), two.len()), (1, 2));
/// assert_eq!(two.get(1), Some(&Value::from(2)));
/// ```
#[derive(Clone, Default)]
pub struct List(Option<Arc<Body>>);

#[derive(Clone)]
struct Body {
    /// The chunks before the last one, each with all its places taken.
    full: Option<Arc<imbl::Vector<Chunk>>>,
    /// The last chunk; other lists may have taken places in it behind this list's own.
    tail: Chunk,
    /// So many items this list has.
    len: usize,
}

impl Body {
    fn before_tail(&self) -> usize {
        self.full.as_ref().map_or(0, |full| full.len() * CHUNK)
    }
}

impl List {
    /// Returns the number of items.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |body| body.len)
    }

    /// Returns true when there are no items.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the item at a place, counted from 0.
    pub fn get(&self, at: usize) -> Option<&Value> {
        let body = self.0.as_ref().filter(|body| at < body.len)?;
        let before = body.before_tail();
        let chunk = if at >= before { &body.tail } else { body.full.as_ref()?.get(at / CHUNK)? };
        chunk.get(at % CHUNK)?.get()
    }

    /// Returns the first item.
    pub fn first(&self) -> Option<&Value> {
        self.get(0)
    }

    /// Returns the last item.
    pub fn last(&self) -> Option<&Value> {
        self.get(self.len().checked_sub(1)?)
    }

    /// Returns the items in order.
    pub fn iter(&self) -> Items<'_> {
        Items { list: self, chunk: &[], next_chunk: 0, left: self.len() }
    }

    /// Returns the items from a place on, counted from 0.
    pub fn iter_from(&self, at: usize) -> impl Iterator<Item = &Value> {
        let chunk = at / CHUNK;
        let left = self.len().saturating_sub(chunk * CHUNK);
        Items { list: self, chunk: &[], next_chunk: chunk, left }.skip(at % CHUNK)
    }

    /// Returns this list with an item behind the others.
    #[must_use]
    pub fn push(&self, item: impl Into<Value>) -> Self {
        let item = item.into();
        let Some(body) = &self.0 else { return Self::from(vec![item]) };
        let used = body.len - body.before_tail();
        let Some(place) = body.tail.get(used) else { return Self::of(grown(body, used, item)) };
        match place.set(item) {
            Ok(()) => Self::of(Body { len: body.len + 1, ..Body::clone(body) }),
            // Another list went on from here already.
            Err(item) => Self::of(grown(body, used, item)),
        }
    }

    /// Returns this list with items behind the others.
    #[must_use]
    pub fn extend(&self, items: impl IntoIterator<Item = Value>) -> Self {
        if self.is_empty() {
            return items.into_iter().collect();
        }
        items.into_iter().fold(self.clone(), |list, item| list.push(item))
    }

    /// Returns this list with another item at a place; as it is when there is no such place.
    #[must_use]
    pub fn with(&self, at: usize, item: impl Into<Value>) -> Self {
        let Some(body) = self.0.as_ref().filter(|body| at < body.len) else { return self.clone() };
        let before = body.before_tail();
        let replaced = |chunk: &Chunk, used: usize| {
            let mut items: Vec<_> = chunk.iter().take(used).cloned().collect();
            if let Some(place) = items.get_mut(at % CHUNK) {
                *place = OnceLock::from(item.into());
            }
            Chunk::from(items)
        };
        if at >= before {
            let tail = replaced(&body.tail, body.len - before);
            return Self::of(Body { tail, ..Body::clone(body) });
        }
        let mut full = body.full.clone().unwrap_or_default();
        if let Some(chunk) = Arc::make_mut(&mut full).get_mut(at / CHUNK) {
            *chunk = replaced(chunk, CHUNK);
        }
        Self::of(Body { full: Some(full), ..Body::clone(body) })
    }

    /// Returns true when both are one list, or copies of one; equal lists that were made apart are not.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other) || (one.len == other.len && shares(one, other)),
            (None, None) => true,
            _ => false,
        }
    }

    fn of(body: Body) -> Self {
        Self(Some(Arc::new(body)))
    }

    fn chunk(&self, number: usize) -> Option<&[OnceLock<Value>]> {
        let body = self.0.as_ref()?;
        let full = body.full.as_ref().map_or(0, |full| full.len());
        if number == full { Some(&body.tail) } else { body.full.as_ref()?.get(number).map(|chunk| &**chunk) }
    }
}

fn shares(one: &Body, other: &Body) -> bool {
    let full = match (&one.full, &other.full) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    };
    full && Arc::ptr_eq(&one.tail, &other.tail)
}

/// Puts an item where the tail has no free place for it.
fn grown(body: &Body, used: usize, item: Value) -> Body {
    let len = body.len + 1;
    if used < CHUNK {
        return Body { tail: chunk(body.tail.iter().take(used).cloned(), used, item), len, ..body.clone() };
    }
    let mut full = body.full.clone().unwrap_or_default();
    Arc::make_mut(&mut full).push_back(body.tail.clone());
    Body { full: Some(full), tail: chunk(iter::empty(), 0, item), len }
}

/// Makes a chunk of the items before, the new one, and places for as many again.
fn chunk(before: impl Iterator<Item = OnceLock<Value>>, used: usize, item: Value) -> Chunk {
    let places = ((used + 1) * 2).clamp(4, CHUNK);
    let mut all = Vec::with_capacity(places);
    all.extend(before);
    all.push(OnceLock::from(item));
    all.resize_with(places, OnceLock::new);
    Chunk::from(all)
}

impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> Self {
        items.into_iter().collect()
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        let mut items = items.into_iter().map(OnceLock::from).peekable();
        let mut full = imbl::Vector::new();
        loop {
            let chunk: Vec<_> = items.by_ref().take(CHUNK).collect();
            let taken = chunk.len();
            if taken == 0 {
                return Self(None);
            }
            let chunk = Chunk::from(chunk);
            if taken < CHUNK || items.peek().is_none() {
                let len = full.len() * CHUNK + taken;
                let full = if full.is_empty() { None } else { Some(Arc::new(full)) };
                return Self::of(Body { full, tail: chunk, len });
            }
            full.push_back(chunk);
        }
    }
}

/// The items of a list, in order.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    list: &'a List,
    chunk: &'a [OnceLock<Value>],
    next_chunk: usize,
    left: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a Value;

    fn next(&mut self) -> Option<&'a Value> {
        self.left = self.left.checked_sub(1)?;
        if self.chunk.is_empty() {
            self.chunk = self.list.chunk(self.next_chunk)?;
            self.next_chunk += 1;
        }
        let (item, others) = self.chunk.split_first()?;
        self.chunk = others;
        item.get()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Items<'_> {}

impl<'a> IntoIterator for &'a List {
    type Item = &'a Value;
    type IntoIter = Items<'a>;

    fn into_iter(self) -> Items<'a> {
        self.iter()
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (self.is_same(other) || self.iter().eq(other.iter()))
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}
