//! What was said in spans of agents, read from what every client sends.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod agreement;
mod given;
mod picture;
mod properties;
mod recordings;
mod shapes;
