//! Actions, called by hand.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod calls;
mod closures;
mod functions;
mod inputs;
mod methods;
mod nodes;
mod touched;
