//! What the fuzz targets share: what must hold of every answer, and requests made of arbitrary data.
//!
//! A target is one line in `fuzz_targets/`; `run.sh` runs all of them.

pub mod check;
pub mod filter;
pub mod json;
pub mod log;
pub mod message;
pub mod propagation;
pub mod runs;
