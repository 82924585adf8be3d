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

/// Passes over a vector that does something which has no equal with us, and says so.
fn not_ours(what: &Json) -> Result<(), String> {
    println!("not compared: {what}");
    Ok(())
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
