//! What Burr's tracker and persister wrote, as it is recorded and as it can be.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod agreement;
mod given;
mod lines;
mod picture;
mod properties;
mod recordings;
mod zones;
