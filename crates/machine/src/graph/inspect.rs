//! Looks a graph through for mistakes before it is built.

use std::collections::{HashMap, HashSet};

use trackway_model::Text;

use super::{
    builder::{Edge, GraphBuilder},
    mistake::{Access, End, Mistake, WayName},
};
use crate::{Condition, Node, near};

/// Returns every mistake in what was written down.
pub(super) fn mistakes(graph: &GraphBuilder) -> Vec<Mistake> {
    if graph.nodes.is_empty() {
        return vec![Mistake::NoActions];
    }
    let known: HashSet<&str> = graph.nodes.iter().map(|node| &**node.name()).collect();
    let mut mistakes = Vec::new();
    of_actions(graph, &mut mistakes);
    of_entry(graph, &known, &mut mistakes);
    of_names(graph, &known, &mut mistakes);
    of_order(graph, &mut mistakes);
    of_conditions(graph, &mut mistakes);
    of_reach(graph, &known, &mut mistakes);
    mistakes
}

fn of_actions(graph: &GraphBuilder, mistakes: &mut Vec<Mistake>) {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for node in &graph.nodes {
        let name = node.name();
        let times = count.entry(name).or_default();
        *times += 1;
        if *times == 2 {
            mistakes.push(Mistake::SameName { name: name.clone() });
        }
        if *times == 1 {
            mistakes.extend(bad_name(name));
        }
        let reasons = node.mistakes().iter();
        mistakes.extend(reasons.map(|reason| Mistake::BadAction { name: name.clone(), reason: reason.clone() }));
        of_action_fields(graph, node, mistakes);
    }
}

fn bad_name(name: &Text) -> Option<Mistake> {
    let reason = if name.is_empty() {
        "it needs a name"
    } else if name.starts_with('@') {
        "what begins with @ stands for tags where a run halts"
    } else {
        return None;
    };
    Some(Mistake::BadName { name: name.clone(), reason })
}

fn of_entry(graph: &GraphBuilder, known: &HashSet<&str>, mistakes: &mut Vec<Mistake>) {
    let Some(entry) = graph.first_action() else {
        let example = graph.nodes.first().map(|node| node.name().clone()).unwrap_or_default();
        mistakes.push(Mistake::NoEntry { example });
        return;
    };
    if let Some(second) = graph.entries.iter().find(|name| **name != entry) {
        mistakes.push(Mistake::TwoEntries { first: entry.clone(), second: second.clone() });
    }
    let mut told: Vec<&Text> = Vec::new();
    for name in graph.entries.iter().chain([&entry]) {
        if !known.contains(&**name) && !told.contains(&name) {
            told.push(name);
            mistakes.push(Mistake::UnknownEntry { name: name.clone(), hint: hint(graph, name) });
        }
    }
}

fn of_names(graph: &GraphBuilder, known: &HashSet<&str>, mistakes: &mut Vec<Mistake>) {
    for edge in &graph.edges {
        for (end, name) in [(End::From, &edge.from), (End::To, &edge.to)] {
            if !known.contains(&**name) {
                let hint = hint(graph, name);
                mistakes.push(Mistake::UnknownAction { way: edge.way(), end, name: name.clone(), hint });
            }
        }
    }
}

/// Finds transitions that are never tried, since one before them is always taken.
fn of_order(graph: &GraphBuilder, mistakes: &mut Vec<Mistake>) {
    let mut defaults: HashMap<&str, &Edge> = HashMap::new();
    for edge in &graph.edges {
        match (defaults.get(&*edge.from), &edge.condition) {
            (None, Some(_)) => {}
            (None, None) => {
                defaults.insert(&edge.from, edge);
            }
            (Some(default), Some(condition)) => mistakes.push(Mistake::BehindDefault {
                way: edge.way(),
                condition: condition.name(),
                default: default.way(),
            }),
            (Some(default), None) => mistakes.push(Mistake::TwoDefaults {
                from: edge.from.clone(),
                first: default.to.clone(),
                second: edge.to.clone(),
            }),
        }
    }
}

fn of_conditions(graph: &GraphBuilder, mistakes: &mut Vec<Mistake>) {
    for edge in &graph.edges {
        let Some(condition) = &edge.condition else { continue };
        of_condition_fields(graph, edge, condition, mistakes);
        for reason in condition.mistakes() {
            mistakes.push(Mistake::BadCondition {
                way: edge.way(),
                condition: condition.name(),
                reason: reason.clone(),
            });
        }
    }
}

fn of_condition_fields(graph: &GraphBuilder, edge: &Edge, condition: &Condition, mistakes: &mut Vec<Mistake>) {
    let Some(shape) = &graph.shape else { return };
    let unknown = condition.reads().into_iter().filter(|field| shape.field(field).is_none());
    mistakes.extend(unknown.map(|field| Mistake::ConditionField {
        way: edge.way(),
        condition: condition.name(),
        field: field.clone(),
        schema: shape.name.clone(),
        hint: shape.hint(field),
    }));
}

fn of_action_fields(graph: &GraphBuilder, node: &Node, mistakes: &mut Vec<Mistake>) {
    let Some(shape) = &graph.shape else { return };
    let spec = node.spec();
    for (access, fields) in [(Access::Reads, &spec.reads), (Access::Writes, &spec.writes)] {
        let unknown = fields.iter().filter(|field| shape.field(field).is_none());
        mistakes.extend(unknown.map(|field| Mistake::ActionField {
            name: spec.name.clone(),
            access,
            field: field.clone(),
            schema: shape.name.clone(),
            hint: shape.hint(field),
        }));
    }
}

/// Finds actions that nothing leads to. What is wrong otherwise comes first: a misspelt transition leads nowhere.
fn of_reach(graph: &GraphBuilder, known: &HashSet<&str>, mistakes: &mut Vec<Mistake>) {
    let Some(entry) = graph.first_action().filter(|entry| known.contains(&**entry)) else { return };
    let mut ways: HashMap<&str, Vec<&str>> = HashMap::new();
    for edge in &graph.edges {
        if !(known.contains(&*edge.from) && known.contains(&*edge.to)) {
            return;
        }
        ways.entry(&edge.from).or_default().push(&edge.to);
    }
    let mut reached: HashSet<&str> = HashSet::from([&*entry]);
    let mut next: Vec<&str> = vec![&entry];
    while let Some(name) = next.pop() {
        let more = ways.get(name).map(Vec::as_slice).unwrap_or_default();
        next.extend(more.iter().copied().filter(|to| reached.insert(to)));
    }
    for node in &graph.nodes {
        // Of two actions of one name, the second is told of once already.
        if reached.insert(node.name()) {
            mistakes.push(Mistake::Unreachable { name: node.name().clone(), entry: entry.clone() });
        }
    }
}

/// Returns what somebody may have meant, else what there is.
fn hint(graph: &GraphBuilder, written: &str) -> String {
    let names = || graph.nodes.iter().map(|node| &**node.name());
    let hint = near::hint(written, names());
    if !hint.is_empty() {
        return hint;
    }
    let mut some: Vec<String> = names().take(8).map(|name| format!("`{name}`")).collect();
    if graph.nodes.len() > some.len() {
        some.push("..".to_owned());
    }
    format!("; it has {}", some.join(", "))
}

impl Edge {
    fn way(&self) -> WayName {
        WayName { from: self.from.clone(), to: self.to.clone() }
    }
}
