//! Followers of lines and of recorded applications.

use std::{collections::BTreeMap, path::PathBuf};

use jiff::tz::TimeZone;
use trackway_model::{RunFact, RunKey, SpanId, SpanRecord, StepEnd, Text};
use trackway_wire::burr::{Follower, Item, Zone, partition};

pub(crate) fn run() -> RunKey {
    RunKey { project: "demo".into(), partition: None, app: "chat".into() }
}

pub(crate) fn follower() -> Follower {
    Follower::new(run(), Zone::Inferred { fallback: TimeZone::UTC })
}

/// Reads the lines of a log, blank ones left out of the text.
pub(crate) fn read(log: &str) -> Vec<Item> {
    feed(&mut follower(), log)
}

pub(crate) fn feed(follower: &mut Follower, log: &str) -> Vec<Item> {
    (1..).zip(log.trim().lines()).flat_map(|(number, line)| follower.log_line(number, line.trim().as_bytes())).collect()
}

pub(crate) fn facts(items: &[Item]) -> Vec<RunFact> {
    let fact = |item: &Item| match item {
        Item::Fact(record) => Some(record.fact.clone()),
        Item::Span(_) => None,
    };
    items.iter().filter_map(fact).collect()
}

pub(crate) fn ends(items: &[Item]) -> Vec<StepEnd> {
    let end = |fact| match fact {
        RunFact::End(end) => Some(end),
        _ => None,
    };
    facts(items).into_iter().filter_map(end).collect()
}

/// What is remarked, each with its place.
pub(crate) fn remarks(items: &[Item]) -> Vec<String> {
    let remark = |fact| match fact {
        RunFact::Remark(remark) => Some(format!("{}: {}", remark.place, remark.what)),
        _ => None,
    };
    facts(items).into_iter().filter_map(remark).collect()
}

/// The spans as they were told last, in order of their first telling.
pub(crate) fn spans(items: &[Item]) -> Vec<SpanRecord> {
    let mut order: Vec<SpanId> = Vec::new();
    let mut latest: BTreeMap<SpanId, &SpanRecord> = BTreeMap::new();
    for item in items {
        let Item::Span(span) = item else { continue };
        if latest.insert(span.span_id, span).is_none() {
            order.push(span.span_id);
        }
    }
    order.iter().map(|id| latest[id].clone()).collect()
}

pub(crate) fn fixtures(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/burr")).join(path)
}

/// The names of what is in a directory, in order.
pub(crate) fn names(directory: &str) -> Vec<String> {
    let entries = std::fs::read_dir(fixtures(directory)).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A recorded application: a follower of it, and what that told of all its files.
pub(crate) fn application(project: &str, app: &str) -> (Follower, Vec<Item>) {
    let file = |name: &str| std::fs::read(fixtures(&format!("store/{project}/{app}/{name}"))).unwrap_or_default();
    let metadata = file("metadata.json");
    let run = RunKey { project: project.into(), partition: partition(&metadata), app: Text::from(app) };
    let mut follower = Follower::new(run, Zone::Inferred { fallback: TimeZone::UTC });
    let mut items = Vec::new();
    let graph = file("graph.json");
    if !graph.is_empty() {
        items.extend(follower.graph(&graph));
    }
    if !metadata.is_empty() {
        items.extend(follower.metadata(&metadata));
    }
    items.extend(feed(&mut follower, &String::from_utf8(file("log.jsonl")).unwrap()));
    for (number, line) in (1..).zip(String::from_utf8(file("children.jsonl")).unwrap().lines()) {
        items.extend(follower.child_line(number, line.as_bytes()));
    }
    (follower, items)
}
