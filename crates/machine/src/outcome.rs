//! What actions may return.

use serde::Serialize;

use crate::{Fault, Outcome, State, Value, ValueError, ser};

/// What an action may return: the state afterwards, alone or behind a result, or the error that it failed with.
#[diagnostic::on_unimplemented(
    message = "an action cannot return `{Self}`",
    label = "not an action's outcome",
    note = "an action returns `State`, `(result, State)`, `Result<State, E>` or `Result<(result, State), E>`, where the \
            result can be serialised and `E` becomes a `Box<dyn Error + Send + Sync>`"
)]
pub trait IntoOutcome {
    /// Makes an outcome of it.
    ///
    /// # Errors
    ///
    /// The error that it is, or that the result cannot be encoded.
    fn into_outcome(self) -> Result<Outcome, Fault>;
}

impl IntoOutcome for State {
    fn into_outcome(self) -> Result<Outcome, Fault> {
        Ok(Outcome { result: None, state: self })
    }
}

impl<R: Serialize> IntoOutcome for (R, State) {
    fn into_outcome(self) -> Result<Outcome, Fault> {
        let (found, state) = self;
        Ok(Outcome { result: Some(result(&found, &state)?), state })
    }
}

impl<O: IntoOutcome, E: Into<Fault>> IntoOutcome for Result<O, E> {
    fn into_outcome(self) -> Result<Outcome, Fault> {
        self.map_err(Into::into)?.into_outcome()
    }
}

/// What the second phase of an action may return: the state afterwards, or the error that it failed with.
#[diagnostic::on_unimplemented(
    message = "the second phase of an action cannot return `{Self}`",
    label = "not a state",
    note = "it returns `State` or `Result<State, E>`, where `E` becomes a `Box<dyn Error + Send + Sync>`"
)]
pub trait IntoState {
    /// Makes a state of it.
    ///
    /// # Errors
    ///
    /// The error that it is.
    fn into_state(self) -> Result<State, Fault>;
}

impl IntoState for State {
    fn into_state(self) -> Result<State, Fault> {
        Ok(self)
    }
}

impl<E: Into<Fault>> IntoState for Result<State, E> {
    fn into_state(self) -> Result<State, Fault> {
        self.map_err(Into::into)
    }
}

/// Makes the outcome of an action in two phases: the second puts the result of the first into the state.
pub fn reduced<R: Serialize, S: IntoState>(
    found: R,
    state: State,
    reduce: impl FnOnce(&R, State) -> S,
) -> Result<Outcome, Fault> {
    let state = reduce(&found, state).into_state()?;
    Ok(Outcome { result: Some(result(&found, &state)?), state })
}

/// Encodes a result as the state encodes its fields, so that what its codecs hide stays hidden.
fn result(content: &impl Serialize, state: &State) -> Result<Value, Fault> {
    let unreadable = |error: ValueError| format!("the result of the action cannot be recorded: {error}").into();
    ser::encode(content, state.codecs.as_deref()).map_err(unreadable)
}
