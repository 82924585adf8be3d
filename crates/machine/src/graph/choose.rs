//! Which action comes next, and why.

use std::sync::{Arc, OnceLock};

use trackway_model::Text;

use super::builder::Edge;
use crate::{Choice, Condition, State, Tried};

/// What a transition without a condition is recorded with.
pub(super) const DEFAULT: Text = Text::literal("default");

/// What can follow an action, in the order in which it is tried.
#[derive(Debug)]
pub(super) struct Ways {
    ways: Vec<Way>,
    /// What was tried where none held.
    none_held: OnceLock<Arc<[Tried]>>,
}

#[derive(Debug)]
struct Way {
    to: Text,
    /// The name of the condition.
    name: Text,
    condition: Option<Condition>,
    /// What was tried where this way is taken: made the first time, and shared from then on.
    taken: OnceLock<Arc<[Tried]>>,
}

/// Why nobody can say what comes next: a condition failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot tell whether `{to}` comes next: the condition `{condition}` failed: {reason}")]
pub struct Undecided {
    /// Where the transition leads.
    pub to: Text,
    /// The name of its condition.
    pub condition: Text,
    /// What went wrong.
    pub reason: Text,
}

impl Choice {
    /// Returns why nothing was chosen, where a condition failed. A choice without a next action and without a failure is the end
    /// of the graph.
    pub fn failure(&self) -> Option<Undecided> {
        let last = self.tried.last()?;
        let reason = last.held.as_ref().err()?.clone();
        Some(Undecided { to: last.to.clone(), condition: last.condition.clone(), reason })
    }
}

impl Ways {
    pub(super) fn of(edges: Vec<Edge>) -> Self {
        Self { ways: edges.into_iter().map(Way::of).collect(), none_held: OnceLock::new() }
    }

    /// Returns where they lead, with the names of their conditions.
    pub(super) fn names(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.ways.iter().map(|way| (&way.to, &way.name))
    }

    /// Returns them as they were written down.
    pub(super) fn edges(&self, from: &Text) -> impl Iterator<Item = Edge> {
        self.ways.iter().map(|way| Edge { from: from.clone(), to: way.to.clone(), condition: way.condition.clone() })
    }

    /// Tries the conditions in order, up to the first that holds or fails.
    pub(super) fn choose(&self, state: &State) -> Choice {
        for (place, way) in self.ways.iter().enumerate() {
            let held = match &way.condition {
                Some(condition) => condition.holds(state),
                None => Ok(true),
            };
            match held {
                Ok(false) => {}
                Ok(true) => {
                    let tried = way.taken.get_or_init(|| self.tried(place, Ok(true)));
                    return Choice { next: Some(way.to.clone()), tried: Arc::clone(tried) };
                }
                Err(reason) => return Choice { next: None, tried: self.tried(place, Err(reason)) },
            }
        }
        let tried = self.none_held.get_or_init(|| self.ways.iter().map(|way| way.tried(Ok(false))).collect());
        Choice { next: None, tried: Arc::clone(tried) }
    }

    /// Returns what was tried where all before `place` did not hold, and there it was as `last` says.
    fn tried(&self, place: usize, last: Result<bool, Text>) -> Arc<[Tried]> {
        let before = self.ways.iter().take(place).map(|way| way.tried(Ok(false)));
        before.chain(self.ways.get(place).map(|way| way.tried(last))).collect()
    }
}

impl Way {
    fn of(edge: Edge) -> Self {
        let name = edge.condition.as_ref().map_or(DEFAULT, Condition::name);
        Self { to: edge.to, name, condition: edge.condition, taken: OnceLock::new() }
    }

    fn tried(&self, held: Result<bool, Text>) -> Tried {
        Tried { to: self.to.clone(), condition: self.name.clone(), held }
    }
}
