//! Structs as descriptions of states.

use std::any::type_name;

use serde::de::DeserializeOwned;

use crate::{State, StateError};

/// A struct whose fields are fields of a state; `#[derive(Schema)]` implements it.
///
/// ```
/// use trackway_machine::{Schema, State};
///
/// #[derive(Schema)]
/// struct Chat {
///     question: String,
///     answer: Option<String>,
/// }
///
/// let state = State::of(&Chat { question: "why?".into(), answer: None });
/// let state = state.set(Chat::answer, "because");
/// assert_eq!(state.view::<Chat>()?.answer.as_deref(), Some("because"));
/// # Ok::<(), trackway_machine::StateError>(())
/// ```
pub trait Schema: Sized + 'static {
    /// Returns what is known of the fields, in the order of the struct.
    fn fields() -> &'static [Field];

    /// Reads the struct out of a state.
    ///
    /// # Errors
    ///
    /// When a field is absent that is not optional, has a value that its type does not take, or may not be read here.
    fn read(state: &State) -> Result<Self, StateError>;

    /// Returns the state with the struct's fields set.
    fn write(&self, state: &State) -> State;
}

/// What is known of a field of a state.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Whether a state can do without it.
    pub is_optional: bool,
    fits: fn(&State, &'static str) -> Result<(), StateError>,
    type_name: fn() -> &'static str,
}

impl Field {
    /// Describes a field that every state has once it was written.
    pub const fn required<T: DeserializeOwned>(name: &'static str) -> Self {
        Self { name, is_optional: false, fits: fits::<T>, type_name: type_name::<T> }
    }

    /// Describes a field that may be absent.
    pub const fn optional<T: DeserializeOwned>(name: &'static str) -> Self {
        Self { name, is_optional: true, fits: fits::<T>, type_name: type_name::<T> }
    }

    /// Returns the name of the type that it holds.
    pub fn type_name(&self) -> &'static str {
        (self.type_name)()
    }

    /// Checks that what a state holds under this name is of the field's type; what is absent passes.
    ///
    /// # Errors
    ///
    /// [`StateError::Unreadable`] when it is of another.
    pub fn check(&self, state: &State) -> Result<(), StateError> {
        if state.contains(self.name) { (self.fits)(state, self.name) } else { Ok(()) }
    }
}

fn fits<T: DeserializeOwned>(state: &State, name: &'static str) -> Result<(), StateError> {
    state.get::<T>(name).map(drop)
}
