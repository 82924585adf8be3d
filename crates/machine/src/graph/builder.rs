//! A graph while it is written down.

use std::{collections::HashMap, sync::Arc};

use trackway_model::Text;

use super::{Graph, GraphErrors, Plan, Planned, Target, Targets, choose::Ways, mistake};
use crate::{Condition, Node};

/// A graph while it is written down. Mistakes are collected, and [`build`](Self::build) tells all of them at once.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct GraphBuilder {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    pub(super) entry: Option<Target>,
}

/// A transition: what can follow what, and when.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub(super) from: Text,
    pub(super) to: Text,
    /// None for a transition that is always taken.
    pub(super) condition: Option<Condition>,
}

impl GraphBuilder {
    /// Adds an action.
    pub fn action(mut self, action: impl Into<Node>) -> Self {
        self.nodes.push(action.into());
        self
    }

    /// Adds several actions.
    pub fn actions(mut self, actions: impl IntoIterator<Item = impl Into<Node>>) -> Self {
        self.nodes.extend(actions.into_iter().map(Into::into));
        self
    }

    /// After `from` (one action or a list of them) comes `to`, whatever the state.
    pub fn edge(self, from: impl Targets, to: impl Into<Target>) -> Self {
        self.join(from, to, None)
    }

    /// After `from` (one action or a list of them) comes `to`, where the condition holds and no earlier one did.
    pub fn edge_if(self, from: impl Targets, to: impl Into<Target>, condition: impl Into<Condition>) -> Self {
        self.join(from, to, Some(condition.into()))
    }

    /// After `from` comes `to` where no earlier condition held: the same as [`edge`](Self::edge), for the reader.
    pub fn otherwise(self, from: impl Targets, to: impl Into<Target>) -> Self {
        self.join(from, to, None)
    }

    /// Says which action comes first.
    pub fn entry(mut self, action: impl Into<Target>) -> Self {
        self.entry = Some(action.into());
        self
    }

    /// Checks all that was written down.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn build(self) -> Result<Graph, GraphErrors> {
        mistake::refuse(&self)?;
        let Some(entry) = self.entry else { return Err(GraphErrors::of(Vec::new())) };
        let mut edges: HashMap<Text, Vec<Edge>> = HashMap::new();
        for edge in self.edges {
            edges.entry(edge.from.clone()).or_default().push(edge);
        }
        let places = self.nodes.iter().enumerate().map(|(place, node)| (node.name().clone(), place)).collect();
        let planned = |node: Node| {
            let ways = Ways::of(edges.remove(node.name()).unwrap_or_default());
            Planned { node, ways }
        };
        let actions = self.nodes.into_iter().map(planned).collect();
        Ok(Graph { plan: Arc::new(Plan { entry: entry.0, actions, places }) })
    }

    fn join(mut self, from: impl Targets, to: impl Into<Target>, condition: Option<Condition>) -> Self {
        let to = to.into().0;
        for from in from.targets() {
            self.edges.push(Edge { from: from.0, to: to.clone(), condition: condition.clone() });
        }
        self
    }
}
