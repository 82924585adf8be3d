//! What was told to be durable is, whatever happens to the program.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod cuts;
mod failures;
mod holders;
mod kills;
mod log;
mod plan;
mod process;
