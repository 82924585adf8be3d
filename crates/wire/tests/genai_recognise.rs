//! What spans of agents say of themselves, in the words of every client.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
