//! Actions that every application needs.

use trackway_model::Text;

use crate::{Action, Map, Node, Outcome, Spec, State, StateError, Step, Value, Work};

/// An action that writes inputs into the state.
///
/// ```
/// use trackway_machine::{Input, Node, State};
///
/// let ask = Node::from(Input::new(["question"])).named("ask");
/// let outcome = ask.call(&State::default()).input("question", "why?").blocking()?;
/// assert_eq!(outcome.state["question"], "why?");
/// # Ok::<(), trackway_machine::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Input {
    spec: Spec,
}

impl Input {
    /// Makes an action called `input` that must be given these inputs, and writes each into the field of the same name.
    pub fn new<K: AsRef<str>>(names: impl IntoIterator<Item = K>) -> Self {
        let inputs: Vec<Text> = names.into_iter().map(|name| Text::from(name.as_ref())).collect();
        let spec = Spec { name: Text::literal("input"), writes: inputs.clone(), inputs, ..Spec::default() };
        Self { spec }
    }

    /// Gives the action another name.
    pub fn named(self, name: impl Into<Text>) -> Node {
        Node::from(self).named(name)
    }
}

impl Action for Input {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn run<'a>(&'a self, state: State, step: &'a Step) -> Work<'a> {
        Box::pin(async move {
            let mut state = state;
            for name in &self.spec.inputs {
                state = state.set(name, step.input::<Value>(name)?);
            }
            Ok(Outcome { result: None, state })
        })
    }
}

impl From<Input> for Node {
    fn from(input: Input) -> Self {
        Self::new(input)
    }
}

/// An action that gives fields of the state as its result, and writes nothing.
///
/// ```
/// use trackway_machine::{Output, state};
///
/// let outcome = Output::new(["answer"]).named("done").call(&state! { answer: 42 }).blocking()?;
/// assert_eq!(outcome.result.unwrap().to_json(), r#"{"answer":42}"#);
/// # Ok::<(), trackway_machine::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Output {
    spec: Spec,
}

impl Output {
    /// Makes an action called `output` whose result holds these fields. One that the state lacks makes the step fail.
    pub fn new<K: AsRef<str>>(fields: impl IntoIterator<Item = K>) -> Self {
        let reads = fields.into_iter().map(|field| Text::from(field.as_ref())).collect();
        Self { spec: Spec { name: Text::literal("output"), reads, ..Spec::default() } }
    }

    /// Gives the action another name.
    pub fn named(self, name: impl Into<Text>) -> Node {
        Node::from(self).named(name)
    }
}

impl Action for Output {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn run<'a>(&'a self, state: State, _: &'a Step) -> Work<'a> {
        Box::pin(async move {
            let mut result = Map::default();
            for name in &self.spec.reads {
                result = result.with(name, held(&state, name)?);
            }
            Ok(Outcome { result: Some(Value::Map(result)), state })
        })
    }
}

/// Returns what a field holds, as it is stored.
fn held(state: &State, name: &Text) -> Result<Value, StateError> {
    let missing = || StateError::Missing { key: name.clone(), has: state.keys().cloned().collect() };
    state.value(name).cloned().ok_or_else(missing)
}

impl From<Output> for Node {
    fn from(output: Output) -> Self {
        Self::new(output)
    }
}
