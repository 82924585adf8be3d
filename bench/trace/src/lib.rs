//! Measures what a span costs the program that is traced, beside other tracing libraries.
//!
//! Every library has one set of globals in a process, so every subject is a process of its own. The driver hands them
//! short batches in turns, so that whatever else the machine does falls on all of them; what a library does in the
//! background is asked for (`flush`) outside the timed part. `shapes` has the workloads, `peers` what each
//! library must supply, `targets` what is demanded of ours.

mod arguments;
mod drive;
mod instructions;
mod latency;
mod machine;
mod measure;
mod peers;
mod plan;
mod report;
mod results;
mod shapes;
mod sink;
mod sustain;
mod targets;
mod work;
mod worker;

pub use measure::measure;
pub use worker::{Allocated, count_allocations};
