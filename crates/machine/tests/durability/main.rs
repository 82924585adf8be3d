//! What was told to be durable is, whatever happens to the program.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod cuts;
mod kills;
mod log;
mod plan;
mod process;
