//! Waiting until all that was told is durable.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
};

use super::Application;
use crate::{Error, blocking::block_on};

/// A call of [`Application::settle`], to be awaited.
#[must_use = "it waits by `.await`, or by `.blocking()`"]
pub struct SettleCall<'a>(&'a Application);

impl Application {
    /// Waits until every tracker has made durable what it was told so far: steps that
    /// [`Durability::Eventual`](crate::Durability::Eventual) did not wait for, and a state that was
    /// [set by hand](Self::update_state).
    ///
    /// ```
    /// use trackway_machine::{Graph, Input, state, tracker::Memory};
    ///
    /// let graph = Graph::new([Input::new(["prompt"])]).entry("input").build()?;
    /// let mut app = graph.start(state! {}).project("demo").tracker(Memory::default()).build()?;
    /// app.update_state(app.state().set("mood", "good"))?;
    /// app.settle().blocking()?; // now another process may resume it
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn settle(&self) -> SettleCall<'_> {
        SettleCall(self)
    }
}

impl SettleCall<'_> {
    /// Waits on this thread, which sleeps meanwhile.
    ///
    /// # Errors
    /// When a tracker has failed, strict or not: then it is not durable there.
    pub fn blocking(self) -> Result<(), Error> {
        block_on(go(self.0))
    }
}

impl<'a> IntoFuture for SettleCall<'a> {
    type Output = Result<(), Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(go(self.0))
    }
}

async fn go(app: &Application) -> Result<(), Error> {
    Ok(app.tracking.settle_all().await?)
}
