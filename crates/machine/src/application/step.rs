//! One step.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
};

use serde::Serialize;
use trackway_model::{StepKey, Text};

use super::{Application, Upcoming, call::Call, open::Open};
use crate::{Error, Halt, Inputs, Method, Node, State, Value, blocking::block_on, tracing::CallPlace};

/// A step that was taken.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Stepped {
    /// The step.
    pub step: StepKey,
    /// The action that ran.
    pub action: Text,
    /// What it gave.
    pub result: Option<Value>,
    /// The state afterwards.
    pub state: State,
    /// What comes next.
    pub next: Option<Text>,
}

/// A call of [`Application::step`], to be awaited.
#[must_use = "the step is taken by `.await`, or by `.blocking()`"]
pub struct StepCall<'a>(Call<'a>);

impl<'a> StepCall<'a> {
    pub(super) fn new(app: &'a mut Application) -> Self {
        Self(Call::new(app, Method::Step, Halt::default()))
    }

    /// Gives the action an input. What it does not take is left out.
    pub fn input(mut self, name: impl Into<Text>, value: impl Serialize) -> Self {
        self.0.given().add(name.into(), &value);
        self
    }

    /// Gives the action several inputs.
    pub fn inputs(mut self, inputs: &Inputs) -> Self {
        self.0.given().add_all(inputs);
        self
    }

    /// Takes the step on this thread, which sleeps while there is nothing to do. Returns the step; `None` when there was
    /// nothing to do.
    ///
    /// In a task of a runtime, await the call instead: what its actions wait for may need this very thread.
    ///
    /// # Errors
    /// When the action fails, or cannot run as things are.
    pub fn blocking(mut self) -> Result<Option<Stepped>, Error> {
        block_on(self.0.advance())
    }
}

impl<'a> IntoFuture for StepCall<'a> {
    type Output = Result<Option<Stepped>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move { self.0.advance().await })
    }
}

impl Application {
    /// Runs the action that comes next; `None` where there is none.
    pub(super) async fn take_step(&mut self, inputs: &Inputs, place: &CallPlace) -> Result<Option<Stepped>, Error> {
        if matches!(self.next, Upcoming::Unclear(_)) {
            self.choose();
        }
        let name = match &self.next {
            Upcoming::Action(name) => name.clone(),
            Upcoming::Nothing => return Ok(None),
            Upcoming::Unclear(undecided) => return Err(self.unclear(undecided)),
        };
        let graph = self.graph.clone();
        let Some(node) = graph.node(&name) else { return Ok(None) };
        let inputs = taken(node, inputs)?;
        let mut open = Open::begin(self, node, inputs, place);
        let outcome = match open.announce().await {
            Ok(()) => open.work(node).await,
            Err(error) => Err(error),
        };
        open.end(outcome).await.map(Some)
    }

    pub(super) fn unclear(&self, undecided: &crate::Undecided) -> Error {
        let after = self.current_action().unwrap_or_default().into();
        Error::Condition { after, condition: undecided.condition.clone(), reason: undecided.reason.clone() }
    }
}

/// Returns the inputs that the action takes.
///
/// # Errors
/// When some are missing.
fn taken(node: &Node, given: &Inputs) -> Result<Inputs, Error> {
    let spec = node.spec();
    let missing = |name: &&Text| !given.contains(name);
    let inputs: Vec<Text> = spec.inputs.iter().filter(missing).cloned().collect();
    if !inputs.is_empty() {
        return Err(Error::MissingInputs { action: spec.name.clone(), inputs });
    }
    let takes = |name: &Text| spec.inputs.contains(name) || spec.optional_inputs.contains(name);
    if given.names().all(takes) {
        return Ok(given.clone());
    }
    Ok(given.iter().filter(|(name, _)| takes(name)).map(|(name, value)| (name.clone(), value.clone())).collect())
}
