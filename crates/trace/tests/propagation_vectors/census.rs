//! OpenCensus's objects: statuses, bounded collections, limits, stack traces, samplers, contexts.

mod collections;
mod context;
mod json;
mod spans;

use serde_json::Value as Json;

use super::{Rule, Verdict, vector::Vector};

pub(crate) const RULES: &[&[Rule]] = &[collections::RULES, context::RULES, json::RULES, spans::RULES];

/// Says that something is so, or what is not.
fn hold(is_so: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(what()) }
}

/// Returns what the library returned.
fn library(vector: &Vector) -> Result<&Json, String> {
    vector.library().ok_or_else(|| "the library raised an error where none is known".to_owned())
}

const fn rule(
    group: &'static str,
    op: &'static str,
    verdict: Verdict,
    judge: fn(&Vector) -> Result<(), String>,
) -> Rule {
    Rule { group, op, verdict, judge }
}
