//! Collections that never grow beyond a capacity, and count what they had to let go.
//!
//! What is oldest goes first: whoever looks at the end wants to see what came last.
//!
//! ```
//! use trackway::bounded::{BoundedList, BoundedMap};
//!
//! let mut last = BoundedList::new(3);
//! last.extend(1..=5);
//! assert_eq!((last.iter().copied().collect::<Vec<_>>(), last.dropped()), (vec![3, 4, 5], 2));
//!
//! let mut seen = BoundedMap::new(2);
//! seen.insert("a", 1);
//! seen.insert("b", 2);
//! seen.insert("a", 9); // is now the newest
//! seen.insert("c", 3);
//! assert_eq!((seen.iter().collect::<Vec<_>>(), seen.dropped()), (vec![(&"a", &9), (&"c", &3)], 1));
//! ```

mod list;
mod map;

pub use self::{list::BoundedList, map::BoundedMap};

/// More was given at once than a collection may ever hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{given} items were given where {capacity} fit")]
pub struct TooMany {
    /// How many there were, counted up to the first that did not fit.
    pub given: usize,
    /// How many fit.
    pub capacity: usize,
}
