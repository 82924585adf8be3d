//! The recorded vectors of the tracing libraries that came before, each against our equal of what it shows.
//!
//! A [`Rule`] stands for every pair of a group and an operation: whom we agree with, and the comparison. Vectors of
//! another file are taken with `TRACKWAY_VECTORS`; an operation that no rule knows is counted and printed, and no failure.
//! `cargo test -p trackway --test propagation_vectors lists the rules with their reasons.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, unreachable_pub)]

mod b3;
mod basictracer;
mod census;
mod cloud;
mod jaeger;
mod mock;
mod opencensus;
mod place;
mod vector;
mod w3c;

use std::collections::BTreeMap;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use vector::Vector;

/// What is shown of one operation, and by which comparison.
pub struct Rule {
    /// The vector's `group`.
    pub group: &'static str,
    /// The vector's `op`.
    pub op: &'static str,
    /// Whom we agree with.
    pub verdict: Verdict,
    /// Does what the vector does with our library, and says where that differs from the verdict.
    pub judge: fn(&Vector) -> Result<(), String>,
}

/// Whom we agree with.
#[derive(Debug, Clone, Copy)]
pub enum Verdict {
    /// With what the format's specification says, whatever the library did.
    Standard,
    /// With the library, whose behaviour is all there is.
    Library,
    /// With neither where they do harm; for that reason.
    Ours(&'static str),
}

/// The reviewed list.
fn rules() -> impl Iterator<Item = &'static Rule> {
    let formats = [w3c::RULES, b3::RULES, cloud::RULES, jaeger::RULES, opencensus::RULES, basictracer::RULES];
    formats.into_iter().chain([mock::RULES]).chain(census::RULES.iter().copied()).flatten()
}

const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/propagation-vectors.json");

fn rule_of(vector: &Vector) -> Option<&'static Rule> {
    rules().find(|rule| (rule.group, rule.op) == (vector.group(), vector.op()))
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let path = std::env::var("TRACKWAY_VECTORS").unwrap_or_else(|_| OURS.to_owned());
    let mut unknown: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut trials = vec![
        Trial::test("every operation of our own file has a rule", every_operation_has_a_rule),
        Trial::test("no rule stands twice", no_rule_stands_twice),
    ];
    trials.extend(b3::conformance());
    for vector in Vector::read(&path) {
        match rule_of(&vector) {
            Some(rule) => trials.push(Trial::test(vector.id().to_owned(), move || {
                (rule.judge)(&vector).map_err(|flaw| format!("{vector}\n{:?}: {flaw}", rule.verdict).into())
            })),
            None => *unknown.entry((vector.group().to_owned(), vector.op().to_owned())).or_default() += 1,
        }
    }
    if !arguments.list {
        tell(&unknown);
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Prints the rules that are ours alone, with their reasons, and what no rule knows.
fn tell(unknown: &BTreeMap<(String, String), usize>) {
    for rule in rules() {
        if let Verdict::Ours(reason) = rule.verdict {
            println!("ours: {} / {}: {reason}", rule.group, rule.op);
        }
    }
    let vectors: usize = unknown.values().sum();
    println!("{vectors} vectors of {} unknown operations", unknown.len());
    for ((group, op), vectors) in unknown {
        println!("unknown: {group} / {op}: {vectors}");
    }
}

fn every_operation_has_a_rule() -> Result<(), libtest_mimic::Failed> {
    let vectors = Vector::read(OURS);
    assert!(vectors.len() > 300);
    let mut missing: Vec<String> = vectors
        .iter()
        .filter(|vector| rule_of(vector).is_none())
        .map(|vector| format!("{} / {}", vector.group(), vector.op()))
        .collect();
    missing.dedup();
    if missing.is_empty() { Ok(()) } else { Err(format!("without a rule: {missing:#?}").into()) }
}

fn no_rule_stands_twice() -> Result<(), libtest_mimic::Failed> {
    let mut pairs: Vec<_> = rules().map(|rule| (rule.group, rule.op)).collect();
    pairs.sort_unstable();
    match pairs.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("{:?} stands twice", pair[0]).into()),
        None => Ok(()),
    }
}
