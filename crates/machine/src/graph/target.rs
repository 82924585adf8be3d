//! How transitions name the actions they join.

use trackway_model::Text;

use crate::{Function, Node};

/// The name of an action, made of whatever the action is known as: itself, its node, or its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(pub(crate) Text);

impl Target {
    /// Returns the name of the action.
    pub fn name(&self) -> &Text {
        &self.0
    }
}

impl From<&str> for Target {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<String> for Target {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl From<Text> for Target {
    fn from(name: Text) -> Self {
        Self(name)
    }
}

impl From<&Text> for Target {
    fn from(name: &Text) -> Self {
        Self(name.clone())
    }
}

impl From<Node> for Target {
    fn from(node: Node) -> Self {
        Self(node.name().clone())
    }
}

impl From<&Node> for Target {
    fn from(node: &Node) -> Self {
        Self(node.name().clone())
    }
}

impl From<Function> for Target {
    fn from(function: Function) -> Self {
        Self(Text::literal(function.declared.name))
    }
}

/// What `#[action]` leaves in the place of a function is a function that returns the action.
impl<F: Fn() -> Function> From<F> for Target {
    fn from(function: F) -> Self {
        function().into()
    }
}

/// One action, or a list of them.
pub trait Targets {
    /// Returns them in order.
    fn targets(self) -> Vec<Target>;
}

impl<T: Into<Target>> Targets for T {
    fn targets(self) -> Vec<Target> {
        vec![self.into()]
    }
}

impl<T: Into<Target>, const N: usize> Targets for [T; N] {
    fn targets(self) -> Vec<Target> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<Target>> Targets for Vec<T> {
    fn targets(self) -> Vec<Target> {
        self.into_iter().map(Into::into).collect()
    }
}
