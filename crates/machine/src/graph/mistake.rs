//! What can be wrong with a graph, in sentences.

use std::fmt;

use trackway_model::Text;

use super::GraphBuilder;

/// Every mistake in a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphErrors {
    mistakes: Vec<Mistake>,
}

/// One mistake in a graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// Nobody said which action comes first.
    #[error("nobody said which action comes first: add .entry(..)")]
    NoEntry,
    /// A name that no action has.
    #[error("there is no action {name:?}")]
    UnknownAction {
        /// The name.
        name: Text,
    },
}

impl GraphErrors {
    pub(super) fn of(mistakes: Vec<Mistake>) -> Self {
        Self { mistakes }
    }

    /// Returns the mistakes, in the order in which they were written.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

/// Refuses a graph that has mistakes.
pub(super) fn refuse(builder: &GraphBuilder) -> Result<(), GraphErrors> {
    let mut mistakes = Vec::new();
    if builder.entry.is_none() {
        mistakes.push(Mistake::NoEntry);
    }
    let entry = builder.entry.iter().map(|entry| &entry.0);
    for name in builder.edges.iter().flat_map(|edge| [&edge.from, &edge.to]).chain(entry) {
        if !builder.nodes.iter().any(|node| node.name() == name) {
            mistakes.push(Mistake::UnknownAction { name: name.clone() });
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(GraphErrors::of(mistakes)) }
}

impl fmt::Display for GraphErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, mistake) in self.mistakes.iter().enumerate() {
            let separator = if place == 0 { "" } else { "\n" };
            write!(f, "{separator}{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for GraphErrors {}
