//! What became of an application's work.

use crate::TrackerReport;

/// What an application did in this process, and what became of what it told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// How many steps ended, failed ones too.
    pub steps: u64,
    /// How many of them failed, cancelled ones too.
    pub failed_steps: u64,
    /// How often a hook failed.
    pub hook_failures: u64,
    /// Its trackers, in the order in which they were given.
    pub trackers: Vec<TrackerReport>,
}
