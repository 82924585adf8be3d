//! Applications, as programs use them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod failures;
mod halts;
mod hooks;
mod kit;
mod nested;
mod steps;
mod told;
mod traces;
