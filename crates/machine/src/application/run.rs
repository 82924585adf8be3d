//! Steps until a halt.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
};

use serde::Serialize;
use trackway_model::Text;

use super::{Application, call::Call};
use crate::{Error, Halt, Inputs, Method, State, Value, blocking::block_on};

/// Where a run stopped.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Halted {
    /// The action that ran last; stopped before one, that one.
    pub action: Text,
    /// What the action gave that ran last; stopped before one, nothing.
    pub result: Option<Value>,
    /// The state.
    pub state: State,
    /// Why it stopped.
    pub why: Why,
}

/// Why a run stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// The next action is one to stop before.
    Before,
    /// The last action is one to stop after.
    After,
    /// No transition leads on from the last action.
    NothingLeft,
}

/// A call of [`Application::run`], to be awaited.
#[must_use = "steps are taken by `.await`, or by `.blocking()`"]
pub struct RunCall<'a>(Call<'a>);

impl<'a> RunCall<'a> {
    pub(super) fn new(app: &'a mut Application, until: Halt) -> Self {
        Self(Call::new(app, Method::Run, until))
    }

    /// Gives an input to every action of the run that takes it.
    pub fn input(mut self, name: impl Into<Text>, value: impl Serialize) -> Self {
        self.0.given().add(name.into(), &value);
        self
    }

    /// Gives several inputs.
    pub fn inputs(mut self, inputs: &Inputs) -> Self {
        self.0.given().add_all(inputs);
        self
    }

    /// Takes the steps on this thread, which sleeps while there is nothing to do.
    ///
    /// In a task of a runtime, await the call instead: what its actions wait for may need this very thread.
    ///
    /// # Errors
    /// When an action fails, or cannot run as things are. The steps before it are done.
    pub fn blocking(self) -> Result<Halted, Error> {
        block_on(go(self.0))
    }
}

impl<'a> IntoFuture for RunCall<'a> {
    type Output = Result<Halted, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(go(self.0))
    }
}

async fn go(mut call: Call<'_>) -> Result<Halted, Error> {
    loop {
        call.advance().await?;
        if let Some(halted) = call.take_halted() {
            return Ok(halted);
        }
    }
}
