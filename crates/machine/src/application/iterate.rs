//! Steps until a halt, one by one.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
};

use serde::Serialize;
use trackway_model::Text;

use super::{Application, Halted, Stepped, call::Call};
use crate::{Error, Halt, Inputs, Method, State, blocking::block_on};

/// Steps until a halt, of which each is handed out. [`Application::iterate`] makes it.
///
/// ```
/// # use trackway_machine::{Application, Error, after};
/// # async fn all(app: &mut Application) -> Result<(), Error> {
/// let mut steps = app.iterate(after("answer")).input("prompt", "why?");
/// while let Some(stepped) = steps.next().await? {
///     println!("{} {}", stepped.step.sequence, stepped.action);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "steps are taken by `next()`"]
pub struct Iterate<'a>(Call<'a>);

impl<'a> Iterate<'a> {
    pub(super) fn new(app: &'a mut Application, until: Halt) -> Self {
        Self(Call::new(app, Method::Iterate, until))
    }

    /// Gives an input to every action that takes it. Counts before the first step only.
    pub fn input(mut self, name: impl Into<Text>, value: impl Serialize) -> Self {
        self.0.given().add(name.into(), &value);
        self
    }

    /// Gives several inputs.
    pub fn inputs(mut self, inputs: &Inputs) -> Self {
        self.0.given().add_all(inputs);
        self
    }

    /// Takes the next step, when it is awaited; gives `None` once it has stopped. After an error it has stopped, too.
    #[expect(clippy::should_implement_trait, reason = "a step is awaited, which an iterator knows nothing of")]
    pub fn next(&mut self) -> Next<'_, 'a> {
        Next(&mut self.0)
    }

    /// Returns where it stopped, once it did.
    pub fn halted(&self) -> Option<&Halted> {
        self.0.halted()
    }

    /// Returns the state of the application.
    pub fn state(&self) -> &State {
        self.0.app.state()
    }
}

/// The next step, to be awaited.
#[must_use = "the step is taken by `.await`, or by `.blocking()`"]
pub struct Next<'i, 'a>(&'i mut Call<'a>);

impl Next<'_, '_> {
    /// Takes the step on this thread, which sleeps while there is nothing to do.
    ///
    /// In a task of a runtime, await the call instead: what its actions wait for may need this very thread.
    ///
    /// # Errors
    /// When the action fails, or cannot run as things are.
    pub fn blocking(self) -> Result<Option<Stepped>, Error> {
        block_on(self.0.advance())
    }
}

impl<'i, 'a> IntoFuture for Next<'i, 'a> {
    type Output = Result<Option<Stepped>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'i>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.0.advance())
    }
}

impl fmt::Debug for Iterate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iterate").field("halted", &self.halted()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Next<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}
