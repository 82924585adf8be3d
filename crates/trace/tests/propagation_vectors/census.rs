//! OpenCensus's objects: statuses, bounded collections, samplers.

use super::Rule;

pub const RULES: &[Rule] = &[];
