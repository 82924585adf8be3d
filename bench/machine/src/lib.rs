//! Measures what a step of a state machine costs, beside Apache Burr.
//!
//! Both take the same steps in processes of their own, in turns, so that whatever else the machine does falls on both.
//! `work` has the workloads, which `burr_worker.py` has too; `targets` what is demanded of ours.

mod arguments;
mod conditions;
mod drive;
mod durable;
mod instructions;
mod measure;
mod million;
mod report;
mod results;
mod steps;
mod sustain;
mod targets;
mod work;
mod worker;

pub use measure::measure;
pub use worker::{Allocated, count_allocations};
