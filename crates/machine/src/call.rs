//! An action called by hand.

use std::{future::IntoFuture, pin::Pin};

use serde::Serialize;
use trackway_model::{StepKey, Text};

use crate::{
    Error, Inputs, Node, Outcome, State, Step, Value, ValueError, application::Surroundings, blocking::block_on,
    tracing,
};

/// A call of one action outside of every application: nothing is recorded, and what the action declares is checked as in a
/// step. Await it, or end with [`Call::blocking`].
///
/// ```
/// use trackway_machine::{Fault, State, action, state};
///
/// let greet = action("greet").reads(["name"]).writes(["greeting"]).inputs(["word"]).run_sync(|state, step| {
///     let greeting = format!("{} {}", step.input::<String>("word")?, state.get::<String>("name")?);
///     Ok::<_, Fault>(state.set("greeting", greeting))
/// });
///
/// let outcome = greet.call(&state! { name: "Ada" }).input("word", "Hello").blocking()?;
/// assert_eq!(outcome.state["greeting"], "Hello Ada");
/// # Ok::<(), trackway_machine::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a call does nothing until it is awaited, or ended with `blocking`"]
pub struct Call {
    node: Node,
    state: State,
    inputs: Inputs,
    /// The first input that cannot be encoded.
    unreadable: Option<(Text, ValueError)>,
}

impl Call {
    pub(crate) fn new(node: Node, state: State) -> Self {
        Self { node, state, inputs: Inputs::default(), unreadable: None }
    }

    /// Gives the action an input.
    pub fn input(mut self, name: impl Into<Text>, value: impl Serialize) -> Self {
        let name = name.into();
        match Value::encode(&value) {
            Ok(value) => self.inputs = self.inputs.with(&name, value),
            Err(error) => self.unreadable = self.unreadable.or(Some((name, error))),
        }
        self
    }

    /// Gives the action these inputs.
    pub fn inputs(mut self, inputs: &Inputs) -> Self {
        for (name, value) in inputs {
            self.inputs = self.inputs.with(name, value.clone());
        }
        self
    }

    /// Calls the action, and waits on this thread until it is done.
    ///
    /// In a task of a runtime, await the call instead: what its actions wait for may need this very thread.
    ///
    /// # Errors
    ///
    /// [`Error::MissingInputs`], [`Error::UnknownInput`] and [`Error::Input`] when the inputs are not those that the action
    /// takes, [`Error::State`] when something was set wrongly in the state, [`Error::Action`] when the action fails or
    /// touches what it does not declare.
    pub fn blocking(self) -> Result<Outcome, Error> {
        block_on(self.done())
    }

    async fn done(self) -> Result<Outcome, Error> {
        let inputs = self.taken()?;
        let Self { node, state, .. } = self;
        if let Some(fault) = state.fault() {
            return Err(Error::State(fault.clone()));
        }
        let (spec, key) = (node.spec(), StepKey { sequence: 0, attempt: 0 });
        let around = Surroundings::detached();
        let step = Step::new(around, key, spec.name.clone(), inputs, node.bound().clone(), tracing::nowhere());

        let seen = state.enter(spec);
        let failed = |source| Error::Action { action: spec.name.clone(), step: key, source };
        let Outcome { result, state } = node.run(seen.clone(), &step).await.map_err(failed)?;
        let left = State::leave(&seen, state, spec).map_err(|error| failed(error.into()))?;
        Ok(Outcome { result, state: left.state })
    }

    /// Returns the inputs of the step, if they are those that the action takes.
    fn taken(&self) -> Result<Inputs, Error> {
        if let Some((input, source)) = &self.unreadable {
            return Err(Error::Input { input: input.clone(), source: source.clone() });
        }
        let spec = self.node.spec();
        let known: Vec<&Text> = spec.inputs.iter().chain(&spec.optional_inputs).collect();
        if let Some(input) = self.inputs.names().find(|name| !known.contains(name)) {
            let known = known.into_iter().cloned().collect();
            return Err(Error::UnknownInput { input: input.clone(), known });
        }
        let missing = |inputs| Error::MissingInputs { action: spec.name.clone(), inputs };
        self.node.take(&self.inputs).map_err(missing)
    }
}

impl IntoFuture for Call {
    type Output = Result<Outcome, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.done())
    }
}
