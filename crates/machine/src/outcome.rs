//! What actions may return.

use serde::Serialize;

use crate::{Fault, Outcome, State, Value};

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
        let (result, state) = self;
        Ok(Outcome { result: Some(encoded(&result)?), state })
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

pub(crate) fn encoded(value: &impl Serialize) -> Result<Value, Fault> {
    Ok(of_json(serde_json::to_value(value)?))
}

fn of_json(json: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    use std::sync::Arc;

    use crate::{List, Map, Number};
    match json {
        Json::Null => Value::Null,
        Json::Bool(yes) => Value::Bool(yes),
        Json::Number(number) => Value::Number(match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(int), ..) => Number::Int(int),
            (_, Some(uint), _) => Number::Uint(uint),
            (.., float) => Number::Float(float.unwrap_or(f64::NAN)),
        }),
        Json::String(text) => Value::Text(text.into()),
        Json::Array(items) => Value::List(List::default().extend(items.into_iter().map(of_json))),
        Json::Object(fields) => {
            Value::Map(Map(Arc::new(fields.into_iter().map(|(key, value)| (key.into(), of_json(value))).collect())))
        }
    }
}
