//! A graph as runs are recorded with it.

use trackway_model as model;

use super::{Graph, Planned};

impl Graph {
    /// Returns the graph as a run is recorded with it: names, source code, and the names of conditions.
    pub fn record(&self) -> model::Graph {
        model::Graph {
            entrypoint: Some(self.entrypoint().clone()),
            actions: self.plan.actions.iter().map(action).collect(),
            transitions: self.transitions().collect(),
        }
    }

    /// Returns what can follow what, in the order in which it is tried.
    pub(super) fn transitions(&self) -> impl Iterator<Item = model::Transition> {
        self.plan.actions.iter().flat_map(|planned| {
            planned.ways.names().map(|(to, condition)| model::Transition {
                from: planned.node.name().clone(),
                to: to.clone(),
                condition: condition.clone(),
            })
        })
    }
}

fn action(planned: &Planned) -> model::Action {
    let spec = planned.node.spec();
    model::Action {
        name: spec.name.clone(),
        reads: spec.reads.clone(),
        writes: spec.writes.clone(),
        inputs: spec.inputs.clone(),
        optional_inputs: spec.optional_inputs.clone(),
        tags: spec.tags.clone(),
        code: spec.code.clone(),
    }
}
