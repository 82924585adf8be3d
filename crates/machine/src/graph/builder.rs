//! A graph while it is written down.

use std::{collections::HashMap, sync::Arc};

use trackway_model::Text;

use super::{Graph, GraphErrors, Plan, Planned, Target, Targets, choose::Ways, inspect, shape::Shape};
use crate::{Codecs, Condition, Node, Schema};

/// A graph while it is written down. Mistakes are collected, and [`build`](Self::build) tells all of them at once.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct GraphBuilder {
    pub(super) nodes: Vec<Node>,
    /// In the order in which they are tried.
    pub(super) edges: Vec<Edge>,
    /// Every action that is said to come first.
    pub(super) entries: Vec<Text>,
    /// What comes first in a graph that was merged into this one, which counts if nobody says otherwise.
    merged_entry: Option<Text>,
    pub(super) shape: Option<Shape>,
    codecs: Option<Arc<Codecs>>,
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

    /// Adds all that another graph has, built or not. What comes first there comes first here too, unless this one says
    /// otherwise, and so with codecs; a function that both have is one action.
    ///
    /// ```
    /// use trackway_machine::{Graph, GraphErrors, State, Step, action};
    ///
    /// let step = |name: &'static str| action(name).run_sync(|state: State, _: &Step| state);
    /// let search = Graph::new([step("search"), step("rank")]).edge("search", "rank").entry("search").build()?;
    /// let whole = Graph::new([step("answer")]).graph(search).edge("rank", "answer").build()?;
    /// assert_eq!(&**whole.entrypoint(), "search");
    /// # Ok::<(), GraphErrors>(())
    /// ```
    pub fn graph(mut self, other: impl Into<Self>) -> Self {
        let other = other.into();
        let entry = other.first_action();
        for node in other.nodes {
            if !self.nodes.iter().any(|own| is_same(own, &node)) {
                self.nodes.push(node);
            }
        }
        self.edges.extend(other.edges);
        self.merged_entry = self.merged_entry.or(entry);
        self.shape = both(self.shape, other.shape);
        self.codecs = self.codecs.or(other.codecs);
        self
    }

    /// After `from` (one action or a list of them) comes `to`, whatever the state.
    pub fn edge(self, from: impl Targets, to: impl Into<Target>) -> Self {
        self.join(from, to, None)
    }

    /// After `from` (one action or a list of them) comes `to`, where the condition holds and none before it did: transitions
    /// are tried in the order in which they are written.
    pub fn edge_if(self, from: impl Targets, to: impl Into<Target>, condition: impl Into<Condition>) -> Self {
        self.join(from, to, Some(condition.into()))
    }

    /// After `from` comes `to` where no condition before held: the same as [`edge`](Self::edge), for the reader.
    pub fn otherwise(self, from: impl Targets, to: impl Into<Target>) -> Self {
        self.join(from, to, None)
    }

    /// Says which action comes first. A graph of one action need not say it.
    pub fn entry(mut self, action: impl Into<Target>) -> Self {
        self.entries.push(action.into().0);
        self
    }

    /// Says what the state looks like: actions and conditions may name the fields of the struct and no others, and a state is
    /// refused where a field's value is not of the struct's type. Of several schemas, the state has the fields of all.
    ///
    /// ```
    /// use trackway_machine::{Graph, Schema, State, Step, action};
    ///
    /// #[derive(Schema)]
    /// struct Chat {
    ///     question: String,
    /// }
    ///
    /// let ask = action("ask").writes(["qestion"]).run_sync(|state: State, _: &Step| state);
    /// let refused = Graph::new([ask]).schema::<Chat>().build().unwrap_err();
    /// assert!(refused.to_string().ends_with("did you mean `question`?"));
    /// ```
    pub fn schema<S: Schema>(mut self) -> Self {
        self.shape = both(self.shape, Some(Shape::of::<S>()));
        self
    }

    /// Says how values of certain types and fields are stored.
    pub fn codecs(mut self, codecs: Codecs) -> Self {
        self.codecs = Some(Arc::new(codecs));
        self
    }

    /// Checks all that was written down.
    ///
    /// # Errors
    ///
    /// Every mistake in it, at once.
    pub fn build(self) -> Result<Graph, GraphErrors> {
        GraphErrors::refuse(inspect::mistakes(&self))?;
        let entry = self.first_action().unwrap_or_default();
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
        Ok(Graph { plan: Arc::new(Plan { entry, actions, places, shape: self.shape, codecs: self.codecs }) })
    }

    /// Returns the action that comes first: the one that is said to, else the only one.
    pub(super) fn first_action(&self) -> Option<Text> {
        let only = match &*self.nodes {
            [only] => Some(only.name()),
            _ => None,
        };
        self.entries.first().or(self.merged_entry.as_ref()).or(only).cloned()
    }

    fn join(mut self, from: impl Targets, to: impl Into<Target>, condition: Option<Condition>) -> Self {
        let to = to.into().0;
        for from in from.targets() {
            self.edges.push(Edge { from: from.0, to: to.clone(), condition: condition.clone() });
        }
        self
    }
}

impl From<Graph> for GraphBuilder {
    fn from(graph: Graph) -> Self {
        let edges = graph.plan.actions.iter().flat_map(|planned| planned.ways.edges(planned.node.name()));
        Self {
            nodes: graph.nodes().cloned().collect(),
            edges: edges.collect(),
            entries: vec![graph.plan.entry.clone()],
            merged_entry: None,
            shape: graph.plan.shape.clone(),
            codecs: graph.plan.codecs.clone(),
        }
    }
}

fn both(one: Option<Shape>, other: Option<Shape>) -> Option<Shape> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.and(other)),
        (one, other) => one.or(other),
    }
}

/// Two nodes are one action only where their source is known to be the same.
fn is_same(one: &Node, other: &Node) -> bool {
    one.spec().code.is_some() && one.spec() == other.spec() && one.bound() == other.bound()
}
