//! Tables by the ids of traces and spans, which are asked several times for every span that comes.
//!
//! They are hashed by products with a secret, which costs less than the hash of the standard library. Whoever
//! makes up ids does not learn that secret from us, so cannot make them collide.

use std::collections;

use foldhash::fast::RandomState;

/// A map by ids.
pub(crate) type HashMap<K, V> = collections::HashMap<K, V, RandomState>;

/// A set of ids.
pub(crate) type HashSet<K> = collections::HashSet<K, RandomState>;
