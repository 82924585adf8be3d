//! Actions that every application needs.

use trackway_model::Text;

use crate::{Action, Node, Spec, State, Step, Work};

/// An action that writes inputs into the state.
#[derive(Debug, Clone)]
pub struct Input {
    spec: Spec,
}

impl Input {
    /// Makes an action that asks for these inputs, and writes each into the field of the same name.
    pub fn new<K: Into<Text>>(names: impl IntoIterator<Item = K>) -> Self {
        let inputs: Vec<Text> = names.into_iter().map(Into::into).collect();
        let spec = Spec { name: Text::literal("input"), writes: inputs.clone(), inputs, ..Spec::default() };
        Self { spec }
    }
}

impl Action for Input {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn run<'a>(&'a self, state: State, _: &'a Step) -> Work<'a> {
        Box::pin(async move { Err(format!("no inputs for {state:?}").into()) })
    }
}

impl From<Input> for Node {
    fn from(input: Input) -> Self {
        Self::new(input)
    }
}

/// An action that gives fields of the state as its result, and writes nothing.
#[derive(Debug, Clone)]
pub struct Output {
    spec: Spec,
}

impl Output {
    /// Makes an action whose result holds these fields.
    pub fn new<K: Into<Text>>(fields: impl IntoIterator<Item = K>) -> Self {
        let reads = fields.into_iter().map(Into::into).collect();
        Self { spec: Spec { name: Text::literal("output"), reads, ..Spec::default() } }
    }
}

impl Action for Output {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn run<'a>(&'a self, state: State, _: &'a Step) -> Work<'a> {
        Box::pin(async move { Err(format!("no fields in {state:?}").into()) })
    }
}

impl From<Output> for Node {
    fn from(output: Output) -> Self {
        Self::new(output)
    }
}
