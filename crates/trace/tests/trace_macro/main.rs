//! What `#[trace]` records, and which functions it can be written on.

#![cfg(feature = "macros")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
// What the macro writes must not trip over the lints of those who use it.
#![warn(clippy::pedantic)]

mod forms;
mod kit;
mod lazy;
mod recorded;
